"""A whole conversation, driven at random against a plain model of what ought to happen."""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import URLError

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text

from adapters.demo import Demo
from bot import app as assembly
from bot.app import Bot
from bot.config import Settings
from bot.contacts import Contacts
from bot.desk import UNDO
from bot.domain.approval import Approval
from bot.domain.calendar import ALWAYS, Calendar, Window
from bot.domain.clock import Repeat, Rung
from bot.domain.delivery import Refused, TryLater, Unsure
from bot.domain.mention import Kind
from bot.domain.problems import NotPossible
from bot.domain.replay import tell
from bot.domain.team import Rule, Team, Teams
from bot.merging import Merging
from bot.playground.workspace import Workspace
from storage import journal
from storage.database import Database, is_sqlite, reading
from storage.tables import (
    amendments,
    conversations,
    mentions,
    metadata,
    outbox,
    replies,
    verdicts,
)
from storage.tables import (
    journal as entries,
)
from tests.conftest import Clock
from tests.fake_slack import FakeSlack
from tests.model import BERLIN, DAY, HOUR, MINUTE, NOTHING, Outcome, Policy, Post, Promise, Told

ANA, BEN, CARE = "U0ANA", "U0BEN", "C0CARE"
SECOND = timedelta(seconds=1)
BEGINNINGS = {
    "on a Tuesday": datetime(2026, 11, 2, 7, 30, tzinfo=UTC),
    "before the clocks go back": datetime(2026, 10, 22, 12, tzinfo=UTC),
}
WORDS = {
    "complaint": "My order is broken",
    "question": "Where can I find the manual?",
    "other": "I have a blue kettle",
    "praise": "I love my kettle, the whole family uses it every day",
    "thanks": "Thank you!",
}
OFFICE = (((9, 17),),) * 5 + ((), ())
LUNCH = (((9, 12), (13, 17)),) * 5 + (((10, 12),), ())
LADDER = ((-15 * MINUTE, "owner"), (NOTHING, "owner"), (30 * MINUTE, "channel"))
POLICIES = {
    "office": Policy(
        hours=OFFICE,
        first={"complaint": HOUR, "question": 4 * HOUR, "other": 8 * HOUR},
        further={"complaint": 30 * MINUTE},
        loop={"complaint": 8 * HOUR},
        ladder=(*LADDER, (2 * HOUR, "manager")),
        repeat=(2 * HOUR, 2),
        lease=45 * MINUTE,
        urgent=30 * MINUTE,
    ),
    "lunch": Policy(
        hours=LUNCH,
        first={"complaint": 2 * HOUR, "question": HOUR},
        ladder=((NOTHING, "owner"), (HOUR, "here")),
        lease=2 * HOUR,
        approval=True,
    ),
    "always": Policy(
        hours=None,
        first={"complaint": HOUR, "question": 4 * HOUR, "other": DAY},
        ladder=((NOTHING, "owner"), (30 * MINUTE, "channel"), (2 * HOUR, "here")),
        repeat=(12 * HOUR, 1),
    ),
    "daily": Policy(
        hours=((((8, 20),),) * 7),
        first={"complaint": 3 * HOUR, "question": 3 * HOUR},
        loop={"complaint": DAY, "question": DAY},
        ladder=LADDER,
        lease=20 * MINUTE,
        urgent=HOUR,
        approval=True,
    ),
}


def team(policy: Policy) -> Team:
    """What the model calls a policy, as the bot reads it."""
    hours = policy.hours and tuple(
        tuple(Window(opens * 3600, closes * 3600) for opens, closes in day) for day in policy.hours
    )
    vip = Rule(name="vip", tags=("vip",), first=policy.urgent, urgent=True)
    return Team(
        name="care",
        channel=CARE,
        answer_within={Kind(kind): within for kind, within in policy.first.items()},
        further_within={Kind(kind): within for kind, within in policy.further.items()},
        keep_in_the_loop={Kind(kind): within for kind, within in policy.loop.items()},
        ladder=[Rung(after=after, call=call) for after, call in policy.ladder],
        repeat=Repeat(every=policy.repeat[0], times=policy.repeat[1]) if policy.repeat else None,
        calendar=Calendar(BERLIN, hours) if hours else ALWAYS,
        claim_lease=policy.lease,
        rules=[vip] if policy.urgent else [],
        manager="U0LEA",
        approval=Approval(always=True) if policy.approval else None,
    )


class Platform(Demo):
    """The demo platform, which can be told to have a bad day."""

    mood = "well"

    def reply(self, mention: Any, text: str, **how: Any) -> Any:
        if how["again"] and self.answered(how["key"]):
            return super().reply(mention, text, **how)
        if self.mood == "refuses":
            raise Refused("Not today.")
        if self.mood == "down":
            raise TryLater("It is down.", surely_not_done=True)
        if self.mood == "doubt":
            raise Unsure("Nobody knows.")
        sent = super().reply(mention, text, **how)
        if self.mood == "lost":
            self.mood = "well"
            raise TryLater("The answer was lost.")
        return sent

    def answer_elsewhere(self, to: str, text: str, at: datetime | None = None) -> str:
        return self._add(by="acme", text=text, parent=to, at=at)


class MoodySlack(FakeSlack):
    """Down, or it does what it is asked and its answer is lost, until it is told otherwise."""

    mood = "well"

    def api_call(self, api_method: str, **request: Any) -> Any:
        if self.mood == "down":
            raise URLError(ConnectionRefusedError())
        if self.mood == "lost":
            self.fail_after = TimeoutError("The read operation timed out")
        return super().api_call(api_method, **request)


spans = st.one_of(
    st.integers(1, 90).map(lambda n: n * MINUTE),
    st.integers(1, 30).map(lambda n: n * HOUR),
    st.integers(1, 3).map(lambda n: n * DAY),
)
agos = st.sampled_from([0, 0, 0, 1, 20, 90, 400]).map(lambda n: n * MINUTE)
people = st.sampled_from([ANA, BEN])
picks = st.integers(0, 11)
DECISIONS = ["claims", "claims", "takes_over", "renews", "wakes"]
DECISIONS += ["settles", "needs_none", "dismisses", "releases", "escalates", "assigns"]
any_open = precondition(lambda self: any(told.open for told in self.told))
anything = precondition(lambda self: self.told)
proposed = precondition(lambda self: any(told.proposed for told in self.told))
dismissed = precondition(lambda self: any(told.closed_as == "dismissed" for told in self.told))
several = precondition(lambda self: len(self.told) > 1)
in_doubt = precondition(lambda self: any(r.get("unsure") for r in self.replies.values()))
now_and_then = precondition(lambda self: self.turns >= 5)  # not all the time


class World(RuleBasedStateMachine):
    """The bot, everything around it, and the model, side by side."""

    database: Database
    steps: Counter[str]
    told: Sequence[Told] = ()

    @initialize(
        beginning=st.sampled_from(list(BEGINNINGS)),
        policy=st.sampled_from(list(POLICIES)),
        words=st.sampled_from(list(WORDS)),
    )
    def it_is_begun(self, beginning: str, policy: str, words: str) -> None:
        empty(self.database)
        self.clock = Clock(BEGINNINGS[beginning])
        self.platform = Platform("demo", {}, self.clock, timedelta(days=7))
        self.platform.every = NOTHING
        self.slack = MoodySlack(Workspace.demo(now=lambda: self.clock().timestamp()))
        self.policy, self.told = POLICIES[policy], []
        self.begin_books()
        self.bot = self.assemble()
        self.bot.intake.poll("demo", self.platform)
        self.clock.pass_(hours=26)
        self.somebody_writes("mira", words, NOTHING, None)
        self.look_around()

    def begin_books(self) -> None:
        self.tags: set[str] = set()  # the customers who are VIPs
        self.proposals: dict[int, dict[str, Any]] = {}  # the answer that waits for a second person
        self.last: dict[int, dict[str, Any]] = {}  # the answer that was written last
        self.reminders: list[dict[str, Any]] = []
        self.taking_back: dict[str, Told] = {}  # answers, by the key of the wish
        self.merged = self.reminded = self.withdrawn = self.undone = self.approved = 0
        self.replies: dict[int, dict[str, Any]] = {}  # the answer that is on its way or in doubt
        self.nags: Counter[int] = Counter()
        self.judged: list[Any] = []  # the verdicts, as they were written
        self.written = self.read = 0  # answers, and lines of the journal
        self.turns = 0  # since something rare happened
        self.set_back = NOTHING
        self.smooth = True  # one policy, and a clock that is never set back
        self.punctual = True  # the bot was always there

    def assemble(self) -> Bot:
        chosen = Settings(
            bot_token="xoxb-test",
            app_token="xapp-test",
            adapter_names=("demo",),
            teams=Teams({"care": team(self.policy)}, tell="U0LEA"),
            environment={},
        )
        adapters = {"demo": self.platform}
        bot = assembly.assemble(chosen, self.database, adapters, self.slack, self.clock)
        bot.links.workspace = "https://acme.slack.com/"
        return bot

    def teardown(self) -> None:
        self.steps["examples"] += 1
        self.steps["nags"] += self.nags.total()
        self.steps["verdicts"] += len(self.judged)
        for what in ("merged", "reminded", "withdrawn", "undone", "approved"):
            self.steps[what] += getattr(self, what)
        self.bot.bolt.listener_runner.listener_executor.shutdown()

    @now_and_then
    @anything
    @rule()
    def the_journal_is_told_again(self) -> None:
        self.turns = 0
        self.tick()
        if self.smooth:
            self.tell_again()

    # What customers do

    @rule(
        who=st.sampled_from(["mira", "noor", "otto"]),
        words=st.sampled_from(list(WORDS)),
        ago=agos,
        thread=st.one_of(st.none(), picks),
    )
    def a_customer_writes(self, who: str, words: str, ago: timedelta, thread: int | None) -> None:
        self.somebody_writes(who, words, ago, thread)
        self.look_around()

    def somebody_writes(self, who: str, words: str, ago: timedelta, thread: int | None) -> None:
        at = self.now - ago
        old = self.told[thread % len(self.told)] if thread is not None and self.told else None
        more = {"by": old.customer, "parent": old.root} if old else {"by": who}
        key = self.platform.post(WORDS[words], at=at, **more)
        told = old.survivor if old else Told(self.policy, who, urgent=who in self.tags, root=key)
        kind = "praise" if words == "thanks" else words
        begins = told.hear(Post(key, kind, at, thanks=words == "thanks"), self.now)
        if begins and told.answering is None:
            self.replies.pop(told.number, None)  # whoever writes again ends the doubt
        self.bot.intake.poll("demo", self.platform)
        if old is None:
            told.number = self.ask(select(mentions.c.conversation).where(mentions.c.key == key))[0][
                0
            ]
            self.told.append(told)

    @anything
    @rule(pick=picks, post=picks, words=st.sampled_from(list(WORDS)))
    def a_customer_edits(self, pick: int, post: int, words: str) -> None:
        told = self.told[pick % len(self.told)].survivor
        edited = told.posts[post % len(told.posts)]
        if edited.stands and edited not in told.taken_back:
            self.platform.edit(edited.key, WORDS[words])
            if words == "complaint" and told.open:
                told.complains()
        self.bot.intake.poll("demo", self.platform)
        self.look_around()

    @anything
    @rule(pick=picks, post=picks)
    def a_customer_deletes(self, pick: int, post: int) -> None:
        told = self.told[pick % len(self.told)].survivor
        deleted = told.posts[post % len(told.posts)]
        if deleted.stands and deleted not in told.taken_back and not told.blurred():
            self.platform.delete(deleted.key)
            told.delete(deleted, self.now)
            if not told.open:
                self.replies.pop(told.number, None)
        self.bot.intake.poll("demo", self.platform)
        self.look_around()

    # What people do

    @any_open
    @rule(
        pick=picks,
        by=people,
        promised=st.one_of(st.none(), spans),
        mood=st.sampled_from(["well", "well", "well", "refuses", "down", "doubt", "lost"]),
    )
    def somebody_answers(self, pick: int, by: str, promised: timedelta | None, mood: str) -> None:
        told = self.pick(pick)
        self.platform.mood = mood
        number, key = told.number, f"k{self.written}"
        self.written += 1
        until = self.now + promised if promised else None
        unsure = self.replies.get(number, {}).get("unsure", False)
        newest = max(said.id or 0 for said in self.bot.desk.look(number).heard)
        allowed = told.calm and told.owner in (None, by) and not unsure and not told.proposed
        reply = self.bot.answering.reply
        if self.attempt(
            allowed,
            lambda: reply(number, by, "We are on it.", mention=newest, key=key, promised_for=until),
        ):
            told.hold(by, self.now)
            written = {"key": key, "by": by, "until": until, "posts": len(told.posts)}
            if self.policy.approval:
                told.proposed, self.proposals[number] = key, written
            else:
                self.sets_out(told, written)
            self.last[number] = written
        self.deliver()
        self.look_around()

    def sets_out(self, told: Told, written: dict[str, Any]) -> None:
        told.answering, told.proposed = written["posts"], None
        self.replies[told.number] = written

    @proposed
    @rule(pick=picks, by=people, what=st.sampled_from(["approves", "changes", "sends_back"]))
    def a_second_person_looks(self, pick: int, by: str, what: str) -> None:
        waiting = [told for told in self.told if told.proposed]
        told = waiting[pick % len(waiting)]
        getattr(self, what)(told, by, self.proposals[told.number])
        self.deliver()
        self.look_around()

    def approves(self, told: Told, by: str, written: dict[str, Any]) -> None:
        approve = self.bot.answering.approve
        if self.attempt(by != written["by"], lambda: approve(told.number, by)):
            self.sets_out(told, written)
            self.approved += 1

    def changes(self, told: Told, by: str, written: dict[str, Any]) -> None:
        change, key = self.bot.answering.change, f"{written['key']}c"
        if self.attempt(by != written["by"], lambda: change(told.number, by, "Soon.", key=key)):
            self.last[told.number] = written = {**written, "key": key, "seen": len(told.posts)}
            self.sets_out(told, written)

    def sends_back(self, told: Told, by: str, _written: dict[str, Any]) -> None:
        self.bot.answering.send_back(told.number, by, "Kinder, please.")
        told.proposed, told.held_since = None, self.now

    @anything
    @rule(pick=picks, by=people)
    def somebody_takes_an_answer_back(self, pick: int, by: str) -> None:
        told = self.told[pick % len(self.told)].survivor
        number, last = told.number, self.last.get(told.number, {})
        amend, key = self.bot.amending.amend, f"w{len(self.judged)}:{self.now}"
        if self.attempt(last.get("sent", False), lambda: amend(number, by, "withdraw", key=key)):
            last["sent"] = False
            self.taking_back[key] = told
        self.deliver()
        assert not self.taking_back
        self.bot.intake.poll("demo", self.platform)
        self.look_around()

    @in_doubt
    @rule(pick=picks, published=st.booleans(), by=people)
    def somebody_looks_whether_it_is_published(self, pick: int, published: bool, by: str) -> None:
        told = self.pick(pick)
        reply = self.replies.get(told.number, {})
        act = self.bot.answering.resolve_doubt
        if self.attempt(
            reply.get("unsure", False), lambda: act(told.number, by, published=published)
        ):
            reply["unsure"] = False
            told.answering = reply["posts"]
            if published:
                self.is_sent(told)
            else:
                told.hold(reply["by"], self.now)
        self.deliver()
        self.look_around()

    @anything
    @rule(pick=picks, post=picks, ago=agos)
    def somebody_answers_elsewhere(self, pick: int, post: int, ago: timedelta) -> None:
        told = self.told[pick % len(self.told)].survivor
        to = told.posts[post % len(told.posts)]
        at = max(to.at, self.now - ago)
        if told.blurred():
            return
        self.platform.answer_elsewhere(to.key, "We answered here.", at)
        told.there += (at,)
        told.unminded = (*told.unminded, at) if told.state == "dismissed" else ()
        self.bot.intake.poll("demo", self.platform)
        if told.calm:
            unsure = self.replies.get(told.number, {}).get("unsure", False)
            if self.is_answered_elsewhere(told, at) and unsure:
                self.last[told.number]["sent"] = True  # nobody can tell it from ours
        elif told.open:
            self.replies[told.number].setdefault("elsewhere", []).append(at)
        self.look_around()

    def is_answered_elsewhere(self, told: Told, at: datetime) -> bool:
        if not told.open:
            return False
        if told.waiting and at < told.since:
            return False
        if not told.waiting and told.answered_at and at < told.answered_at:
            return False
        promise = told.promise if told.promise and told.promise.due_at > at else None
        kept = promise and Promise(at, promise.due_at, None)
        told.answer(at, [post for post in told.posts if post.at <= at], None, kept)
        self.replies.pop(told.number, None)
        return True

    @any_open
    @rule(pick=picks, by=people, what=st.sampled_from(DECISIONS))
    def somebody_decides(self, pick: int, by: str, what: str) -> None:
        told = self.pick(pick)
        getattr(self, what)(told, by)
        if not told.open:
            self.replies.pop(told.number, None)
        self.look_around()

    def claims(self, told: Told, by: str) -> None:
        allowed = told.calm and told.owner is None
        if self.attempt(allowed, lambda: self.bot.desk.claim(told.number, by)):
            told.hold(by, self.now)

    def takes_over(self, told: Told, by: str) -> None:
        if self.attempt(told.calm, lambda: self.bot.desk.take_over(told.number, by)):
            told.hold(by, self.now)

    def renews(self, told: Told, by: str) -> None:
        self.bot.desk.renew(told.number, by)
        if told.calm:
            self.works(told, by)

    def wakes(self, told: Told, by: str) -> None:
        allowed = told.calm and told.snoozed(self.now)
        if self.attempt(allowed, lambda: self.bot.desk.wake(told.number, by)):
            told.wake(self.now)
            self.works(told, by)

    def settles(self, told: Told, by: str) -> None:
        allowed = told.calm and not told.waiting
        if self.attempt(allowed, lambda: self.bot.desk.settle(told.number, by)):
            told.close("answered", self.now, by)

    def needs_none(self, told: Told, by: str) -> None:
        act = self.bot.desk.no_answer_needed
        if self.attempt(told.calm, lambda: act(told.number, by)):
            told.needs_none(by, self.now)

    def dismisses(self, told: Told, by: str) -> None:
        if self.attempt(told.calm, lambda: self.bot.desk.dismiss(told.number, by, "spam")):
            told.close("dismissed", self.now, by)

    def releases(self, told: Told, by: str) -> None:
        unsure = self.replies.get(told.number, {}).get("unsure", False)
        allowed = told.calm and told.owner is not None and not told.proposed and not unsure
        if self.attempt(allowed, lambda: self.bot.desk.release(told.number, by)):
            told.let_go()

    def escalates(self, told: Told, by: str) -> None:
        act = self.bot.desk.escalate
        if self.attempt(told.calm, lambda: act(told.number, "S0LEGAL", by, "A lawyer wrote")):
            told.escalated = "S0LEGAL"
            self.works(told, by)

    def assigns(self, told: Told, by: str) -> None:
        to = ANA if by == BEN else BEN
        if self.attempt(told.calm, lambda: self.bot.desk.assign(told.number, to, by)):
            told.hold(to, self.now)

    @anything
    @rule(pick=picks, by=people, urgent=st.booleans())
    def somebody_rates(self, pick: int, by: str, urgent: bool) -> None:
        told = self.told[pick % len(self.told)].survivor
        self.bot.desk.rate(told.number, urgent, by)
        told.rated = urgent
        self.look_around()

    @dismissed
    @rule(pick=picks, by=people)
    def somebody_undoes_a_dismissal(self, pick: int, by: str) -> None:
        gone = [told for told in self.told if told.state == "dismissed"] or self.told
        told = gone[pick % len(gone)].survivor
        if told.blurred():
            return
        allowed = told.state == "dismissed" and told.closed_by is not None
        allowed = allowed and told.closed_at is not None and self.now <= told.closed_at + UNDO
        if self.attempt(allowed, lambda: self.bot.desk.undismiss(told.number, by)):
            told.undismiss(self.now)
            if told.unminded:
                self.is_answered_elsewhere(told, max(told.unminded))
            self.undone += 1
        self.look_around()

    @several
    @rule(pick=picks, other=picks, by=people, undo=st.booleans())
    def somebody_merges(self, pick: int, other: int, by: str, undo: bool) -> None:
        """What is undone at once was never there."""
        into = self.told[pick % len(self.told)].survivor
        others = [t for t in self.told if t.customer == into.customer and t is not into] or [into]
        gone = others[other % len(others)]
        merging, before = Merging(self.bot.desk), self.rows()
        allowed = gone is not into and not self.busy(into) and not self.busy(gone)
        if self.attempt(allowed, lambda: merging.merge(into.number, gone.number, by)):
            if undo:
                merging.unmerge(gone.number, by)
                assert self.rows() == before, "what was undone left a trace"
            else:
                into.absorb(gone, self.now)
                self.last.update({into.number: self.newest_answer(into, gone)})
                self.merged += 1
        self.look_around()

    def busy(self, told: Told) -> bool:
        unsure = self.replies.get(told.number, {}).get("unsure", False)
        merged = told.into is not None
        return bool(told.answering is not None or merged or told.proposed or unsure)

    def newest_answer(self, *both: Told) -> dict[str, Any]:
        return max(
            (self.last.get(told.number, {}) for told in both),
            key=lambda last: int(last.get("key", "k-1").strip("kc")),
        )

    def rows(self) -> Any:
        tables = (conversations, mentions, replies, verdicts, entries)
        return [self.ask(select(table).order_by(*table.primary_key)) for table in tables]

    @anything
    @rule(pick=picks, by=people, span=spans)
    def somebody_wants_to_ask_later(self, pick: int, by: str, span: timedelta) -> None:
        told = self.told[pick % len(self.told)]
        due = self.now + span
        Contacts(self.bot.desk).follow_up(told.number, by, due, "Does it work?")
        self.reminders.append({"told": told, "by": by, "due": due})
        self.look_around()

    @any_open
    @rule(pick=picks, by=people, span=spans, until_they_write=st.booleans())
    def somebody_snoozes(self, pick: int, by: str, span: timedelta, until_they_write: bool) -> None:
        told, until = self.pick(pick), self.now + span
        snooze = self.bot.desk.snooze
        if self.attempt(
            told.calm,
            lambda: snooze(told.number, by, until, "later", until_they_write=until_they_write),
        ):
            told.snooze(until, self.now, until_they_write=until_they_write)
            self.works(told, by)
        self.look_around()

    @any_open
    @rule(pick=picks, by=people, kind=st.sampled_from(["complaint", "question", "praise", "other"]))
    def somebody_judges(self, pick: int, by: str, kind: str) -> None:
        told = self.pick(pick)
        self.bot.desk.judge(told.number, by, Kind(kind))
        told.judge(kind)
        self.look_around()

    @anything
    @rule(pick=picks, by=people, off=st.booleans())
    def somebody_tags(self, pick: int, by: str, off: bool) -> None:
        told = self.told[pick % len(self.told)]
        change = self.bot.desk.untag if off else self.bot.desk.tag
        change(told.number, by, "vip")
        (self.tags.discard if off else self.tags.add)(told.customer)
        for each in self.told:
            each.urgent = each.customer in self.tags
        self.look_around()

    # What comes by itself

    @rule(span=spans)
    def time_passes(self, span: timedelta) -> None:
        self.go_to(self.now + span)
        self.look_around()

    @rule()
    def the_next_thing_happens(self) -> None:
        moment = self.next_moment()
        if moment and moment < self.now + 14 * DAY:
            self.go_to(moment)
        self.look_around()

    @now_and_then
    @rule(span=spans)
    def nobody_is_there(self, span: timedelta) -> None:
        """The bot is down for a while, and then it is there again."""
        self.turns = 0
        self.clock.at += span
        self.punctual = False
        self.tick()
        self.look_around()

    @now_and_then
    @rule(mood=st.sampled_from(["down", "lost", "well", "well"]))
    def slack_changes_its_mood(self, mood: str) -> None:
        self.turns = 0
        self.slack.mood = mood
        self.deliver()
        self.look_around()

    @now_and_then
    @rule(span=st.sampled_from([2 * MINUTE, 40 * MINUTE, 3 * HOUR]))
    def the_wall_clock_jumps_back(self, span: timedelta) -> None:
        self.turns = 0
        on_its_way = any(told.answering is not None or told.proposed for told in self.told)
        if self.set_back + span < 12 * HOUR and not on_its_way:
            self.set_back += span
            self.clock.at -= span
            self.smooth = self.punctual = False
            self.note()
            self.tick()
        self.look_around()

    @now_and_then
    @rule()
    def it_is_restarted(self) -> None:
        self.turns = 0
        self.bot.bolt.listener_runner.listener_executor.shutdown()
        self.bot = self.assemble()
        self.bot.settle_in()
        self.bot.sweep.recount()
        self.tick()
        self.look_around()

    @now_and_then
    @rule(policy=st.sampled_from(list(POLICIES)))
    def the_policy_changes(self, policy: str) -> None:
        if POLICIES[policy] is not self.policy:
            self.policy, self.smooth = POLICIES[policy], False
            for told in self.told:
                told.policy = self.policy
        self.it_is_restarted()

    # How time passes

    @property
    def now(self) -> datetime:
        return self.clock.at

    def go_to(self, target: datetime) -> None:
        """As the worker does, which looks every second: at each moment at which there is news."""
        while (moment := self.next_moment()) and moment < target:
            self.clock.at = moment
            self.tick()
        self.clock.at = max(target, self.now)
        self.tick()

    def next_moment(self) -> datetime | None:
        """When the model expects something, the team comes or goes, or a delivery is due again."""
        moments = self.expected()
        moments += [at for at in self.opening_hours() if at]
        moments += self.due_again()
        return min((at for at in moments if at > self.now), default=None)

    def opening_hours(self) -> list[datetime]:
        if not any(told.open for told in self.told):
            return []
        windows = self.policy.windows(self.now)
        edges = [edge for _ in range(3) for edge in [next(windows)]]
        return [at for opens, closes in edges for at in (opens, closes - 15 * MINUTE, closes)]

    def due_again(self) -> list[datetime]:
        if self.slack.mood != "well" or self.platform.mood == "down":
            return []
        waiting = (outbox.c.done_at.is_(None), outbox.c.dead_at.is_(None), outbox.c.failures > 0)
        return [row.due_at for row in self.ask(select(outbox.c.due_at).where(*waiting))]

    def tick(self) -> None:
        """As the worker does: what comes by itself, and what is carried out, until all is done."""
        self.sweep()
        while any(at <= self.now for at in self.expected()):
            self.sweep()

    def expected(self) -> list[datetime]:
        """When something comes by itself."""
        nags = [self.effect(told, told.next_nag()) for told in self.told if told.calm]
        ends = [told.lets_go_at() for told in self.told]
        ends += [each["due"] for each in self.reminders]
        return [at for at in (*nags, *ends) if at]

    def note(self) -> None:
        """Who was to be called after a pause or a night is, if the clock is set back before it."""
        for row in self.ask(select(conversations)):
            told = self.of(row.id)
            nag_at = told.next_nag() if told.calm else None
            late = nag_at and nag_at < self.now < row.next_nag_at
            told.noted = row.next_nag_at if late else None

    def forget(self) -> None:
        if any(told.noted for told in self.told):
            for row in self.ask(select(conversations)):
                told = self.of(row.id)
                told.noted = told.noted if row.next_nag_at == told.noted else None

    def sweep(self) -> None:
        self.forget()
        sweep = self.bot.sweep
        for told in self.told:
            at = told.lets_go_at()
            if at and at <= self.now:
                told.let_go()
        expected = {told.number: said for told in self.told if (said := told.sweep(self.now))}
        self.remind()
        nagging = (sweep.let_go_one, sweep.list_one, sweep.nag_some)
        for step in (*nagging, sweep.follow_up_one, sweep.gather_one):
            for _ in range(100):
                if not step():
                    break
            else:
                raise AssertionError(f"{step} never ends")
        climbed = self.new_nags()
        assert climbed == expected, f"the rungs that were climbed now: {climbed}, not {expected}"
        self.clock.at += SECOND
        self.deliver()

    def remind(self) -> None:
        """What somebody wanted to ask is asked in working hours."""
        for each in sorted(self.reminders, key=lambda each: each["due"]):
            if each["due"] <= self.now:
                each["due"] = self.policy.count(self.now, NOTHING, [])
                if each["due"] == self.now:
                    until = self.policy.count(self.now, 4 * HOUR, [])
                    each["told"].survivor.follow_up(until, each["by"], self.now)
                    self.reminders.remove(each)
                    self.reminded += 1

    def new_nags(self) -> dict[int, tuple[int, str]]:
        rows = self.ask(select(entries).where(entries.c.id > self.read).order_by(entries.c.id))
        self.read = rows[-1].id if rows else self.read
        nags = [row for row in rows if row.what == journal.NAG]
        self.nags.update(row.conversation for row in nags)
        found = {row.conversation: (row.how["rung"], row.how["whom"]) for row in nags}
        assert len(found) == len(nags), "two rungs of one clock at once"
        return found

    def deliver(self) -> None:
        """The courier, with time passing as fast as Slack takes what we say."""
        for _ in range(300):
            while self.deliver_one():
                pass
            if self.slack.mood != "well" or not self.paced():
                return
            self.clock.at += 2 * SECOND
        raise AssertionError("the outbox is never empty")

    def deliver_one(self) -> bool:
        begun = len(self.slack.calls)
        with suppress(ConnectionError):
            more = self.bot.courier.deliver_one()
        for method, params in self.slack.calls[begun:]:
            self.is_said(method, params)
        for told in self.told:
            if told.answering is not None:
                self.is_it_there(told)
        for key in list(self.taking_back):
            self.is_it_withdrawn(key)
        return more

    def is_it_withdrawn(self, key: str) -> None:
        [kept] = self.ask(select(amendments).where(amendments.c.key == key))
        if kept.done_at:
            self.taking_back.pop(key).withdrew(self.now)
            self.withdrawn += 1

    def paced(self) -> bool:
        """Whether something waits for nothing but its turn."""
        waits = (outbox.c.done_at.is_(None), outbox.c.dead_at.is_(None))
        rows = self.ask(select(outbox).where(*waits).order_by(outbox.c.id))
        first: dict[str, Any] = {}
        for row in rows:
            first.setdefault(row.lane, row)
        return any(
            row.due_at <= self.now or not row.failures
            for row in first.values()
            if row.leased_until is None
        )

    def is_said(self, method: str, params: dict[str, Any]) -> None:
        """Who is called, and whether they may be."""
        if method == "chat.postMessage":
            metadata = params["metadata"]
            metadata = json.loads(metadata) if isinstance(metadata, str) else metadata
            what, of, *more = metadata["event_payload"]["key"].split(":")
            if what == "nag":
                self.is_called(int(of))
            elif what == "list":
                self.is_listed(more[0], params["text"])
        elif method == "chat.update":
            nag = select(conversations.c.id).where(conversations.c.nag == params["ts"])
            for row in self.ask(nag):
                self.is_called(row.id)

    def is_listed(self, what: str, words: str) -> None:
        calls = what != "closing"
        if calls:
            assert self.policy.count(self.now, NOTHING, []) == self.now, "a list at night"
        for number in re.findall(r"^(\d+): ", words, re.MULTILINE):
            told = self.of(int(number))
            assert told.open, "a list of what is answered"
            told.silent = told.silent and not calls

    def is_called(self, number: int) -> None:
        told = self.of(number)
        assert told.calm, "a nag after an answer"
        assert told.due(), "a nag about nothing"
        assert told.may_speak(self.now) == self.now, "a nag while nobody works"
        told.silent = False

    def is_it_there(self, told: Told) -> None:
        """What became of our answer."""
        reply = self.replies[told.number]
        [kept] = self.ask(select(replies).where(replies.c.key == reply["key"]))
        [found] = self.ask(select(conversations).where(conversations.c.id == told.number))
        if kept.sent_at:
            assert self.platform.answered(reply["key"])
            reply["sent"] = True
            self.is_sent(told)
        elif found.state != "replying":
            reply["posts"], reply["unsure"] = told.answering, found.unsure is not None
            told.refused(self.now)
            for at in reply.get("elsewhere", []):
                self.is_answered_elsewhere(told, at)

    def is_sent(self, told: Told) -> None:
        reply = self.replies.pop(told.number)
        promise = Promise(self.now, reply["until"], reply["by"]) if reply["until"] else None
        told.answer(self.now, self.answered_posts(told, reply.get("seen", 0)), reply["by"], promise)

    def answered_posts(self, told: Told, seen: int) -> Sequence[Post]:
        """Older words that came late were before the eyes of who changed the answer."""
        first = told.answering or 0
        newest = told.posts[first - 1].at
        return [*told.posts[:first], *(p for p in told.posts[first:seen] if p.at < newest)]

    # What must be true

    def look_around(self) -> None:
        self.tick()
        self.turns += 1
        self.steps["steps"] += 1
        rows = self.ask(select(conversations).order_by(conversations.c.id))
        judged = self.ask(select(verdicts).order_by(verdicts.c.id))
        said = self.ask(select(mentions).where(mentions.c.origin == "customer"))
        calls = (outbox.c.done_at.is_(None), outbox.c.errand.in_(["nag", "list"]))
        owed = self.ask(select(outbox).where(*calls))
        assert len(rows) == len(self.told)
        for row in rows:
            self.compare(row, self.of(row.id), owed)
        assert judged[: len(self.judged)] == self.judged, "a verdict was rewritten"
        self.judged = list(judged)
        self.compare_outcomes()
        self.count(rows, said)

    def compare(self, row: Any, told: Told, owed: Any) -> None:
        due = told.due()
        told.notice(due)
        assert row.state == told.state
        if not told.open:
            assert row.next_nag_at is None
            assert row.closed_at
            return
        assert row.kind == told.kind, (row, told)
        assert row.owner == told.owner
        assert (row.waits, row.thanks) == (bool(told.waiting), told.thanks)
        assert row.promised_for == (told.promise and told.promise.due_at)
        assert row.due_at == (due and due.at), (row, told)
        if due:
            assert (row.owed, row.rungs_climbed) == (due.owed, told.climbed)
        if told.calm:
            assert row.claimed_until == told.lets_go_at()
            self.hear_of_late(row, told)
            assert self.effect(told, row.next_nag_at) == self.effect(told, told.next_nag())
            waits = row.unsaid_until or any(speaks(each, told.number) for each in owed)
            assert waits or not told.silent, "a nag that nobody hears"

    def hear_of_late(self, row: Any, told: Told) -> None:
        """A nag that came too late to be said today."""
        if row.unsaid_until and not told.unsaid:
            assert told.may_speak(self.now) >= row.unsaid_until
            told.unsaid = row.unsaid_until
        assert row.unsaid_until == told.unsaid

    def effect(self, told: Told, at: datetime | None) -> datetime | None:
        """When somebody is called, whatever moment is noted for it."""
        return at and told.may_speak(max(at, self.now))

    def compare_outcomes(self) -> None:
        for told in self.told:
            theirs = [
                Outcome(row.owed if row.due_at else "", row.due_at, row.ended_at, row.verdict)
                for row in self.judged
                if row.conversation == told.number
            ]
            assert theirs == told.outcomes

    def count(self, rows: Any, said: Any) -> None:
        """What came in is open or has an outcome, to the last one."""
        assert len(said) == sum(len(told.posts) for told in self.told)
        closed = {row.id for row in rows if row.state in ("answered", "dismissed")}
        waits = {row.id for row in rows if row.state in ("waiting", "claimed", "replying")}
        judged = {row.conversation for row in self.judged}
        assert closed <= judged
        came = Counter(each.conversation for each in said)
        assert sum(came.values()) == sum(came[n] for n in closed) + sum(came[n] for n in waits)

    def tell_again(self) -> None:
        until = self.now + SECOND
        with reading(self.database) as db:
            diaries = journal.lives(db, until=until)
            again = {each.bare.id: tell(each, team(self.policy), until) for each in diaries}
        for row in self.ask(select(conversations)):
            life = again[row.id]
            it = life.it
            assert it.state == row.state
            if self.of(row.id).open:
                assert (it.due_at, it.owner) == (row.due_at, row.owner)
                assert (it.waits, it.promised_for) == (row.waits, row.promised_for)
            if self.punctual:
                assert len(life.nags) == self.nags[row.id], "nags told again"
            theirs = [v.verdict for v in self.judged if v.conversation == row.id]
            assert [v.verdict for v in life.verdicts] == theirs

    def ask(self, question: Any) -> Sequence[Any]:
        with reading(self.database) as db:
            return db.execute(question).all()

    def of(self, number: int) -> Told:
        return next(told for told in self.told if told.number == number)

    def pick(self, number: int) -> Told:
        open_ones = [told for told in self.told if told.open]
        return open_ones[number % len(open_ones)]

    def works(self, told: Told, by: str) -> None:
        if told.owner == by:
            told.held_since = self.now

    def attempt(self, allowed: bool, act: Callable[[], None]) -> bool:
        problem = None
        try:
            act()
        except NotPossible as refused:
            problem = refused
        assert (problem is None) == allowed, problem or "that should not have been possible"
        return allowed


def speaks(row: Any, number: int) -> bool:
    if row.errand == "nag":
        return row.conversation == number
    return number in json.loads(row.detail)["nagged"]


def empty(database: Database) -> None:
    with database.begin() as db:
        if is_sqlite(database):
            for table in reversed(metadata.sorted_tables):
                if table.name != "audit":  # whose rows are only ever added
                    db.execute(table.delete())
        else:
            names = ", ".join(table.name for table in metadata.sorted_tables)
            db.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))


EXAMPLES = os.environ.get("STATEFUL_EXAMPLES")  # more, and others each time: to look for trouble


def test_whatever_happens_every_customer_is_answered_or_has_a_live_clock(
    database: Database, record_property: Callable[[str, object], None]
) -> None:
    World.database, World.steps = database, Counter()
    some = 60 if is_sqlite(database) else 4
    live = settings(
        max_examples=int(EXAMPLES or some),
        stateful_step_count=30,
        deadline=None,
        database=None,
        derandomize=not EXAMPLES,
        phases=tuple(Phase) if EXAMPLES else (Phase.generate,),  # a failure is told at once
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )

    run_state_machine_as_test(World, settings=live)

    steps = World.steps
    record_property(
        "tells",
        f"Conversations driven at random: {steps['examples']} worlds, {steps['steps']} steps,"
        f" {steps['nags']} nags, {steps['verdicts']} verdicts, {steps['approved']} approved,"
        f" {steps['withdrawn']} withdrawn, {steps['undone']} dismissals undone,"
        f" {steps['merged']} merged, {steps['reminded']} follow-ups.",
    )


def test_what_is_rare_happens_too(database: Database) -> None:
    """Chance seldom gets to these: each once, with all that must be true afterwards."""
    World.database, World.steps = database, Counter()
    for policy in ("daily", "always"):
        world = World()
        world.it_is_begun("on a Tuesday", policy, "complaint")
        world.somebody_answers(0, ANA, None, "well")
        if world.policy.approval:
            world.a_second_person_looks(0, BEN, "sends_back")
            world.somebody_answers(0, ANA, None, "well")
            world.a_customer_writes("mira", "question", NOTHING, 0)
            world.a_second_person_looks(0, BEN, "approves")
        world.somebody_takes_an_answer_back(0, ANA)
        world.somebody_decides(0, ANA, "dismisses")
        world.somebody_undoes_a_dismissal(0, BEN)
        world.a_customer_writes("mira", "complaint", 20 * MINUTE, None)
        world.somebody_merges(0, 1, ANA, True)
        world.somebody_merges(0, 1, ANA, False)
        world.somebody_wants_to_ask_later(0, ANA, HOUR)
        world.time_passes(2 * DAY)
        world.teardown()

    rare = {what: World.steps[what] for what in ("approved", "withdrawn", "undone", "merged")}
    assert rare == {"approved": 1, "withdrawn": 2, "undone": 2, "merged": 2}
    assert World.steps["reminded"] == 2
