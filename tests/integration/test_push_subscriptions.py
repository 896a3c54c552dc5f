"""Which devices are pushed to."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.auth.models import Login
from app.config import Settings
from app.core.clock import now
from app.extensions import db
from app.push.models import PushSubscription, QueuedPush
from app.push.vapid import new_private_key
from tests.integration.conftest import Person, error_code
from tests.support.push_service import Browser, from_base64url

SUBSCRIPTIONS = "/api/push/subscriptions"
SECRETS = {"secret_key": "0123456789abcdefghijklmnopqrstuv", "jwt_secret_key": "vutsrqponmlkjihgfedcba9876543210"}


@pytest.fixture
def settings(tmp_path: Path, database_url: str, request: pytest.FixtureRequest) -> Settings:
    """With ``indirect`` parameters: further settings, or others."""
    others: dict[str, Any] = getattr(request, "param", {})
    base: dict[str, Any] = {"instance_path": tmp_path, "database_url": database_url, "push_subscriptions": 3}
    return Settings(**base | {"requests_per_minute": 100_000} | others)


IN_PRODUCTION = {"app_env": "production", "client_url": ["https://app.example.com"], **SECRETS}
WITH_KEYS = IN_PRODUCTION | {"vapid_private_key": new_private_key(), "vapid_contact": "mailto:me@example.com"}


def browser(name: str = "one") -> Browser:
    return Browser(f"https://push.example.com/{name}")


def endpoints(app: Flask, person: Person) -> list[str]:
    with app.app_context():
        mine = select(PushSubscription.endpoint).where(PushSubscription.user_id == person.id)
        return list(db.session.scalars(mine.order_by(PushSubscription.endpoint)))


def queue_for(app: Flask, device: Browser) -> None:
    """Something waits to be pushed to the device."""
    with app.app_context():
        subscription = db.session.query(PushSubscription).filter_by(endpoint=device.endpoint).one()
        row = QueuedPush(
            subscription_id=subscription.id, room="chat-x", subject="message", subject_id="x", due_at=now()
        )
        row.tag = row.room
        db.session.add(row)
        db.session.commit()


def waiting(app: Flask) -> int:
    with app.app_context():
        return db.session.query(QueuedPush).count()


def test_the_public_key_is_a_point_that_a_browser_takes(person: Person) -> None:
    answers = [person.get("/api/push/public-key").get_json() for _ in range(2)]
    assert answers[0] == answers[1]
    point = from_base64url(answers[0]["publicKey"])
    assert (len(point), point[0]) == (65, 4)


def test_a_device_subscribes_with_what_its_browser_says(app: Flask, alice: Person) -> None:
    device = browser()
    answer = alice.post(SUBSCRIPTIONS, device.subscription)
    assert answer.status_code == 201
    assert set(answer.get_json()) == {"id", "endpoint", "createdAt"}
    assert endpoints(app, alice) == [device.endpoint]


def test_subscribing_again_changes_keys_and_login_and_is_one_subscription(app: Flask, alice: Person) -> None:
    before = alice.post(SUBSCRIPTIONS, browser().subscription).get_json()
    renewed = browser().subscription
    assert alice.post(SUBSCRIPTIONS, renewed).get_json() == before
    with app.app_context():
        row = db.session.query(PushSubscription).one()
        assert {"p256dh": row.p256dh, "auth": row.auth} == renewed["keys"]


def test_an_idempotency_key_subscribes_once(alice: Person) -> None:
    form, header = browser().subscription, {"Idempotency-Key": "k"}
    answers = [alice.post(SUBSCRIPTIONS, form, header).get_json() for _ in range(2)]
    assert answers[0] == answers[1]


@pytest.mark.each_database
def test_a_browser_moves_to_who_uses_it_now_and_what_waited_for_the_other_is_dropped(
    app: Flask, alice: Person, bob: Person
) -> None:
    device = browser()
    alice.post(SUBSCRIPTIONS, device.subscription)
    queue_for(app, device)
    assert bob.post(SUBSCRIPTIONS, device.subscription).status_code == 201
    assert (endpoints(app, alice), endpoints(app, bob)) == ([], [device.endpoint])
    assert waiting(app) == 0


def test_who_knows_anothers_endpoint_and_not_its_keys_can_not_take_it(app: Flask, alice: Person, bob: Person) -> None:
    alice.post(SUBSCRIPTIONS, browser().subscription)
    assert error_code(bob.post(SUBSCRIPTIONS, browser().subscription)) == (409, "conflict")
    assert (endpoints(app, alice), endpoints(app, bob)) == ([browser().endpoint], [])


def test_of_too_many_devices_the_one_renewed_longest_ago_is_dropped(app: Flask, alice: Person, bob: Person) -> None:
    bob.post(SUBSCRIPTIONS, browser("bobs").subscription)
    devices = {name: browser(name) for name in "abcd"}
    for name in "abcad":
        assert alice.post(SUBSCRIPTIONS, devices[name].subscription).status_code == 201
    assert endpoints(app, alice) == [devices[name].endpoint for name in "acd"]
    assert len(endpoints(app, bob)) == 1


def test_a_device_unsubscribes_and_what_waited_for_it_is_dropped(app: Flask, alice: Person) -> None:
    device, other = browser(), browser("other")
    for one in (device, other):
        alice.post(SUBSCRIPTIONS, one.subscription)
        queue_for(app, one)
    assert alice.delete(SUBSCRIPTIONS, {"endpoint": device.endpoint}).status_code == 204
    assert endpoints(app, alice) == [other.endpoint]
    assert waiting(app) == 1


def test_anothers_subscription_reads_as_one_that_does_not_exist(app: Flask, alice: Person, bob: Person) -> None:
    alice.post(SUBSCRIPTIONS, browser().subscription)
    answers = [bob.delete(SUBSCRIPTIONS, {"endpoint": browser(name).endpoint}) for name in ("one", "unknown")]
    assert [error_code(answer) for answer in answers] == [(404, "not_found")] * 2
    assert answers[0].get_json() == answers[1].get_json()
    assert len(endpoints(app, alice)) == 1


# --- what is refused


def changed(**changes: Any) -> dict[str, Any]:
    """A subscription with other values; None leaves the field out."""
    form = browser().subscription
    for path, value in changes.items():
        *parents, name = path.split("__")
        place = form
        for parent in parents:
            place = place[parent]
        place[name] = value
        if value is None:
            del place[name]
    return form


OFF_THE_CURVE = "BA" + "A" * 85


BAD: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "endpoint"),
    (changed(endpoint=None), "endpoint"),
    (changed(endpoint=7), "endpoint"),
    (changed(endpoint=""), "endpoint"),
    (changed(endpoint="https://push.example.com/" + "x" * 2000), "endpoint"),
    (changed(endpoint="http://push.example.com/x"), "endpoint"),
    (changed(endpoint="https://10.0.0.1/x"), "endpoint"),
    (changed(endpoint="https://169.254.169.254/latest/meta-data"), "endpoint"),
    (changed(endpoint="javascript:alert(1)"), "endpoint"),
    (changed(endpoint="https://[::1"), "endpoint"),
    (changed(keys=None), "keys"),
    (changed(keys=[]), "keys"),
    (changed(keys__p256dh=None), "keys.p256dh"),
    (changed(keys__p256dh="A" * 86), "keys.p256dh"),
    (changed(keys__p256dh="A" * 88), "keys.p256dh"),
    (changed(keys__p256dh="A" * 5000), "keys.p256dh"),
    (changed(keys__p256dh=OFF_THE_CURVE), "keys.p256dh"),
    (changed(keys__p256dh="ü" * 87), "keys.p256dh"),
    (changed(keys__auth=None), "keys.auth"),
    (changed(keys__auth="A" * 21), "keys.auth"),
    (changed(keys__auth="A" * 24), "keys.auth"),
    (changed(keys__auth="+" * 22), "keys.auth"),
    (changed(keys__auth=["A" * 22]), "keys.auth"),
    (changed(keys__more="x"), "keys.more"),
    (changed(userId="x"), "userId"),
    (changed(expirationTime="soon"), "expirationTime"),
)


BAD_FAREWELLS: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "endpoint"),
    ({"endpoint": None}, "endpoint"),
    ({"endpoint": ["x"]}, "endpoint"),
    ({"id": "x"}, "id"),
)


def test_a_bad_subscription_and_a_bad_farewell_are_told_by_field_and_change_nothing(app: Flask, alice: Person) -> None:
    alice.post(SUBSCRIPTIONS, browser("kept").subscription)
    answers = [(alice.post(SUBSCRIPTIONS, form), form, field) for form, field in BAD]
    answers += [(alice.delete(SUBSCRIPTIONS, form), form, field) for form, field in BAD_FAREWELLS]
    for answer, form, field in answers:
        assert error_code(answer) == (400, "validation_failed"), form
        assert field in answer.get_json()["error"]["details"], form
    assert endpoints(app, alice) == [browser("kept").endpoint]


# --- where it is not set up


@pytest.mark.parametrize("settings", [IN_PRODUCTION], indirect=True)
def test_production_without_keys_says_that_pushing_is_not_set_up_and_serves_on(alice: Person) -> None:
    answers = [alice.get("/api/push/public-key"), alice.post(SUBSCRIPTIONS, browser().subscription)]
    assert [error_code(answer) for answer in answers] == [(503, "unavailable")] * 2
    assert "not set up" in answers[0].get_json()["error"]["message"]
    assert "Retry-After" not in answers[0].headers
    form = {"userId": alice.id, "type": "note", "title": "T", "message": "M"}
    assert alice.post("/api/notifications", form).status_code == 201


@pytest.mark.parametrize("settings", [WITH_KEYS], indirect=True)
def test_production_with_keys_pushes_and_not_to_its_own_machine(alice: Person) -> None:
    assert alice.get("/api/push/public-key").status_code == 200
    assert alice.post(SUBSCRIPTIONS, browser().subscription).status_code == 201
    for endpoint in ("http://127.0.0.1:9/x", "https://127.0.0.1/x", "https://localhost/x"):
        assert error_code(alice.post(SUBSCRIPTIONS, changed(endpoint=endpoint))) == (400, "validation_failed")


# --- a subscription lasts as long as its login


def test_a_login_that_ends_takes_its_subscriptions_with_it_and_no_others(
    app: Flask, admin: Person, alice: Person, bob: Person, person: Person
) -> None:
    for name, one in (("a", alice), ("b", bob), ("p", person)):
        one.post(SUBSCRIPTIONS, browser(name).subscription)
    alice.post("/api/auth/logout")
    admin.patch(f"/api/users/{bob.id}", {"active": False})
    assert [len(endpoints(app, one)) for one in (alice, bob, person)] == [0, 0, 1]


def test_a_subscription_of_a_login_that_is_over_goes_with_the_next_one(app: Flask, alice: Person) -> None:
    with app.app_context():
        over = Login(user_id=alice.id, expires_at=now() - timedelta(seconds=1))
        db.session.add(over)
        db.session.flush()
        old = browser("old").subscription
        db.session.add(PushSubscription(user_id=alice.id, login_id=over.id, endpoint=old["endpoint"], **old["keys"]))
        db.session.commit()
    alice.post(SUBSCRIPTIONS, browser("new").subscription)
    assert endpoints(app, alice) == [browser("new").endpoint]
