"""What comes by itself: nags, claims that let go, lists, digests, other roads, alarms, recounts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from bot import meters
from bot.desk import Desk, backoff
from bot.domain.case import Nagged
from bot.domain.clock import Clock, Rung, Where
from bot.domain.conversation import Conversation, State
from bot.domain.deeds import Deed
from bot.domain.delivery import Errand
from bot.domain.frozen import replace
from bot.domain.profile import FollowUp
from bot.domain.team import Team
from bot.domain.workday import opens_at, timely, winds_up_at
from bot.forgetting import Forgetting
from bot.pulse import moving
from bot.rest import Rest
from bot.silences import Silences
from bot.slack.written import STUMBLED
from bot.surges import Surges
from storage import (
    conversations,
    days,
    digests,
    follow_ups,
    inbox,
    journal,
    mentions,
    outbox,
    stumbles,
    verdicts,
)
from storage.database import Transaction, Unavailable, glancing

log = structlog.get_logger()
T = TypeVar("T")

A_MINUTE_OF_POSTS = 55  # new cards that a channel can be shown within a minute
FEWEST, INSTEAD = 13, 4  # cards that are left in a flood, and that each digest takes the place of
A_MINUTE = timedelta(minutes=1)
DIGEST = 150  # conversations in one digest or list
ONE_BY_ONE = 3  # nags of one team at once; more become one list
BATCH = 200  # open clocks counted anew in one transaction
SILENT = timedelta(minutes=5)  # that Slack may leave a nag undelivered
LATER = timedelta(minutes=5)  # until a reminder that could not be said is tried again
KEPT = timedelta(days=30)  # that outbox and inbox remember what is done
PRUNED = 500  # deliveries in one transaction
STUMBLES = 8  # failures in a row, until people hear of it
A_DAY = timedelta(days=1)
CALM = timedelta(minutes=15)  # between two alerts that say the same of more conversations
TO_FOLLOW_UP = timedelta(hours=4)  # of working time, for who wanted to ask how it went
ON_ROADS = {Where.EMAIL: "email:", Where.WEBHOOK: "webhook:"}


@dataclass(frozen=True)
class Call:
    """A nag that was decided: about what, which rung, and whom that means now."""

    conversation: Conversation
    rung: Rung
    whom: str
    held: bool  # it fell due while nobody works
    urgent: bool


@dataclass(frozen=True)
class Climb:
    """A conversation after its ladder was looked at: whether that shows, and who is called."""

    before: Conversation
    after: Conversation
    shows: bool = True
    call: Call | None = None
    deed: Deed | None = None


class Sweep:
    """Each step is one transaction, and True where there may be more to do."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.database, self.ledger, self.now = desk, desk.database, desk.ledger, desk.now
        self.forgetting = Forgetting(desk)
        self.surges, self.silences, self.rest = Surges(desk), Silences(desk), Rest(desk)
        self.seen_to: set[tuple[str, datetime]] = set()  # lists that need no further look

    # Nags

    def nag_some(self) -> bool:
        """Call somebody about what is past a rung of its ladder, one team after the other."""
        with glancing(self.database) as db:
            overdue = conversations.teams_overdue(db, self.now())
        names = dict.fromkeys(self.desk.teams[name].name for name in overdue)
        return _all_have_their_turn(partial(self._speak, name, self._nag) for name in names)

    def let_go_one(self) -> bool:
        """Free one conversation whose holder has done nothing for too long."""
        now = self.now()
        with self.database.begin() as db:
            found = conversations.hold_next_to_let_go(db, now)
            if found:
                self._safely(db, conversations.LET_GO, found, partial(self._let_go, db, found, now))
        return found is not None

    def _let_go(self, db: Transaction, found: Conversation, now: datetime) -> None:
        team, owner = self.desk.team(found), str(found.owner)
        wound = found.wind(team)
        if wound.claimed_until is None or wound.claimed_until > now:
            self.ledger.keep(db, wound, now)
            return
        free = self.ledger.save(db, wound.let_go(team), now)
        self.ledger.let_go(db, free, owner, found.claimed_until or now, now)
        log.info("claim.let_go", conversation=free.id, owner=owner)

    def redraw_one(self) -> bool:
        """Owe one card that shows something else by now: due soon, late, or awake again."""
        now = self.now()
        with self.database.begin() as db:
            found = conversations.hold_next_to_redraw(db, now)
            if found:
                save = partial(self.ledger.save, db, found, now)
                self._safely(db, conversations.REDRAW, found, save)
        return found is not None

    # Follow-ups

    def warn_one(self) -> bool:
        """Tell whoever has it that its platform soon lets nobody answer; of several workers, one.

        Deadlines know nothing of that: what a team promises may be longer than a platform waits.
        """
        now = self.now()
        with glancing(self.database) as db:
            near = mentions.to_warn_of(db, now)
        if near is None:
            return False
        with self.database.begin() as db:
            id, number = near
            conversation = conversations.hold_survivor(db, number)
            if mentions.warned(db, id) and conversation.open:
                self.ledger.owe_note(db, conversation, "closing", id, now)
        return True

    def follow_up_one(self) -> bool:
        """Remind somebody of what they wanted to ask, in working hours; of several workers, one.

        What is closed by then is open again, with a card of its own, and theirs for half a day.
        """
        now = self.now()
        with self.database.begin() as db:
            wanted = follow_ups.hold_next(db, now)
            if wanted is None:
                return False
            try:
                with db.begin_nested():
                    self._follow_up(db, wanted, now)
            except Unavailable:
                raise
            except Exception:  # one that can't be said must not keep the others waiting
                log.exception("follow_up.failed", follow_up=wanted.id)
                follow_ups.put_off(db, wanted.id, now + LATER)
        return True

    def _follow_up(self, db: Transaction, wanted: FollowUp, now: datetime) -> None:
        conversation = conversations.hold_survivor(db, wanted.conversation)
        team, again = self.desk.team(conversation), conversation
        if (later := team.calendar.opening(now)) > now:
            follow_ups.put_off(db, wanted.id, later)
            return
        if conversation.state in (State.ANSWERED, State.DISMISSED):
            until = team.calendar.due(now, TO_FOLLOW_UP)
            tagged = self.desk.tagged(db, conversation)
            again = self.ledger.save(db, tagged.follow_up(until, wanted.by, now, team), now)
            self.ledger.leave(db, conversation, again, "follow_up", now)
        self.ledger.owe_note(db, again, "follow_up", wanted.id, now)
        follow_ups.done(db, wanted.id, now)
        log.info("follow_up.due", conversation=again.id, by=wanted.by)

    # Daily lists

    def list_one(self) -> bool:
        """Say a list that is due at an opening or before a closing; False when all are said.

        So is what needs no answer, where a team does not wait for the opening with it.
        """
        now = self.now()
        return _all_have_their_turn(partial(self._list, team, now) for team in self.desk.teams)

    def _list(self, team: Team, now: datetime) -> bool:
        moments = {self._open: opens_at(team.calendar, now)}
        moments[self._close] = winds_up_at(team.calendar, now)
        for say, moment in moments.items():
            if moment and timely(moment, now) and (team.name, moment) not in self.seen_to:
                said = self._speak(team.name, say)
                self.seen_to = {seen for seen in self.seen_to if timely(seen[1], now)}
                self.seen_to.add((team.name, moment))
                return said
        return self.rest.due(team, now) and self._speak(team.name, self._show_the_rest)

    def _open(self, db: Transaction, team: Team, day: days.Day) -> bool:
        """The morning's list, with all nags that waited for it, and what needs no answer."""
        now, opening = self.now(), opens_at(team.calendar, self.now())
        if opening is None or day.opened_at >= opening:
            return False
        calls = self._climb(db, team, now)
        self._say_all(db, team, [call for call in calls if call.urgent], now)
        ids = [call.conversation.id for call in calls if not call.urgent]
        self.ledger.owe_list(db, team, "opening", now, ids)
        self.rest.gather(db, team, now)
        days.opened(db, team.name, opening)
        return True

    def _show_the_rest(self, db: Transaction, team: Team, _day: days.Day) -> bool:
        self.rest.gather(db, team, self.now())
        return False  # all of it is listed

    def _close(self, db: Transaction, team: Team, day: days.Day) -> bool:
        closing = winds_up_at(team.calendar, self.now())
        if closing is None or day.closed_at >= closing:
            return False
        self.ledger.owe_list(db, team, "closing", self.now())
        days.closed(db, team.name, closing)
        return True

    # Digests

    def gather_one(self) -> bool:
        """Put what one channel can't be shown within a minute into a digest; False when all fits.

        Complaints come first among the cards that are posted. Every clock runs on, and a card is
        posted after all when somebody acts on its conversation or it is late. Several digests take
        the place of cards, down to a few: what comes in a flood is told of all the sooner.
        Complaints have digests of their own, which go first.
        """
        with self.database.begin() as db:
            for channel in outbox.crowded(db, more_than=FEWEST):
                several = max(0, outbox.owed(db, channel, Errand.DIGEST) - 1)
                cards = max(FEWEST, A_MINUTE_OF_POSTS - several * INSTEAD)
                waiting = outbox.unshown(db, channel, most=cards + DIGEST)
                if len(waiting) > cards:
                    most_urgent, *_ = surplus = list(waiting)[cards:]
                    alike = [id for id in surplus if waiting[id] == waiting[most_urgent]]
                    self._gather(db, channel, alike, waiting[most_urgent])
                    return True
        return False

    # Other roads

    def alert_some(self) -> None:
        """Where Slack has not taken a nag for minutes, call by the team's next road."""
        _all_have_their_turn(partial(self._alert, team) for team in self.desk.teams if team.roads)

    # Alarms about people

    def look_for_surges(self) -> None:
        """Whether far more comes than usual, or no longer does."""
        self.surges.look()

    def look_for_silences(self) -> None:
        """Whether a team does nothing while customers wait, or an account has fallen silent."""
        self.silences.look()

    # Recounts

    def recount(self) -> int:
        """Count every open clock anew from its start: the promises may have changed."""
        changed = after = 0
        while True:
            with self.database.begin() as db:
                batch = conversations.hold_unsettled(db, after=after, most=BATCH)
                changed += sum(self._recount(db, conversation) for conversation in batch)
            if not batch:
                break
            after = batch[-1].id
            moving()
        self._keep_policies()
        if changed:
            log.info("deadlines.recounted", conversations=changed)
        return changed

    # Words that go

    def forget_one(self) -> bool:
        """Go on with who was forgotten, where a crash or an answer on its way left something."""
        return self.forgetting.forget_one()

    def let_words_go_one(self) -> bool:
        """One conversation that ended longer ago than its team keeps what was said."""
        return self.forgetting.let_words_go_one()

    # What is over

    def prune_some(self) -> bool:
        """Drop what was delivered or opened long ago; what is owed, and conversations, stay."""
        before = self.now() - KEPT
        with self.database.begin() as db:
            dropped = [each.prune(db, before, most=PRUNED) for each in (outbox, inbox)]
        return PRUNED in dropped

    # How

    def _speak(self, name: str, what: Callable[[Transaction, Team, days.Day], bool]) -> bool:
        """Of several workers, one at a time speaks for a team."""
        moving()
        with self.database.begin() as db:
            day = days.hold(db, name, self.now())
            return what(db, self.desk.teams[name], day)

    def _nag(self, db: Transaction, team: Team, day: days.Day) -> bool:
        """Say each on its own, or all in one list: many, or of a night, or of Slack's silence.

        What is found at an opening whose list is not said yet becomes part of that.
        """
        now, opening = self.now(), opens_at(team.calendar, self.now())
        if opening and timely(opening, now) and day.opened_at < opening:
            return self._open(db, team, day)
        calls = self._climb(db, team, now)
        several = [call for call in calls if not call.urgent]
        held = sum(call.held for call in several)
        if len(several) > ONE_BY_ONE or held > 1 or (several and self._silent(db, team, now)):
            ids = [call.conversation.id for call in several]
            self.ledger.owe_list(db, team, "gathered", now, ids)
            calls = [call for call in calls if call.urgent]
        self._say_all(db, team, calls, now)
        return bool(calls or several)

    def _silent(self, db: Transaction, team: Team, now: datetime) -> bool:
        """Whether Slack has not taken a nag for minutes."""
        return outbox.unsaid_since(db, team.name, until=now - SILENT) is not None

    def _climb(self, db: Transaction, team: Team, now: datetime) -> Sequence[Call]:
        """Every conversation of this team whose time has come goes up; who is to be called.

        The first team has those of teams that were removed, too.
        """
        names = [each.name for each in self.desk.teams]
        known = names if team.name == names[0] else ()
        due = conversations.hold_overdue(db, team.name, now, most=DIGEST, known=known)
        try:
            with db.begin_nested():
                return self._write_down(db, [_climbed(each, team, now) for each in due], now)
        except Unavailable:
            raise
        except Exception:
            log.exception("nags.failed", team=team.name)
        one_by_one = (self._climb_alone(db, team, each, now) for each in due)
        return [call for calls in one_by_one for call in calls]

    def _climb_alone(
        self, db: Transaction, team: Team, conversation: Conversation, now: datetime
    ) -> Sequence[Call]:
        def climb() -> Sequence[Call]:
            return self._write_down(db, [_climbed(conversation, team, now)], now)

        return self._safely(db, conversations.NAG, conversation, climb) or ()

    def _safely(
        self, db: Transaction, step: str, conversation: Conversation, act: Callable[[], T]
    ) -> T | None:
        """What can't be done for one must not keep the others waiting."""
        try:
            with db.begin_nested():
                return act()
        except Unavailable:
            raise
        except Exception as problem:
            log.exception("sweep.stumbled", step=step, conversation=conversation.id)
            self._stumble(db, step, conversation, problem)
            return None

    def _stumble(
        self, db: Transaction, step: str, conversation: Conversation, problem: Exception
    ) -> None:
        """Tried again ever more rarely; after some tries once a day, and people hear of it once."""
        now, number = self.now(), conversation.id
        failures = stumbles.failures(db, step, number, now) + 1
        wait = backoff(failures, 0.5) if failures < STUMBLES else A_DAY
        kind = type(problem).__name__
        stumble = stumbles.Stumble(
            step=step, conversation=number, failures=failures, problem=kind, until=now + wait
        )
        stumbles.keep(db, stumble)
        if failures == STUMBLES:
            channel = self.desk.team(conversation).channel
            said = STUMBLED.format(number=number, tries=failures, why=kind)
            self.ledger.owe_notice(db, channel, f":warning: {said}", key=f"{step}:{number}", at=now)

    def _write_down(
        self, db: Transaction, climbs: Sequence[Climb], now: datetime
    ) -> Sequence[Call]:
        """All of them in a few statements; who is to be called about them."""
        after, before = [each.after for each in climbs], [each.before for each in climbs]
        kept = self.ledger.keep_all(db, after, now, before)
        saved = [replace(climb, after=after) for climb, after in zip(climbs, kept, strict=True)]
        self.ledger.show(db, [each.after for each in saved if each.shows], now)
        deeds = ((each.after.id, each.deed) for each in saved if each.deed)
        journal.write_all(db, now, deeds)
        for each in saved:
            if each.call:
                _measure(each, now)
        return [replace(each.call, conversation=each.after) for each in saved if each.call]

    def _say_all(self, db: Transaction, team: Team, calls: Sequence[Call], now: datetime) -> None:
        self.ledger.owe_nags(db, [call.conversation for call in calls], now)
        for call in calls:
            self._say_elsewhere(db, team, call, now)

    def _say_elsewhere(self, db: Transaction, team: Team, call: Call, now: datetime) -> None:
        """A rung that speaks by mail or webhook does so as well."""
        begins = ON_ROADS.get(call.rung.say)
        for road in team.roads if begins else ():
            if road.startswith(str(begins)):
                of = f"{call.conversation.id}:{call.conversation.version}"
                self.ledger.owe_alert(db, team, road, of, now, call.conversation.id)

    def _alert(self, team: Team) -> None:
        now = self.now()
        with self.database.begin() as db:
            days.hold(db, team.name, now)
            waiting = outbox.unsaid_since(db, team.name, until=now - SILENT)
            if waiting is None:
                return
            road = _next_road(team, waiting, outbox.last_alert(db, team.name), now)
            if road is not None:
                self.ledger.owe_alert(db, team, team.roads[road], f"{waiting.timestamp()}", now)
                log.warning("slack.silent", team=team.name, road=road)

    def _recount(self, db: Transaction, conversation: Conversation) -> bool:
        """One that can't be counted stays as it is: the sweep will say so when its time comes."""
        try:
            wound = conversation.wind(self.desk.team(conversation))
        except Exception:
            log.exception("deadline.uncounted", conversation=conversation.id)
            return False
        if wound == conversation:
            return False
        self.ledger.save(db, wound, self.now())
        return True

    def _keep_policies(self) -> None:
        with self.database.begin() as db:
            for team in self.desk.teams:
                verdicts.keep_policy(db, team.fingerprint, team.name, team.policy, self.now())

    def _gather(self, db: Transaction, channel: str, ids: Sequence[int], urgency: int) -> None:
        now = self.now()
        team = conversations.get(db, ids[0]).team
        fresh = digests.with_room(db, channel, since=now - A_MINUTE, room=DIGEST - len(ids))
        digest = fresh or digests.open_new(db, team=team, channel=channel, at=now)
        conversations.gather(db, ids, digest)
        outbox.spare(db, ids, now)
        since = f"{ids[0]}:{now.timestamp()}"
        self.ledger.owe_digest(db, digest, team, since, now, urgency=urgency)
        log.info("digest.gathered", digest=digest, conversations=len(ids))


def _all_have_their_turn(turns: Iterable[Callable[[], object]]) -> bool:
    """Whether one had something to do; what goes wrong in one of them is raised after the last."""
    done, problems = False, []
    for turn in turns:
        try:
            done = bool(turn()) or done
        except Exception as problem:
            problems.append(problem)
    if problems:
        raise problems[0]
    return done


def _climbed(conversation: Conversation, team: Team, now: datetime) -> Climb:
    """What becomes of one whose time has come; it is counted anew first, once for all."""
    clock, due = conversation.clock(team), conversation.next_nag_at or now
    wound = conversation.wind_by(clock, team)
    moved = wound.due_at != conversation.due_at
    if clock is None or wound.next_nag_at is None or wound.next_nag_at > now:
        return Climb(conversation, wound, shows=moved)
    higher = wound.climb_by(clock, now)
    climbed, caught_up = higher.rungs_climbed > wound.rungs_climbed, _caught_up(wound, higher)
    if not (climbed or caught_up):
        return Climb(conversation, higher, shows=moved, deed=journal.held(due))
    call = _call(higher, clock, team, now, caught_up=caught_up)
    rung = higher.rungs_climbed - 1
    nag = Nagged(at=now, rung=rung, call=call.rung.call, whom=call.whom)
    deed = journal.nagged(nag, due) if climbed else None
    return Climb(conversation, higher, call=call, deed=deed)


def _measure(climb: Climb, now: datetime) -> None:
    rung, due = climb.after.rungs_climbed, climb.before.next_nag_at or now
    if rung > climb.before.rungs_climbed:
        meters.NAGS.inc()
        meters.NAG_LATENESS.observe((now - due).total_seconds())
    log.info("deadline.passed", conversation=climb.after.id, rung=rung)


def _caught_up(before: Conversation, after: Conversation) -> bool:
    """Whether a nag that came too late to be said can be said now."""
    return bool(before.unsaid_until and not after.unsaid_until)


def _call(
    conversation: Conversation, clock: Clock, team: Team, now: datetime, *, caught_up: bool
) -> Call:
    number = conversation.rungs_climbed - 1
    rung, due = clock.rung(number), clock.falls_due(number) or now
    held = caught_up or clock.may_speak_at(due) > due
    owner = team.answerable(conversation)
    return Call(conversation, rung, team.whom(rung.call, owner, now), held, clock.urgent)


def _next_road(
    team: Team, waiting: datetime, last: outbox.Alerted | None, now: datetime
) -> int | None:
    """The road to try now, from the first; None while one is being tried, or all was said."""
    if last is None:
        return 0
    if last.done_at is None:
        tried = last.owed_at <= now - SILENT
        return last.road + 1 if tried and last.road + 1 < len(team.roads) else None
    return 0 if waiting > last.owed_at - SILENT and last.owed_at <= now - CALM else None
