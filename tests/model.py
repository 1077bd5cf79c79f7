"""What ought to happen, told plainly, to judge the bot by. Nothing here is shared with the bot.

A model keeps what was posted and what people did, and works everything else out anew whenever it
is asked: by when, who is called next, who holds it. Working time is counted window by window.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
BERLIN = ZoneInfo("Europe/Berlin")
NOTHING, MINUTE, HOUR, DAY = timedelta(0), timedelta(minutes=1), timedelta(hours=1), timedelta(1)
FIRST, FURTHER, LOOP, PROMISE = "first answer", "further answer", "keep in the loop", "promise"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What a team promises. `hours` are of each weekday, Monday first; None: round the clock.

    `urgent` is what a customer is promised who bears the tag of that name, day and night.
    """

    hours: Sequence[Sequence[tuple[int, int]]] | None
    first: dict[str, timedelta]
    ladder: Sequence[tuple[timedelta, str]]
    further: dict[str, timedelta] = field(default_factory=dict)
    loop: dict[str, timedelta] = field(default_factory=dict)
    repeat: tuple[timedelta, int] | None = None
    lease: timedelta | None = None
    urgent: timedelta | None = None
    approval: bool = False  # every answer waits for a second person

    def windows(self, since: datetime) -> Iterator[Span]:
        """When the team works, from the day before on."""
        day = since.astimezone(BERLIN).date() - DAY
        while True:
            if self.hours is None:
                yield _wall(day, 0), _wall(day, 24)
            else:
                for opens, closes in self.hours[day.weekday()]:
                    yield _wall(day, opens), _wall(day, closes)
            day += DAY

    def count(
        self, since: datetime, within: timedelta, pauses: Sequence[Span], *, always: bool = False
    ) -> datetime:
        """When so much working time outside the pauses has passed."""
        left = within
        for opens, closes in replace(self, hours=None if always else self.hours).windows(since):
            for start, end in _without(pauses, max(opens, since), closes):
                if left <= end - start:
                    return start + left
                left -= end - start
        raise AssertionError("the windows never end")

    def between(self, start: datetime, end: datetime, *, always: bool) -> timedelta:
        if always:
            return end - start
        total = NOTHING
        for opens, closes in self.windows(start):
            if opens >= end:
                return total
            total += max(NOTHING, min(closes, end) - max(opens, start))
        return total


def _wall(day: date, hour: int) -> datetime:
    whole, rest = divmod(hour, 24)
    return datetime.combine(day + whole * DAY, time(rest), BERLIN).astimezone(UTC)


def _without(pauses: Sequence[Span], start: datetime, end: datetime) -> Iterator[Span]:
    """What is left of a window."""
    for begins, ends in sorted(pauses):
        if begins < end and ends > start:
            if start < begins:
                yield start, begins
            start = max(start, ends)
    if start < end:
        yield start, end


@dataclass
class Post:
    """What a customer said; `settled`: nobody owes them a word about it any more."""

    key: str
    kind: str
    at: datetime
    thanks: bool = False
    stands: bool = True
    settled: bool = False


@dataclass(frozen=True)
class Promise:
    made_at: datetime
    due_at: datetime
    by: str | None


@dataclass(frozen=True)
class Due:
    """The nearest of what is owed, with its ladder."""

    owed: str
    since: datetime
    within: timedelta
    at: datetime
    ladder: Sequence[tuple[timedelta, str]]
    pauses: Sequence[Span]


@dataclass(frozen=True)
class Outcome:
    """How one clock ended."""

    owed: str
    due_at: datetime | None
    ended_at: datetime
    verdict: str


@dataclass
class Told:
    """One conversation, as somebody would tell it who was there."""

    policy: Policy
    customer: str
    number: int = 0
    posts: list[Post] = field(default_factory=list)
    kind: str = "other"
    judged: bool = False
    urgent: bool = False
    open: bool = True
    answering: int | None = None  # how many posts the answer is to that is on its way
    answered_at: datetime | None = None
    waited_since: datetime | None = None  # that the last answer was to
    closed_as: str = ""
    taken_back: list[Post] = field(default_factory=list)  # while our answer was on its way
    owner: str | None = None
    held_since: datetime | None = None
    pauses: list[Span] = field(default_factory=list)
    until_they_write: bool = False
    promise: Promise | None = None
    climbed: int = 0
    unsaid: datetime | None = None
    noted: datetime | None = None  # when somebody is called, from before the clock was set back
    silent: bool = False  # a nag was decided, and nobody has heard it yet
    seen: tuple[str, datetime] | None = None  # of which deadline the rungs are
    outcomes: list[Outcome] = field(default_factory=list)
    root: str = ""  # the post that began it
    rated: bool = False  # somebody said that it is urgent
    proposed: str | None = None  # the answer that waits for a second person
    escalated: str | None = None
    taken_answer: Post | None = None  # in place of an answer that we took back
    closed_at: datetime | None = None
    closed_by: str | None = None
    before_closing: "Told | None" = None
    into: "Told | None" = None  # that goes on with it
    there: tuple[datetime, ...] = ()  # when colleagues answered in the platform's own app
    unminded: tuple[datetime, ...] = ()  # those of them whose answer came while it was dismissed

    # What is owed

    @property
    def waiting(self) -> list[Post]:
        again = [self.taken_answer] if self.taken_answer else []
        return [post for post in (*self.posts, *again) if post.stands and not post.settled]

    @property
    def survivor(self) -> "Told":
        return self.into.survivor if self.into else self

    @property
    def thanks(self) -> bool:
        """Nothing but thanks is left, and those need a person and no clock."""
        return bool(self.waiting) and all(post.thanks for post in self.waiting)

    @property
    def since(self) -> datetime:
        """Of the oldest words that want an answer."""
        return min(p.at for p in self.waiting if self.thanks or not p.thanks)

    @property
    def state(self) -> str:
        if not self.open:
            return self.closed_as
        if self.answering is not None:
            return "replying"
        return "claimed" if self.owner else "waiting"

    @property
    def calm(self) -> bool:
        """It is open, and no answer is on its way."""
        return self.open and self.answering is None

    @property
    def vip(self) -> bool:
        return self.urgent and self.policy.urgent is not None

    def always(self) -> bool:
        return self.vip or self.rated

    def due(self) -> Due | None:
        if not self.open:
            return None
        near = [due for due in (self._promised(), self._loop(), self._answer()) if due]
        return min(near, key=lambda due: due.at, default=None)

    def _answer(self) -> Due | None:
        if not self.waiting or self.thanks:
            return None
        within = self._first()
        if self.answered_at and not self.vip:
            within = self.policy.further.get(self.kind) or within
        owed = FURTHER if self.answered_at else FIRST
        return self._counted(owed, self.since, within) if within else None

    def _first(self) -> timedelta | None:
        return self.policy.urgent if self.vip else self.policy.first.get(self.kind)

    def _loop(self) -> Due | None:
        within = None if self.vip else self.policy.loop.get(self.kind)
        if self.waiting or self.answered_at is None or within is None:
            return None
        return self._counted(LOOP, self.answered_at, within)

    def _counted(self, owed: str, since: datetime, within: timedelta) -> Due:
        pauses = list(self.pauses)
        if self.promise and self.promise.due_at > self.promise.made_at:
            pauses.append((self.promise.made_at, self.promise.due_at))
        at = self.policy.count(since, within, pauses, always=self.always())
        return Due(owed, since, within, at, self.policy.ladder, pauses)

    def _promised(self) -> Due | None:
        if self.promise is None:
            return None
        made, at = self.promise.made_at, self.promise.due_at
        within = self.policy.between(made, max(made, at), always=self.always())
        late = [(after, call) for after, call in self.policy.ladder if after >= NOTHING]
        ladder = [(-30 * MINUTE, "owner"), *late]
        return Due(PROMISE, made, within, at, ladder, self.pauses)

    # Who is called

    def rungs(self, due: Due) -> list[tuple[datetime, str]]:
        """When each rung is reached, and whom it calls."""
        steps = list(due.ladder)
        if self.policy.repeat and steps:
            (last, call), (every, times) = steps[-1], self.policy.repeat
            steps += [(max(last, NOTHING) + n * every, call) for n in range(1, times + 1)]
        return [(self._falls(due, after), call) for after, call in steps]

    def _falls(self, due: Due, after: timedelta) -> datetime:
        if after < NOTHING:
            early = self._count(due, due.since, max(NOTHING, due.within + after))
            return min(due.at, early)
        return self._count(due, due.at, after) if after else due.at

    def may_speak(self, at: datetime) -> datetime:
        """The first moment from then on at which somebody may be called about it."""
        due = self.due()
        assert due
        return self._count(due, at, NOTHING)

    def _count(self, due: Due, since: datetime, within: timedelta) -> datetime:
        return self.policy.count(since, within, due.pauses, always=self.always())

    def next_nag(self) -> datetime | None:
        due = self.due()
        if due is None:
            return None
        self.notice(due)
        rungs = self.rungs(due)
        moments = [self.unsaid] if self.unsaid else []
        if self.climbed < len(rungs):
            moments.append(self._count(due, rungs[self.climbed][0], NOTHING))
        moment = min(moments, default=None)
        return max(moment, self.noted) if moment and self.noted else moment

    def notice(self, due: Due | None) -> None:
        """A deadline that moves has a ladder of its own."""
        found = (due.owed, due.at) if due else None
        if found != self.seen:
            self.seen, self.climbed, self.unsaid, self.silent = found, 0, None, False

    def sweep(self, now: datetime) -> tuple[int, str] | None:
        """The rung that is climbed now, and who is called."""
        nag_at = self.next_nag() if self.calm else None
        due = self.due()
        if nag_at is None or due is None or nag_at > now or self.may_speak(now) > now:
            return None
        rungs = self.rungs(due)
        reached = sum(at <= now for at, _ in rungs)
        higher, self.unsaid = reached > self.climbed, None
        self.climbed = max(self.climbed, reached)
        if not higher:
            return None
        self.silent = True
        return reached - 1, self._whom(rungs[reached - 1][1])

    def _whom(self, call: str) -> str:
        if call == "owner" and self.proposed:
            return "U0LEA"
        if call == "owner":
            promised = self.promise.by if self.promise else None
            return self.escalated or self.owner or promised or "here"
        return "U0LEA" if call == "manager" else call

    # Whose it is

    def lets_go_at(self) -> datetime | None:
        if self.state != "claimed" or not self.waiting or self.proposed:
            return None
        if self.held_since is None or self.policy.lease is None:
            return None
        ends = self.policy.count(self.held_since, self.policy.lease, self.pauses)
        return self.policy.count(ends, NOTHING, self.pauses)

    def let_go(self) -> None:
        self.owner = self.held_since = None

    def hold(self, by: str, at: datetime) -> None:
        self.owner, self.held_since = by, at

    # What customers do

    def hear(self, post: Post, at: datetime) -> bool:
        """The customer wrote, and we hear of it; True when that begins a new clock.

        Who has answered on the platform since then has seen it there.
        """
        if any(post.at <= answered for answered in self.there):
            self.posts.append(replace(post, settled=True))
            return False
        post.thanks = post.thanks and self.answered_at is not None
        if self.until_they_write:
            self.wake(at)
        begins = not self.open or not self.waiting or (self.thanks and not post.thanks)
        self.posts.append(post)
        if begins:
            self._begin()
            if post.kind != "other":
                self.kind = post.kind
        elif post.kind == "complaint":
            self.complains()
        return begins

    def _begin(self) -> None:
        """A new clock, which nobody holds and nothing pauses, but who waits for approval."""
        self.proposed = self.proposed if self.open else None
        self.open, self.judged, self.pauses, self.until_they_write = True, False, [], False
        self.seen = self.escalated = None
        if self.answering is None:
            self.held_since = None
            self.owner = self.owner if self.proposed else None

    def complains(self) -> None:
        """Further words tell that it is a complaint, unless a person knows better."""
        if not self.judged and self.kind != "complaint":
            self.kind = "complaint"
            if self.thanks:
                self.plain()

    def plain(self) -> None:
        """What sounded like thanks wants an answer."""
        for post in self.waiting:
            post.thanks = False

    def blurred(self) -> bool:
        """Whether something posted before what we have answered was heard after the answer.

        Nobody writes down which posts an answer was to, so a deletion can't be told exactly then.
        """
        settled = [post for post in self.posts if post.settled and post.stands]
        return bool(self.waiting) and any(post.at >= self.since for post in settled)

    def delete(self, post: Post, at: datetime) -> None:
        if self.answering is not None:
            self.taken_back.append(post)
            return
        if self.calm and self._nothing_left_without(post):
            self.close("dismissed", at)
        post.stands = False
        again = self.taken_answer
        if again and not any(p.stands and p.at < again.at for p in self.posts):
            again.stands = False

    def _nothing_left_without(self, post: Post) -> bool:
        begun, again = self.since if self.waiting else self.waited_since, self.taken_answer
        about = self.waiting or [p for p in self.posts if p.stands and begun and p.at >= begun]
        left = [each for each in about if each is not post and each is not again]
        if again and again.at == begun:
            older = [p for p in self.posts if p.stands and p is not post and p.at < again.at]
            return not left and not older
        return post in about and not left

    # What people do

    def snoozed(self, at: datetime) -> bool:
        return bool(self.pauses) and self.pauses[-1][0] <= at < self.pauses[-1][1]

    def snooze(self, until: datetime, at: datetime, *, until_they_write: bool) -> None:
        self.wake(at)
        self.pauses.append((at, until))
        self.until_they_write = until_they_write

    def wake(self, at: datetime) -> None:
        self.until_they_write = False
        if self.snoozed(at):
            start, _ = self.pauses.pop()
            if start < at:
                self.pauses.append((start, at))

    def judge(self, kind: str) -> None:
        self.kind, self.judged = kind, True
        if kind != "praise" and self.thanks:
            self.plain()

    def needs_none(self, by: str, at: datetime) -> None:
        """Thanks need no answer, and what we promised stays promised."""
        if not (self.thanks and self.promise):
            self.close("dismissed", at, by)
            return
        self.settle_all()
        self.hold(by, at)

    def settle_all(self) -> None:
        for post in self.posts:
            post.settled = True
        if self.taken_answer:
            self.taken_answer.settled = True

    def undismiss(self, at: datetime) -> None:
        """As if nobody had dismissed it, except that nobody has it."""
        was = self.before_closing
        assert was
        for post in self.posts:
            post.settled = post.key not in {each.key for each in was.waiting}
        lost = [post for post in self.posts if not post.stands and not post.settled]
        if was.taken_answer and self.taken_answer:
            self.taken_answer.settled = was.taken_answer.settled
        self.open, self.closed_as, self.promise, self.unsaid = True, "", was.promise, was.unsaid
        self.seen, self.climbed = was.seen, was.climbed
        self.let_go()
        for post in lost:
            post.stands = True
        for post in lost:
            if self.open:
                self.delete(post, at)
            post.stands = False
        if self.open:
            self.must_stand(at)

    def must_stand(self, at: datetime) -> None:
        """Nobody waits whose words are all taken back."""
        begun = self.waited_since
        left = [p for p in self.posts if p.stands and begun and p.at >= begun]
        nothing = not any(p.stands for p in self.posts)
        if nothing or not (self.waiting or left):
            self.close("dismissed", at)
        if self.taken_answer and nothing:
            self.taken_answer.stands = False

    def withdrew(self, at: datetime) -> None:
        """We took our last answer back; who has no other word of ours waits again."""
        if self.open and self.waiting:
            return
        if not self.open and self.closed_as != "answered":
            return
        holder = self.owner if self.open else self.owner or self.closed_by
        self._begin()
        self.taken_answer = Post("", self.kind, at)
        if holder:
            self.hold(holder, at)
        self.must_stand(at)

    def absorb(self, gone: "Told", at: datetime) -> None:
        """What was said, and promised, in another conversation is ours from now on."""
        waits = gone.open and bool(gone.waiting) and not gone.thanks
        if not waits:
            gone.settle_all()
        elif self.open and self.waiting and not self.thanks:
            if gone.kind == "complaint":
                self.complains()
        else:
            self._begin()
            self.owner = self.held_since = None
            self.kind = self.kind if gone.kind == "other" else gone.kind
            self.plain()
        promised = gone.promise
        self.rated = self.rated or gone.rated
        told = gone.taken_answer if waits else None
        gone.close("merged", at, settle=False)
        gone.into, posts = self, gone.posts
        self.there += gone.there
        self.posts = sorted((*self.posts, *posts), key=lambda post: int(post.key[1:]))
        if told and not told.settled:
            older = self.taken_answer
            waiting = older and older.stands and not older.settled
            self.taken_answer = min(older, told, key=lambda p: p.at) if older and waiting else told
        gone.posts, gone.taken_answer = [], None
        if promised and not (self.promise and self.promise.due_at <= promised.due_at):
            if not self.open:
                self._begin()
            self.promise = promised

    def follow_up(self, until: datetime, by: str, at: datetime) -> None:
        """The time has come to ask how it went."""
        if self.closed_as not in ("answered", "dismissed") or self.open:
            return
        closed_at = self.closed_at
        self._begin()
        self.pauses = [(closed_at, at)] if closed_at and closed_at < at else []
        self.promise = Promise(at, until, by)
        self.hold(by, at)

    def refused(self, at: datetime) -> None:
        """Our answer did not get through, and the clock was running all along."""
        self.answering, self.held_since = None, at
        self._take_back(at)

    def _take_back(self, at: datetime) -> None:
        posts, self.taken_back = self.taken_back, []
        for post in posts:
            if self.open:
                self.delete(post, at)
            post.stands = False
        if self.open and not any(post.stands for post in self.posts):
            self.close("dismissed", at)

    def answer(
        self, at: datetime, posts: Sequence[Post], by: str | None, promise: Promise | None
    ) -> None:
        """The platform has a person's answer to these posts."""
        self._end(at, answered=True)
        only_thanks = self.thanks
        self.waited_since = self.since if self.waiting else self.waited_since
        for post in posts:
            post.settled = True
        if self.taken_answer:
            self.taken_answer.settled = True
        for post in self.taken_back:
            post.stands = False
        self.taken_back = []
        self.proposed = self.escalated = None
        self.answering, self.answered_at, self.pauses = None, at, []
        self.until_they_write, self.promise, self.seen = False, promise, None
        if self.waiting:
            self._begin()
            if not only_thanks:
                self.plain()
        elif promise or (not self.vip and self.kind in self.policy.loop):
            self.owner = by or self.owner
        else:
            self.open, self.closed_as, self.closed_at, self.closed_by = False, "answered", at, by

    def close(
        self, state: str, at: datetime, by: str | None = None, *, settle: bool = True
    ) -> None:
        self.before_closing = None
        self.before_closing = deepcopy(self)
        self._end(at, answered=False)
        self.waited_since = self.since if self.waiting else self.waited_since
        if settle:
            self.settle_all()
        self.open, self.closed_as, self.promise, self.answering = False, state, None, None
        self.closed_at, self.closed_by, self.proposed, self.escalated = at, by, None, None

    def _end(self, at: datetime, *, answered: bool) -> None:
        if not self.open:
            return
        due = self.due()
        kept = due is None or at <= due.at
        verdict = ("kept" if kept else "broken") if answered else "cancelled"
        owed = due.owed if due else ""
        self.outcomes.append(Outcome(owed, due and due.at, at, verdict))
        self.silent, self.unsaid = False, None
