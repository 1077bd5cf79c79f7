"""What `/unanswered` costs: the whole answer, drawn."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from benchmarks import grounds
from benchmarks.grounds import NOON, assembled, database, moment
from benchmarks.harness import Figure, Ground, Wanted, bench, in_pairs, timed
from bot.app import Bot
from bot.slack.queue import PAGE
from storage import tables
from storage.database import Database, reading
from storage.rows import literally
from tests import fake_slack

c = tables.conversations.c


@bench("queue")
def unanswered(ground: Ground) -> list[Figure]:
    """`/unanswered` through Bolt, as typed in the channel: 1,000,000 stored, 100,000 open.

    Beside it the bare indexed query for the ten most urgent; and the same answer with 1,000 open.
    """
    stored = ground.scale(1_000_000, least=2000)
    with database(ground) as crowded, database(ground) as calm:
        for each, many in ((crowded, ground.scale(100_000, least=500)), (calm, min(1000, stored))):
            _fill(each, stored, many)
        here, there = assembled(crowded), assembled(calm)
        rounds = ground.scale(300, least=5)
        mine, bare = in_pairs(
            lambda: timed(lambda: _ask(here)),
            lambda: timed(lambda: _ten(crowded)),
            rounds=rounds,
            warm=5,
        )
        again, few = in_pairs(
            lambda: timed(lambda: _ask(here)),
            lambda: timed(lambda: _ask(there)),
            rounds=rounds,
            warm=5,
        )
    return [
        Figure(
            name="/unanswered, beside the bare query",
            ours=mine,
            limit=bare,
            wanted=[Wanted("p99", most=25)],
        ),
        Figure(
            name="/unanswered, 100,000 open beside 1,000",
            ours=again,
            limit=few,
            wanted=[Wanted("ratio", most=1.5)],
        ),
    ]


def _fill(database: Database, stored: int, open_ones: int) -> None:
    grounds.customers(database, stored)
    due = moment(database, NOON - timedelta(hours=12), plus="n % 86400")
    grounds.conversations(database, stored, open_ones=open_ones, due=due)
    grounds.mentions(database, stored)
    grounds.settled(database)


def _ask(bot: Bot) -> None:
    workspace = bot.client.workspace  # type: ignore[attr-defined]
    workspace.whispers.clear()
    fake_slack.command(bot.bolt, workspace, "U0ANA", "C0CARE", "/unanswered")
    assert "waiting" in workspace.whispers[-1]["text"], workspace.whispers


def _ten(database: Database) -> list[Any]:
    """The limit: the ten most urgent of the team, as an index has them."""
    unsettled = literally(c.state, ("waiting", "claimed", "replying"))
    urgent = select(tables.conversations).where(unsettled, c.team == "care", c.due_at.is_not(None))
    with reading(database) as db:
        return list(db.execute(urgent.order_by(c.due_at).limit(PAGE)))
