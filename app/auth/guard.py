"""Who may call a route. A route that doesn't say is refused at start."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, g, request

from app.auth.failures import counting_failures
from app.auth.tokens import Identity, TokenType, identify
from app.auth.web_session import session_identity
from app.config import current_settings
from app.core.api import View, declare, spec_of
from app.core.errors import Forbidden, Unauthenticated
from app.core.rate_limits import rate_limits
from app.extensions import db
from app.people.models import Role, User


def current_identity() -> Identity:
    """Who is calling, as the route's decorator found out."""
    identity: Identity = g.identity
    return identity


def current_user() -> User:
    """The user who is calling."""
    return current_identity().user


def authenticated(view: View) -> View:
    """Any user may call it, with an access token."""
    return _guarded(view, "user", "access")


def authenticated_or_signed_in(view: View) -> View:
    """Any user may call it, with an access token, or with the cookie session where a header can't be sent."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        signed_in = None if "Authorization" in request.headers else session_identity()
        _count(signed_in or _caller())
        return view(*args, **kwargs)

    declare(guarded, access="user or session")
    return guarded


def refreshing(view: View) -> View:
    """Any user may call it, with a refresh token."""
    return _guarded(view, "refresh", "refresh")


def public_in_development(view: View) -> View:
    """Anyone may call it in development; in production any user, with an access token."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if current_settings().production:
            g.identity = _caller()
        return view(*args, **kwargs)

    declare(guarded, access="public in development")
    return guarded


def only(*roles: Role) -> Callable[[View], View]:
    """Users with one of ``roles`` may call it, with an access token."""

    def decorate(view: View) -> View:
        return _guarded(view, ",".join(roles), "access", roles)

    return decorate


def _guarded(view: View, access: str, type: TokenType, roles: tuple[Role, ...] = ()) -> View:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        _count(_caller(type))
        if roles and g.identity.user.role not in roles:
            raise Forbidden(f"This takes the role {' or '.join(roles)}.")
        return view(*args, **kwargs)

    declare(guarded, access=access)
    return guarded


def _caller(type: TokenType = "access") -> Identity:
    with counting_failures("http"):
        return identify(bearer_token(type), type)


def _count(identity: Identity) -> None:
    """Remember who is calling, and count the request."""
    g.identity = identity
    db.session.commit()  # gives the connection back: counting starts a timer, which lets the other greenlets run
    rate_limits().requests.hit(identity.user.id)


def bearer_token(type: TokenType = "access") -> str:
    """The token of the request's ``Authorization: Bearer`` header (RFC 6750, section 2.1).

    Raises:
        Unauthenticated: there is none.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated(f"Send the {type} token: Authorization: Bearer <token>.")
    return token.strip()


def check_routes(app: Flask) -> None:
    """Refuse to start with a route that doesn't declare who may call it."""
    for endpoint, view in app.view_functions.items():
        if endpoint != "static" and spec_of(view).access is None:
            raise RuntimeError(f"{endpoint} doesn't say who may call it: use @public, @authenticated or @only.")
