"""Whole peers at the same work: django-helpdesk, and a job of APScheduler's for every deadline."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import grounds
from benchmarks.grounds import NOON, Clock, assembled, database, moment, url_of
from benchmarks.harness import Figure, Ground, Wanted, bench, timed
from benchmarks.intake import BATCH, Taken, without_triage
from benchmarks.sweep import URGENT
from bot.domain.team import Teams
from bot.timers import repeat
from tests.processes import PLAIN

HERE = Path(__file__).parent
NEEDS = (
    "django-helpdesk==2.6.1",
    "psycopg[binary]>=3.3,<4",
    "apscheduler>=3.11,<4",
    "sqlalchemy>=2.1,<2.2",
)
ROUNDS = 3
WANTED = {"helpdesk_ingest": 20.0, "helpdesk_sweep": 50.0, "jobs_sweep": 20.0}
NAMES = {
    "helpdesk_ingest": "django-helpdesk, a mail taken in",
    "helpdesk_sweep": "django-helpdesk, a ticket escalated",
    "jobs_sweep": "APScheduler, a date job run",
}


class NotInstalled(Exception):
    """Says what the installer said."""


@bench("peers")
def whole_peers(ground: Ground) -> list[Figure]:
    """The peer's time for a mention, an escalation and a deadline, beside ours for the same.

    django-helpdesk makes tickets of mails and escalates those that are due, by its own command.
    APScheduler runs a date job for each deadline, out of a store in the same database; the job does
    nothing. In turn with ours, up to three times. Here the limit is ours: the ratio tells how often
    ours could be done meanwhile.
    """
    many = ground.scale(300, least=20)
    try:
        python = _installed(ground.folder)
    except NotInstalled as problem:
        return [
            Figure(name=name, wanted=[Wanted("ratio", least=WANTED[of])], note=str(problem)[:200])
            for of, name in NAMES.items()
        ]
    theirs: dict[str, list[float]] = {of: [] for of in NAMES}
    ours: dict[str, list[float]] = {"ingest": [], "sweep": []}
    for number in range(ground.scale(ROUNDS)):
        for of, times in _peers(ground, python, many, number).items():
            theirs[of].append(median(times))
        ours["ingest"].append(_ingest(ground, many))
        ours["sweep"].append(_sweep(ground, many))
    return [
        Figure(
            name=name,
            ours=theirs[of],
            limit=ours[of.rpartition("_")[2]],
            wanted=[Wanted("ratio", least=WANTED[of])],
        )
        for of, name in NAMES.items()
    ]


def _installed(folder: Path) -> Path:
    """A throw-away environment with the peers in it."""
    place = folder / "peers"
    quiet = {"capture_output": True, "text": True, "check": False}
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    pip = [str(place / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "PATH"))}
    done = subprocess.run([*pip, *NEEDS], env={**PLAIN, **kept}, timeout=240, **quiet)
    if done.returncode:
        raise NotInstalled("The peers can't be installed here.")
    return place / "bin" / "python"


def _peers(ground: Ground, python: Path, many: int, number: int) -> dict[str, list[float]]:
    """Each script on a database of its own; ms for each of the things it does."""
    found: dict[str, list[float]] = {}
    for script in ("peer_helpdesk.py", "peer_jobs.py"):
        with database(ground, migrated=False) as theirs:
            url = url_of(theirs)
            own = [
                str(python),
                str(HERE / script),
                url,
                str(many),
                str(ground.folder / str(number)),
            ]
            done = subprocess.run(
                own, capture_output=True, text=True, timeout=300, check=False, env=PLAIN
            )
            assert done.returncode == 0, done.stderr[-2000:]
            found |= json.loads(done.stdout.splitlines()[-1])
    return found


def _ingest(ground: Ground, many: int) -> float:
    """Without triage: theirs has none."""
    with database(ground) as ours, without_triage():
        taken = Taken(ours)
        taken.page()
        return median(taken.page() for _ in range(max(1, many // BATCH)))


def _sweep(ground: Ground, many: int) -> float:
    with database(ground) as ours:
        grounds.customers(ours, 1)
        due = moment(ours, NOON, plus="n * 0.001")
        grounds.conversations(ours, many, open_ones=many, due=due, customer="1")
        grounds.settled(ours)
        clock = Clock(NOON + timedelta(minutes=1))
        bot = assembled(ours, teams=Teams({"care": URGENT}), clock=clock)
        return timed(partial(repeat, bot.sweep.nag_some), per=many)
