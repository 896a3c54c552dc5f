"""Who the server says that it is."""

import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from app.config import Settings
from app.push.vapid import LIFETIME, RENEWED, Vapid, new_private_key, vapid_of
from tests.support.push_service import VAPID, from_base64url

ORIGIN = "https://push.example.com"
CONTACT = "mailto:me@example.com"


@pytest.fixture
def vapid() -> Vapid:
    return Vapid(new_private_key(), CONTACT)


def token_of(header: str) -> str:
    found = VAPID.fullmatch(header)
    assert found is not None
    return found[1]


def test_the_token_is_signed_for_one_push_service_and_half_a_day(vapid: Vapid) -> None:
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_base64url(vapid.public_key))
    claims = jwt.decode(token_of(vapid.authorization(ORIGIN)), key, algorithms=["ES256"], audience=ORIGIN)
    assert claims == {"aud": ORIGIN, "sub": CONTACT, "exp": pytest.approx(time.time() + LIFETIME, abs=5)}


def test_a_token_is_used_again_for_an_hour(vapid: Vapid, monkeypatch: pytest.MonkeyPatch) -> None:
    first = vapid.authorization(ORIGIN)
    assert vapid.authorization(ORIGIN) == first
    later = time.time() + RENEWED + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert vapid.authorization(ORIGIN) != first


def test_each_push_service_has_its_own_token(vapid: Vapid) -> None:
    tokens = {vapid.authorization(f"https://{number}.example.com") for number in range(300)}
    assert len(tokens) == 300


def test_a_new_key_is_one_that_the_settings_take() -> None:
    keys = {new_private_key() for _ in range(20)}
    assert len(keys) == 20
    assert all(Settings(vapid_private_key=key).vapid_private_key == key for key in keys)


def test_in_development_a_key_is_made_once(settings_in_development: Settings) -> None:
    first, second = (vapid_of(settings_in_development) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.public_key == second.public_key


@pytest.fixture
def settings_in_development(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(instance_path=tmp_path_factory.mktemp("instance"))
