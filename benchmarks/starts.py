"""How soon a worker hears the first click, how soon it ends, and what it holds in memory."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter, sleep

from benchmarks.clicks import _hang
from benchmarks.grounds import assembled, database, opened, url_of
from benchmarks.harness import Figure, Ground, Wanted, bench
from benchmarks.intake import Taken
from benchmarks.worlds import BARE_BLOCKS, World, bare_process, deployed, resident, world
from bot import logs
from bot.playground.limits import Limits
from bot.playground.server import Playground
from bot.playground.things import Envelope
from bot.playground.workspace import Workspace
from tests.processes import ROOT, stop

SETTLED = 3.0  # seconds after the first click, in which everything has run once
PAGES = 1000  # of a hundred mentions each


@bench("starts")
def start_and_stop(ground: Ground) -> Iterator[Figure]:
    """`python -m bot run` until its first acknowledged click, SIGTERM until it has ended.

    Beside it a bare process of bolt, SQLAlchemy and APScheduler, started in turn with ours. And
    what both hold in memory three seconds after that click.
    """
    ours, bare, ends, mine, theirs = [], [], [], [], []
    with world(ground, ADAPTERS="demo") as here, _bare_slack() as (playground, ts):
        card = _card(here)
        for number in range(ground.scale(7, least=1) + 1):
            a, b, end, memory, bares = _both(here, card, playground, ts)
            if number:  # the first of both finds cold files
                ours.append(a), bare.append(b), ends.append(end)
                mine.append(memory), theirs.append(bares)
    yield Figure(
        name="start to first acknowledged click",
        unit="s",
        ours=ours,
        limit=bare,
        wanted=[Wanted("ratio", most=1.5)],
    )
    yield Figure(name="SIGTERM to exit", unit="s", ours=ends, wanted=[Wanted("max", most=5)])
    yield Figure(
        name="resident memory, idle",
        unit="MiB",
        ours=mine,
        limit=theirs,
        wanted=[Wanted("ratio", most=1.35), Wanted("max", most=96)],
    )


@bench("starts")
def growth(ground: Ground) -> Figure:
    """What a process holds more after each 100,000 mentions that it took in, in MiB.

    Measured from the first fifth on, when all that is kept for good is there.
    """
    pages = ground.scale(PAGES, least=5)
    with database(ground) as ours:
        own = [sys.executable, "-m", "benchmarks.starts", url_of(ours), str(pages)]
        told = subprocess.run(own, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    first, last = (float(line) for line in told.split()[-2:])
    slope = (last - first) / (pages - pages // 5) * PAGES
    return Figure(
        name="resident memory, growth for 100,000 mentions",
        unit="MiB",
        ours=[slope],
        wanted=[Wanted("max", most=5)],
    )


class _bare_slack:  # noqa: N801
    """A Slack for the bare app, with a message to press."""

    def __enter__(self) -> tuple[Playground, str]:
        self.playground = Playground(Workspace.demo(limits=Limits(on=False)))
        self.playground.start()
        said = {"channel": "C0CARE", "text": "Press", "blocks": BARE_BLOCKS}
        ts = self.playground.workspace.call("chat.postMessage", said).body["ts"]
        return self.playground, str(ts)

    def __exit__(self, *_: object) -> None:
        self.playground.stop()


def _card(here: World) -> str:
    """One conversation that has its card already."""
    bot = assembled(here.database)
    demo = bot.adapters["demo"]
    bot.intake.poll("demo", demo)
    demo.post("My kettle is broken")  # type: ignore[attr-defined]
    bot.desk.now.at = bot.desk.now.at.replace(minute=1)  # type: ignore[attr-defined]
    bot.intake.poll("demo", demo)
    _hang(here, 1)
    return next(iter(here.cards()))


def _both(
    here: World, card: str, playground: Playground, ts: str
) -> tuple[float, float, float, float, float]:
    """Seconds to the first click of ours and of the bare one, to our end; MiB of both."""
    begun, pressed = perf_counter(), ("U0ANA", "C0CARE", card, "reply")
    running = deployed(here.environment, here.folder)
    try:
        _until_acked(here.playground, lambda: here.workspace.press(*pressed))
        ours = perf_counter() - begun
        sleep(SETTLED)
        mine, ending = resident(running.pid), perf_counter()
        stop(running, within=20)
        ended = perf_counter() - ending
    finally:
        running.kill()
        running.communicate()
    begun = perf_counter()
    with bare_process(playground, url_of(here.database)) as bare:
        workspace = playground.workspace
        _until_acked(playground, lambda: workspace.press("U0ANA", "C0CARE", ts, "claim"))
        theirs = perf_counter() - begun
        sleep(SETTLED)
        return ours, theirs, ended, mine, resident(bare.pid)


def _until_acked(playground: Playground, press: Callable[[], Envelope]) -> None:
    end = perf_counter() + 60
    while perf_counter() < end:
        if playground.sockets.links and playground.send(press()).result(10):
            return
        sleep(0.01)
    raise TimeoutError("no click was acked within a minute")


def main(words: Sequence[str]) -> None:
    """Take in page after page; print what is held after the first fifth, and at the end."""
    logs.begin("CRITICAL")
    own, pages = "self", int(words[1])
    with opened(words[0]) as ours:
        taken = Taken(ours)
        for number in range(pages):
            taken.page()
            if number + 1 == pages // 5:
                print(resident(own), flush=True)
    print(resident(own), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
