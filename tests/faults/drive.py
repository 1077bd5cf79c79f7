"""The driver: towns at random, faults of every kind, and three books that must agree.

    python -m tests.faults.drive --seeds 10 --minutes 30 --workers 2

A seed is a row of towns, one after the other, each with a name such as 7.3; `--seed 7.3` repeats
that one. What people do and what goes wrong follows from its name; how threads and processes
interleave does not.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from storage.database import reading
from storage.tables import conversations, journal, mentions, outbox, replies
from tests.faults.books import Books, Found
from tests.faults.chaos import Chaos
from tests.faults.crew import Crew
from tests.faults.crowd import Customers, crowd
from tests.faults.logbook import complaints
from tests.faults.server import Server, server
from tests.faults.town import LEASE, Town, town
from tests.processes import until

LONG = 50.0  # seconds in which things go wrong in one town
LATENESS = timedelta(minutes=10)  # after which X shows every post
WORK = 0.3  # seconds of a busy machine for one thing that is to be read or said
PACE = timedelta(seconds=1.3)  # a message, or an edit
PATIENCE = 300.0  # seconds in which something new may still turn up
Event = threading.Event


@dataclass
class Told:
    """What happened in one town, or in all of them."""

    events: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, list[str]] = field(default_factory=dict)  # by the name of the town
    found: Counter[str] = field(default_factory=Counter)
    towns: int = 0
    settled: list[float] = field(default_factory=list)

    def add(self, name: str, events: Counter[str], faults: Counter[str], found: Found) -> None:
        self.events += events
        self.faults += faults
        self.found.update({kind: len(each) for kind, each in vars(found).items()})
        self.towns += 1
        if found.all:
            self.wrong[name] = found.all


def live(around: Town, name: str, workers: int, told: Told, *, long: float, kills: int) -> Found:
    """One town from its first post to its books."""
    events, struck, enough = Counter[str](), Counter[str](), Event()
    crew = Crew(around, f"{name}/crew", workers, struck)
    chaos = Chaos(around, crew, f"{name}/chaos", struck)
    people = crowd(around, name, events, enough)
    crew.start()
    began = time.monotonic()
    until(around.has_been_read, seconds=180)
    around.starts = time.monotonic() - began
    for each in people:
        each.start()
    if kills:
        crew.harmless.set()
        chaos.besiege(kills)
    else:
        chaos.start()
        _pass(people[0], long)
    chaos.end()
    enough.set()
    for each in people:
        each.join()
    crew.rest()
    found = _settle(around, told)
    crew.end()
    found.contradictions += [*crew.wrong, *complaints(around)]
    found.contradictions += [repr(each) for one in (chaos, *people) for each in one.wrong]
    told.add(name, events, chaos.counted(), found)
    return found


def _pass(customers: object, seconds: float) -> None:
    """Towards the end X shows nothing late: what it shows late is looked for in ten minutes."""
    assert isinstance(customers, Customers)
    early = max(0.0, seconds - LATENESS.total_seconds() / 20)
    time.sleep(early)
    customers.may_be_late = False
    time.sleep(seconds - early)


def _settle(around: Town, told: Told) -> Found:
    """The world is quiet: everything comes right within a time that can be computed.

    What X shows late brings something new to do, and begins that time anew, for a while.
    """
    began, wrong, end = time.monotonic(), [""], 0.0
    while True:
        found, now = Books(around).found(), time.monotonic()
        if found.all != wrong and now < began + PATIENCE:
            wrong, end = found.all, now + bound(around)
        if not wrong or found.doubled or now > end:  # what is doubled stays so
            told.settled.append(now - began)
            return found
        time.sleep(0.5)


def bound(around: Town) -> float:
    """Until the last lease has run out, the last delay is over, and all is read and said.

    How long this machine takes for a start is measured in each town; of what is to be read and
    said, each takes `WORK`, and its share of Slack's pace.
    """
    with reading(around.database) as db:
        waiting = (outbox.c.done_at.is_(None), outbox.c.dead_at.is_(None))
        last = db.execute(select(func.max(outbox.c.due_at)).where(*waiting)).scalar_one()
        owed = db.execute(select(func.count()).where(*waiting)).scalar_one()
        known = db.execute(select(func.count()).select_from(mentions)).scalar_one()
    delay = max(timedelta(0), last - around.clock()) if last else timedelta(0)
    many = owed + 4 * max(0, len(around.x.posts) - known)  # each brings a card, and more
    pace = around.seconds(LATENESS + delay + 2 * LEASE + many * PACE)
    return 3 * around.starts + pace + many * WORK


@contextmanager
def place(
    name: str, workers: int, postgresql: Server | None, folder: Path, *, kills: int = 0
) -> Iterator[Town]:
    """One worker lives on SQLite and on PostgreSQL in turns, two always on PostgreSQL."""
    number = sum(int(part) for part in name.split("."))
    mine = postgresql if workers > 1 or kills or number % 2 else None
    with town(folder / name, mine, wired=bool(number % 3 == 0)) as around:
        around.x.strict = number % 2 == 0
        yield around


def names(seed: str, minutes: float) -> Iterator[str]:
    """The towns of one seed until its time is over; a name with a dot is just that town."""
    if "." in seed:
        yield seed
        return
    end, number = time.monotonic() + 60 * minutes, 0
    while time.monotonic() < end:
        number += 1
        yield f"{seed}.{number}"


def table(told: Told, minutes: float) -> str:
    rows = [("events", told.events), ("faults", told.faults)]
    lines = [f"{told.towns} towns in {minutes:.1f} min"]
    for title, counted in rows:
        lines.append(f"\n{title:<44}{sum(counted.values()):>8}")
        lines += [f"  {name:<42}{n:>8}" for name, n in sorted(counted.items())]
    lines.append(f"\nfaults a minute {sum(told.faults.values()) / minutes:>36.0f}")
    if told.settled:
        lines.append(f"longest until all was settled, s {max(told.settled):>19.1f}")
    for kind in ("lost", "doubled", "contradictions"):
        lines.append(f"{kind:<44}{told.found[kind]:>8}")
    return "\n".join(lines)


def drive(
    seeds: list[str], minutes: float, workers: int, *, long: float = LONG, kills: int = 0
) -> Told:
    """All towns of all seeds; says at once what is wrong in one."""
    told = Told()
    with server() as postgresql, tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            for name in names(seed, minutes / len(seeds)):
                with place(name, workers, postgresql, Path(folder), kills=kills) as around:
                    found = live(around, name, workers, told, long=long, kills=kills)
                    _say(name, workers, found, told)
                    if found.all:
                        _keep(around, name)
                if kills:
                    break
    return told


def _say(name: str, workers: int, found: Found, told: Told) -> None:
    print(f"{name}: {sum(told.faults.values())} faults so far, {len(found.all)} wrong", flush=True)
    for each in found.all[:20]:
        print(f"  {each}", flush=True)
    if found.all:
        print(f"  again: make faults SEED={name} WORKERS={workers}", flush=True)


def _keep(around: Town, name: str) -> None:
    """What the workers of a town that went wrong have printed and done."""
    kept = Path(tempfile.gettempdir()) / f"faults-{name}"
    kept.mkdir(exist_ok=True)
    for file in around.folder.iterdir():
        if file.is_file():
            (kept / file.name).write_bytes(file.read_bytes())
    with reading(around.database) as db:
        for kind in (conversations, mentions, replies, outbox, journal):
            rows = [str(dict(row._mapping)) for row in db.execute(select(kind))]
            (kept / f"{kind.name}.txt").write_text("\n".join(rows))
    print(f"  kept: {kept}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.drive", description=__doc__)
    parser.add_argument("--seed", default="1", help="the first one; or one town, as in 7.3")
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--minutes", type=float, default=3, help="for all of them together")
    parser.add_argument("--workers", type=int, choices=(1, 2), default=1)
    parser.add_argument("--long", type=float, default=LONG, help="seconds of trouble in a town")
    parser.add_argument("--kills", type=int, default=0, help="of PostgreSQL, and nothing else")
    given = parser.parse_args()
    first = given.seed
    seeds = [first] if "." in first else [str(int(first) + n) for n in range(given.seeds)]
    began = time.monotonic()
    told = drive(seeds, given.minutes, given.workers, long=given.long, kills=given.kills)
    print(f"\n{given.workers} worker(s), seeds {seeds[0]} to {seeds[-1]}")
    print(table(told, (time.monotonic() - began) / 60))
    return 1 if told.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
