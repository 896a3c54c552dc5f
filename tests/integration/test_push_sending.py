"""What is pushed, when, and what becomes of a push that fails: against a push service that decrypts what it gets."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import eventlet
import pytest
from flask import Flask
from sqlalchemy import delete, event, select, update

from app.auth.models import Login
from app.config import Settings
from app.core.clock import now
from app.core.transaction import transaction
from app.extensions import db, socketio
from app.notifications.schemas import SendNotification
from app.notifications.service import send
from app.people.models import User
from app.presence.queries import hearers
from app.push import queue
from app.push.claims import Device
from app.push.message import PushMessage
from app.push.models import PushSubscription, QueuedPush
from app.push.queue import SHARE
from app.push.sender import Outcome
from app.push.worker import PushWorker
from tests.integration.conftest import Person, Socket
from tests.support import chat
from tests.support.brokers import wait_until
from tests.support.plans import executed
from tests.support.push_service import Browser, PushService

SUBSCRIPTIONS = "/api/push/subscriptions"
FIRST_WAIT = 30.0  # seconds, the setting's default

Subscribe = Callable[..., Browser]


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Pushes are due at once; the tests say when the worker looks."""
    return Settings(
        instance_path=tmp_path,
        database_url=database_url,
        requests_per_minute=100_000,
        push_delay_seconds=0,
        push_attempts=3,
    )


@pytest.fixture
def push_service() -> Iterator[PushService]:
    with PushService() as running:
        yield running


@pytest.fixture
def subscribe(push_service: PushService) -> Subscribe:
    """Lets a person subscribe with a new browser."""

    def subscribe(person: Person) -> Browser:
        browser = push_service.browser()
        assert person.post(SUBSCRIPTIONS, browser.subscription).status_code == 201
        return browser

    return subscribe


@pytest.fixture
def phone(alice: Person, subscribe: Subscribe) -> Browser:
    """Alice's."""
    return subscribe(alice)


@pytest.fixture
def worker(app: Flask) -> PushWorker:
    worker: PushWorker = app.extensions["push_worker"]
    return worker


def work(worker: PushWorker) -> dict[str, int]:
    """Send all that is due; what came of it."""
    before = worker.counts.copy()
    while threads := worker.step():
        for thread in threads:
            thread.join()
    return {result.value: count for result, count in (worker.counts - before).items()}


def notify(person: Person, title: str = "Look", type: str = "note") -> str:
    form = {"userId": person.id, "type": type, "title": title, "message": "This."}
    answer = person.post("/api/notifications", form)
    assert answer.status_code == 201
    id: str = answer.get_json()["id"]
    return id


def waiting(app: Flask) -> list[tuple[int, float]]:
    """The tries and the seconds from now of each push in the queue."""
    with app.app_context():
        rows = db.session.scalars(select(QueuedPush).order_by(QueuedPush.id))
        return [(row.attempts, (row.due_at - now()).total_seconds()) for row in rows]


def let_time_pass(app: Flask) -> None:
    """All that waits is due."""
    with app.app_context():
        db.session.execute(update(QueuedPush).values(due_at=now() - timedelta(seconds=1)))
        db.session.commit()


# --- what is pushed


@pytest.mark.each_database
def test_who_is_not_there_is_pushed_to(alice: Person, phone: Browser, worker: PushWorker) -> None:
    notify(alice, "Look")
    assert work(worker) == {"sent": 1}
    (push,) = phone.pushes
    assert push.message == {"title": "Look", "body": "This.", "url": "/dashboard", "tag": "notification-note"}
    assert (push.headers["TTL"], push.headers["Urgency"]) == ("86400", "normal")
    assert push.public_key == alice.get("/api/push/public-key").get_json()["publicKey"]
    assert push.claims["sub"].startswith("mailto:")


def test_every_device_is_pushed_to(alice: Person, bob: Person, subscribe: Subscribe, worker: PushWorker) -> None:
    mine, bobs = [subscribe(alice), subscribe(alice)], subscribe(bob)
    notify(alice, "Look")
    assert work(worker) == {"sent": 2}
    assert [device.titles for device in (*mine, bobs)] == [["Look"], ["Look"], []]


def test_a_message_of_one_person_is_pushed_to_the_other(
    alice: Person, bob: Person, subscribe: Subscribe, worker: PushWorker
) -> None:
    phone, bobs = subscribe(alice), subscribe(bob)
    conversation = chat.start(bob, alice)
    chat.write(bob, conversation, "Are you there? " + "x" * 1000)
    assert work(worker) == {"sent": 1}
    (push,) = phone.pushes
    assert (push.title, push.message["tag"]) == ("Bob", f"chat-{conversation}")
    assert push.message["body"].startswith("Are you there?")
    assert push.headers["Urgency"] == "high"
    assert bobs.pushes == []


@pytest.mark.usefixtures("phone")
def test_a_message_to_several_or_to_oneself_is_not(app: Flask, alice: Person, bob: Person, admin: Person) -> None:
    chat.write(bob, chat.start(bob, alice, admin))
    chat.write(alice, chat.start(alice))
    assert waiting(app) == []


@pytest.mark.usefixtures("phone")
def test_what_is_rolled_back_is_not_pushed(app: Flask, alice: Person) -> None:
    form = SendNotification(user_id=alice.id, type="note", title="T", message="M")
    with app.app_context(), pytest.raises(RuntimeError), transaction():
        send(db.session.get_one(User, alice.id), form)
        assert db.session.query(QueuedPush).count() == 1
        raise RuntimeError
    assert waiting(app) == []


def test_a_login_that_is_over_hears_nothing_more(app: Flask, alice: Person, phone: Browser, worker: PushWorker) -> None:
    with app.app_context():
        db.session.execute(update(Login).values(expires_at=now()))
        db.session.commit()
    notify(alice)
    assert work(worker) == {}
    assert phone.pushes == []


def test_a_push_is_not_sent_before_the_delay_is_over(
    app: Flask, alice: Person, phone: Browser, worker: PushWorker
) -> None:
    app.extensions["settings"] = app.extensions["settings"].model_copy(update={"push_delay_seconds": 5})
    notify(alice)
    assert work(worker) == {}
    ((_, seconds),) = waiting(app)
    assert 4 < seconds <= 5
    let_time_pass(app)
    assert work(worker) == {"sent": 1}
    assert len(phone.pushes) == 1


# --- what is not: who was there, who has read it


@pytest.fixture
def alive(app: Flask) -> Iterator[None]:
    """The process says that it lives, as it does when it serves."""
    socketio.recovery.upkeep._sessions.tell_alive()
    with app.app_context():
        yield


@pytest.mark.each_database
@pytest.mark.usefixtures("alive")
def test_who_is_there_as_it_is_written_is_not_pushed_to(
    app: Flask, alice: Person, phone: Browser, worker: PushWorker
) -> None:
    alice.connect("/ws/notifications")
    notify(alice)
    assert waiting(app) == []
    assert work(worker) == {}
    assert phone.pushes == []


@pytest.mark.usefixtures("alive")
def test_who_is_there_but_in_no_room_that_hears_it_is_pushed_to(
    alice: Person, phone: Browser, worker: PushWorker
) -> None:
    alice.connect("/ws/analytics")
    notify(alice)
    assert work(worker) == {"sent": 1}
    assert len(phone.pushes) == 1


@pytest.mark.usefixtures("alive")
def test_who_was_there_and_left_is_not_pushed_to(alice: Person, phone: Browser, worker: PushWorker) -> None:
    socket = alice.connect("/ws/notifications")
    notify(alice)
    leave(socket, alice)
    notify(alice, "After")
    assert work(worker) == {"sent": 1}
    assert phone.titles == ["After"]


@pytest.mark.usefixtures("alive", "phone")
def test_to_see_who_is_there_takes_no_second_connection_to_the_database(app: Flask, alice: Person) -> None:
    taken = []
    with app.app_context():
        event.listen(db.engine, "checkout", lambda *_: taken.append(1))
        with transaction():
            notification = SendNotification(user_id=alice.id, type="note", title="T", message="M")
            send(db.session.get_one(User, alice.id), notification)
            assert db.session.query(QueuedPush).count() == 1
    assert len(taken) == 1


def test_one_query_says_who_of_all_is_there(
    app: Flask, alice: Person, bob: Person, subscribe: Subscribe, worker: PushWorker
) -> None:
    for person in (alice, bob):
        subscribe(person)
        notify(person)
    with app.app_context(), executed(db.engine) as statements:
        threads = worker.step()
    for thread in threads:
        thread.join()
    assert len(threads) == 2
    assert sum("FROM socket_sessions" in statement for statement, _ in statements) == 1


def leave(socket: Socket, person: Person) -> None:
    socket.close()
    wait_until(lambda: eventlet.sleep() or not is_there(person))  # it is stored by a greenlet


def is_there(person: Person) -> bool:
    db.session.rollback()  # what the last look saw is over
    return person.id in hearers({person.id: f"notifications-{person.id}"})


@pytest.mark.usefixtures("alive")
def test_who_comes_before_it_is_due_is_not_pushed_to(alice: Person, phone: Browser, worker: PushWorker) -> None:
    notify(alice)
    alice.connect("/ws/notifications")
    assert work(worker) == {"seen": 1}
    assert phone.pushes == []


@pytest.mark.usefixtures("alive")
def test_who_is_there_but_away_is_pushed_to(alice: Person, phone: Browser, worker: PushWorker) -> None:
    assert alice.connect("/ws/notifications").emit("presence-set", {"status": "away"})["ok"]
    notify(alice)
    assert work(worker) == {"sent": 1}
    assert len(phone.pushes) == 1


@pytest.mark.usefixtures("phone")
def test_a_notification_that_was_read_or_deleted_is_not_pushed(app: Flask, alice: Person, worker: PushWorker) -> None:
    alice.patch(f"/api/notifications/{notify(alice)}/read")
    alice.delete(f"/api/notifications/{notify(alice)}")
    notify(alice)
    alice.patch("/api/notifications/read", {"all": True})
    assert work(worker) == {"seen": 3}
    assert waiting(app) == []


def test_a_message_after_one_that_was_read_is_pushed(
    alice: Person, bob: Person, phone: Browser, worker: PushWorker
) -> None:
    conversation = chat.start(bob, alice)
    first = chat.write(bob, conversation, "First")
    chat.write(bob, conversation, "Second")
    alice.post(f"{chat.CONVERSATIONS}/{conversation}/read", {"messageId": first["id"]})
    assert work(worker) == {"sent": 1}
    assert [push.message["body"] for push in phone.pushes] == ["Second"]


@pytest.mark.usefixtures("phone")
def test_a_message_that_was_deleted_and_one_of_a_conversation_that_was_left_are_not_pushed(
    app: Flask, alice: Person, bob: Person, worker: PushWorker
) -> None:
    message, left = chat.write(bob, chat.start(bob, alice)), chat.start(bob, alice)
    chat.write(bob, left)
    bob.delete(f"{chat.MESSAGES}/{message['id']}")
    alice.delete(f"{chat.CONVERSATIONS}/{left}/participants/{alice.id}")
    assert len(waiting(app)) == 2
    assert work(worker) == {"seen": 2}


def test_one_look_drops_what_one_user_has_read_and_sends_what_another_has_not(
    alice: Person, bob: Person, subscribe: Subscribe, worker: PushWorker
) -> None:
    phone, bobs = subscribe(alice), subscribe(bob)
    id = notify(alice)
    notify(bob, "Look")
    notify(bob, "Further", type="other")
    alice.patch(f"/api/notifications/{id}/read")
    assert work(worker) == {"seen": 1, "sent": 2}
    assert (phone.titles, bobs.titles) == ([], ["Look", "Further"])


def test_a_push_says_what_the_message_says_by_then(
    alice: Person, bob: Person, phone: Browser, worker: PushWorker
) -> None:
    message = chat.write(bob, chat.start(bob, alice), "Helo")
    bob.patch(f"{chat.MESSAGES}/{message['id']}", {"content": "Hello"})
    work(worker)
    assert [push.message["body"] for push in phone.pushes] == ["Hello"]


@pytest.mark.usefixtures("phone")
def test_who_logs_out_is_not_pushed_to(app: Flask, alice: Person, worker: PushWorker) -> None:
    notify(alice)
    alice.post("/api/auth/logout")
    assert waiting(app) == []
    assert work(worker) == {}


@pytest.mark.each_database
@pytest.mark.usefixtures("phone")
def test_a_subscription_that_ends_meanwhile_stands_in_nobodys_way(app: Flask, alice: Person) -> None:
    made: list[str] = []
    sending = threading.Thread(target=lambda: made.append(notify(alice)))
    with app.app_context(), db.engine.connect() as connection:
        connection.execute(delete(PushSubscription))
        sending.start()
        sending.join(0.3)
        assert made == []
        connection.commit()
    sending.join()
    assert len(made) == 1
    assert waiting(app) == []


# --- collapsing


def test_of_what_is_about_the_same_the_newest_is_pushed(
    alice: Person, bob: Person, phone: Browser, worker: PushWorker
) -> None:
    conversation, another = chat.start(bob, alice), chat.start(bob, alice, title="Another")
    for place in (conversation, conversation, another):
        chat.write(bob, place)
    for type in ("note", "note", "reminder"):
        notify(alice, type=type)
    assert work(worker) == {"sent": 4}
    assert len({push.headers["Topic"] for push in phone.pushes}) == 4
    assert len({push.message["tag"] for push in phone.pushes}) == 4


def test_an_older_push_that_waits_for_another_try_does_not_follow_a_newer_one(
    app: Flask, alice: Person, phone: Browser, push_service: PushService, worker: PushWorker
) -> None:
    push_service.answers = [(500, {})]
    notify(alice, "Older")
    assert work(worker) == {"retried": 1}
    notify(alice, "Newer")
    notify(alice, "Of another type", type="other")
    assert work(worker) == {"sent": 2}
    assert waiting(app) == []
    assert phone.titles == ["Newer", "Of another type"]


# --- what fails


@pytest.mark.each_database
def test_a_subscription_that_is_gone_is_removed_with_all_that_waits_for_it(
    app: Flask, alice: Person, subscribe: Subscribe, push_service: PushService, worker: PushWorker
) -> None:
    for status in (404, 410):
        subscribe(alice)
        push_service.answers = [(status, {})]
        notify(alice)
        notify(alice, type="other")
        assert work(worker) == {"gone": 1}
        assert waiting(app) == []
        with app.app_context():
            assert db.session.query(PushSubscription).count() == 0


@pytest.mark.each_database
def test_a_push_service_that_can_not_now_is_asked_again_later_and_ever_later(
    app: Flask, alice: Person, phone: Browser, push_service: PushService, worker: PushWorker
) -> None:
    push_service.answers = [(429, {}), (500, {})]
    notify(alice, "Look")
    for attempt, least in ((1, FIRST_WAIT), (2, 2 * FIRST_WAIT)):
        assert work(worker) == {"retried": 1}
        ((attempts, seconds),) = waiting(app)
        assert attempts == attempt
        assert least - 5 < seconds < least * 1.3
        let_time_pass(app)
    assert work(worker) == {"sent": 1}
    assert phone.titles == ["Look"]
    assert waiting(app) == []


@pytest.mark.usefixtures("phone")
def test_one_waits_as_long_as_the_push_service_asks_for_within_reason(
    app: Flask, alice: Person, push_service: PushService, worker: PushWorker
) -> None:
    for asked, least in (("300", 300.0), ("99999999", 3600.0), ("soon", FIRST_WAIT)):
        push_service.answers = [(429, {"Retry-After": asked})]
        notify(alice, type=asked)
        work(worker)
        _, seconds = waiting(app)[-1]
        assert least - 5 < seconds < least * 1.3, asked


@pytest.mark.usefixtures("phone")
def test_a_push_is_given_up_after_so_many_tries(
    app: Flask, alice: Person, push_service: PushService, worker: PushWorker
) -> None:
    push_service.answers = [(500, {})] * 5
    notify(alice)
    found = []
    for _ in range(4):
        found.append(work(worker))
        let_time_pass(app)
    assert found == [{"retried": 1}, {"retried": 1}, {"given_up": 1}, {}]
    assert len(push_service.asked) == 3
    assert waiting(app) == []


@pytest.mark.usefixtures("phone")
def test_a_push_that_is_refused_is_given_up_at_once_and_the_subscription_stays(
    app: Flask, alice: Person, push_service: PushService, worker: PushWorker
) -> None:
    for status in (301, 400, 403, 413):
        push_service.answers = [(status, {"Location": f"{push_service.origin}/push/0"})]
        notify(alice)
        assert work(worker) == {"refused": 1}
        assert waiting(app) == []
    notify(alice)
    assert work(worker) == {"sent": 1}


def test_a_push_service_that_is_away_is_asked_again_later(
    app: Flask, alice: Person, phone: Browser, push_service: PushService, worker: PushWorker
) -> None:
    notify(alice, "Look")
    with push_service.away():
        assert work(worker) == {"retried": 1}
    let_time_pass(app)
    assert work(worker) == {"sent": 1}
    assert phone.titles == ["Look"]


@pytest.mark.usefixtures("phone")
def test_what_was_read_between_two_tries_is_not_tried_again(
    app: Flask, alice: Person, push_service: PushService, worker: PushWorker
) -> None:
    push_service.answers = [(500, {})]
    id = notify(alice)
    work(worker)
    alice.patch(f"/api/notifications/{id}/read")
    let_time_pass(app)
    assert work(worker) == {"seen": 1}
    assert len(push_service.asked) == 1


def test_nothing_is_sent_to_a_private_address(alice: Person, push_service: PushService, worker: PushWorker) -> None:
    alice.post(SUBSCRIPTIONS, push_service.browser().subscription)
    worker._sender._loopback = False
    notify(alice)
    assert work(worker) == {"retried": 1}
    assert push_service.asked == []


# --- several processes


@pytest.mark.each_database
def test_several_workers_send_each_push_once(
    app: Flask, alice: Person, subscribe: Subscribe, worker: PushWorker
) -> None:
    phones = [subscribe(alice) for _ in range(3)]
    for number in range(5):
        notify(alice, f"Number {number}", type=f"type {number}")
    workers = [worker, *(PushWorker(app, worker._sender) for _ in range(2))]
    threads = [threading.Thread(target=work, args=(one,)) for one in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in workers:
        work(one)
    expected = [f"Number {number}" for number in range(5)]
    assert [sorted(phone.titles) for phone in phones] == [expected] * 3


def test_what_a_killed_process_had_claimed_is_sent_by_another_later(
    app: Flask, alice: Person, phone: Browser, worker: PushWorker
) -> None:
    notify(alice, "Look")
    with app.app_context():
        assert len(queue.claim(10, {})) == 1  # and then it is killed
    assert work(worker) == {}
    let_time_pass(app)
    assert work(worker) == {"sent": 1}
    assert phone.titles == ["Look"]


def test_a_push_service_that_is_slow_keeps_its_own_devices_waiting_alone(
    alice: Person, bob: Person, phone: Browser, subscribe: Subscribe, worker: PushWorker
) -> None:
    released = threading.Event()
    send = worker._sender.send

    def slow(device: Device, message: PushMessage) -> Outcome:
        if device.endpoint == phone.endpoint:
            released.wait()
        return send(device, message)

    worker._sender.send = slow  # type: ignore[method-assign]
    bobs = subscribe(bob)
    notify(alice, "One")
    (stuck,) = worker.step()
    notify(alice, "Two", type="other")
    notify(bob, "Bob's")
    assert work(worker) == {"sent": 1}
    assert bobs.titles == ["Bob's"]
    released.set()
    stuck.join()
    work(worker)
    assert phone.titles == ["One", "Two"]


def test_a_user_whose_devices_are_all_slow_has_a_share_of_the_places(
    alice: Person, bob: Person, subscribe: Subscribe, worker: PushWorker
) -> None:
    phones, bobs, released = [subscribe(alice) for _ in range(SHARE + 2)], subscribe(bob), threading.Event()
    slow, send = {phone.endpoint for phone in phones}, worker._sender.send

    def slowly(device: Device, message: PushMessage) -> Outcome:
        if device.endpoint in slow:
            released.wait()
        return send(device, message)

    worker._sender.send = slowly  # type: ignore[method-assign]
    notify(alice, "Slow")
    stuck = worker.step()
    assert len(stuck) == SHARE
    notify(bob, "Bob's")
    assert work(worker) == {"sent": 1}
    assert bobs.titles == ["Bob's"]
    released.set()
    for thread in stuck:
        thread.join()
    work(worker)
    assert [phone.titles for phone in phones] == [["Slow"]] * len(phones)


def test_a_worker_goes_on_after_an_outage_of_the_database(
    app: Flask, alice: Person, phone: Browser, worker: PushWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.push.worker.POLL", 0.05)
    queued = db.metadata.tables[QueuedPush.__tablename__]
    with app.app_context():
        queued.drop(db.engine)
    running = threading.Thread(target=worker.run, daemon=True)
    running.start()
    running.join(0.2)
    with app.app_context():
        queued.create(db.engine)
    notify(alice, "Look")
    phone.wait_for(1)
    monkeypatch.setattr(socketio.drain, "begun", True)
    running.join(5)
    assert not running.is_alive()
