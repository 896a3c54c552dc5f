"""Demo data: four people, a team, a department and a conversation. For development only."""

from dataclasses import dataclass

from sqlalchemy import select

from app.auth.passwords import hash_password
from app.chat.models import Conversation
from app.chat.schemas import StartConversation
from app.chat.service import start_conversation
from app.core.transaction import transaction
from app.extensions import db
from app.people.models import Department, Role, Team, TeamMember, User

PASSWORD = "demo-password"  # noqa: S105 - printed at start, and never made in production
TEAM, DEPARTMENT, CONVERSATION = "Product", "Engineering", "Launch"


@dataclass(frozen=True)
class DemoUser:
    """Who may log in to the demo."""

    email: str
    name: str
    role: Role


USERS = (
    DemoUser("admin@example.com", "Admin", Role.ADMIN),
    DemoUser("manager@example.com", "Manager", Role.MANAGER),
    DemoUser("alice@example.com", "Alice", Role.MEMBER),
    DemoUser("bob@example.com", "Bob", Role.MEMBER),
)


def seed() -> None:
    """Fill an empty database."""
    password_hash = hash_password(PASSWORD)
    with transaction():
        people = [User(email=u.email, name=u.name, role=u.role, password_hash=password_hash) for u in USERS]
        team, department = Team(name=TEAM), Department(name=DEPARTMENT)
        db.session.add_all([*people, team, department])
        db.session.flush()
        _, manager, alice, bob = people
        for member in (manager, alice, bob):
            member.department_id = department.id
            db.session.add(TeamMember(team_id=team.id, user_id=member.id))
        db.session.flush()
        start_conversation(alice, StartConversation(title=CONVERSATION, participant_ids=[bob.id]))


def description() -> dict[str, str]:
    """What to log in to the demo with, and what one finds there, by label; nothing where there is no demo."""
    emails = [user.email for user in USERS]
    found = list(db.session.scalars(select(User.email).where(User.email.in_(emails)).order_by(User.id)))
    if not found:
        return {}
    places = (
        ("Team", Team, Team.name, TEAM),
        ("Department", Department, Department.name, DEPARTMENT),
        ("Conversation", Conversation, Conversation.title, CONVERSATION),
    )
    ids = {label: db.session.scalar(select(kind.id).where(title == name)) for label, kind, title, name in places}
    named = {label: f"{name}, {ids[label]}" for label, _, _, name in places if ids[label]}
    return {"Log in as": ", ".join(found), "Password": PASSWORD} | named
