"""``/api/auth``: register, login, refresh, logout, and one's logins."""

from flask import Blueprint, request

from app.auth import queries, service
from app.auth.guard import authenticated, current_identity, current_user, refreshing
from app.auth.models import Login
from app.auth.schemas import AccessToken, ChangePassword, LoggedIn, LogIn, Logins, Register
from app.auth.tokens import access_token, refresh_token
from app.core.api import body, fails, public, returns
from app.people.queries import account
from app.people.schemas import Account

bp = Blueprint("auth", __name__, url_prefix="/api/auth")


def _logged_in(login: Login) -> LoggedIn:
    return LoggedIn(
        user=account(login.user),
        access_token=access_token(login),
        refresh_token=refresh_token(login),
    )


@bp.post("/register")
@public
@body(Register)
@fails(409, 429)
@returns(LoggedIn, 201)
def register(body: Register) -> LoggedIn:
    """Make an account."""
    return _logged_in(service.register(body, request.remote_addr or ""))


@bp.post("/login")
@public
@body(LogIn)
@fails(401, 429)
@returns(LoggedIn)
def login(body: LogIn) -> LoggedIn:
    """Begin a login."""
    return _logged_in(service.log_in(body, request.remote_addr or ""))


@bp.post("/refresh")
@refreshing
@returns(AccessToken)
def refresh() -> AccessToken:
    """Get a new access token for a refresh token."""
    return AccessToken(access_token=access_token(current_identity().login))


@bp.post("/logout")
@authenticated
@returns(None, 204)
def logout() -> None:
    """End this login: its tokens are revoked, its sockets disconnected."""
    service.log_out(current_identity())


@bp.post("/password")
@authenticated
@body(ChangePassword)
@returns(None, 204)
def change_password(body: ChangePassword) -> None:
    """Change one's password; every other login ends."""
    service.change_password(current_identity(), body)


@bp.get("/logins")
@authenticated
@returns(Logins)
def logins() -> Logins:
    """One's logins that have not ended, the newest hundred, and which of them are connected."""
    return Logins(items=queries.logins_of(current_identity()))


@bp.delete("/logins/<id>")
@authenticated
@returns(None, 204)
def end_login(id: str) -> None:
    """End one of one's logins: its tokens are revoked, its sockets disconnected."""
    service.end_login(current_identity(), id)


@bp.get("/me")
@authenticated
@returns(Account)
def me() -> Account:
    """Oneself."""
    return account(current_user())
