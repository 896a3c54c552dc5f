"""What there is to see of logins."""

from sqlalchemy import select

from app.auth.models import Login
from app.auth.schemas import LoginView
from app.auth.tokens import Identity
from app.extensions import db, socketio

MOST_LOGINS = 100


def logins_of(identity: Identity) -> list[LoginView]:
    """The newest of one's logins that have neither ended nor expired."""
    user_id, current = identity.user.id, identity.login.id
    query = (
        select(Login.id, Login.created_at, Login.expires_at)
        .where(Login.user_id == user_id, Login.lives)
        .order_by(Login.id.desc())
        .limit(MOST_LOGINS)
    )
    rows = db.session.execute(query).all()
    db.session.close()  # the engine has its own connections
    connected = set(socketio.presence.of([user_id]).get(user_id, ()))
    return [
        LoginView(
            id=row.id,
            created_at=row.created_at,
            expires_at=row.expires_at,
            connected=row.id in connected,
            current=row.id == current,
        )
        for row in rows
    ]
