"""What becomes of a push that fails or takes long, whose process is killed, or that several processes would send."""

import threading
from collections import Counter

import pytest
from flask import Flask

from app.config import Settings
from app.extensions import db, socketio
from app.push import queue
from app.push.claims import Claim, Device
from app.push.message import PushMessage
from app.push.models import PushSubscription, QueuedPush
from app.push.queue import SHARE
from app.push.sender import Outcome
from app.push.worker import PushWorker
from tests.integration.conftest import Person, Subscribe
from tests.support.push_service import Browser, PushService
from tests.support.pushes import let_time_pass, notify, waiting, work

FIRST_WAIT = 30.0  # seconds, the setting's default


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Pushes are due at once; the tests say when the worker looks."""
    return settings.model_copy(update={"push_delay_seconds": 0, "push_attempts": 3})


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
    assert found == [{"retried": 1}, {"retried": 1}, {"retried": 1}, {"given_up": 1}]
    assert len(push_service.asked) == 3
    assert waiting(app) == []


@pytest.mark.usefixtures("phone")
def test_a_push_that_can_not_be_sent_for_another_reason_is_given_up_too(
    app: Flask, alice: Person, worker: PushWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Device] = []

    def fail(device: Device, _: PushMessage) -> Outcome:
        tried.append(device)
        raise ZeroDivisionError

    monkeypatch.setattr(worker._sender, "send", fail)
    notify(alice)
    found = []
    for _ in range(5):
        found.append(work(worker))
        let_time_pass(app)
    assert found == [{}, {}, {}, {"given_up": 1}, {}]
    assert len(tried) == 3
    assert waiting(app) == []


def test_a_push_that_was_sent_is_not_sent_for_ever_though_that_can_not_be_stored(
    app: Flask, alice: Person, phone: Browser, worker: PushWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Claim) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(queue, "remove_sent", fail)
    notify(alice, "Look")
    for _ in range(5):
        work(worker)
        let_time_pass(app)
    assert phone.titles == ["Look"] * 3
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


@pytest.mark.usefixtures("phone")
def test_nothing_is_sent_to_a_private_address(alice: Person, push_service: PushService, worker: PushWorker) -> None:
    worker._sender._loopback = False
    notify(alice)
    assert work(worker) == {"retried": 1}
    assert push_service.asked == []


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


# --- several processes


def hold_up(worker: PushWorker, *browsers: Browser) -> threading.Event:
    """Let what is sent to these take until the event is set."""
    go_on, send, slow = threading.Event(), worker._sender.send, {browser.endpoint for browser in browsers}

    def slowly(device: Device, message: PushMessage) -> Outcome:
        if device.endpoint in slow:
            go_on.wait()
        return send(device, message)

    worker._sender.send = slowly  # type: ignore[method-assign]
    return go_on


@pytest.mark.each_database
def test_several_workers_send_each_push_once_and_to_a_device_one_at_a_time(
    app: Flask, alice: Person, subscribe: Subscribe, worker: PushWorker
) -> None:
    under_way, most, send = Counter[str](), Counter[str](), worker._sender.send

    def counted(device: Device, message: PushMessage) -> Outcome:
        under_way[device.endpoint] += 1
        most[device.endpoint] = max(most[device.endpoint], under_way[device.endpoint])
        outcome = send(device, message)
        under_way[device.endpoint] -= 1
        return outcome

    worker._sender.send = counted  # type: ignore[method-assign]
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
    assert most == {phone.endpoint: 1 for phone in phones}


@pytest.mark.each_database
@pytest.mark.parametrize("type", ["note", "other"])
def test_while_one_process_sends_to_a_device_no_other_does(
    app: Flask, alice: Person, phone: Browser, worker: PushWorker, type: str
) -> None:
    go_on = hold_up(worker, phone)
    notify(alice, "Older")
    (sending,) = worker.step()
    notify(alice, "Newer", type=type)
    assert work(PushWorker(app, worker._sender)) == {}
    go_on.set()
    sending.join()
    assert work(PushWorker(app, worker._sender)) == {"sent": 1}
    assert phone.titles == ["Older", "Newer"]


@pytest.mark.usefixtures("phone")
def test_who_settles_after_the_claim_was_over_leaves_that_of_another_as_it_is(app: Flask, alice: Person) -> None:
    for number in range(3):
        notify(alice, type=f"type {number}")
    with app.app_context():
        (late,) = queue.claim(1, [])
        let_time_pass(app)
        assert len(queue.claim(1, [])) == 1
        queue.remove_sent(late)
        assert queue.claim(1, []) == []


def test_what_a_killed_process_had_claimed_is_sent_by_another_later(
    app: Flask, alice: Person, phone: Browser, worker: PushWorker
) -> None:
    notify(alice, "Look")
    with app.app_context():
        assert len(queue.claim(10, [])) == 1  # and then it is killed
    assert work(worker) == {}
    let_time_pass(app)
    assert work(worker) == {"sent": 1}
    assert phone.titles == ["Look"]


def test_a_push_service_that_is_slow_keeps_its_own_devices_waiting_alone(
    alice: Person, bob: Person, phone: Browser, subscribe: Subscribe, worker: PushWorker
) -> None:
    go_on = hold_up(worker, phone)
    bobs = subscribe(bob)
    notify(alice, "One")
    (stuck,) = worker.step()
    notify(alice, "Two", type="other")
    notify(bob, "Bob's")
    assert work(worker) == {"sent": 1}
    assert bobs.titles == ["Bob's"]
    go_on.set()
    stuck.join()
    work(worker)
    assert phone.titles == ["One", "Two"]


def test_a_user_whose_devices_are_all_slow_has_a_share_of_the_places(
    alice: Person, bob: Person, subscribe: Subscribe, worker: PushWorker
) -> None:
    phones, bobs = [subscribe(alice) for _ in range(SHARE + 2)], subscribe(bob)
    go_on = hold_up(worker, *phones)
    notify(alice, "Slow")
    stuck = worker.step()
    assert len(stuck) == SHARE
    notify(bob, "Bob's")
    assert work(worker) == {"sent": 1}
    assert bobs.titles == ["Bob's"]
    go_on.set()
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
