"""The migrations make the tables that the models say, and take them away again."""

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect

from app import create_app
from app.config import Settings
from app.extensions import db
from tests.support.services import PostgreSQL

pytestmark = pytest.mark.each_database


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of the test's own: the shared one has its tables."""
    if request.param == "sqlite":
        yield ""
    else:
        postgresql: PostgreSQL = request.getfixturevalue("postgresql")
        with postgresql.database() as url:
            yield url


@pytest.fixture
def empty(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    with app.app_context():
        yield app
        db.engine.dispose()


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names()) - {"alembic_version", "sqlite_sequence"}


@pytest.mark.usefixtures("empty")
def test_going_up_makes_what_the_models_say() -> None:
    upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []


@pytest.mark.usefixtures("empty")
def test_going_down_leaves_nothing_and_up_again_makes_all() -> None:
    upgrade()
    made = tables()
    downgrade(revision="base")
    assert tables() == set()
    upgrade()
    assert tables() == made == set(db.metadata.tables)
