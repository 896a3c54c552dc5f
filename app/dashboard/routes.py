"""``/``, ``/login``, ``/logout``, ``/dashboard…``: the pages, and the tokens with which they call the API."""

import math
import re
from typing import Any

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.auth import service
from app.auth.guard import current_identity
from app.auth.schemas import LogIn
from app.auth.tokens import access_token
from app.auth.web_session import begin_session, end_session, session_identity
from app.config import current_settings
from app.core.api import declare, produces, public, returns
from app.core.errors import AppError
from app.dashboard.forms import LogInForm, LogOutForm
from app.dashboard.schemas import Credentials, Page, PageToken
from app.dashboard.session import signed_in
from app.events.base import Channel
from app.events.registry import EVENTS, events_of
from app.events.rooms import RoomKind
from app.extensions import csrf

bp = Blueprint("dashboard", __name__)

PATH_OF_THIS_SITE = re.compile(r"/(?![/\\])[^\\\s\x00-\x1f]*")  # browsers read "//host" and "/\host" as another site


@bp.get("/")
@public
@produces(status=302)
def home() -> AnyResponse:
    """Lead to the dashboard."""
    return redirect(url_for(".dashboard"))


@bp.get("/login")
@public
@produces("text/html")
def login_form() -> AnyResponse:
    """The login form; who is logged in already goes on."""
    if session_identity() is not None:
        return redirect(_next_path())
    return _login_page(LogInForm(None))


@bp.post("/login")
@public
@produces(status=303)
def log_in() -> AnyResponse:
    """Begin a login and its session, and end the one that it takes the place of; refused, the form says why."""
    form = LogInForm(request.form)
    if not form.validate():
        return _login_page(form, status=400)
    try:
        credentials = LogIn(email=form.email.data, password=form.password.data)
        login = service.log_in(credentials, request.remote_addr or "")
    except AppError as error:
        return _login_page(form, error, error.status)
    replaced = session_identity()
    if replaced is not None:
        service.log_out(replaced)
    begin_session(login)
    return redirect(_next_path(), 303)


@bp.post("/logout")
@public
@produces(status=303)
def log_out() -> AnyResponse:
    """End the login that the session names, if it still does."""
    if not LogOutForm(request.form).validate():
        return make_response(render_template("outdated.html"), 400)
    identity = session_identity()
    if identity is not None:
        service.log_out(identity)
    end_session()
    return redirect(url_for(".login_form"), 303)


@bp.get("/dashboard")
@signed_in
@produces("text/html")
def dashboard() -> str:
    """The live events of the rooms that one may hear."""
    kinds = [kind.value for kind in RoomKind]
    return _page("live.html", event_names=_event_names(), room_kinds=kinds)


@bp.get("/dashboard/now")
@signed_in
@produces("text/html")
def now() -> str:
    """Admins: the figures of the server. Everyone: their connection, who is online, and the rooms they may hear."""
    return _page("now.html")


@bp.get("/dashboard/health")
@signed_in
@produces("text/html")
def health() -> str:
    """Which part of the server answers; for admins also what is amiss."""
    return _page("health.html")


@bp.get("/dashboard/try")
@signed_in
@produces("text/html")
def try_it() -> str:
    """Forms that cause events, and the events that come of it."""
    return _page("try.html", event_names=_event_names())


@bp.post("/dashboard/token")
@signed_in
@returns(PageToken)
def token() -> PageToken:
    """An access token for a page; the header ``X-CSRFToken`` shows that it is the page that asks."""
    csrf.protect()
    seconds = current_settings().access_lifetime.total_seconds()
    return PageToken(access_token=access_token(current_identity().login), expires_in=seconds)


declare(login_form, also=(302,))
declare(log_in, form=Credentials, fails=(400, 401, 429))
declare(log_out, form=Page, fails=(400,))
declare(token, csrf=True, fails=(400,))


@bp.get("/push-worker.js")
@public
@produces("text/javascript")
def push_worker() -> Response:
    """The service worker that shows pushes; it lies here since it is for the pages beneath its own path."""
    return current_app.send_static_file("push-worker.js")


@bp.after_request
def protect(response: Response) -> Response:
    """Let the pages load and call this site alone, run no inline script, and be framed and cached by nobody."""
    socket = f"{'wss' if request.is_secure else 'ws'}://{request.host}"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'self'; connect-src 'self' {socket}; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(template: str, **context: Any) -> str:
    identity = current_identity()
    return render_template(template, user=identity.user, login=identity.login, **context)


def _login_page(form: LogInForm, error: AppError | None = None, status: int = 200) -> Response:
    response = make_response(render_template("login.html", form=form, error=error), status)
    if error is not None and error.retry_after is not None:
        response.headers["Retry-After"] = str(math.ceil(error.retry_after))
    return response


def _next_path() -> str:
    target = request.args.get("next", "")
    return target if PATH_OF_THIS_SITE.fullmatch(target) else url_for(".dashboard")


def _event_names() -> dict[str, list[str]]:
    names = {channel.value: [event.name for event in events_of(channel)] for channel in Channel}
    return names | {"connection": [name for name, event in EVENTS.items() if event.channel is None]}
