"""Beginning and ending logins."""

from contextlib import suppress

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.auth.failures import counting_failures
from app.auth.models import Login
from app.auth.passwords import hash_password, verify_password
from app.auth.schemas import ChangePassword, LogIn, NewPassword, Register
from app.auth.tokens import Identity
from app.config import current_settings
from app.core.clock import now
from app.core.errors import Conflict, NotFound, RateLimited, Unauthenticated
from app.core.rate_limits import rate_limits
from app.core.transaction import Transaction, transaction
from app.events.audit import AuditAction, Audited
from app.events.controls import EndConnections
from app.extensions import db
from app.people.models import Role, User


def register(form: Register, address: str) -> Login:
    """Make an account and log in to it.

    Args:
        address: where the request came from.

    Raises:
        Conflict: the e-mail address has an account.
        RateLimited: too many logins from the address; this is one.
    """
    rate_limits().logins.hit(address)
    password_hash = hash_password(form.password)
    with transaction() as tx:
        user = _add_user(form, password_hash)
        _audit(tx, AuditAction.REGISTERED, user)
        return _begin_login(user)


def create_account(form: Register, role: Role) -> User:
    """Make an account, as who runs the server may.

    Raises:
        Conflict: the e-mail address has an account.
    """
    password_hash = hash_password(form.password)
    with transaction() as tx:
        user = _add_user(form, password_hash, role)
        details = {"role": role.value}
        tx.publish(Audited(action=AuditAction.REGISTERED, actor_id=None, target=("user", user.id), details=details))
        return user


def set_password(user: User, form: NewPassword) -> int:
    """Give a user another password, as who runs the server may; returns how many logins that ended: all."""
    password_hash = hash_password(form.password)
    with transaction() as tx:
        db.session.execute(update(User).where(User.id == user.id).values(password_hash=password_hash))
        logins = open_logins(user.id)  # behind the lock: a login with the old password that was under way is among them
        details = {"endedLogins": str(len(logins))}
        action = AuditAction.PASSWORD_CHANGED
        tx.publish(Audited(action=action, actor_id=None, target=("user", user.id), details=details))
        end_logins(tx, logins, "The password was changed; log in again.")
        return len(logins)


def log_in(form: LogIn, address: str) -> Login:
    """Begin a login.

    Args:
        address: where the request came from.

    Raises:
        Unauthenticated: no such account, or not its password, or it was deactivated; they all read alike.
        RateLimited: too many logins from the address, or too many wrong passwords for the account.
    """
    rate_limits().logins.hit(address)
    stored = _verified(form.email, form.password, "The e-mail address or the password is wrong.")
    with transaction() as tx:
        user = _unchanged(form.email, stored)
        _audit(tx, AuditAction.LOGGED_IN, user)
        return _begin_login(user)


def begin_login_for(user: User) -> Login:
    """Begin a login without a password, as who runs the server may.

    Raises:
        Conflict: the user was deactivated.
    """
    with transaction() as tx:
        if not user.active:
            raise Conflict("The account was deactivated.")
        tx.publish(Audited(action=AuditAction.LOGGED_IN, actor_id=None, target=("user", user.id)))
        return _begin_login(user)


def log_out(identity: Identity) -> None:
    """End a login: its tokens are worth nothing from now on, its sockets are disconnected."""
    with transaction() as tx:
        _audit(tx, AuditAction.LOGGED_OUT, identity.user)
        end_logins(tx, [identity.login.id], "You have logged out.")


def end_login(identity: Identity, id: str) -> None:
    """End one of one's logins, from any of them.

    Raises:
        NotFound: one has no such login, or it has ended.
    """
    with transaction() as tx:
        if id not in open_logins(identity.user.id):
            raise NotFound("You have no such login.")
        _audit(tx, AuditAction.LOGGED_OUT, identity.user)
        end_logins(tx, [id], "This login was ended.")


def change_password(identity: Identity, form: ChangePassword) -> None:
    """Change the password and end every other login of the user.

    Raises:
        Unauthenticated: ``current`` is wrong.
        RateLimited: it was wrong too often.
    """
    email = identity.user.email
    stored = _verified(email, form.current, "The current password is wrong.", by=identity.user.id)
    password_hash = hash_password(form.new)
    with transaction() as tx:
        user = _unchanged(email, stored)
        user.password_hash = password_hash
        others = [id for id in open_logins(user.id) if id != identity.login.id]
        _audit(tx, AuditAction.PASSWORD_CHANGED, user, endedLogins=str(len(others)))
        end_logins(tx, others, "The password was changed; log in again.")


def open_logins(user_id: str) -> list[str]:
    """The ids of a user's logins that were not ended."""
    return list(db.session.scalars(select(Login.id).where(Login.user_id == user_id, Login.revoked_at.is_(None))))


def end_logins(tx: Transaction, ids: list[str], message: str) -> None:
    """Revoke logins and disconnect their sockets, which hear ``message`` as they go."""
    if ids:
        db.session.execute(update(Login).where(Login.id.in_(ids)).values(revoked_at=now()))
        tx.publish(EndConnections(login_ids=tuple(ids), code="token_revoked", message=message))


def _add_user(form: Register, password_hash: str, role: Role = Role.MEMBER) -> User:
    values = {"email": form.email, "name": form.name, "password_hash": password_hash, "role": role}
    new = insert(User).values(**values).on_conflict_do_nothing()  # one who registers at the same moment waits here
    user: User | None = db.session.scalar(new.returning(User))
    if user is None:
        raise Conflict("This e-mail address has an account already.")
    return user


def _verified(email: str, password: str, refusal: str, by: str | None = None) -> str:
    """The stored hash that ``password`` was found to match; ``by`` is who asks, if they are logged in.

    The check takes long, and others go on meanwhile: so the try is counted before it, no connection to the database is
    held, and what depends on the answer looks again (:func:`_unchanged`).
    """
    tries = rate_limits().wrong_passwords
    found = select(User.id, User.password_hash, User.active).where(User.email == email)
    id, password_hash, active = db.session.execute(found).one_or_none() or (None, None, False)
    db.session.rollback()
    stored = password_hash if active else None
    try:
        tries.hit(email)
    except RateLimited:
        with suppress(RateLimited):  # once while it is locked: whoever tries on does not fill the trail
            rate_limits().locks_told.hit(email)
            _audit_refusal(id, by, "locked")
        raise
    if not verify_password(stored, password) or stored is None:
        _audit_refusal(id, by, "wrong_password" if active else "deactivated" if id else "no_account")
        with counting_failures("login"):
            raise Unauthenticated(refusal)
    tries.forget(email)
    return stored


def _audit_refusal(id: str | None, by: str | None, reason: str) -> None:
    with transaction() as tx:
        target = ("user", id) if id else None
        details = {"reason": reason}
        tx.publish(Audited(action=AuditAction.LOGIN_REFUSED, actor_id=by, target=target, details=details))


def _unchanged(email: str, stored: str) -> User:
    """The user, locked, if neither the password nor anything else about the account changed meanwhile."""
    same = select(User).where(User.email == email, User.password_hash == stored, User.active)
    user = db.session.scalar(same.with_for_update(key_share=True))
    if user is None:
        raise Unauthenticated("The account was changed meanwhile; try again.")
    return user


def _audit(tx: Transaction, action: AuditAction, user: User, **details: str) -> None:
    tx.publish(Audited(action=action, actor_id=user.id, target=("user", user.id), details=details))


def _begin_login(user: User) -> Login:
    login = Login(user=user, expires_at=now() + current_settings().refresh_lifetime)
    db.session.add(login)
    db.session.flush()
    return login
