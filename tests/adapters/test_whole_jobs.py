"""The whole main job on each platform: heard, answered once, and nothing of a stop is lost.

The bot is whole: platform, database, Slack's card, the reply form's words, the courier. What stands
for the platform is what the contract's tests have: a real server where there is one.
"""

from collections import Counter
from time import monotonic, sleep

import pytest
from sqlalchemy import select

from bot.domain.conversation import State
from bot.domain.mention import Origin
from storage.database import reading
from storage.tables import mentions
from tests.adapters.places import PLACES
from tests.people import ANA
from tests.tally import TELLS

REAL = ("email", "wordpress, the real one", "Bluesky's own servers")
FEW, STOPPED = 25, 130  # what comes while we are stopped, to a stand-in and to a real server


def a_moment(name, place):
    """A little more than the second to which platforms tell their times."""
    if name in REAL:
        sleep(1.1)
    else:
        place.pass_(1)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("name", PLACES)
def test_a_customer_is_heard_answered_once_and_never_lost_in_a_stop(
    name, assemble, database, record_property
):
    with PLACES[name]() as place:
        assemble.clock = place.adapter.now
        account = place.adapter.name

        def begun():
            """The bot, as after a restart."""
            assemble.others[account] = place.restarted()
            bot = assemble()
            assemble.others.pop("demo", None)
            return bot

        def read(bot):
            """All that waits; by its key, what is stored of customers."""
            bot.intake.wake(account)
            while bot.intake.poll(account, bot.adapters[account]):
                bot.intake.wake(account)
            theirs = (mentions.c.account == account, mentions.c.origin == Origin.CUSTOMER)
            with reading(database) as db:
                rows = db.execute(select(mentions).where(*theirs)).all()
            assert max(Counter(row.key for row in rows).values(), default=1) == 1
            return {row.key: (row.id, row.conversation) for row in rows}

        bot, began = begun(), monotonic()
        read(bot)
        a_moment(name, place)
        keys = {place.post("Where is my order?")}
        a_moment(name, place)
        [(mention, number)] = [read(bot)[key] for key in keys]

        bot.answering.reply(number, ANA, "On its way.", mention=mention, key="form-1")
        bot.courier.deliver_all()
        read(bot)

        assert place.answers() == ["On its way."]
        assert bot.desk.look(number).conversation.state is State.ANSWERED

        many = STOPPED if name in REAL else FEW
        keys |= {place.post(f"Message {each} while you were away") for each in range(many)}
        a_moment(name, place)
        known = read(begun())

        lost, doubled = len(keys - known.keys()), len(known.keys() - keys)
        took = f"{len(keys)} mentions, {lost} lost, {doubled} doubled, 1 answer"
        record_property(TELLS, f"{name}, the whole job: {took}, {monotonic() - began:.1f} s")
        assert (lost, doubled) == (0, 0)
        assert place.answers() == ["On its way."]
