"""The audit: rows are added, and then stay as they are."""

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError

from storage import audit as kept
from storage.database import reading
from storage.tables import audit
from tests.conftest import NOON


def written(database):
    with database.begin() as db:
        kept.write(db, NOON, "U0ANA", "button claim", "claim", 1, {})


def test_no_row_can_be_changed(database):
    written(database)

    with pytest.raises(DatabaseError), database.begin() as db:
        db.execute(update(audit).values(by="U0BEN"))

    with reading(database) as db:
        assert [each.by for each in kept.of_conversation(db, 1)] == ["U0ANA"]


def test_no_row_can_be_deleted(database):
    written(database)

    with pytest.raises(DatabaseError), database.begin() as db:
        db.execute(delete(audit))

    with reading(database) as db:
        assert len(kept.of_conversation(db, 1)) == 1


def test_of_one_conversation_the_newest_comes_first(database):
    for by in ("U0ANA", "U0BEN"):
        with database.begin() as db:
            kept.write(db, NOON, by, "command", "claim", 7, {})

    with reading(database) as db:
        assert [each.by for each in kept.of_conversation(db, 7, most=5)] == ["U0BEN", "U0ANA"]
        assert len(kept.of_conversation(db, 7, most=1)) == 1
