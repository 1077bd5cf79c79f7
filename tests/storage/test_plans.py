"""What is looked for every second is found by an index, on SQLite as well."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from storage import conversations, guesses, inbox, search
from storage.database import Database, Transaction, reading
from storage.search import Asked
from tests.conftest import NOON

LOOKS: dict[str, Callable[[Transaction], object]] = {
    "ix_conversations_next_nag_at": lambda db: conversations.teams_overdue(db, NOON),
    "ix_conversations_claimed_until": lambda db: conversations.hold_next_to_let_go(db, NOON),
    "ix_conversations_redraw_at": lambda db: conversations.hold_next_to_redraw(db, NOON),
    "ix_conversations_urgency": lambda db: search.unanswered(db, Asked(teams=["care"]), most=10),
    "ix_conversations_waiting": lambda db: conversations.wait_known_since(db, "care"),
    "ix_conversations_aside": lambda db: conversations.aside_since(db, "care", ["care", "press"]),
    "ix_inbox_unopened": lambda db: inbox.waits(db, "webhook"),
    "ix_conversations_unclaimed": lambda db: search.totals(
        db, Asked(teams=["care"]), NOON + timedelta(hours=1)
    ),
}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("index", LOOKS)
def test_a_look_reads_an_index_and_never_all_conversations(database, index):
    plan = planned(database, LOOKS[index])

    assert any(index in line for line in plan), plan
    assert not any(line.startswith("SCAN conversations") and index not in line for line in plan)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_who_said_the_same_is_found_by_an_index(database):
    plan = planned(database, lambda db: guesses.alike(db, ["a", "b"], NOON))

    assert any("ix_guesses_words" in line for line in plan), plan
    assert not any(line.startswith("SCAN") for line in plan), plan


def planned(database: Database, look: Callable[[Transaction], object]) -> list[str]:
    """How the database goes about each statement of a look."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    with reading(database) as db:
        event.listen(db, "before_cursor_execute", note)
        look(db)
        event.remove(db, "before_cursor_execute", note)
        plans = [db.exec_driver_sql(f"EXPLAIN QUERY PLAN {s}", p).all() for s, p in asked]
    return [str(row[-1]) for plan in plans for row in plan]
