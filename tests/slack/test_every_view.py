"""Everything that the bot shows, over everything that people can write: Slack takes it, and nobody
but us writes markup. A view that is not in `VIEWS` makes a test fail.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from gettext import NullTranslations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.domain.account import Account
from bot.domain.approval import Why
from bot.domain.case import Case, Nagged
from bot.domain.conversation import State
from bot.domain.guess import Lesson
from bot.domain.health import Books, Connections, Disk, Health, Missed, Still
from bot.domain.mention import Kind
from bot.domain.problems import NotPossible
from bot.domain.profile import Chapter, FollowUp, Note, Profile
from bot.domain.reply import Ability, Amendment, Draft, Files
from bot.domain.saved import Saved
from bot.domain.warnings import Warning, What
from bot.forgetting import Receipt
from bot.learning import State as Learnt
from bot.lessons import Effect
from bot.policy.made_in_slack import Wanted
from bot.simulate import Told
from bot.slack import (
    auditing,
    bulk_forms,
    buttons,
    cards,
    contact_forms,
    digests,
    erasing_forms,
    forms,
    handling_forms,
    health,
    histories,
    home,
    judgements,
    leaning_forms,
    lists,
    managing,
    notes,
    previews,
    queue,
    reply_forms,
    saved_forms,
    setup,
    stories,
    surges,
    taught,
    tongue,
    whatif,
    working,
)
from bot.slack.blocks import Message
from bot.slack.handling_forms import Hands, Way
from bot.slack.text import harmless
from bot.slack.tongue import languages, speaking
from bot.surges import PAGE
from storage import overview
from storage.audit import Done
from storage.conversations import Waiting
from storage.forgetting import Candidate
from storage.lessons import Taught
from storage.samples import Sample
from storage.search import Page, Totals
from storage.surges import Surge
from tests.conftest import CARE, NOON
from tests.slack.cases import (
    HOUR,
    POST,
    REPLY,
    SENT,
    STATES,
    WAITING,
    case,
)
from tests.slack.hostile import TEXT, URL, cases_of_all_kinds, must_be_good

CODE = Path(__file__).parents[2] / "bot" / "slack"
SHOWS = {"View", "Message", "View | None", "Message | None"}
BERLIN = ZoneInfo("Europe/Berlin")
LINKS = queue.Links("https://acme.slack.com/")
MANY = 10_000
GATHERED = 150  # that the sweep puts into one digest
GREEK = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "αβγδεφγηιϳκλμνοπϙρστυϝωξυζΑΒΓΔΕΦΓΗΙϴΚΛΜΝΟΠϘΡΣΤΥϜΩΞΥΖ",
)
KEPT = re.compile(r"(\{[^{}]*\}|<[^<>]*>|`[^`]*`|:[a-z_]+:)")  # places, markup, commands, emoji
LATIN = re.compile(r"[A-Za-z]{2,}")
MADE = (  # what the worlds below are made of, and what Babel says
    "Mira Lindqvist mira My order is broken still thanks Waiting for the parcel Asked a photo care",
    "Tomorrow In week Name Done No Not so Account On its way Europe Berlin Pacific Auckland UTC",
    "Deutsch Englisch Di Mi Do Nov Unanswered unanswered de new one on",
)
MADE_UP = {word for each in MADE for word in each.split()}


@dataclass(frozen=True, kw_only=True)
class World:
    """What somebody made up: a case, words, and how many there are of everything."""

    case: Case
    text: str = "My order is broken"
    url: str | None = None
    many: int = 1
    number: int = 42

    def times(self, thing: Any, most: int = MANY) -> list[Any]:
        return [thing] * min(self.many, most)

    @property
    def waiting(self) -> list[Waiting]:
        """Of one customer, as many as there are, in different states."""
        drawn = self.case.conversation
        states = [drawn, WAITING, replace(WAITING, due_at=None)]
        some = [
            Waiting(
                conversation=replace(states[number % 3], id=number + 1),
                customer=self.case.customer,
                words=self.text,
            )
            for number in range(min(self.many, 300))
        ]
        return (some * (self.many // max(1, len(some)) + 1))[: self.many]

    @property
    def safe(self) -> str:
        """As our own code writes it where markup is read."""
        return harmless(self.text, 200)

    @property
    def profile(self) -> Profile:
        chapter = Chapter(
            number=self.number,
            account="twitter",
            team="care",
            state=State.DISMISSED,
            kind=Kind.COMPLAINT,
            since=NOON,
            closed_by="U0BEN",
            closed_because=self.text,
            promised_for=NOON,
            promised_by="U0ANA",
        )
        note = Note(id=1, customer=1, by="U0ANA", at=NOON, text=self.text)
        wanted = FollowUp(
            id=1, conversation=1, by="U0ANA", at=NOON, due_at=NOON, text=self.text[:1000]
        )
        return Profile(
            customer=self.case.customer,
            identities=self.times(self.case.customer),
            tags=self.times(self.text[:40]),
            language="de",
            timezone="Pacific/Auckland",
            notes=self.times(note),
            chapters=self.times(chapter),
            follow_ups=self.times(wanted),
            said=self.times(POST),
            known_by=self.times("U0BEN", 5),
        )

    @property
    def ability(self) -> Ability:
        files = Files(4, 5_000_000, ("image/",))
        return Ability(speaks_as=self.text[:200] or "@acme", limit=280, parts=25, files=files)

    @property
    def sheet(self) -> reply_forms.Sheet:
        return reply_forms.Sheet(
            case=self.case,
            ability=self.ability,
            at=self.case.latest,
            now=NOON,
            zone=BERLIN,
            text=self.text,
            places=[replace(self.case.latest, id=7), replace(POST, id=8, public=False)]
            if self.case.latest.id == 7
            else [],
            promises=MOMENTS,
            keep=NOON + 3 * HOUR,
            sign=self.text[:100],
            writing=self.times(Draft(author="U0BEN", text="", at=NOON), 20),
            choosing=True,
            missing=[f"name {n}" for n in range(min(self.many, 12))],
        )

    @property
    def proof(self) -> previews.Proof:
        return previews.Proof(
            case=self.case,
            at=self.case.latest,
            ability=self.ability,
            posts=self.times(self.text[:3000], 25) or ["On its way."],
            about={"conversation": 42},
            files=self.times({"id": "F1", "name": self.text[:200], "size": 10**9}, 4),
            promised_for=NOON,
            why=Why.RULE,
            warnings=self.times(Warning(What.LINK, self.text[:60]), 300),
            overt=True,
            anew=True,
        )

    @property
    def saved(self) -> Saved:
        return Saved(
            id=1,
            team=self.text[:31],
            language="de",
            name=self.text[:60] or "-",
            text=self.text[:3000],
            by="U0ANA",
            at=NOON,
        )

    @property
    def listing(self) -> queue.Listing:
        totals = Totals(waiting=self.many, late=1, claimed=1, closed=2, kept=1, broken=1)
        return queue.Listing(
            title="Waiting for care",
            query="overdue",
            found=self.waiting[: queue.PAGE],
            totals=totals,
            skipped=10,
        )

    @property
    def own(self) -> home.Own:
        page = Page(found=self.waiting[:10], many=self.many)
        conversation, customer = self.case.conversation, self.case.customer
        jotting = overview.Jotting(
            conversation=conversation, customer=customer, text=self.text, at=NOON
        )
        return home.Own(
            mine=page,
            waiting=page,
            promised=page,
            snoozed=page,
            drafts=Page(found=self.times(jotting, 10), many=self.many),
            follow_ups=Page(found=self.times(jotting, 10), many=self.many),
            figures=overview.Figures(answered=self.many, response=HOUR, kept=1, broken=1),
        )

    @property
    def led(self) -> home.Led:
        oldest = next(iter(self.waiting), None)
        team = overview.OfTeam(name=self.text[:31], open=self.many, oldest=oldest)
        holder = overview.Holder(person="U0BEN", open=9, late=1, relationships=200)
        return home.Led(
            teams=self.times(team),
            holders=Page(found=self.times(holder, 15), many=self.many),
            due=overview.Due(until=[(NOON + HOUR, self.many)]),
            approvals=Page(found=self.waiting[:10], many=self.many),
            health=self.health,
        )

    @property
    def health(self) -> Health:
        """Everything ails us."""
        account = Account(
            name="twitter",
            cursor=None,
            started_at=NOON,
            next_poll_at=NOON,
            failing_since=NOON,
            read_to=NOON,
            gap=self.text,
            gap_at=NOON,
            trouble=self.text,
        )
        missed = Missed(many=self.many, number=self.number, since=NOON)
        books = Books(
            at=NOON,
            accounts=[*self.times(account), replace(account, failing_since=None)],
            unreadable={account.name: self.many},
            waiting=self.many,
            owed_since=NOON - HOUR,
            dead=self.many,
            uncalled=missed,
            cardless=missed,
        )
        return Health(
            at=NOON,
            books=books,
            silent=HOUR,
            connections=Connections(living=0, deaf_for=HOUR, ghosts=self.many),
            still=[Still(name="poll:twitter", silent=HOUR)],
            disk=Disk(free=1, total=2),
            clock_off=HOUR,
        )

    @property
    def candidate(self) -> Candidate:
        who = self.times(self.case.customer) or [self.case.customer]
        return Candidate(id=1, identities=who, conversations=self.many, open=self.many)

    @property
    def receipt(self) -> Receipt:
        numbers = self.times(self.number)
        return Receipt(
            id=self.number,
            at=NOON,
            by="U0LEA",
            done_at=None,
            removed=dict.fromkeys(erasing_forms.REMOVED, self.many),
            messages=self.many,
            files=1,
            homes=1,
            waiting=numbers,
            threads=self.times(("C0CARE", "1.000001")),
            stuck=self.times(("C0CARE", "1.000001")),
        )

    @property
    def told(self) -> Told:
        nag = Nagged(at=NOON - HOUR, rung=0, call="owner", whom="U0ANA")
        return Told(start=NOON - 30 * HOUR, end=NOON, now=NOON, nags=self.times(nag, 50))

    @property
    def surge(self) -> Surge:
        ended = NOON if self.many == 1 else None
        return Surge(
            id=1,
            team="care",
            channel="C0CARE",
            began_at=NOON - HOUR,
            at=NOON,
            usual=self.many / 100,
            ended_at=ended,
        )

    @property
    def pick(self) -> bulk_forms.Pick:
        return bulk_forms.Pick(
            query=self.text[:1900],
            title="Waiting for care",
            found=self.waiting[:100],
            many=self.many,
            deed=bulk_forms.Deed.SNOOZE,
            moments=MOMENTS,
            zone=BERLIN,
        )

    @property
    def hands(self) -> Hands:
        ways, other = list(Way), replace(CARE, name=self.text[:31] or "press")
        above = [*self.times("S0LEADS"), "U0LEA", f"team {other.name}"]
        way = ways[self.many % len(ways)]
        teams = self.times(other) or [other]
        return Hands(way=way, ways=ways, team=CARE, teams=teams, above=above)

    @property
    def contact(self) -> contact_forms.Contact:
        teams = self.times(self.text[:31] or "care")
        return contact_forms.Contact(teams=teams, team="care", now=NOON, words=self.text[:3000])

    @property
    def message(self) -> contact_forms.Said:
        words = self.text[:3000]
        return contact_forms.Said(
            channel="C0CARE", ts="1.000001", author="U0BEN", name=self.text[:500], words=words
        )


MOMENTS = [("Tomorrow", NOON + 24 * HOUR), ("In a week", NOON + 7 * 24 * HOUR)]
AMENDED = Amendment(key="A1", reply="V1", what="correct", author="U0ANA", text="New", at=NOON)
TAUGHT = Taught(
    team="care",
    what="complaint",
    made_at=NOON,
    lesson=Lesson(weights=b"", bias=0.0, threshold=0.4),
    labels=100,
)
VIEWS: dict[str, Callable[[World], Any]] = {
    "auditing.entries": lambda w: auditing.entries(
        w.number,
        1,
        w.times(
            Done(at=NOON, by=w.text, via=w.text, what=w.text, conversation=1, about={"a": w.text}),
            auditing.PAGE,
        ),
        more=True,
    ),
    "bulk_forms.outcome": lambda w: bulk_forms.outcome(
        w.times(1), w.times((w.number, f"*{w.safe}* <@U0ANA>"))
    ),
    "bulk_forms.pick": lambda w: bulk_forms.pick(w.pick),
    "cards.card": lambda w: cards.card(w.case, NOON),
    "contact_forms.follow_up": lambda w: contact_forms.follow_up(w.case, MOMENTS, BERLIN),
    "contact_forms.log": lambda w: contact_forms.log(w.contact),
    "contact_forms.logged": lambda w: contact_forms.logged(w.number, "C0CARE"),
    "contact_forms.make_case": lambda w: contact_forms.make_case(
        w.message, w.contact.teams, "care"
    ),
    "digests.digest": lambda w: (
        digests.digest(w.waiting[:PAGE], surge=True, holding=True)
        if w.number == 1 and w.many
        else digests.digest(w.waiting[:GATHERED], daily=w.number == 42)
        if w.many
        else None
    ),
    "erasing_forms.forget": lambda w: erasing_forms.forget([w.candidate, *w.times(w.candidate)]),
    "erasing_forms.receipt": lambda w: erasing_forms.receipt(w.receipt),
    "forms.dismiss": lambda w: forms.dismiss(w.case),
    "forms.loading": lambda _w: forms.loading(),
    "forms.snooze": lambda w: forms.snooze(w.case, MOMENTS, NOON, BERLIN),
    "forms.too_late": lambda w: forms.too_late(f"*{w.safe}*", w.text),
    "handling_forms.hand_on": lambda w: handling_forms.hand_on(w.case, w.hands),
    "handling_forms.merge": lambda w: handling_forms.merge(w.case, w.waiting),
    "handling_forms.more": lambda w: handling_forms.more(w.case, buttons.deeds(w.case, NOON)),
    "handling_forms.same": lambda w: handling_forms.same(w.case, w.times((1, w.text))),
    "health.message": lambda w: health.message(w.health),
    "health.view": lambda w: health.view(w.health),
    "histories.about": lambda w: histories.about(w.profile, w.number, NOON),
    "histories.chapters": lambda w: histories.chapters(w.profile, w.number, w.many // 40),
    "histories.notes": lambda w: histories.notes(w.profile, w.number, w.many // 40),
    "histories.person_form": lambda w: histories.person_form(w.profile, w.number, "customer"),
    "histories.said": lambda w: histories.said(
        w.profile,
        w.number,
        1,
        w.times(replace(w.case.latest, url=w.url, text=w.text), histories.PAGE),
        more=True,
    ),
    "home.home": lambda w: home.home(
        w.own,
        w.listing,
        home.Chosen(),
        [home.Choice("kind", "Kind", [(w.text[:75] or "-", "complaint")])],
        NOON,
        LINKS,
        w.led,
        exports=True,
        problem=w.safe,
    ),
    "home.overview": lambda w: home.overview(w.own, NOON, LINKS, w.led),
    "home.trouble": lambda w: home.trouble(w.safe or "-"),
    "lists.closing": lambda w: lists.closing(CARE, w.waiting, NOON + HOUR, LINKS),
    "lists.gathered": lambda w: lists.gathered(CARE, w.waiting, ["<@U0ANA>"], NOON + HOUR, LINKS),
    "lists.opening": lambda w: lists.opening(
        CARE, w.waiting, w.waiting, ["<@U0ANA>"], NOON + HOUR, LINKS
    ),
    "managing.naming": lambda w: managing.naming(home.Chosen({"view": w.text[:200]})),
    "notes.automatic": lambda w: notes.automatic(w.case.latest),
    "notes.closing": lambda w: notes.closing("U0ANA", w.case.latest.account, NOON + HOUR, NOON),
    "notes.deleted": lambda w: notes.deleted(w.case),
    "notes.escalated": lambda w: notes.escalated("U0LEA", "U0ANA", w.text),
    "notes.follow_up": lambda w: notes.follow_up("U0ANA", w.text),
    "notes.in_doubt": lambda w: notes.in_doubt(owned(w.case), w.text),
    "notes.let_go": lambda w: notes.let_go(w.case, "U0ANA", HOUR),
    "notes.nag": lambda w: notes.nag(w.case, "U0ANA", NOON),
    "notes.nag_away": lambda w: notes.nag_away(w.case, "U0ANA", NOON, None),
    "notes.not_amended": lambda w: notes.not_amended(w.case, replace(AMENDED, refused=w.text)),
    "notes.notice": lambda w: notes.notice(w.safe or "-"),
    "notes.proposed": lambda w: notes.proposed(owned(w.case), "U0LEA"),
    "notes.refused": lambda w: notes.refused(owned(w.case), w.text),
    "notes.retired": lambda w: notes.retired(w.case, "moved", None),
    "notes.sent_back": lambda w: notes.sent_back("U0ANA", "U0BEN", w.text),
    "notes.wrote_again": lambda w: notes.wrote_again(replace(w.case.latest, text=w.text)),
    "previews.preview": lambda w: previews.preview(w.proof),
    "queue.queue": lambda w: queue.queue(w.listing, NOON, LINKS),
    "reply_forms.answered_there": lambda w: reply_forms.answered_there(w.case),
    "reply_forms.correct": lambda w: reply_forms.correct(
        w.case, replace(SENT, text=w.text), w.ability, text=w.text
    ),
    "reply_forms.reply": lambda w: reply_forms.reply(w.sheet),
    "reply_forms.send_back": lambda w: reply_forms.send_back(w.case, replace(REPLY, text=w.text)),
    "reply_forms.withdraw": lambda w: reply_forms.withdraw(w.case, replace(SENT, text=w.text)),
    "saved_forms.bring": lambda _w: saved_forms.bring(),
    "saved_forms.listed": lambda w: saved_forms.listed(w.times(w.saved), w.text[:200], may=True),
    "saved_forms.reading_it": lambda _w: saved_forms.reading_it(),
    "saved_forms.remove": lambda w: saved_forms.remove(w.saved),
    "saved_forms.taken": lambda w: saved_forms.taken(w.many, w.many),
    "saved_forms.write": lambda w: saved_forms.write(w.times("care", 90) or ["care"], w.saved),
    "saved_forms.wrong": lambda w: saved_forms.wrong(
        [NotPossible("No {what}.", what=w.safe), *w.times(NotPossible("Not so."))]
    ),
    "setup._form": lambda w: setup._form(
        Wanted(
            name="care",
            channel="C0CARE",
            hears=["twitter"],
            within={"complaint": "PT1H"},
            timezone="Europe/Berlin",
            hours="mon-fri 09:00-17:00",
            manager="U0LEA",
        ),
        [f"account {number}" for number in range(min(w.many, 200))],
    ),
    "surges.surge": lambda w: surges.surge(
        w.surge, Page(found=w.waiting, many=w.many), ["My order"] * 20, holding=w.many > 2
    ),
    "leaning_forms.leaning": lambda w: leaning_forms.leaning(
        w.text[:30], {"complaints": [w.text[:100]] * 20, "others": [w.text[:100]], "recall": 0.7}
    ),
    "taught.asking": lambda w: taught.asking(
        w.times(Sample(mention=1, conversation=w.number, customer=1, text=w.text, verdict=None), 5)
    ),
    "taught.taught": lambda w: taught.taught(
        Learnt(
            team=w.text,
            labels=w.many,
            taught=TAUGHT if w.many else None,
            last=replace(TAUGHT, refused="contradict"),
            effect=Effect(since=NOON, labels=w.many, false_alarms_before=w.many),
            late=w.many,
            asked=w.many,
        ),
        CARE,
    ),
    "judgements.why": lambda w: judgements.why(w.case),
    "stories.why": lambda w: stories.why(
        w.case, CARE, NOON, w.times(Nagged(at=NOON, rung=0, call="owner", whom="U0ANA"))
    ),
    "whatif.counting": lambda _w: whatif.counting(),
    "whatif.form": lambda w: whatif.form(replace(CARE, written=w.text)),
    "whatif.result": lambda w: whatif.result(w.told, w.told, CARE),
    "whatif.wrong": lambda w: whatif.wrong(w.times(w.text), CARE, w.text),
    "working.done": lambda w: working.done("Done", f"*{w.safe}*"),
}
MADE_OF = {  # what others are made of, and are drawn with them
    "cards._forgotten": "cards.card",
    "counter._or_why_not": "forms.too_late",
    "forms.modal": "forms.dismiss",
    "histories._page": "histories.about",
    "home._view": "home.home",
    "lists._message": "lists.opening",
    "managing._saying": "notes.notice",
    "notes._quoted": "notes.wrote_again",
    "whatif._asking": "whatif.form",
    "working._whatever_happens": "forms.too_late",
}
WORLDS = st.builds(
    World,
    case=cases_of_all_kinds(),
    text=TEXT,
    url=URL,
    many=st.sampled_from([0, 1, 2, 7, 120]),
    number=st.sampled_from([1, 42, 10**17]),
)
FULL = World(case=case(), text="<!channel> & <@U0EVIL> *x* " * 200, many=MANY, url="https://e.x/a")


def owned(known: Case) -> Case:
    return replace(known, conversation=replace(known.conversation, owner="U0ANA"))


def every_view() -> set[str]:
    """All functions of bot.slack that say that they make something to be shown."""
    found = set()
    for file in CODE.glob("*.py"):
        for each in ast.parse(file.read_text()).body:
            returns = getattr(each, "returns", None)
            if isinstance(each, ast.FunctionDef) and returns and ast.unparse(returns) in SHOWS:
                found.add(f"{file.stem}.{each.name}")
    return found


def test_every_view_is_here():
    """If not: put it into VIEWS, with hostile words in all that people can write."""
    assert every_view() == VIEWS.keys() | MADE_OF.keys()
    assert set(MADE_OF.values()) <= VIEWS.keys()


def test_a_new_view_would_be_missed(tmp_path, monkeypatch):
    (tmp_path / "new.py").write_text("def shiny(x: str) -> View:\n    return {}\n")
    monkeypatch.setattr("tests.slack.test_every_view.CODE", tmp_path)

    assert every_view() == {"new.shiny"}


@pytest.mark.parametrize("name", sorted(VIEWS))
@given(world=WORLDS)
@example(world=FULL)
@example(world=World(case=case(), text="", many=0))
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@pytest.mark.fault(42)
def test_slack_takes_it_whatever_there_is_in_every_language(name, world):
    for language in languages():
        with speaking(language):
            shown = VIEWS[name](world)
        if shown is not None:
            must_be_good(shown)


class Greek(NullTranslations):
    """Says everything of ours in Greek letters: what is still Latin was not looked up."""

    def gettext(self, message: str) -> str:
        parts = KEPT.split(message)
        return "".join(each if KEPT.fullmatch(each) else each.translate(GREEK) for each in parts)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        return message if context.startswith("pattern") else self.gettext(message)

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:
        return self.ngettext(msgid1, msgid2, n)


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_all_of_it_can_be_translated(name, monkeypatch):
    """If not: `_()` around it; docs/languages.md says how."""
    monkeypatch.setattr(tongue, "_catalog", lambda _language: Greek())
    cases = [case(), *(case(each) for each in STATES.values())]
    worlds = [World(case=each, text="μ", many=many) for each in cases for many in (0, 1, 2)]

    with speaking("de"):
        shown = [VIEWS[name](world) for world in worlds]

    read = {text for each in shown if each is not None for text in _read(each)}
    assert {word for text in read for word in LATIN.findall(KEPT.sub("", text))} <= MADE_UP


def _read(shown: Any) -> Iterator[str]:
    """Every text that people see."""
    if isinstance(shown, Message):
        yield shown.text
        yield from _read(shown.blocks)
    elif isinstance(shown, list | tuple):
        for each in shown:
            yield from _read(each)
    elif isinstance(shown, dict):
        for key, value in shown.items():
            if isinstance(value, str) and key in ("text", "alt_text", "fallback"):
                yield value
            yield from _read(value)


def test_what_slack_would_not_take_is_seen():
    too_long = forms.modal("x", "X", [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}])
    with pytest.raises(AssertionError):
        must_be_good(too_long)
    evil = forms.modal("x", "X", [forms.section("<!channel> <https://evil.example|your bank>")])
    with pytest.raises(AssertionError):
        must_be_good(evil)
