"""JSON Web Tokens: made at login, read at every request and every socket connect."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from flask import current_app
from flask_jwt_extended import create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import ExpiredSignatureError, PyJWTError

from app.auth.models import Login
from app.core.errors import TokenExpired, TokenRevoked, Unauthenticated
from app.extensions import db, jwt
from app.people.models import User

TokenType = Literal["access", "refresh"]


@dataclass(frozen=True)
class Identity:
    """Who a valid token speaks for, by which login, and until when."""

    user: User
    login: Login
    expires_at: datetime


def access_token(login: Login) -> str:
    """A token for requests and sockets."""
    token: str = create_access_token(login.user_id, additional_claims={"login": login.id})
    return token


def refresh_token(login: Login) -> str:
    """A token for new access tokens."""
    token: str = create_refresh_token(login.user_id, additional_claims={"login": login.id})
    return token


def claims_of(token: Any) -> dict[str, Any]:
    """What ``token`` says, its signature, its issuer and its times checked; whether its login lives is not.

    Raises:
        TokenExpired: it was valid once.
        Unauthenticated: it is missing, malformed or forged.
    """
    if not isinstance(token, str) or not token:
        raise Unauthenticated("A token is needed.")
    try:
        claims: dict[str, Any] = decode_token(token)
    except ExpiredSignatureError as error:
        raise TokenExpired("The token has expired; get a new one from /api/auth/refresh.") from error
    except (PyJWTError, JWTExtendedException, ValueError) as error:
        raise Unauthenticated("The token is not valid.") from error
    if "exp" not in claims:
        raise Unauthenticated("The token is not valid.")
    return claims


def identify(token: Any, type: TokenType = "access") -> Identity:
    """Whom ``token`` speaks for.

    Raises:
        TokenExpired: it was valid once.
        TokenRevoked: its login was ended, or its user deactivated.
        Unauthenticated: it is missing, malformed, forged, or of the other type.
    """
    claims = claims_of(token)
    login = db.session.get(Login, str(claims.get("login")))
    if claims.get("type") != type or login is None or login.user_id != claims.get("sub"):
        raise Unauthenticated("The token is not valid.")
    if login.revoked_at is not None or not login.user.active:
        raise TokenRevoked("This login was ended; log in again.")
    return Identity(login.user, login, datetime.fromtimestamp(claims["exp"], UTC))


def revalidated(identity: Identity) -> Identity:
    """``identity``, if its login was not ended meanwhile.

    Raises:
        TokenRevoked: it was, or its user was deactivated.
    """
    login = db.session.get(Login, identity.login.id)
    if login is None or login.revoked_at is not None or not login.user.active:
        raise TokenRevoked("This login was ended; log in again.")
    return identity


def _key_id(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:8]


@jwt.additional_headers_loader
def _headers(_: Any) -> dict[str, str]:
    return {"kid": _key_id(current_app.config["JWT_SECRET_KEY"])}


@jwt.decode_key_loader
def _key(headers: dict[str, Any], _: Any) -> str:
    """The key that the token names: today's, or while keys rotate yesterday's."""
    previous: str = current_app.config["JWT_PREVIOUS_SECRET_KEY"]
    if previous and headers.get("kid") == _key_id(previous):
        return previous
    secret: str = current_app.config["JWT_SECRET_KEY"]
    return secret
