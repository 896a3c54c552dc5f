"""The cookie session of the pages. It names a login and nothing else; whose it is, is looked up at each request."""

from functools import wraps
from typing import Any

from flask import g, redirect, request, session, url_for

from app.auth.models import Login
from app.auth.tokens import Identity
from app.core.api import View, declare
from app.core.clock import now
from app.core.errors import Unauthenticated
from app.core.rate_limits import rate_limits
from app.extensions import db
from app.people.models import User

LOGIN = "login"


def begin_session(login: Login) -> None:
    """The browser is logged in from now on; a CSRF token that it had before is worth nothing any more."""
    session.clear()
    session[LOGIN] = login.id


def end_session() -> None:
    """The browser is logged in no more. The login itself is for :func:`app.auth.service.log_out` to end."""
    session.clear()


def session_identity() -> Identity | None:
    """Who is logged in; None when nobody is, the login was ended or has expired, or its user was deactivated."""
    login = db.session.get(Login, session.get(LOGIN, ""))
    if login is None or login.revoked_at is not None or login.expires_at <= now():
        return None
    user = db.session.get(User, login.user_id)
    return Identity(user, login, login.expires_at) if user is not None and user.active else None


def signed_in(view: View) -> View:
    """Whoever is logged in may call it; others are led to the login form, or when they POST refused with 401."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        identity = session_identity()
        if identity is None:
            return _without_session()
        g.identity = identity
        rate_limits().requests.hit(identity.user.id)
        return view(*args, **kwargs)

    declare(guarded, access="session")
    return guarded


def _without_session() -> Any:
    if request.method == "POST":
        raise Unauthenticated("Your session has ended; log in again.")
    return redirect(url_for("dashboard.login_form", next=request.path))
