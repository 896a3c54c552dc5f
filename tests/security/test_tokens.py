"""A token that the server did not make for this use opens nothing, over HTTP and over a socket; none is ever logged."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt.algorithms import RSAAlgorithm

from tests.security.engine.wire import WebSocket
from tests.security.forgery import ago, forged, key_of, signed_by_hand
from tests.security.sockets import connect, refusal
from tests.support.api import Api
from tests.support.js_client import JsPeer
from tests.support.server import Server

RSA = rsa.generate_private_key(65537, 2048)
PRIVATE_PEM = RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC_PEM = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
JWK = json.loads(RSAAlgorithm.to_jwk(RSA.public_key()))
HOUR = 3600

Forge = Callable[[str, str], str]
"""A token, made from a good one and the server's key."""


def claim(**claims: Any) -> Forge:
    return lambda token, key: forged(token, key, **claims)


def header(**headers: Any) -> Forge:
    return lambda token, key: forged(token, key, headers=headers)


def without(name: str) -> Forge:
    return lambda token, key: forged(token, key, without=name)


FORGERIES: dict[str, Forge] = {
    "alg none": lambda token, _: signed_by_hand(token, "none", b"", ""),
    "alg None": lambda token, _: signed_by_hand(token, "None", b"", ""),
    "alg NONE with a signature": lambda token, _: signed_by_hand(token, "NONE", b"x", "sha256"),
    "no signature": lambda token, _: signed_by_hand(token, "HS256", b"", ""),
    "signed with the empty key": lambda token, _: signed_by_hand(token, "HS256", b"", "sha256"),
    "signed with a guess": lambda token, _: signed_by_hand(token, "HS256", b"secret", "sha256"),
    "alg RS256 with a key of one's own": lambda token, _: forged(token, PRIVATE_PEM, "RS256"),
    "that key in the header": lambda token, _: forged(token, PRIVATE_PEM, "RS256", {"jwk": JWK}),
    "its address in the header": lambda token, _: forged(
        token, PRIVATE_PEM, "RS256", {"jku": "http://127.0.0.1/keys.json", "x5u": "http://127.0.0.1/cert.pem"}
    ),
    "a public key as the secret of HS256": lambda token, _: signed_by_hand(token, "HS256", PUBLIC_PEM, "sha256"),
    "the right key and alg HS512": lambda token, key: signed_by_hand(token, "HS512", key.encode(), "sha512"),
    "the right key and alg hs256": lambda token, key: signed_by_hand(token, "hs256", key.encode(), "sha256"),
    "a kid that names a file": lambda token, _: forged(token, "0" * 64, headers={"kid": "/dev/null"}),
    "an unknown crit": header(crit=["x-must-know"], **{"x-must-know": True}),
    "a crit that is no list": header(crit="exp"),
    "another issuer": claim(iss="another"),
    "no issuer": without("iss"),
    "another audience": claim(aud="another"),
    "no audience": without("aud"),
    "not valid yet": claim(nbf=ago(-HOUR)),
    "issued in the future": claim(iat=ago(-HOUR)),
    "no expiry": without("exp"),
    "another user": claim(sub="another"),
    "no user": without("sub"),
    "an unknown login": claim(login="unknown"),
    "no login": without("login"),
    "a refresh token's claims": claim(type="refresh"),
    "three dots": lambda *_: "...",
    "half of it": lambda token, _: token[: len(token) // 2],
    "another case": lambda token, _: token.swapcase(),
}


@pytest.fixture(scope="module")
def key(product: Server) -> str:
    return key_of(product)


def codes(server: Server, token: str) -> list[str]:
    """The error code that a request, a socket, and a channel's socket are refused with that bring the token."""
    answer = Api(server.url, token).get("/api/auth/me")
    assert answer.status == 401, answer
    found = [answer.json["error"]["code"]]
    for namespace in ("/", "/ws/chat"):
        with WebSocket(server.port) as ws:
            found.append(refusal(connect(ws, {"token": token}, namespace), namespace)["code"])
    return found


def test_a_token_that_is_signed_anew_with_the_right_key_is_good(product: Server, alice: Api, key: str) -> None:
    """So it is for what a forgery changes that it is refused."""
    token = forged(alice.token or "", key)
    assert Api(product.url, token).get("/api/auth/me").status == 200
    with WebSocket(product.port) as ws:
        assert connect(ws, {"token": token}).startswith("40{")


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_token_is_refused(forgery: str, product: Server, alice: Api, key: str) -> None:
    assert codes(product, FORGERIES[forgery](alice.token or "", key)) == ["unauthenticated"] * 3


def test_an_expired_token_is_refused_as_such(product: Server, alice: Api, key: str) -> None:
    assert codes(product, forged(alice.token or "", key, exp=ago(1))) == ["token_expired"] * 3


def test_a_refresh_token_is_no_access_token_nor_the_other_way_round(product: Server, alice: Api) -> None:
    form = {"email": alice.user["email"], "password": "demo-password"}
    tokens = alice.post("/api/auth/login", form).json
    assert codes(product, tokens["refreshToken"]) == ["unauthenticated"] * 3
    assert Api(product.url, tokens["accessToken"]).post("/api/auth/refresh").status == 401
    assert Api(product.url, tokens["refreshToken"]).post("/api/auth/refresh").status == 200


@pytest.mark.parametrize("forgery", ["alg none", "signed with a guess", "a refresh token's claims"])
def test_a_connection_is_not_prolonged_with_a_forged_token(
    forgery: str, product: Server, alice: Api, key: str, js: JsPeer
) -> None:
    socket = js.connect(product.url, auth={"token": alice.token})
    answer = socket.emit("refresh-auth", {"token": FORGERIES[forgery](alice.token or "", key)})
    assert (answer["ok"], answer["error"]["code"]) == (False, "unauthenticated")


def test_a_connection_is_not_prolonged_with_the_token_of_another_user(
    product: Server, alice: Api, bob: Api, js: JsPeer
) -> None:
    answer = js.connect(product.url, auth={"token": alice.token}).emit("refresh-auth", {"token": bob.token})
    assert (answer["ok"], answer["error"]["code"]) == (False, "forbidden")
