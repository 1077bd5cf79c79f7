"""A month of a team's life: the real bot, the whole way from its first morning to its last night.

The clock jumps from one moment in which something happens to the next: to what was planned, and to
what the database says is due. At each of them the bot does what its timers would do then.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from urllib.error import URLError
from zoneinfo import ZoneInfo

from slack_sdk.web import SlackResponse
from sqlalchemy import func, select, update

from adapters.demo import Demo
from bot.app import Bot
from bot.domain.conversation import OPEN, State
from bot.domain.delivery import Errand
from bot.domain.mention import Kind
from bot.domain.problems import NotPossible
from bot.domain.team import Team, Teams
from bot.domain.workday import opens_at, winds_up_at
from bot.playground.workspace import Workspace
from bot.policy.teams import read_teams
from storage import mentions
from storage.database import Database, reading
from storage.tables import conversations, outbox
from tests.conftest import Assembled, Clock
from tests.fake_slack import FakeSlack

FILE = """\
[teams.care]
channel = "C0CARE"
manager = "U0LEA"
timezone = "Europe/Vienna"
hours = { mon-fri = ["08:00-12:00", "12:30-17:00"], sat = "09:00-12:00" }
holidays = ["AT"]
answer_within = { complaint = "PT1H", question = "PT3H", praise = "PT8H", other = "PT8H" }
further_within = { complaint = "PT45M" }
keep_in_the_loop = { complaint = "PT17H" }
claim_lease = "PT1H"
nag = [
  { after = "-PT15M", call = "owner" },
  { after = "PT0M", call = "on_duty" },
  { after = "PT1H", call = "manager", say = "direct" },
]
repeat = { every = "PT4H", times = 2 }
on_duty = [
  { days = "mon-wed", who = "U0ANA" },
  { days = "thu-sat", hours = "07:00-18:00", who = "U0BEN" },
]

[[teams.care.rules]]
name = "VIP"
tag = "VIP"
answer_within = "PT30M"

[[teams.care.rules]]
name = "press"
tag = "press"
answer_within = "PT2H"
urgent = true
"""
VIENNA = ZoneInfo("Europe/Vienna")
SECOND, MINUTE, HOUR, DAY = (
    timedelta(**{span: 1}) for span in ("seconds", "minutes", "hours", "days")
)
ANA, BEN, LEA = "U0ANA", "U0BEN", "U0LEA"


def vienna(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment on the wall in Vienna, in October 2026 or shortly after it."""
    wall = datetime(2026, 10, 1, hour, minute, tzinfo=VIENNA) + (day - 1) * DAY
    return wall.astimezone(UTC)


FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
BEGIN, END = vienna(1), vienna(32)
NATIONAL_DAY, CLOCKS_GO_BACK = date(2026, 10, 26), date(2026, 10, 25)
OUTAGE = vienna(14, 16, 30), vienna(14, 19)  # Slack takes nothing
UNREAD = vienna(8, 10), vienna(8, 13)  # the platform can't be read
STORM, IN_STORM = (vienna(20, 13), vienna(20, 13, 20)), 300
WATCHED = [
    (vienna(14, 15, 30), vienna(15, 8, 30)),
    (vienna(20, 13), vienna(20, 13, 45)),
]  # Slack is told

RHYTHM = (1, 1, 0, 0, 0, 1, 3, 6, 10, 12, 11, 10, 9, 8, 9, 10, 10, 9, 8, 9, 10, 8, 5, 3)  # by hour
c, o = conversations.c, outbox.c
WAITING = select(func.min(o.due_at)).where(o.done_at.is_(None), o.dead_at.is_(None))
DUE = select(
    select(func.min(c.next_nag_at)).where(c.state.in_(OPEN)).scalar_subquery().label("nag"),
    select(func.min(c.claimed_until))
    .where(c.state == State.CLAIMED)
    .scalar_subquery()
    .label("claim"),
    WAITING.where(o.errand == Errand.REPLY).scalar_subquery().label("reply"),
    WAITING.where(o.errand != Errand.REPLY).scalar_subquery().label("slack"),
)

BY_DAY = (50, 48, 48, 45, 43, 25, 14)  # new customers, Monday first
WORDS = {
    "My order is broken": 40,
    "Where can I find my invoice?": 30,
    "I love my new kettle": 12,
    "Kettle": 18,
}
PATIENCE = {Kind.COMPLAINT: 40 * MINUTE, Kind.QUESTION: 90 * MINUTE}  # of the team, in the middle
FATES = {
    "answered": 50,
    "claimed_and_answered": 15,
    "claimed_and_forgotten": 6,
    "snoozed": 4,
    "asked_back": 2,
    "promised": 4,
    "answered_elsewhere": 6,
    "dismissed": 5,
    "deleted": 3,
    "edited": 2,
    "corrected": 2,
    "tagged": 2,
    "overlooked": 2,
}


def read(folder: Path, text: str = FILE) -> Teams:
    """The teams that this text tells of, as a file of that month."""
    file = folder / "teams.toml"
    file.write_text(text)
    teams, problems = read_teams(file, {}, ("demo",), vienna(1))
    assert problems == []
    return teams


class Troubled(FakeSlack):
    """Takes nothing as long as it is out of order."""

    out_of_order = False

    def api_call(self, api_method: str, **request: Any) -> SlackResponse:
        if self.out_of_order:
            raise URLError(ConnectionRefusedError(111, "Connection refused"))
        return super().api_call(api_method, **request)


@dataclass
class Month:
    """One team, its customers and its bot; `live` lets the month pass."""

    bot: Bot
    demo: Demo
    clock: Clock
    slack: Troubled
    team: Team
    dice: Random = field(default_factory=lambda: Random(26))
    plan: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    number: Callable[[], int] = field(default_factory=lambda: count().__next__)
    happened: Counter[str] = field(default_factory=Counter)
    reads_at: datetime = END  # when the platform is read next
    by_hand: str = ""  # a post
    lists: bool = False  # an opening or a closing has come
    watched: bool = False  # what is owed to Slack is said to Slack
    rests_until: datetime = BEGIN  # the courier
    rest: timedelta = SECOND

    # The plan

    def at(self, moment: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self.plan, (moment.astimezone(UTC), self.number(), act))

    def make_plans(self) -> None:
        for day in range(FIRST.day, LAST.day + 1):
            for _ in range(BY_DAY[date(2026, 10, day).weekday()]):
                self._expect(self._some_time(day))
        for _ in range(IN_STORM):
            begins, ends = STORM
            self._expect(begins + self.dice.random() * (ends - begins))
        self.at(vienna(24, 11, 30), self._by_hand)
        for begins, ends in WATCHED:
            self.at(begins, lambda: self._watch(slack=True))
            self.at(ends, lambda: self._watch(slack=False))
        for moment in self._lists():
            self.at(moment, lambda: setattr(self, "lists", True))
        self.at(OUTAGE[0], lambda: setattr(self.slack, "out_of_order", True))
        self.at(OUTAGE[1], lambda: setattr(self.slack, "out_of_order", False))

    def _lists(self) -> Iterator[datetime]:
        for day in range(FIRST.day, LAST.day + 1):
            for moment in (opens_at, winds_up_at):
                if at := moment(self.team.calendar, vienna(day, 12)):
                    yield at

    def _expect(self, moment: datetime) -> None:
        self.at(moment.replace(microsecond=0), lambda: self._appears(f"c{self.number()}"))

    def _some_time(self, day: int) -> datetime:
        [hour] = self.dice.choices(range(24), RHYTHM)
        second = timedelta(seconds=self.dice.randrange(3600))
        wall = datetime.combine(date(2026, 10, day), time(hour), VIENNA)
        return wall.astimezone(UTC) + second

    def _working(self, span: timedelta) -> datetime:
        """About that much working time from now."""
        spent = min(self.dice.expovariate(1), 12) * span + MINUTE
        return _next_of(2 * MINUTE, self.team.calendar.due(self.now, spent))

    @property
    def now(self) -> datetime:
        return self.clock()

    # What customers do

    def _appears(self, who: str) -> None:
        [words] = self.dice.choices(list(WORDS), list(WORDS.values()))
        post = self._posts(who, words)
        [fate] = self.dice.choices(list(FATES), list(FATES.values()))
        self.happened[fate] += 1
        getattr(self, f"_{fate}")(who, post)
        if self.dice.random() < 0.15:
            again = self.now + self.dice.randrange(5, 300) * MINUTE
            self.at(again, lambda: self._goes_on(who, post, "Hello?"))

    def _posts(self, who: str, words: str, parent: str | None = None) -> str:
        self._news()
        self.happened["mentions"] += 1
        return self.demo.post(words, by=who, thread=who, parent=parent)

    def _goes_on(self, who: str, post: str, words: str) -> None:
        self._posts(who, words, post)

    def _by_hand(self) -> None:
        """One whose deadline can be counted by hand: a complaint before a long weekend."""
        self.by_hand = self._posts("hand", "My order is broken")
        self.at(vienna(27, 10), lambda: self._try(self.by_hand, self._sorry(ANA)))
        self.at(vienna(27, 10, 30), lambda: self._do(self.by_hand, self.bot.desk.settle, ANA))

    # What becomes of it

    def _answered(self, who: str, post: str) -> None:
        patience = PATIENCE.get(self._kind(post), 3 * HOUR)
        self.at(self._working(patience), lambda: self._answer(who, post))

    def _claimed_and_answered(self, who: str, post: str) -> None:
        self.at(self._working(15 * MINUTE), lambda: self._do(post, self.bot.desk.claim, ANA))
        self.at(self._working(40 * MINUTE), lambda: self._answer(who, post, by=ANA))

    def _claimed_and_forgotten(self, who: str, post: str) -> None:
        self.at(self._working(20 * MINUTE), lambda: self._do(post, self.bot.desk.claim, BEN))
        self.at(self._working(6 * HOUR), lambda: self._answer(who, post))

    def _snoozed(self, who: str, post: str) -> None:
        def snooze(number: int) -> None:
            until = self.team.calendar.opening(self.now + 8 * HOUR)
            self.bot.desk.snooze(number, BEN, until, "waiting for the warehouse")
            if self.dice.random() < 0.3:
                self.at(self._working(30 * MINUTE), lambda: self._do(post, self.bot.desk.wake, BEN))

        self.at(self._working(20 * MINUTE), lambda: self._try(post, snooze))
        self.at(self._working(12 * HOUR), lambda: self._answer(who, post, by=BEN))

    def _asked_back(self, who: str, post: str) -> None:
        def snooze(number: int) -> None:
            until = self.now + 14 * DAY
            self.bot.desk.snooze(number, ANA, until, "asked for a photo", until_they_write=True)

        self.at(self._working(20 * MINUTE), lambda: self._try(post, snooze))
        photo = self.now + self.dice.randrange(60, 2000) * MINUTE
        self.at(photo, lambda: self._goes_on(who, post, "Here is the photo"))
        self.at(self._working(12 * HOUR), lambda: self._answer(who, post))

    def _promised(self, who: str, post: str) -> None:
        def promise() -> None:
            day = self.now.astimezone(VIENNA).date() + DAY * self.dice.choice([1, 1, 2])
            noon = datetime.combine(day, time(12), VIENNA).astimezone(UTC)
            self._answer(who, post, promised_for=noon)

        self.at(self._working(40 * MINUTE), promise)
        self.at(self._working(15 * HOUR), lambda: self._answer(who, post))
        self.at(self._working(40 * HOUR), lambda: self._do(post, self.bot.desk.settle, BEN))

    def _answered_elsewhere(self, who: str, post: str) -> None:
        def answer() -> None:
            self._news()
            self.demo.answer_elsewhere(post, "A colleague of ours has told you.")

        def tell() -> None:
            self._do(post, self.bot.answering.answered_there, BEN)

        act = tell if self.dice.random() < 0.3 else answer
        self.at(self._working(40 * MINUTE), act)
        self.at(self._working(50 * HOUR), lambda: self._do(post, self.bot.desk.settle, BEN))

    def _dismissed(self, who: str, post: str) -> None:
        dismiss = self.bot.desk.dismiss
        self.at(self._working(30 * MINUTE), lambda: self._do(post, dismiss, LEA, "Spam"))

    def _deleted(self, who: str, post: str) -> None:
        def delete() -> None:
            self._news()
            self.demo.delete(post)

        self.at(self.now + self.dice.randrange(3, 600) * MINUTE, delete)
        self._answered(who, post)  # who is too late is refused

    def _edited(self, who: str, post: str) -> None:
        def edit() -> None:
            self._news()
            self.demo.edit(post, "My order is still broken, and nobody answers")

        self.at(self.now + self.dice.randrange(3, 60) * MINUTE, edit)
        self._answered(who, post)

    def _corrected(self, who: str, post: str) -> None:
        judge, kind = self.bot.desk.judge, self.dice.choice([Kind.QUESTION, Kind.COMPLAINT])
        self.at(self._working(20 * MINUTE), lambda: self._do(post, judge, ANA, kind))
        self._answered(who, post)

    def _tagged(self, who: str, post: str) -> None:
        tag, word = self.bot.desk.tag, self.dice.choice(["VIP", "VIP", "press"])
        self.at(self._working(20 * MINUTE), lambda: self._do(post, tag, ANA, word))
        self._answered(who, post)

    def _overlooked(self, who: str, post: str) -> None:
        """Nobody ever does anything."""

    # What people do

    def _answer(
        self, who: str, post: str, *, by: str = BEN, promised_for: datetime | None = None
    ) -> None:
        def answer(number: int) -> None:
            self._sorry(by, promised_for)(number)
            if not promised_for:
                self._goes_on_after(who, post)

        self._try(post, answer, else_take_over_by=by)

    def _sorry(self, by: str, promised_for: datetime | None = None) -> Callable[[int], None]:
        def reply(number: int) -> None:
            asked, key = self.bot.desk.look(number).latest.id or 0, f"r{self.number()}"
            said = "So sorry, a new one is on its way."
            self.bot.answering.reply(
                number, by, said, mention=asked, key=key, promised_for=promised_for
            )

        return reply

    def _goes_on_after(self, who: str, post: str) -> None:
        """Customers thank, or are not content; complaints are settled in the end, or are not."""
        mood, soon = self.dice.random(), self.now + self.dice.randrange(4, 200) * MINUTE
        if mood < 0.2:
            self.at(soon, lambda: self._goes_on(who, post, "Thank you!"))
            enough = self.bot.desk.no_answer_needed
            self.at(self._working(5 * HOUR), lambda: self._do(post, enough, ANA))
        elif mood < 0.3:
            self.at(soon, lambda: self._goes_on(who, post, "It is still broken"))
            self.at(self._working(4 * HOUR), lambda: self._answer(who, post))
        if self.dice.random() < 0.9:
            self.at(self._working(9 * HOUR), lambda: self._do(post, self.bot.desk.settle, ANA))

    def _do(self, post: str, deed: Callable[..., None], by: str, *more: Any) -> None:
        self._try(post, lambda number: deed(number, by, *more))

    def _try(
        self, post: str, deed: Callable[[int], None], *, else_take_over_by: str | None = None
    ) -> None:
        """People try what is not possible any more, too."""
        number = self.numbered(post)
        try:
            if number and else_take_over_by:
                self._take_it(number, else_take_over_by)
            if number:
                deed(number)
        except NotPossible as problem:
            self.happened[type(problem).__name__] += 1

    def _take_it(self, number: int, by: str) -> None:
        conversation = self.bot.desk.look(number).conversation
        if conversation.state is State.CLAIMED and conversation.owner != by:
            self.bot.desk.take_over(number, by)

    def numbered(self, post: str) -> int | None:
        with reading(self.bot.desk.database) as db:
            found = mentions.find(db, "demo", post)
        return found[1] if found else None

    def _kind(self, post: str) -> Kind:
        said = next(e["text"] for e in reversed(self.demo.events) if e["key"] == post)
        return {"M": Kind.COMPLAINT, "W": Kind.QUESTION}.get(said[0], Kind.OTHER)

    # How time passes

    def live(self) -> None:
        self.make_plans()
        while (moment := self._next()) < END:
            self.clock.at = max(moment, self.now)
            while self.plan and self.plan[0][0] <= self.now:
                heapq.heappop(self.plan)[2]()
            self._tick()

    def _next(self) -> datetime:
        """When something happens next: planned, or due by the database."""
        planned = self.plan[0][0] if self.plan else END
        return min(planned, self.reads_at, *self._due().values())

    def _tick(self) -> None:
        """What the timers do, as far as there is anything to do."""
        self.happened["moments"] += 1
        sweep, courier = self.bot.sweep, self.bot.courier
        if self.reads_at <= self.now:
            self.reads_at = END
            self.bot.intake.poll("demo", self.demo)
        due = {what for what, at in self._due().items() if at <= self.now}
        if "claim" in due:
            until_done(sweep.let_go_one)
        if self.lists:
            self.lists = False
            until_done(sweep.list_one)
        if "nag" in due:
            until_done(sweep.nag_some)
        if "reply" in due:
            courier.deliver_all(replies=True)
        if self.watched and "slack" in due:
            until_done(sweep.redraw_one)
            until_done(sweep.gather_one)
            spoke = until_done(lambda: courier.deliver_one(replies=False))
            self.rest = SECOND if spoke else min(2 * self.rest, MINUTE)  # one post a second
            self.rests_until = self.now + self.rest

    def _due(self) -> dict[str, datetime]:
        """The next moment of each thing that comes by itself."""
        with reading(self.bot.desk.database) as db:
            found = db.execute(DUE).one()._mapping
        due = {what: at for what, at in found.items() if at}
        if "slack" in due:
            due["slack"] = max(due["slack"], self.rests_until) if self.watched else END
        return due

    def _news(self) -> None:
        """The platform is read every five minutes, unless it can't be read."""
        begins, ends = UNREAD
        soon = _next_of(5 * MINUTE, self.now)
        self.reads_at = min(self.reads_at, ends if begins <= self.now < ends else soon)

    def _watch(self, *, slack: bool) -> None:
        """From now on Slack is told, or is not told any more: what waits counts as said.

        Telling it everything of a month takes minutes and shows nothing that two days do not.
        """
        self.watched = slack
        with self.bot.desk.database.begin() as db:
            unsaid = (outbox.c.done_at.is_(None), outbox.c.errand != Errand.REPLY)
            db.execute(update(outbox).where(*unsaid).values(done_at=self.now))


def _next_of(rhythm: timedelta, moment: datetime) -> datetime:
    """The first of its beats that comes after the moment."""
    return moment + rhythm - (moment - BEGIN) % rhythm


def until_done(step: Callable[[], bool]) -> int:
    """How often there was something to do."""
    return next(times for times in count() if not step())


def lived(database: Database, folder: Path) -> Month:
    """The whole month, on this database."""
    clock = Clock(BEGIN - HOUR)
    workspace = Workspace.demo(now=lambda: clock().timestamp())
    slack, demo = Troubled(workspace), Demo("demo", {}, clock, 7 * DAY)
    teams = read(folder)
    bot = Assembled(database, slack, demo, clock)(teams=teams)
    bot.intake.poll("demo", demo)
    month = Month(bot, demo, clock, slack, teams["care"])
    month.live()
    return month
