"""Flask's context of a request, for the events of a client: made in a tenth of the time.

Flask-SocketIO opens one from the request that the connection began with, and Flask matches its URL, which leads to no
view, and decodes the session's cookie: for each event, half of what it costs. Here both wait until somebody asks.
Flask 3.1 is pinned: this builds upon what its ``RequestContext`` keeps to itself.
"""

from functools import cache
from inspect import signature
from typing import Any

from flask import Flask
from flask.ctx import RequestContext
from flask.globals import _cv_app, _cv_request
from flask.sessions import SessionMixin
from flask_socketio import _ManagedSession  # type: ignore[attr-defined]
from werkzeug.routing import MapAdapter


class EventContext(RequestContext):
    """``request``, ``session`` and ``g`` while a handler runs.

    Args:
        app: the application.
        environ: of the request that the connection began with.
        own_session: whether the events of a connection share a session of their own, which began as the user's; else
            it is the user's, as the cookie says, and is saved where that is possible.
    """

    def __init__(self, app: Flask, environ: dict[str, Any], *, own_session: bool) -> None:
        self.app = app
        self.request = app.request_class(environ)
        self.request.json_module = app.json
        self.flashes = None
        self._own_session = own_session
        self._session: SessionMixin | None = None
        self._adapter: MapAdapter | None = None
        self._after_request_functions = []
        self._cv_tokens = []

    @property
    def url_adapter(self) -> MapAdapter | None:  # type: ignore[override]
        if self._adapter is None:
            self._adapter = self.app.create_url_adapter(self.request)
        return self._adapter

    @property
    def session(self) -> SessionMixin:
        if self._session is None:
            self._session = self._kept_session() if self._own_session else self._open_session()
        self._session.accessed = True
        return self._session

    def _kept_session(self) -> SessionMixin:
        environ = self.request.environ
        if "saved_session" not in environ:
            environ["saved_session"] = _ManagedSession(self._open_session())
        kept: SessionMixin = environ["saved_session"]
        return kept

    def _open_session(self) -> SessionMixin:
        interface = self.app.session_interface
        return interface.open_session(self.app, self.request) or interface.make_null_session(self.app)

    def push(self) -> None:
        app_context = _cv_app.get(None)
        if app_context is None or app_context.app is not self.app:
            app_context = self.app.app_context()
            app_context.push()
        else:
            app_context = None
        self._cv_tokens.append((_cv_request.set(self), app_context))

    def copy(self) -> "EventContext":
        """For a greenlet that goes on when the handler has ended; see :func:`flask.copy_current_request_context`."""
        copied = EventContext(self.app, self.request.environ, own_session=self._own_session)
        copied.request, copied._session = self.request, self._session
        return copied

    def save_session(self) -> None:
        """Save what a handler changed of the user's session."""
        if self._session is not None and not self._own_session and self._session.modified:
            self.app.session_interface.save_session(self.app, self._session, self.app.response_class())


@cache
def takes_auth(handler: Any) -> bool:
    """Whether a handler of ``connect`` takes what the client sent as ``auth``; it need not."""
    try:
        signature(handler).bind(None)
    except TypeError:
        return False
    return True
