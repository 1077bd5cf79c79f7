"""A real worker's minute: how late nags are, how soon cards come, and what becomes of a flood."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event, Thread
from time import monotonic, sleep, time
from typing import Any

from sqlalchemy import select, text, update

from adapters.demo import Demo
from benchmarks import grounds
from benchmarks.grounds import EACH, LADDER, PROMISED, moment
from benchmarks.harness import Figure, Ground, Wanted, bench, timed
from benchmarks.worlds import World, world
from bot.app import assemble, slack_client
from bot.config import Settings
from bot.domain.team import Team, Teams
from storage import tables
from storage.database import Database
from tests.processes import until

NOW = partial(datetime.now, UTC)
A_MINUTE = 100  # clocks that fall due in one
CHANNELS = ("C0CARE", "C0PRESS", "C0NORTH", "C0SOUTH")
PROMISE = timedelta(hours=1)
TEAM = """
[teams.{name}]
channel = "{channel}"
hears = [{hears}]
answer_within = {{ complaint = "PT1H", question = "PT1H", other = "PT1H", praise = "PT1H" }}
nag = [{{ after = "PT0S", call = "channel" }}, {{ after = "PT5H", call = "here" }}]
"""
FLOOD = 10_000
SAID = ("My kettle {} is broken", "Is number {} in stock?", "Number {} came yesterday")
c, m = tables.conversations.c, tables.mentions.c


@bench("lives")
def lateness(ground: Ground) -> list[Figure]:
    """100,000 open clocks in four channels, 100 of them due in a minute: from due to posted.

    Meanwhile a customer writes every two seconds to a team whose channel is quiet: from the moment
    the mention was fetched until its card hangs. Beside it one `chat.postMessage`.
    """
    minute, share = 60.0 * ground.scale.share, ground.scale(A_MINUTE, least=3)
    with world(ground, limits=True, teams=_teams()) as here:
        _channels(here)
        _open(here.database, ground.scale(100_000, least=200))
        with here.worker():
            _begin(here)
            due = _soon(here, share, minute)
            _write(here, minute)
            until(lambda: len(_nagged(here.database, due)) == share, seconds=minute + 120)
            until(lambda: len(_cards(here)) == _heard(here), seconds=60)
            posted = _nagged(here.database, due)
            shown = _fetched_to_card(here)
            posts = [_post(here) for _ in range(ground.scale(50, least=3))]
        late = [posted[number] - at for number, at in due.items()]
    return [
        Figure(
            name="lateness of a nag, 100 due a minute",
            unit="s",
            ours=late,
            wanted=[Wanted("p99", most=1.5)],
        ),
        Figure(
            name="fetched to card posted",
            unit="s",
            ours=shown,
            limit=[each / 1000 for each in posts],
            wanted=[Wanted("p99", most=1.5)],
        ),
    ]


@bench("lives")
def flood(ground: Ground) -> list[Figure]:
    """10,000 mentions at once: until every complaint has its card or its line in a digest.

    From the moment the platform gives them out, under Slack's own pace: all timers and calls are
    real, and bot, platform and playground share one process.
    """
    many = ground.scale(FLOOD, least=30)
    with world(ground, limits=True) as here:
        demo = Demo("demo", {}, NOW, timedelta(days=7))
        with _inside(here, demo):
            _begin(here)
            for number in range(many):
                demo.post(SAID[number % 3].format(number), by=f"customer{number}")
            begun = time()
            until(lambda: _all_heard(here.database, many), seconds=180)
            until(lambda: not _unshown(here.database, "complaint"), seconds=300)
            shown = time() - begun
            until(lambda: not _unshown(here.database, ""), seconds=300)
            everything = time() - begun
    return [
        Figure(
            name="10,000 at once: every complaint shown",
            unit="s",
            ours=[shown],
            wanted=[Wanted("max", most=60)],
        ),
        Figure(name="10,000 at once: all of them shown", unit="s", ours=[everything]),
        Figure(
            name="10,000 at once: 429 caused by us",
            unit="",
            ours=[float(here.workspace.refused)],
            wanted=[Wanted("max", most=0)],
        ),
    ]


@contextmanager
def _inside(here: World, demo: Demo) -> Iterator[None]:
    """The whole bot at work in this process, over a platform that lies in it."""
    slack, stopped = here.workspace, Event()
    care = Team(name="care", channel="C0CARE", answer_within=PROMISED, ladder=LADDER, triage=EACH)
    settings = Settings(
        bot_token=slack.bot_token,
        app_token=slack.app_token,
        adapter_names=("demo",),
        teams=Teams({"care": care}),
        environment={},
    )
    client = slack_client(slack.bot_token, here.playground.api_url)
    bot = assemble(settings, here.database, {"demo": demo}, client, NOW)
    bot.settle_in()
    working = Thread(target=bot.run, args=(slack.app_token, stopped))
    working.start()
    try:
        yield
    finally:
        stopped.set()
        working.join()


def _teams() -> str:
    """Four that have the clocks, and a quiet one that hears the platform."""
    names = [channel.removeprefix("C0").lower() for channel in CHANNELS]
    busy = (
        TEAM.format(name=n, channel=channel, hears=f'"email:{n}"')
        for n, channel in zip(names, CHANNELS, strict=True)
    )
    return "".join(busy) + TEAM.format(name="quiet", channel="C0QUIET", hears='"twitter"')


def _channels(here: World) -> None:
    for channel in (*CHANNELS, "C0QUIET"):
        if channel not in here.workspace.channels:
            name = channel.removeprefix("C0").lower()
            here.workspace.add_channel(channel, name, "", ["U0ANA", "U0LEA", "U0BOT"])


def _open(database: Database, many: int) -> None:
    """All due tomorrow, as the teams' promise counts them."""
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    names = " ".join(
        f"WHEN {n} THEN '{channel.removeprefix('C0').lower()}'"
        for n, channel in enumerate(CHANNELS)
    )
    grounds.customers(database, A_MINUTE)
    grounds.conversations(
        database,
        many,
        open_ones=many,
        due=moment(database, tomorrow),
        waiting_since=moment(database, tomorrow - PROMISE),
        imminent_at=moment(database, tomorrow - PROMISE / 4),
        redraw_at=moment(database, tomorrow - PROMISE / 4),
        team=f"CASE n % 4 {names} END",
        customer="1",
    )
    grounds.mentions(database, min(A_MINUTE, many))
    grounds.settled(database)


def _begin(here: World) -> None:
    """Until the worker has read the platform once: what is posted from now on is news."""
    asked = text("SELECT count(*) FROM accounts WHERE fetched_at IS NOT NULL")
    until(lambda: _scalar(here.database, asked), seconds=60)
    sleep(1.0)


def _soon(here: World, many: int, minute: float) -> dict[int, float]:
    """When so many of them fall due, one after the other within a minute; beginning soon."""
    begin = datetime.now(UTC) + timedelta(seconds=5)
    due: dict[int, float] = {}
    with here.database.begin() as db:
        for number in range(1, many + 1):
            at = begin + timedelta(seconds=number * minute / many)
            channel = CHANNELS[number % 4]
            ts = _say(here, channel, f"card {number}")
            moments = {
                "due_at": at,
                "next_nag_at": at,
                "waiting_since": at - PROMISE,
                "imminent_at": at - PROMISE / 4,
                "redraw_at": at,
            }
            changed = update(tables.conversations).where(c.id == number)
            db.execute(changed.values(channel=channel, card=ts, **moments))
            due[number] = at.timestamp()
    return due


def _say(here: World, channel: str, words: str) -> str:
    """A message of the bot's that was there before, and is not counted by the limits."""
    here.workspace.limits.on = False
    said = here.workspace.call("chat.postMessage", {"channel": channel, "text": words})
    here.workspace.limits.on = True
    return str(said.body["ts"])


def _write(here: World, seconds: float) -> None:
    end, number = monotonic() + seconds, 0
    while monotonic() < end:
        number += 1
        here.x.post(f"My kettle {number} is broken", by=f"customer{number}")
        sleep(min(2.0, seconds / 2))


def _nagged(database: Database, due: dict[int, float]) -> dict[int, float]:
    """When each of these was first spoken of since: by a nag in its thread, or in a list."""
    t = tables.shown.c
    with database.connect().execution_options(reading=True) as db:
        rows = db.execute(select(t.conversation, t.ts).where(t.conversation.in_(due))).all()
    said: dict[int, list[float]] = {}
    for row in rows:
        said.setdefault(row.conversation, []).append(float(row.ts))
    after = {n: [ts for ts in theirs if ts > due[n]] for n, theirs in said.items()}
    return {number: min(found) for number, found in after.items() if found}


def _cards(here: World) -> dict[str, Any]:
    return here.cards("C0QUIET")


def _heard(here: World) -> int:
    return len(here.x.posts)


def _fetched_to_card(here: World) -> list[float]:
    asked = select(c.card, m.heard_at).join_from(
        tables.mentions, tables.conversations, m.conversation == c.id
    )
    with here.database.begin() as db:
        rows = db.execute(asked.where(c.team == "quiet")).all()
    return [float(row.card) - row.heard_at.timestamp() for row in rows]


def _post(here: World) -> float:
    """The limit: one call of the Web API, over HTTP."""
    from bot.slack.client import Client

    here.workspace.limits.on = False
    client = Client(
        token=here.workspace.bot_token, base_url=here.playground.api_url, retry_handlers=[]
    )
    return timed(lambda: client.chat_postMessage(channel="C0QUIET", text="one call"))


def _all_heard(database: Database, many: int) -> bool:
    return _scalar(database, text("SELECT count(*) FROM mentions")) >= many


def _unshown(database: Database, kind: str) -> int:
    """How many have no card, nor a place in a digest that hangs."""
    asked = text(
        "SELECT count(*) FROM conversations c LEFT JOIN digests d ON d.id = c.digest"
        " WHERE c.card IS NULL AND d.card IS NULL AND (:kind = '' OR c.kind = :kind)"
    )
    return _scalar(database, asked.bindparams(kind=kind))


def _scalar(database: Database, asked: Any) -> int:
    with database.connect().execution_options(reading=True) as db:
        return int(db.execute(asked).scalar_one())
