"""Several processes, devices and users: what each is sent, while one of them is slow or is killed."""

import threading
from collections import Counter

import pytest
from flask import Flask

from app.config import Settings
from app.push import queue
from app.push.claims import Device
from app.push.message import PushMessage
from app.push.queue import SHARE
from app.push.sender import Outcome
from app.push.worker import PushWorker
from tests.integration.conftest import Person, Subscribe
from tests.support.push_service import Browser
from tests.support.pushes import let_time_pass, notify, work


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Pushes are due at once; the tests say when the worker looks."""
    return settings.model_copy(update={"push_delay_seconds": 0})


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
    assert PushWorker(app, worker._sender).step() == []
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
