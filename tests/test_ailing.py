"""The manager is told once when something ails the bot, and once when it is well again."""

from dataclasses import fields, replace
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import update

from bot.ailing import LASTS, SILENT, STAYS_AWAY, Ailing
from bot.domain.delivery import Errand, TryLater
from bot.domain.health import WAITS
from bot.domain.team import Team, Teams
from bot.watch import Watch
from storage import outbox
from storage.tables import conversations
from storage.tables import outbox as owed
from tests.conftest import CARE
from tests.people import LEA
from tests.things import HOUR, MINUTE, SECOND, at_once


class Nurse:
    """Looks and tells, as the timers do."""

    def __init__(self, app, slack, clock, watch=None):
        self.app, self.slack, self.clock = app, slack, clock
        self.watch = watch or app.watch
        self.ailing = Ailing(app.desk, self.watch)

    def turn(self, **passes):
        self.clock.pass_(**passes)
        self.watch.ask()
        self.ailing.tell()
        self.app.courier.deliver_all()

    def for_(self, span):
        """A turn each half minute."""
        until = self.clock() + span
        while self.clock() < until:
            self.turn(seconds=30)

    @property
    def said(self):
        """What the manager was told of the bot itself."""
        told = [message["text"] for message in self.slack.messages.values()]
        return [text for text in told if text.startswith((":warning:", ":white_check_mark:"))]


@pytest.fixture
def nurse(app, slack, clock):
    return Nurse(app, slack, clock)


def test_what_lasts_a_minute_is_told_once_and_once_when_it_is_well_again(nurse):
    nurse.watch.clock_off = 2 * MINUTE
    nurse.turn()
    nurse.turn(seconds=LASTS.total_seconds() - 1)
    assert nurse.said == []

    nurse.turn(seconds=1)
    assert [text[:34] for text in nurse.said] == [":warning: My clock is 120 s off, c"]
    assert "120 s off" in nurse.said[0]
    nurse.for_(10 * MINUTE)
    assert len(nurse.said) == 1

    nurse.watch.clock_off = timedelta(0)
    nurse.for_(STAYS_AWAY - 30 * SECOND)
    assert len(nurse.said) == 1
    nurse.for_(MINUTE)
    assert nurse.said[1:] == [":white_check_mark: My clock is right again."]
    nurse.for_(10 * MINUTE)
    assert len(nurse.said) == 2


def test_what_comes_and_goes_is_told_once(nurse):
    for _ in range(5):
        nurse.watch.clock_off = 2 * MINUTE
        nurse.for_(2 * MINUTE)
        nurse.watch.clock_off = None
        nurse.for_(2 * MINUTE)

    assert len(nurse.said) == 1


def test_what_passes_within_a_minute_is_never_told(nurse):
    nurse.watch.clock_off = 2 * MINUTE
    nurse.turn()
    nurse.watch.clock_off = None

    nurse.for_(10 * MINUTE)

    assert nurse.said == []


def test_the_manager_reads_it_in_their_own_language(assemble, slack, clock):
    nurse = Nurse(assemble(teams=Teams({"care": CARE}, tell="U0EVA")), slack, clock)
    nurse.watch.clock_off = 2 * MINUTE

    nurse.for_(2 * MINUTE)

    assert "Meine Uhr geht 120 s anders als die von Slack" in nurse.said[0]


def put_off(app, key, since):
    """Something that has been owed since, and can't be delivered."""
    with app.desk.database.begin() as db:
        outbox.put(
            db,
            Errand.NOTICE,
            key=key,
            lane=key,
            destination="C0NOWHERE",
            urgency=4,
            at=since,
        )
        later = {"due_at": since + 100 * HOUR, "failures": 1}
        db.execute(update(owed).where(owed.c.key == key).values(**later))


def test_a_delivery_that_waits_too_long_is_told(nurse, app, clock):
    put_off(app, "old", clock() - WAITS)

    nurse.for_(2 * MINUTE)

    [told] = nurse.said
    assert told.startswith(":warning: Something waits to be delivered since <!date^")


def test_dead_letters_are_told_and_when_there_are_none_any_more(nurse, app, clock):
    put_off(app, "bad", clock())
    with app.desk.database.begin() as db:
        db.execute(update(owed).where(owed.c.key == "bad").values(dead_at=clock()))

    nurse.for_(2 * MINUTE)
    assert "What I could not deliver and gave up: 1." in nurse.said[0]
    with app.desk.database.begin() as db:
        db.execute(update(owed).where(owed.c.key == "bad").values(done_at=clock()))
    nurse.for_(STAYS_AWAY + MINUTE)

    assert nurse.said[1:] == [":white_check_mark: Nothing is given up any more."]


def test_who_was_never_called_is_found_by_the_auditor(nurse, app, hear, clock):
    """Whatever keeps the sweep from them: here there is none."""
    hear()

    clock.pass_(hours=1)
    nurse.for_(8 * MINUTE)

    assert nurse.said[0].startswith(":warning: Nobody was called about #1, though that was due")


def test_a_complaint_whose_card_got_lost_is_found_by_the_auditor(nurse, app, hear, clock):
    hear()
    with app.desk.database.begin() as db:
        db.execute(update(conversations).values(card=None))

    nurse.for_(7 * MINUTE)

    assert nurse.said[0].startswith(":warning: #1 is a complaint from <!date^")


class Poisoned(Team):
    """Nobody can tell who is to be called."""

    def whom(self, call, owner, at):
        raise KeyError("a rota that is broken")


def test_a_poisoned_nag_is_found_though_it_is_put_off_again_and_again(nurse, app, hear):
    hear()
    team = {field.name: getattr(CARE, field.name) for field in fields(CARE)}
    app.desk.teams.change(Poisoned(**team))

    for _ in range(70):
        nurse.turn(minutes=1)
        app.sweep.nag_some()

    assert nurse.said[0].startswith(":warning: Nobody was called about #1, though that was due")


def test_everybody_s_trouble_is_told_by_one_worker(nurse, app, slack, clock, database):
    put_off(app, "old", clock() - WAITS)
    other = Nurse(app, slack, clock, Watch(database, clock, ["demo"]))

    for _ in range(20):
        nurse.turn(seconds=15)
        other.turn(seconds=15)

    assert len(nurse.said) == 1


def test_each_worker_tells_of_its_own_trouble_and_another_says_when_it_is_no_more(
    nurse, app, slack, clock, database
):
    sick = Nurse(app, slack, clock, Watch(database, clock, ["demo"]))
    sick.watch.clock_off = 2 * MINUTE
    for _ in range(10):
        nurse.turn(seconds=15)
        sick.turn(seconds=15)
    assert len(nurse.said) == 1

    nurse.for_(STAYS_AWAY + 2 * MINUTE)  # and of the other nothing is heard any more

    assert nurse.said[1:] == [":white_check_mark: My clock is right again."]


# By the next road


class Roads:
    """Mail and webhooks: what was sent, and what is down."""

    def __init__(self):
        self.sent, self.down = [], set()

    def send(self, road, subject, text, *, key, numbers=()):
        if road in self.down:
            raise TryLater("It is down.", surely_not_done=True)
        self.sent.append((road, subject, text))


@pytest.fixture
def roads():
    return Roads()


@pytest.fixture
def away(assemble, slack, clock, roads):
    """Slack takes nothing."""
    team = replace(CARE, roads=("email:lea@acme.example", "webhook:https://hooks.example/"))
    bot = assemble(teams=Teams({"care": team}, tell=LEA))
    bot.courier.run = errands_with(bot, roads)
    bot.intake.poll("demo", assemble.demo)
    slack.down = True
    return Nurse(bot, slack, clock)


def errands_with(bot, roads):
    errands = bot.courier.run.__self__
    errands.roads = roads
    real = errands.run

    def run(delivery):
        if delivery.errand is not Errand.ALERT and getattr(errands.channel.client, "down", False):
            raise TryLater("Slack can't be reached.", surely_not_done=True)
        real(delivery)

    return run


def test_while_slack_is_silent_it_is_told_by_the_next_road(away, roads):
    away.watch.clock_off = 2 * MINUTE

    away.for_(LASTS + SILENT)
    assert roads.sent == []
    away.for_(MINUTE)

    [(road, subject, text)] = roads.sent
    assert road == "email:lea@acme.example"
    assert subject.startswith("Unanswered: My clock is 120 s off")
    assert "<!date" not in text
    away.for_(15 * MINUTE)
    assert sum("clock" in subject for _, subject, _ in roads.sent) == 1


def test_a_road_that_is_down_is_followed_by_the_next(away, roads):
    roads.down.add("email:lea@acme.example")
    away.watch.clock_off = 2 * MINUTE

    away.for_(LASTS + SILENT + SILENT)
    assert roads.sent == []
    away.for_(2 * MINUTE)

    assert [road for road, _, _ in roads.sent] == ["webhook:https://hooks.example/"]


def test_who_was_called_by_a_road_hears_there_that_it_is_well_again(away, roads):
    away.watch.clock_off = 2 * MINUTE
    away.for_(LASTS + SILENT + MINUTE)
    away.watch.clock_off = None

    away.for_(STAYS_AWAY + MINUTE)

    assert [subject for _, subject, _ in roads.sent][1:] == ["Unanswered: My clock is right again."]


def test_what_slack_has_taken_goes_by_no_other_road(away, roads, slack):
    slack.down = False
    away.watch.clock_off = 2 * MINUTE

    away.for_(15 * MINUTE)

    assert roads.sent == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_of_many_workers_at_once_one_says_that_it_is_well_again(nurse, app, clock, database):
    put_off(app, "old", clock() - WAITS)
    nurse.for_(2 * MINUTE)
    with database.begin() as db:
        db.execute(update(owed).where(owed.c.key == "old").values(done_at=clock()))
    clock.pass_(seconds=STAYS_AWAY.total_seconds())
    ticking = count()
    app.desk.now = lambda: (
        clock() + next(ticking) * timedelta(milliseconds=1)
    )  # no two are the same

    def tell(_number):
        worker = Watch(database, clock, ["demo"])
        worker.fresh()
        Ailing(app.desk, worker).tell()

    at_once(tell, 4)
    app.courier.deliver_all()

    assert nurse.said[1:] == [":white_check_mark: What had waited to be delivered is delivered."]
