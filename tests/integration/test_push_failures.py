"""What becomes of a push that fails, and of the others to its device."""

import threading

import pytest
from flask import Flask

from app.config import Settings
from app.extensions import db, socketio
from app.push import queue
from app.push.claims import Claim, Device
from app.push.message import PushMessage
from app.push.models import PushSubscription, QueuedPush
from app.push.sender import Outcome
from app.push.worker import PushWorker
from tests.integration.conftest import Person, Subscribe
from tests.support.push_service import Answer, Browser, PushService
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
        notify(alice)
        work(worker)
        ((_, seconds),) = waiting(app)
        assert least - 5 < seconds < least * 1.3, asked
        let_time_pass(app)
        assert work(worker) == {"sent": 1}


@pytest.mark.each_database
def test_what_a_push_service_says_of_a_device_holds_for_all_pushes_to_it(
    app: Flask, alice: Person, phone: Browser, push_service: PushService, worker: PushWorker
) -> None:
    answers: list[Answer] = [(429, {"Retry-After": "3600"}), (503, {}), (500, {})]
    for answer in answers:
        push_service.answers = [answer]
        push_service.asked.clear()
        for number in range(5):
            notify(alice, f"Number {number}")
            notify(alice, f"Other number {number}", type="other")
            work(worker)
        assert len(push_service.asked) == 1
        assert all(seconds > FIRST_WAIT - 5 for _, seconds in waiting(app))  # nothing is looked at in vain
        let_time_pass(app)
        assert work(worker) == {"sent": 2}
    assert sorted(phone.titles) == ["Number 4"] * 3 + ["Other number 4"] * 3


def test_a_device_that_rests_keeps_no_other_waiting(
    alice: Person, phone: Browser, subscribe: Subscribe, push_service: PushService, worker: PushWorker
) -> None:
    push_service.answers = [(429, {"Retry-After": "3600"})]
    notify(alice, "First")
    assert work(worker) == {"retried": 1}
    tablet = subscribe(alice)
    notify(alice, "Second")
    assert work(worker) == {"sent": 1}
    assert (phone.titles, tablet.titles) == ([], ["Second"])


@pytest.mark.usefixtures("phone")
def test_the_waits_of_a_device_grow_whichever_push_fails_until_one_is_sent(
    app: Flask, alice: Person, push_service: PushService, worker: PushWorker
) -> None:
    push_service.answers = [(500, {})] * 6
    for failures in range(6):
        notify(alice)
        assert work(worker) == {"retried": 1}
        ((attempts, seconds),) = waiting(app)
        assert attempts == 1  # each push has tries of its own
        assert FIRST_WAIT * 2**failures - 5 < seconds < FIRST_WAIT * 2**failures * 1.3
        let_time_pass(app)
    assert work(worker) == {"sent": 1}
    push_service.answers = [(500, {})]
    notify(alice)
    work(worker)
    ((_, seconds),) = waiting(app)
    assert seconds < FIRST_WAIT * 1.3


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
    assert work(worker) == {}
    let_time_pass(app)
    assert work(worker) == {"sent": 2}
    assert waiting(app) == []
    assert phone.titles == ["Newer", "Of another type"]


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
