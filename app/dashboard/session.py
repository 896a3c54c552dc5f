"""Who may call the pages: whoever the cookie session says is logged in."""

from functools import wraps
from typing import Any

from flask import g, redirect, request, url_for

from app.auth.web_session import session_identity
from app.core.api import View, declare
from app.core.errors import Unauthenticated
from app.core.rate_limits import rate_limits


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
