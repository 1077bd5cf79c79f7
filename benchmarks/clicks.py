"""From a click to its ack, through real sockets; and to the claim that it asked for."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Event, Thread
from time import perf_counter
from typing import Any

from sqlalchemy import create_engine, event, select, text, update

from adapters import Batch
from benchmarks.grounds import assembled, database
from benchmarks.harness import (
    POSTGRESQL,
    Figure,
    Ground,
    Wanted,
    bench,
    in_pairs,
    percentile,
    timed,
)
from benchmarks.intake import page
from benchmarks.worlds import Clicking, World, bare_app, world
from bot.playground.things import Envelope, Impossible
from bot.playground.workspace import Workspace
from storage import tables
from storage.database import Database
from tests import fake_slack
from tests.processes import until

A_SECOND = 20
NAMED = text(
    "SELECT pid FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'unanswered'"
)
SLOW = 10.0  # seconds that the platform takes for an answer
c = tables.conversations.c


@bench("clicks")
def click_to_ack(ground: Ground) -> list[Figure]:
    """Claim pressed on another card each time, 20 times a second, in a real worker: until its ack.

    Beside it, at the same time and pace, a bare slack-bolt app whose listener only acks. Then the
    same presses while 20 answers are on their way to a platform that takes ten seconds for each.
    On PostgreSQL also: how many connections the worker held at most.
    """
    many = ground.scale(300, least=10)
    with world(ground) as here, bare_app() as (bare, ts), here.worker():
        _hear(here, 2 * many + 20)
        with _connections(here) as held:
            presses = _presses(here, many)
            nothing = [bare.workspace.press("U0ANA", "C0CARE", ts, "claim") for _ in presses]
            mine, theirs = _both(here, presses, bare, nothing)
            commits = [_commit(here.database) for _ in range(ground.scale(200, least=10))]
            slow = _while_answers_are_slow(here, many)
    lost = f"{mine.lost + slow.lost} were not acked" if mine.lost + slow.lost else ""
    room = 15 if ground.kind != POSTGRESQL else 3 * percentile(commits, 99)
    figures = [
        Figure(
            name=f"click to ack, {A_SECOND} a second",
            ours=mine.took,
            limit=theirs.took,
            wanted=[Wanted("beyond", most=room)],
            note=lost,
        ),
        Figure(
            name="click to ack, 20 slow answers on their way",
            ours=slow.took,
            limit=theirs.took,
            wanted=[Wanted("p99", most=500)],
            note=lost,
        ),
    ]
    if held:
        wanted = [Wanted("max", most=4)]
        most = [float(max(held))]
        figures.append(
            Figure(name="connections of a worker", unit="", ours=most, limit=[20], wanted=wanted)
        )
    return figures


@bench("clicks")
def click_to_claim(ground: Ground) -> Figure:
    """A click through Bolt and our listener until the claim is committed.

    Beside it one bare row lock and update in a transaction of its own.
    """
    rounds = ground.scale(300, least=5)
    with database(ground) as ours:
        bot = assembled(ours)
        workspace: Workspace = bot.client.workspace  # type: ignore[attr-defined]
        workspace.limits.on = False
        bot.intake.poll("demo", bot.adapters["demo"])
        _taken_in(bot, rounds + 10)
        numbers = iter(range(1, rounds + 10))
        with ours.begin() as db:
            cards = dict(db.execute(select(c.id, c.card)).all())

        def click() -> float:
            ts = str(cards[next(numbers)])
            return timed(
                lambda: fake_slack.press(bot.bolt, workspace, "U0ANA", "C0CARE", ts, "claim")
            )

        mine, limit = in_pairs(click, lambda: timed(lambda: _lock(ours)), rounds=rounds, warm=5)
        with ours.begin() as db:
            claimed = len(db.execute(select(c.id).where(c.owner == "U0ANA")).all())
    assert claimed >= rounds, f"{claimed} of {rounds} were claimed"
    return Figure(
        name="click to committed claim", ours=mine, limit=limit, wanted=[Wanted("p99", most=20)]
    )


def _taken_in(bot: Any, many: int) -> None:
    """So many conversations, each with its card in the channel."""
    taken = 0
    while taken < many:
        with bot.desk.database.begin() as db:
            cursor = db.execute(select(tables.accounts.c.cursor)).scalar_one()
        batch = Batch(mentions=page(), cursor=f"{cursor}+")
        taken += bot.intake.receive("demo", batch, read_from=cursor)
    clock = bot.desk.now
    for _ in range(4 * taken):
        bot.courier.deliver_all(replies=False)
        clock.at += timedelta(seconds=1.1)
        with bot.desk.database.begin() as db:
            if not db.execute(select(c.id).where(c.card.is_(None)).limit(1)).all():
                return


def _lock(database: Database) -> None:
    """The limit."""
    with database.begin() as db:
        db.execute(select(c.id).where(c.id == 1).with_for_update()).one()
        db.execute(update(tables.conversations).where(c.id == 1).values(nag_says="x"))


def _hear(here: World, many: int) -> None:
    """So many cards in the channel, without waiting for a second between two of them."""
    for number in range(many):
        here.x.post(f"My kettle {number} is broken", by=f"customer{number}")
    with_ = here.database
    until(lambda: _stored(with_) >= many, seconds=60)
    with with_.begin() as db:
        known = db.execute(select(c.id)).scalars().all()
    for id in known:
        _hang(here, id)


def _hang(here: World, id: int) -> None:
    """Its card, as the courier would have posted it in time."""
    from bot.slack.cards import card

    bot = assembled(here.database)
    message = card(bot.desk.look(id), bot.desk.now())
    said = {"channel": "C0CARE", "text": message.text, "blocks": list(message.blocks)}
    ts = here.workspace.call("chat.postMessage", said).body["ts"]
    hung = update(tables.conversations).where(c.id == id)
    done = update(tables.outbox).where(tables.outbox.c.conversation == id)
    with here.database.begin() as db:
        db.execute(hung.values(card=ts, channel="C0CARE"))
        db.execute(done.values(done_at=bot.desk.now()))


def _stored(database: Database) -> int:
    with database.begin() as db:
        return int(db.execute(text("SELECT count(*) FROM conversations")).scalar_one())


def _presses(here: World, many: int) -> list[Envelope]:
    """Claim on each of so many cards that nobody has."""
    found: list[Envelope] = []
    for ts in here.cards():
        try:
            found.append(here.workspace.press("U0ANA", "C0CARE", ts, "claim"))
        except Impossible:
            continue
        if len(found) == many:
            break
    return found


def _both(
    here: World, presses: list[Envelope], bare: Any, nothing: list[Envelope]
) -> tuple[Clicking, Clicking]:
    """Ours and the bare app's at the same time, so that noise troubles both."""
    mine = Clicking(here.playground, presses, a_second=A_SECOND)
    theirs = Clicking(bare, nothing, a_second=A_SECOND)
    for each in (mine, theirs):
        each.thread.start()
    for each in (mine, theirs):
        each.thread.join()
    return mine, theirs


def _while_answers_are_slow(here: World, many: int) -> Clicking:
    for _ in range(20):
        here.x.delay(SLOW, on="POST /2/tweets")
        _answer(here)
    until(lambda: here.x.struck["late answer"], seconds=20)
    clicking = Clicking(here.playground, _presses(here, many), a_second=A_SECOND)
    clicking.thread.start()
    clicking.thread.join()
    return clicking


def _answer(here: World) -> None:
    """A colleague opens the form of a card, writes, and publishes."""
    slack, ts = here.workspace, _opened(here)
    values = {"answer": {"type": "plain_text_input", "value": "A new one is on its way"}}
    form = slack.stacks["U0LEA"][-1]["id"]
    here.playground.send(slack.submit("U0LEA", form, values)).result(10)
    until(lambda: slack.stacks["U0LEA"][-1]["callback_id"] == "publish")
    preview = slack.stacks["U0LEA"][-1]["id"]
    here.playground.send(slack.submit("U0LEA", preview, {})).result(10)
    while slack.stacks.get("U0LEA"):
        slack.close("U0LEA", slack.stacks["U0LEA"][-1]["id"])
    slack.channels["C0CARE"].messages.pop(ts)  # nobody else presses there


def _opened(here: World) -> str:
    """The card whose form is open; where a busy machine missed Slack's three seconds, another's."""
    for ts in reversed(list(here.cards())):
        with suppress(Impossible):
            press = here.workspace.press("U0LEA", "C0CARE", ts, "reply")
            here.playground.send(press).result(10)
            with suppress(AssertionError):
                until(lambda: here.workspace.stacks.get("U0LEA"), seconds=5)
                return ts
    raise LookupError(f"no form opened: {here.workspace.whispers[-1:]}")


def _commit(database: Database) -> float:
    with database.begin() as db:
        db.execute(text("UPDATE accounts SET failures = failures"))
        start = perf_counter()
        db.commit()
        return (perf_counter() - start) * 1000


@contextmanager
def _connections(here: World) -> Iterator[list[int]]:
    """How many connections the worker has, looked at ten times a second; empty on SQLite."""
    held: list[int] = []
    if here.database.dialect.name != POSTGRESQL:
        yield held
        return
    ended, ours = Event(), set[int]()
    looking = create_engine(here.database.url)
    event.listen(here.database, "checkout", lambda raw, *_: ours.add(raw.info.backend_pid))
    here.database.dispose()

    def look() -> None:
        with looking.connect() as db:
            while not ended.wait(0.1):
                held.append(len(set(db.execute(NAMED).scalars()) - ours))
                db.rollback()

    thread = Thread(target=look)
    thread.start()
    try:
        yield held
    finally:
        ended.set()
        thread.join()
        looking.dispose()
