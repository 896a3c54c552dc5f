"""Demo data: four people, a team, a department and a conversation. For development only."""

from dataclasses import dataclass

from app.auth.passwords import hash_password
from app.chat.schemas import StartConversation
from app.chat.service import start_conversation
from app.core.transaction import transaction
from app.extensions import db
from app.people.models import Department, Role, Team, TeamMember, User

PASSWORD = "demo-password"  # noqa: S105 - printed at start, and never made in production


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
        team, department = Team(name="Product"), Department(name="Engineering")
        db.session.add_all([*people, team, department])
        db.session.flush()
        _, manager, alice, bob = people
        for member in (manager, alice, bob):
            member.department_id = department.id
            db.session.add(TeamMember(team_id=team.id, user_id=member.id))
        db.session.flush()
        start_conversation(alice, StartConversation(title="Launch", participant_ids=[bob.id]))
