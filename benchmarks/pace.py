"""How much of Slack's own pace we use, and how exactly we wait when Slack asks us to."""

from collections.abc import Iterator
from datetime import timedelta

import storage.conversations
from benchmarks import grounds
from benchmarks.grounds import NOON, Clock, assembled, database, moment
from benchmarks.harness import Figure, Ground, Wanted, bench
from bot.app import Bot
from bot.playground.faults import Trouble
from storage.database import Database
from tests.fake_slack import FakeSlack

SECONDS = 600
WAITS = (1, 7, 30)


@bench("pace")
def posting(ground: Ground) -> Iterator[Figure]:
    """600 s of virtual time with more nags owed to one channel than it takes: posts a second.

    The limit is Slack's own one message a second and channel, as the playground enforces it: a
    bucket of five. A second of virtual time is one tick of the timers. And after a 429 with
    `Retry-After: r`: how long after r the next call comes, in seconds.
    """
    with database(ground) as ours:
        seconds = ground.scale(SECONDS, least=20)
        bot, clock = _owing(ours, seconds + 50)
        posted, refused = _speak(bot, clock, seconds)
        yield Figure(
            name="posting in 600 s of virtual time, a second and channel",
            unit="/s",
            ours=[posted / seconds],
            limit=[1.0],
            wanted=[Wanted("median", least=0.97)],
        )
        yield Figure(
            name="429 caused by us", unit="", ours=[refused], wanted=[Wanted("max", most=0)]
        )
        late = [_after(bot, clock, wait) for wait in WAITS if seconds == SECONDS or wait == 1]
    yield Figure(
        name="the next call after Retry-After",
        unit="s",
        ours=late,
        wanted=[Wanted("max", most=1.0), Wanted("median", least=0.0)],
    )


def _owing(database: Database, many: int) -> tuple[Bot, Clock]:
    """A bot that owes so many cards, all of them for one channel."""
    grounds.customers(database, many)
    due = moment(database, NOON + timedelta(days=1))
    grounds.conversations(database, many, open_ones=many, due=due, card="NULL", channel="NULL")
    grounds.mentions(database, many)
    clock = Clock()
    bot = assembled(database, clock=clock)
    with database.begin() as db:
        theirs = storage.conversations.hold_unsettled(db, after=0, most=many)
        bot.desk.ledger.owe_cards(db, theirs, NOON)
    return bot, clock


def _slack(bot: Bot) -> FakeSlack:
    assert isinstance(bot.client, FakeSlack)
    return bot.client


def _speak(bot: Bot, clock: Clock, seconds: int) -> tuple[int, int]:
    """How many messages got into the channel in that time, and how many calls were refused."""
    slack = _slack(bot)
    for _ in range(seconds):
        bot.courier.deliver_all(replies=False)
        clock.at += timedelta(seconds=1)
    calls = [method for method, _ in slack.calls if method == "chat.postMessage"]
    return len(slack.messages), len(calls) - len(slack.messages)


def _after(bot: Bot, clock: Clock, wait: int) -> float:
    """Seconds from the end of the wait that Slack asked for to the next call."""
    slack = _slack(bot)
    slack.workspace.faults.add(Trouble.RATE_LIMITED, "chat.postMessage", retry_after=wait)
    before = len(slack.calls)
    while len(slack.calls) == before:
        bot.courier.deliver_all(replies=False)
        clock.at += timedelta(seconds=0.1)
    refused_at, calls = clock.at - timedelta(seconds=0.1), len(slack.calls)
    while len(slack.calls) == calls:
        clock.at += timedelta(seconds=0.1)
        bot.courier.deliver_all(replies=False)
    return (clock.at - refused_at).total_seconds() - wait
