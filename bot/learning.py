"""What a team's people teach triage: made now and then, judged before it counts, and reversible."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot import labelling
from bot.desk import Desk
from bot.domain.conversation import UNSETTLED
from bot.domain.guess import Features
from bot.domain.mention import Kind
from bot.domain.problems import NotPossible, Ours
from bot.domain.team import Team
from bot.lessons import Effect, Usual, effect, learn
from bot.pulse import moving
from bot.slack.written import TAUGHT_AGAINST, TAUGHT_ONE_KIND
from storage import days, labels, lessons, mentions, samples
from storage.database import Transaction, reading
from storage.labels import Label
from storage.lessons import COMPLAINT, NEEDS_ANSWER, Taught
from storage.samples import Sample

log = structlog.get_logger()

FEW = 3  # labels that move what is alike; of the first of them there is a lesson, to take back
NEAR = 200  # of those, the newest
NEW = 20  # labels since the last time, after which it is made anew
A_DAY = timedelta(days=1)
A_WEEK = timedelta(weeks=1)  # after which fewer are enough
MOST = 2000  # labels that it is made of
AT_ONCE = 50  # mentions whose features are worked out in one step: a quarter of a second
ASKED = 5  # unflagged mentions a week that somebody is asked about
TOLD = {"contradict": TAUGHT_AGAINST, "one kind": TAUGHT_ONE_KIND}  # why nothing could be learnt


class NothingTaught(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("There is nothing to take back, and nothing to use again."))


class NotAskedAbout(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("Nobody is asked about this one any more."))


WHAT = (COMPLAINT, NEEDS_ANSWER)


@dataclass(frozen=True, kw_only=True)
class State:
    """What a manager is shown of one team."""

    team: str
    labels: int
    taught: Taught | None  # the last that something came of
    last: Taught | None
    effect: Effect | None
    late: int  # complaints that somebody found in the last four weeks
    asked: int  # that wait for a verdict
    teachable: bool = True  # it is not where the lexical model was asked for


class Learning:
    """Of several workers, one learns; all of them use what was learnt."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.database, self.ledger, self.now = desk, desk.database, desk.ledger, desk.now
        self._mark: tuple[Any, ...] | None = None

    @property
    def version(self) -> int:
        """Of the weights that are taught: what others were taught means nothing to these."""
        return self.desk.triage.version

    @property
    def _teams(self) -> Iterable[Team]:
        """Those that can teach something: none where the lexical model was asked for."""
        return self.desk.teams if self.version else ()

    # What goes on by itself

    def refit_some(self) -> bool:
        """Learn anew for one team that has taught enough since the last time."""
        for team in self._teams:
            self._work_out(team.name)
        return any(self._refit(team) for team in self._teams)

    def remember(self) -> bool:
        """Hand what is in force to triage, where that has changed."""
        with reading(self.database) as db:
            known = lessons.all_in_force(db, self.version)
            teams = [team for team in known if COMPLAINT in known[team]]
            mark = lessons.mark(db), *(labels.mark(db, team, most=NEAR) for team in teams)
            if mark == self._mark:
                return False
            said = {team: self._said(db, team) for team in teams}
        self.desk.triage.learn(known, said)
        self._mark = mark
        return True

    def keep_up(self) -> bool:
        """What people have said just now counts for what is alike: the third time, it tells."""
        some = [self._begin(team) for team in self._teams]
        return self.remember() or any(some)

    def ask_some(self) -> bool:
        """Once a week, choose a few of each team that somebody is asked about."""
        asked = [self._ask(team) for team in self.desk.teams]
        return any(asked)

    # What people ask and decide

    def take_back(self, team: str, by: str) -> None:
        """The general guess holds again, until somebody wants it otherwise."""
        self._change(team, by, "take_back_taught")

    def bring_back(self, team: str, by: str) -> None:
        """What was taken back holds again, and goes on learning."""
        self._change(team, by, "bring_back_taught")

    def state(self, team: str) -> State:
        with reading(self.database) as db:
            taught, week = self._taught(db, team), samples.last_week(db, team)
            waiting = samples.of_week(db, team, week) if week else []
            return State(
                team=team,
                labels=labels.count(db, team),
                taught=taught,
                last=lessons.last(db, team, self.version),
                effect=self._effect_of(db, taught) if taught else None,
                late=labels.late(db, team, self.now() - 4 * A_WEEK),
                asked=sum(each.verdict is None for each in waiting),
                teachable=self.version > 0,
            )

    def effect(self, team: str, since: datetime) -> Effect:
        """On the labels since then, by what was learnt last."""
        with reading(self.database) as db:
            taught = lessons.made_last(db, team, self.version)
            some = self._known(labels.newest(db, team, most=MOST))
        lesson, usual = taught.lesson if taught else None, self._usual(team, some)
        return effect([each for each in some if each.at >= since], lesson, since, usual)

    def to_be_asked(self, team: str) -> Sequence[Sample]:
        """Those of the last week, with what was said of them."""
        with reading(self.database) as db:
            week = samples.last_week(db, team)
            return samples.of_week(db, team, week) if week else []

    def asked_with(self, mention: int) -> Sequence[Sample]:
        """All that were asked about in the same message."""
        with reading(self.database) as db:
            found = samples.week_of(db, mention)
            if found is None:
                raise NotAskedAbout
            return samples.of_week(db, *found)

    def week(self, team: str, week: str) -> Sequence[Sample]:
        with reading(self.database) as db:
            return samples.of_week(db, team, week)

    def shown(self, team: str, week: str) -> None:
        with self.database.begin() as db:
            samples.shown(db, team, week, self.now())

    def verdict(self, mention: int, by: str, *, complaint: bool) -> None:
        """Somebody who was asked says what it is. A complaint has its clock from then on."""
        with self.database.begin() as db:
            asked, of = samples.week_of(db, mention), labels.of_mention(db, mention)
            number = mentions.conversation_of(db, mention)
            if asked is None or of is None or number is None:
                raise NotAskedAbout
            conversation, team = self.desk.hold(db, number)
            now, kind = self.now(), conversation.kind
            labelling.verdict(db, of, asked[0], by, now, complaint=complaint)
            if complaint and conversation.state in UNSETTLED and kind is not Kind.COMPLAINT:
                self.desk.save(db, conversation.judge(Kind.COMPLAINT, by, team))
            else:
                self.ledger.audit(db, by, "verdict", now, conversation=number, complaint=complaint)
        log.info("sample.judged", mention=mention, by=by, complaint=complaint)

    # How it learns

    def _refit(self, team: Team) -> bool:
        """Learn outside of any transaction, and write it down once."""
        now = self.now()
        with reading(self.database) as db:
            before = lessons.last(db, team.name, self.version)
            if not self._due(db, team, before, now):
                return False
        with reading(self.database) as db:
            some = self._known(labels.newest(db, team.name, most=MOST))
            old = {what: lessons.in_force(db, team.name, what, self.version) for what in WHAT}
        if not some:
            return False
        usual = self._usual(team.name, some)
        made = [learn(team, what, some, each, now, usual) for what, each in old.items()]
        with self.database.begin() as db:
            days.hold(db, team.name, now)
            last = lessons.last(db, team.name, self.version)
            if (last and last.id) != (before and before.id) or _is_taken_back(db, team.name):
                return False  # another worker was faster, or a manager wants none of it
            for each in made:
                told = replace(each, version=self.version, recall=team.triage.recall)
                lessons.add(db, told)
            self._tell(db, team, made[0])
        log.info("lesson.made", team=team.name, labels=len(some), refused=made[0].refused)
        return True

    def _usual(self, team: str, some: Sequence[Label]) -> Usual:
        """What holds without lessons, and what these moved among each other; the oldest first."""
        said = [each for each in some if each.complaint is not None]
        moved = self.desk.triage.moved(_judgements(said), NEAR)
        begins = self.desk.triage.threshold(self.desk.teams[team].triage.recall)
        alike = {each.mention: by for each, by in zip(said, moved, strict=True)}
        return Usual(begins, self.desk.triage.sure, alike)

    def _due(self, db: Transaction, team: Team, before: Taught | None, now: datetime) -> bool:
        if _is_taken_back(db, team.name):
            return False
        if before is None:
            return labels.count(db, team.name, judged=True) >= FEW
        if before.recall != team.triage.recall:
            return True
        new, wanted = labels.count(db, team.name, before.made_at), max(1, NEW - before.labels)
        if before.labels >= NEW:
            wanted = NEW
        return new >= wanted or bool(new and now - before.made_at >= A_WEEK)

    def _begin(self, team: Team) -> bool:
        """What need not wait for more labels: the first few, so that they can be taken back; all of
        them, where the weights are others than before; and another recall."""
        begins = self._begins(team)
        self._work_out(team.name, None if begins else self.now() - A_DAY)
        return begins and self._refit(team)

    def _begins(self, team: Team) -> bool:
        with reading(self.database) as db:
            last = lessons.last(db, team.name, self.version)
            known = last is not None and last.recall == team.triage.recall
            return not known and self._due(db, team, last, self.now())

    def _said(self, db: Transaction, team: str) -> Sequence[tuple[Features, bool]]:
        """What people said lately; nothing where it contradicts all that triage knows."""
        last = lessons.last(db, team, self.version)
        if last and last.refused == "contradict":
            return []
        return _judgements(self._known(labels.newest(db, team, most=NEAR)))

    def _known(self, some: Sequence[Label]) -> Sequence[Label]:
        """Those that mean something to the weights that serve."""
        return [each for each in some if each.features and each.version == self.version]

    def _work_out(self, team: str, since: datetime | None = None) -> None:
        """The features of what was labelled; a click waits for none of it."""
        while self._work_out_some(team, since):
            moving()

    def _work_out_some(self, team: str, since: datetime | None) -> bool:
        with reading(self.database) as db:
            wanted = labels.to_work_out(
                db, team, self.version, most=AT_ONCE, among=MOST, since=since
            )
            said = [mentions.get(db, each) for each in wanted]
        found = {each.id or 0: self.desk.triage.features(each) for each in said}
        if not any(found.values()):
            return False  # there is no model: perhaps there is one later
        kept = {id: each.as_bytes() if each else b"" for id, each in found.items()}
        with self.database.begin() as db:
            labels.keep_features(db, kept, self.version)
        return len(wanted) == AT_ONCE

    def _tell(self, db: Transaction, team: Team, made: Taught) -> None:
        """The manager, once, why nothing can be learnt of what people say."""
        if template := TOLD.get(made.refused):
            to = team.manager or self.desk.teams.tell or team.channel
            text = f":warning: {template.format(team=team.name, many=made.labels)}"
            key = f"taught:{team.name}:{made.refused}"
            self.ledger.owe_notice(db, to, text, key=key, at=self.now(), once=True)

    def _change(self, team: str, by: str, what: str) -> None:
        now = self.now()
        with self.database.begin() as db:
            days.hold(db, team, now)
            if what == "take_back_taught":
                changed = lessons.take_back(db, team, by, now)
            else:
                changed = lessons.bring_back(db, team) if _is_taken_back(db, team) else 0
            if not changed:
                raise NothingTaught
            self.ledger.audit(db, by, what, now, team=team)
        self.remember()
        log.info("lesson.changed", team=team, by=by, what=what)

    def _taught(self, db: Transaction, team: str) -> Taught | None:
        """What is in force, or was until somebody took it back."""
        made = lessons.made_last(db, team)
        if made is None or made.taken_back_at or made.version == self.version:
            return made
        return lessons.made_last(db, team, self.version)

    def _effect_of(self, db: Transaction, taught: Taught) -> Effect | None:
        """On what it was judged on before it was put in force, and on all that was said since."""
        if taught.labels < NEW or taught.version != self.version:
            return None
        told = dict(taught.effect)
        since = datetime.fromisoformat(told.pop("since")) if "since" in told else taught.made_at
        before = Effect(since=since, **told)
        some = self._known(labels.newest(db, taught.team, most=MOST))
        later = [each for each in some if each.at > taught.made_at]
        usual = self._usual(taught.team, some)
        return before + effect(later, taught.lesson, taught.made_at, usual)

    # Whom it asks about

    def _ask(self, team: Team) -> bool:
        now, week = self.now(), _week(self.now())
        if not team.calendar.is_open(now):
            return False
        with reading(self.database) as db:
            if samples.begun(db, team.name, week):
                return False
        with self.database.begin() as db:
            days.hold(db, team.name, now)
            if samples.begun(db, team.name, week):
                return False
            aside = samples.unflagged(db, team.name, now - A_WEEK)
            fresh = sorted(set(aside) - samples.known(db, aside), key=lambda id: _chance(week, id))
            if not fresh:
                return False
            chosen = sorted(fresh[:ASKED])
            samples.add(db, team.name, week, chosen, len(chosen) / len(fresh), now)
            self.ledger.owe_asking(db, team, week, now)
        return True


def _judgements(some: Sequence[Label]) -> Sequence[tuple[Features, bool]]:
    return [
        (Features.from_bytes(each.features or b""), each.complaint)
        for each in some
        if each.complaint is not None
    ]


def _is_taken_back(db: Transaction, team: str) -> bool:
    made = lessons.made_last(db, team)
    return bool(made and made.taken_back_at)


def _week(at: datetime) -> str:
    year, week, _day = at.isocalendar()
    return f"{year}-W{week:02}"


def _chance(week: str, mention: int) -> bytes:
    """The same for every worker, and another each week."""
    return hashlib.sha256(f"{week}:{mention}".encode()).digest()
