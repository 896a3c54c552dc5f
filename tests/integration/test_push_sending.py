"""Who is pushed to, of what and when: against a push service that decrypts what it gets."""

import threading
from collections.abc import Iterator
from uuid import UUID

import eventlet
import pytest
from flask import Flask
from sqlalchemy import delete, event, update
from uuid_utils.compat import uuid7

from app.auth.models import Login
from app.config import Settings
from app.core.clock import now
from app.core.transaction import transaction
from app.extensions import db, socketio
from app.notifications.schemas import SendNotification
from app.notifications.service import send
from app.people.models import User
from app.presence.queries import hearers
from app.push.models import PushSubscription, QueuedPush
from app.push.worker import PushWorker
from tests.integration.conftest import Person, Socket, Subscribe
from tests.support import chat
from tests.support.brokers import wait_until
from tests.support.plans import executed
from tests.support.push_service import Browser
from tests.support.pushes import let_time_pass, notify, waiting, work


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Pushes are due at once; the tests say when the worker looks."""
    return settings.model_copy(update={"push_delay_seconds": 0})


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


@pytest.mark.each_database
def test_the_newest_is_the_one_written_last_whatever_the_clocks_of_the_processes_say(
    alice: Person, bob: Person, phone: Browser, worker: PushWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = chat.start(bob, alice)
    chat.write(bob, conversation, "First")
    with monkeypatch.context() as patch:
        patch.setattr("app.core.ids.uuid7", a_second_behind)
        chat.write(bob, conversation, "Second")
    assert work(worker) == {"sent": 1}
    assert [push.message["body"] for push in phone.pushes] == ["Second"]


def a_second_behind() -> UUID:
    """What a process makes whose clock is behind; the first 48 bits are milliseconds (RFC 9562, section 5.7)."""
    return UUID(int=uuid7().int - (1000 << 80))
