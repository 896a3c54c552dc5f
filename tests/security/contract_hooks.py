"""What Schemathesis is told of the server that it tries: who calls, and what no schema says, such as which ids exist.

It is a module of Schemathesis' process; `SERVER` in the environment is the address. Only data that fits the document is
completed here. What does not fit is sent as it was made.
"""

import base64
import os
from collections.abc import Callable
from itertools import count
from typing import Any
from urllib.parse import quote

import schemathesis
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from schemathesis.core.failures import Failure
from schemathesis.specs.openapi.checks import is_unexpected_http_status_case

from tests.e2e.scenarios import ok
from tests.security.person import Person
from tests.support.api import DEMO_PASSWORD, Api

Case = schemathesis.Case[Any]
Context = Any
Fields = dict[str, Any]

URL = os.environ["SERVER"]
ENDS_LOGINS = {"/api/auth/logout", "/api/auth/logins/{id}", "/api/auth/password"}
LONGEST_QUERY = 7_000
RARELY = 8  # logging in takes long; it is meant to
PUSH_SERVICE = "http://127.0.0.1:9/"  # nobody listens there

numbers = count()
admin = Api(URL)
alice = Api.as_demo_user(URL, "alice")
bob = Api.as_demo_user(URL, "bob")
browser = Person(URL)
tokens: dict[str, str] = {}


def log_in() -> None:
    answer = ok(admin.post("/api/auth/login", {"email": "admin@example.com", "password": DEMO_PASSWORD}))
    admin.user, admin.token, tokens["refresh"] = answer["user"], answer["accessToken"], answer["refreshToken"]


def log_in_at_browser() -> None:
    browser.cookies.clear()
    assert browser.log_in("admin@example.com").status == 303
    tokens["csrf"] = browser.csrf_token("/dashboard")


log_in()
log_in_at_browser()

# --- who calls


@schemathesis.auth(refresh_interval=None)
class Caller:
    """An admin, by the way that the route declares."""

    def get(self, case: Case, context: Context) -> str:
        del context
        return str(tokens["refresh"] if case.path == "/api/auth/refresh" else admin.token)

    def set(self, case: Case, data: str, context: Context) -> None:
        del context
        ways = {name for way in case.operation.definition.raw.get("security", []) for name in way}
        if "bearerAuth" in ways:
            case.headers["Authorization"] = f"Bearer {data}"
        elif "session" in ways:
            case.cookies["session"] = browser.cookies["session"].value


@schemathesis.hook
def after_call(context: Context, case: Case, response: Any) -> None:
    """Log in again, where what was tried has ended the login."""
    del context
    if case.path in ENDS_LOGINS and response.status_code < 400:
        if admin.get("/api/auth/me").status == 401:
            log_in()
        if not browser.logged_in:
            log_in_at_browser()


# --- what is there


def new(path: str, form: Fields) -> Callable[[], str]:
    """Makes another one at each call, since what is tried may delete it."""
    return lambda: str(ok(admin.post(path, form))["id"])


def login_to_end() -> str:
    """One of the admin's that nobody uses."""
    Api.as_demo_user(URL, "admin")
    return str(ok(admin.get("/api/auth/logins"))["items"][0]["id"])


def with_member(path: str) -> Callable[[], str]:
    """Makes a team or a department that alice is in."""

    def make() -> str:
        id = new(path, {"name": "-"})()
        ok(admin.put(f"{path}/{id}/members/{alice.user['id']}"))
        return id

    return make


conversation = new("/api/chat/conversations", {"participantIds": [alice.user["id"]], "title": "-"})
talk = conversation()
message = new(f"/api/chat/conversations/{talk}/messages", {"content": "-"})
own_room = f"notifications-{admin.user['id']}"
note = new("/api/notifications", {"userId": admin.user["id"], "type": "note", "title": "-", "message": "-"})
note()
offset = str(ok(admin.get(f"/api/events?room={own_room}"))["items"][-1]["offset"])

IDS = {  # by the beginning of the path
    "/api/tasks/": new("/api/tasks", {"title": "-", "assigneeId": alice.user["id"]}),
    "/api/notifications/": note,
    "/api/chat/conversations/": lambda: talk,
    "/api/chat/messages/": message,
    "/api/teams/": with_member("/api/teams"),
    "/api/departments/": with_member("/api/departments"),
    "/api/users/": lambda: str(bob.user["id"]),
    "/api/auth/logins/": login_to_end,
}
IN_BODIES: dict[str, Callable[[], str]] = {
    "replyToId": message,
    "messageId": message,
    "userId": lambda: str(alice.user["id"]),
    "assigneeId": lambda: str(alice.user["id"]),
    "teamId": new("/api/teams", {"name": "-"}),
}
PLACES = {"userId": alice.user["id"], "emoji": "👍", "offset": offset}
FORMS = {"/login", "/logout", "/dashboard/token"}
CREDENTIALS = {"email": "alice@example.com", "password": DEMO_PASSWORD}
NAMES = {"/docs/{name}": "start", "/api-docs/assets/{name}": "swagger-ui.css"}


@schemathesis.hook
def filter_query(context: Context, query: Fields) -> bool:
    """What is too long for a request line reaches no route: the server answers it with 414 by itself."""
    del context
    return len(quote(str(query))) < LONGEST_QUERY


@schemathesis.hook
def before_call(context: Context, case: Case, kwargs: Fields) -> None:
    del context
    kwargs["allow_redirects"] = False  # to where another route's answer would come from
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    for name in case.path_parameters:
        if name == "id":
            case.path_parameters[name] = next(make for path, make in IDS.items() if case.path.startswith(path))()
        elif name in PLACES | {"name": ""}:
            case.path_parameters[name] = PLACES.get(name) or NAMES[case.path]
    _complete_query(case, case.query)
    if case.path in FORMS:
        _take_a_form(case)
    elif isinstance(case.body, dict):
        _complete_body(case, case.body)


def _complete_query(case: Case, query: Fields) -> None:
    if "cursor" in query:
        _take_a_cursor_of_the_list(case, query)
    if "room" in query:
        query["room"] = own_room
    if case.path == "/api/events" and "after" in query:
        query["after"] = offset
    if case.path.startswith("/api/analytics"):
        query.pop("from", None)  # lies before `to`, and by a year at most
        query.pop("to", None)
        if "teamId" in query:
            query.pop("userId", None)


def _take_a_cursor_of_the_list(case: Case, query: Fields) -> None:
    path = case.path.format(**case.path_parameters)
    sort = f"&sort={query['sort']}" if "sort" in query else ""
    found = ok(admin.get(f"{path}?limit=1{sort}"))["nextCursor"]
    if found is None:
        del query["cursor"]
    else:
        query["cursor"] = found


def _take_a_form(case: Case) -> None:
    """With the token of a page that was shown to the same browser: for what ends a login, another one each time."""
    at = browser
    if case.path != "/dashboard/token":
        at = Person(URL)
        token = at.csrf_token()
        if isinstance(case.body, dict):
            case.body |= {"csrf_token": token} | (CREDENTIALS if "password" in case.body else {})
    case.cookies["session"] = at.cookies["session"].value
    case.headers["X-CSRFToken"] = tokens["csrf"]


def _complete_body(case: Case, body: Fields) -> None:
    if case.path == "/api/auth/login":
        body |= CREDENTIALS
    if case.path == "/api/auth/password" and next(numbers) % RARELY == 0:
        body |= dict.fromkeys(("current", "new"), DEMO_PASSWORD)
    if case.path == "/api/push/subscriptions":
        _complete_subscription(case, body)
    if "participantIds" in body:
        body["participantIds"] = [alice.user["id"]]
    for name in IN_BODIES.keys() & body.keys():
        if body[name]:
            body[name] = IN_BODIES[name]()
    for name, value in body.items():
        if isinstance(value, str) and value and not any(character.isprintable() for character in value):
            body[name] = f"{value}-"  # something that can be seen


def _complete_subscription(case: Case, body: Fields) -> None:
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    raw = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": _base64url(raw), "auth": _base64url(os.urandom(16))}
    body["endpoint"] = f"{PUSH_SERVICE}{next(numbers)}"
    if case.method == "POST":
        body["keys"] = keys
    else:
        ok(admin.post(case.path, {"endpoint": body["endpoint"], "keys": keys}))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


# --- what is asked besides


class UndocumentedStatus(Failure):
    """The document names the status with no word."""


@schemathesis.check
def the_status_is_documented_by_name(context: Context, response: Any, case: Case) -> None:
    """Not as `default` alone, which stands for what can befall any request."""
    del context
    documented = case.operation.definition.raw["responses"]
    if str(response.status_code) not in documented and not is_unexpected_http_status_case(case):
        raise UndocumentedStatus(
            operation=case.operation.label,
            title="Undocumented status",
            message=f"{response.status_code} is not among {', '.join(documented)}",
        )
