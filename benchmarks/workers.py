"""How much more several workers do on one PostgreSQL."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from time import perf_counter

from sqlalchemy import text

from benchmarks import grounds
from benchmarks.grounds import LADDER, NOON, Clock, assembled, database, moment, opened, url_of
from benchmarks.harness import POSTGRESQL, Figure, Ground, Wanted, bench
from bot import logs
from bot.domain.team import Rule, Team, Teams
from bot.timers import repeat
from storage.database import Database
from tests.processes import ROOT

MANY = 8  # teams: of several workers, one at a time speaks for each
RULE = Rule(name="all", first=timedelta(hours=1), urgent=True)
TEAMS = [
    Team(name=f"team{n}", channel=f"C0{n}", answer_within={}, ladder=LADDER, rules=(RULE,))
    for n in range(MANY)
]


@bench("workers", on=(POSTGRESQL,))
def several_workers(ground: Ground) -> list[Figure]:
    """Nags a second by one process of the sweep, by two and by four, over eight teams.

    Every process begins at the same moment; they and the database share the cores there are.
    """
    due = ground.scale(6000, least=100)
    rates = {many: [_rate(ground, many, due) for _ in range(3)] for many in (1, 2, 4)}
    return [
        Figure(
            name=f"nags a second, {many} workers beside one",
            unit="/s",
            ours=rates[many],
            limit=rates[1],
            wanted=[Wanted("ratio", least=wanted)],
        )
        for many, wanted in ((2, 1.7), (4, 2.5))
    ]


def _rate(ground: Ground, many: int, due: int) -> float:
    with database(ground) as ours:
        grounds.customers(ours, 1)
        at = moment(ours, NOON, plus="-1")
        team = f"'team' || (n % {MANY})"
        grounds.conversations(ours, due, open_ones=due, due=at, customer="1", team=team)
        grounds.settled(ours)
        return due / _run(ours, many)


def _run(database: Database, many: int) -> float:
    """Seconds until so many processes have said all that is due."""
    own = [sys.executable, "-m", "benchmarks.workers", url_of(database)]
    processes = [
        subprocess.Popen(own, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(many)
    ]
    for each in processes:
        assert each.stdout
        assert each.stdout.readline() == b"ready\n"
    start = perf_counter()
    for each in processes:
        each.communicate(b"go\n")
    seconds = perf_counter() - start
    assert all(each.returncode == 0 for each in processes)
    with database.begin() as db:
        left = db.execute(text("SELECT count(*) FROM conversations WHERE rungs_climbed = 0"))
        assert left.scalar_one() == 0, "nags were left"
    return seconds


def main(words: Sequence[str]) -> None:
    """One worker: everything made ready, then the sweep until nothing is due."""
    logs.begin("CRITICAL")
    with opened(words[0]) as ours:
        bot = assembled(ours, teams=Teams({team.name: team for team in TEAMS}), clock=Clock())
        bot.sweep.list_one()
        print("ready", flush=True)
        sys.stdin.readline()
        repeat(bot.sweep.nag_some)


if __name__ == "__main__":
    main(sys.argv[1:])
