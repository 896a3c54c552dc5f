"""The cookie session of a browser. It names a login and nothing else; whose it is, is looked up at each request."""

from flask import session

from app.auth.models import Login
from app.auth.tokens import Identity
from app.extensions import db

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
    if login is None or not login.lives or not login.user.active:
        return None
    return Identity(login.user, login, login.expires_at)
