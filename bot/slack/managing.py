"""What waits and what is over: lists, saved views, exports, and App Home."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from http.client import HTTPException
from itertools import islice
from typing import Any, NamedTuple

import structlog
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.desk import Desk
from bot.domain.conversation import UNSETTLED
from bot.domain.health import Health
from bot.domain.problems import NotPossible, Ours
from bot.domain.roles import Right
from bot.domain.team import Team
from bot.slack import exports, filled
from bot.slack.blocks import (
    FALLBACK,
    Element,
    Message,
    actions,
    line,
    listing,
    option,
    plain,
    rich,
    section,
    words,
)
from bot.slack.counter import CLOSE, Ack, Counter, Pressed, Visit, errors
from bot.slack.forms import View, input_, modal
from bot.slack.health import message as told_health
from bot.slack.health import view as health_view
from bot.slack.home import (
    ANY,
    FEW,
    MENUS,
    PREFIX,
    Choice,
    Chosen,
    Led,
    Own,
    chosen_in,
    home,
    overview,
    read,
)
from bot.slack.later import later
from bot.slack.questions import SORTS, Person, Question, Questions, as_typed
from bot.slack.queue import PAGE, Links, Listing, queue, within
from bot.slack.text import clip, escape, harmless, one_line
from bot.slack.tongue import N_, _, fill, n_, told
from bot.slack.words import KINDS, platform
from storage import audit, people, saved_views, search
from storage import overview as asked_for
from storage.database import Transaction, reading
from storage.saved_views import SavedView
from storage.search import Asked, Sort

log = structlog.get_logger()

NAMED = re.compile(r"(?P<name>.*?):(?:\s+(?P<query>.*)|$)", re.S)
VIEW = "view "  # before its name, where something else could be chosen
NAME = 40  # characters of a saved view's name
QUERY = 120  # characters of one, where all are listed
HOLDERS = 15
LOST = (SlackClientError, OSError, HTTPException)
HOURS = (timedelta(hours=1), timedelta(hours=4))
A_DAY = timedelta(days=1)
STATES = (
    ("overdue", N_("Overdue")),
    ("unclaimed", N_("Unclaimed")),
    ("mine", N_("Mine")),
    ("is:promised", N_("Promised")),
    ("is:snoozed", N_("Snoozed")),
    ("is:urgent", N_("Urgent")),
    ("is:approval", N_("Waiting for approval")),
    ("is:unchecked", N_("To be checked")),
    ("is:answered", N_("Answered")),
    ("is:dismissed", N_("Dismissed")),
    ("is:any", N_("Waiting or closed")),
)


FILTERS = N_("""*Words that combine*: of one sort any will do, otherwise all must hold
`overdue` · `mine` · `unclaimed` · `@someone`
`complaint` · `question` · `praise` · `other` · `{platforms}`
`all teams` · `team:press` · `tag:vip` · `lang:de`
`since:monday` · `since:2026-11-01` · `since:3d` · `before:friday`: when the customer wrote
`"refund"`: what the customer wrote, in small or large letters
`is:unchecked` · `is:urgent` · `is:promised` · `is:snoozed` · `is:approval`
`is:answered` · `is:dismissed` · `is:closed` · `is:any`: also what waits no more
`sort:oldest` · `sort:newest` · `sort:due` · `sort:customer`
*What to do with them*
`/unanswered overdue mine since:monday tag:vip "refund"` lists them
`/unanswered export overdue since:monday` sends them to you as CSV · `export audit since:3d`
`/unanswered save Monday: overdue since:monday` · `views` · `view Monday` · `delete view Monday`
`/unanswered overview` shows what App Home shows""")


RIGHTS = (Right.PUBLISH, Right.SETTINGS, Right.EXPORT)


class Theirs(NamedTuple):
    """The teams in which somebody may answer, which they lead, and whose work they may export.

    Who leads any sees the `health` of the bot.
    """

    answers: Sequence[Team]
    leads: Sequence[Team]
    exports: Sequence[Team]
    health: Health | None


class NameIt(NotPossible):
    def __init__(self) -> None:
        super().__init__(
            Ours("Name it before a colon, as in `/unanswered save Monday: overdue since:monday`.")
        )


class NameTooLong(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("Its name may have {most:,} characters. Shorten it."), most=NAME)


class TooManyViews(NotPossible):
    def __init__(self) -> None:
        super().__init__(
            Ours(
                "You have {most:,} saved views, and there can be no more. `/unanswered views` lists"
                " them; delete one."
            ),
            most=saved_views.MOST,
        )


class NoSuchView(NotPossible):
    def __init__(self, name: str) -> None:
        super().__init__(
            Ours("You have no saved view “{name}”. `/unanswered views` lists those you have."),
            name=harmless(name, NAME),
        )


class Managing:
    """Everything here only looks, but for saved views; `health` asks how the bot is."""

    def __init__(self, desk: Desk, links: Links, health: Callable[[], Health]) -> None:
        self.desk, self.links, self.health = desk, links, health
        self.questions = Questions(desk.teams, desk.adapters, desk.now)

    def counter(self) -> Counter:
        menus: dict[str, Pressed] = {PREFIX + name: self.choose for name in MENUS}
        return Counter(
            buttons={
                "more": self.turn_page,
                "back": self.turn_page,
                "home_more": self.turn_home,
                "home_back": self.turn_home,
                "home_export": self.export_home,
                "home_save": self.save_form,
                "run_view": self.run_view,
                "drop_view": self.drop_view,
                "health": self.show_health,
                **menus,
            },
            sent={"save_view": self.save_filled},
            asked={
                "": self.list,
                "filters": self.filters,
                "filter": self.filters,
                "overview": self.overview,
                "übersicht": self.overview,
                "health": self.tell_health,
                "zustand": self.tell_health,
                "export": self.export,
                "export audit": self.export_audit,
                "save": self.save,
                "views": self.views,
                "view": self.view,
                "delete view": self.delete_view,
            },
            events={"app_home_opened": self.open_home},
        )

    # Lists

    def list(self, visit: Visit, query: str, *, skip: int = 0) -> Message:
        """What these words ask for, from the `skip`th on."""
        by = Person(visit.by, visit.channel)
        found = self.listing(query, by, skip=skip)
        holders = {each.conversation.owner for each in found.found} - {None}
        gone = [one for one in holders if one and visit.roster.members.is_away(one)]
        return queue(replace(found, gone=gone), self.desk.now(), self.links)

    def listing(self, query: str, by: Person, *, skip: int = 0) -> Listing:
        question = self.questions.read(query, by)
        with reading(self.desk.database) as db:
            return self._listing(db, question, query, skip)

    def turn_page(self, visit: Visit) -> None:
        """Another page of a list takes the place of this one."""
        skip, _space, query = visit.value.partition(" ")
        visit.replace(self.list(visit, query, skip=int(skip)))

    def _listing(self, db: Transaction, question: Question, query: str, skip: int) -> Listing:
        return Listing(
            title=question.title,
            query=query,
            found=search.unanswered(db, question.asked, most=PAGE, skip=skip),
            totals=search.totals(db, question.asked, self.desk.now()),
            skipped=skip,
            waits=tuple(question.asked.states) == UNSETTLED,
        )

    def filters(self, _visit: Visit, _rest: str = "") -> Message:
        """Every word that can be asked with."""
        names = "` · `".join(sorted(self.questions.accounts))
        return _saying(_(FILTERS).format(platforms=harmless(names, 1000)))

    # Health

    def tell_health(self, _visit: Visit, _rest: str = "") -> Message:
        """How the bot is; everybody may know."""
        return told_health(self.health())

    def show_health(self, visit: Visit) -> None:
        visit.open(lambda: health_view(self.health()))

    # Saved views

    def save(self, visit: Visit, rest: str) -> Message:
        """Keep a question under a name of one's own."""
        found = NAMED.fullmatch(rest)
        name, query = _name(found["name"] if found else ""), (found and found["query"]) or ""
        self.questions.read(query, Person(visit.by, visit.channel))  # says what it can't read
        self._keep(visit.by, name, query)
        done = _("Saved. `/unanswered view {name}` shows it, and so does App Home.")
        return _saying(done.format(name=harmless(name.replace("`", "'"), 2 * NAME)))

    def _keep(self, by: str, name: str, query: str) -> None:
        with self.desk.database.begin() as db:
            if not saved_views.keep(db, by, name, query, self.desk.now()):
                raise TooManyViews

    def save_form(self, visit: Visit) -> None:
        """What is chosen on App Home gets a name."""
        visit.open(lambda: naming(chosen_in(visit.body["view"])))

    def save_filled(self, visit: Visit, view: View) -> Ack:
        chosen = read(filled.opened_at(view)["chosen"])
        try:
            name = _name(escape(filled.text_in(view, "name")))
            self._keep(visit.by, name, self._query(visit.by, chosen))
        except NotPossible as problem:
            return errors("name", problem)
        later(lambda: self._publish(visit, Chosen({"view": VIEW + name})))
        return CLOSE

    def _query(self, by: str, chosen: Chosen) -> str:
        with reading(self.desk.database) as db:
            return _asked(chosen, saved_views.of_person(db, by))

    def views(self, visit: Visit, _rest: str = "") -> Message:
        """All of one's own, each with a way to see and to delete it."""
        with reading(self.desk.database) as db:
            kept = saved_views.of_person(db, visit.by)
        if not kept:
            none = _("You have saved no view yet. `/unanswered save Monday: overdue` saves one.")
            return _saying(none)
        head = n_("*{many} saved view*", "*{many} saved views*", len(kept)).format(many=len(kept))
        heard = [
            f"{harmless(each.name, 2 * NAME)}: {harmless(_shown(each), 2 * QUERY)}" for each in kept
        ]
        entries = listing(
            line(words(each.name, bold=True), words(f" {_shown(each)}", code=True)) for each in kept
        )
        menus = _menu("run_view", _("Show…"), kept), _menu("drop_view", _("Delete…"), kept)
        text = "\n".join([head, *within(heard, FALLBACK - len(head))])
        return Message(text, [section(head), rich(entries), actions(*menus)])

    def view(self, visit: Visit, name: str) -> Message:
        with reading(self.desk.database) as db:
            kept = saved_views.find(db, visit.by, _name(name))
        if kept is None:
            raise NoSuchView(as_typed(name))
        return self.list(visit, kept.query)

    def delete_view(self, visit: Visit, name: str) -> Message:
        with self.desk.database.begin() as db:
            if not saved_views.drop(db, visit.by, _name(name)):
                raise NoSuchView(as_typed(name))
        return _saying(_("It is deleted."))

    def run_view(self, visit: Visit) -> None:
        visit.replace(self.view(visit, visit.value))

    def drop_view(self, visit: Visit) -> None:
        with self.desk.database.begin() as db:
            saved_views.drop(db, visit.by, visit.value)
        visit.replace(self.views(visit))

    # Exports

    def export(self, visit: Visit, query: str) -> Message:
        """What these words ask for as a file, by direct message."""
        question = self.questions.read(query, Person(visit.by, visit.channel))
        self._begin_export(visit, question)
        return _saying(_("I am sending it to you as a direct message."))

    def export_home(self, visit: Visit) -> None:
        """What is chosen on App Home, all pages of it."""
        query = self._query(visit.by, chosen_in(visit.body["view"]))
        self._begin_export(visit, self.questions.read(query, Person(visit.by, "")))

    def _begin_export(self, visit: Visit, question: Question) -> None:
        for team in self._named(question.asked.teams):
            visit.must(Right.EXPORT, team)
        later(partial(self._calmly, visit, lambda: self._export(visit, question)))

    def export_audit(self, visit: Visit, query: str) -> Message:
        """Who did what, from some day on, as a file."""
        question = self.questions.read(query, Person(visit.by, ""))
        for team in self.desk.teams:
            visit.must(Right.EXPORT, team)
        later(partial(self._calmly, visit, lambda: self._export_audit(visit, question)))
        return _saying(_("I am sending it to you as a direct message."))

    def _export(self, visit: Visit, question: Question) -> None:
        with reading(self.desk.database) as db:
            numbers = search.numbers(db, question.asked, most=exports.ROWS + 1)
        kept = numbers[: exports.ROWS]
        if not kept:
            visit.tell(_("There is nothing to export: nobody fits to what you asked for."))
            return
        self._audit(visit, of="conversations", filters=question.filters, rows=len(kept))
        content = exports.csv_of(self._rows(kept))
        many = n_("{many:,} conversation", "{many:,} conversations", len(kept))
        said = f"{fill(many, many=len(kept))} · {question.title}"
        self._send(visit, "unanswered", content, said + _cut(numbers))

    def _rows(self, numbers: Sequence[int]) -> Iterator[exports.Row]:
        """Some at a time, each time in a transaction of its own: Slack is slow."""
        for start in range(0, len(numbers), exports.CHUNK):
            with reading(self.desk.database) as db:
                some = search.whole(db, numbers[start : start + exports.CHUNK])
            yield from (exports.row(each, self.links) for each in some)

    def _export_audit(self, visit: Visit, question: Question) -> None:
        since = question.asked.since or datetime.min.replace(tzinfo=UTC)
        before = question.asked.before or datetime.max.replace(tzinfo=UTC)
        with reading(self.desk.database) as db:
            done = audit.since(db.execution_options(stream_results=True), since)
            wanted = (each for each in done if each.at < before)
            rows = [exports.audited(each) for each in islice(wanted, exports.ROWS + 1)]
        self._audit(visit, of="audit", filters=question.filters, rows=len(rows))
        content = exports.csv_of(rows[: exports.ROWS], exports.AUDITED)
        many = n_("{many:,} entry of the audit", "{many:,} entries of the audit", len(rows))
        said = fill(many, many=min(len(rows), exports.ROWS))
        self._send(visit, "audit", content, said + _cut(rows))

    def _audit(self, visit: Visit, **about: Any) -> None:
        """Before anything leaves: what was asked for, and none of the words that were searched."""
        with self.desk.database.begin() as db:
            self.desk.ledger.audit(db, visit.by, "export", self.desk.now(), **about)

    def _send(self, visit: Visit, name: str, content: bytes, said: str) -> None:
        opened = visit.client.conversations_open(users=visit.by)
        file = f"{name}-{self.desk.now():%Y-%m-%d}.csv"
        visit.client.files_upload_v2(
            channel=opened["channel"]["id"],
            filename=file,
            title=file,
            content=content,
            initial_comment=said,
        )
        log.info("export.sent", by=visit.by, bytes=len(content))

    def _calmly(self, visit: Visit, act: Callable[[], None]) -> None:
        """What goes wrong is told: nobody waits for it where they could see it."""
        try:
            act()
        except LOST as problem:
            log.warning("export.lost", by=visit.by, why=str(problem))
            visit.tell(_lost(problem))
        except Exception:
            log.exception("export.failed", by=visit.by)
            visit.tell(_("I could not make your export. The log says why; then type it again."))

    # App Home

    def open_home(self, visit: Visit) -> None:
        """With what they had chosen there last."""
        self._publish(visit, chosen_in((visit.body.get("event") or {}).get("view") or {}))

    def choose(self, visit: Visit) -> None:
        """Something from a menu: the first page of what is chosen in all of them now."""
        self._publish(visit, chosen_in(visit.body["view"]))

    def turn_home(self, visit: Visit) -> None:
        chosen = chosen_in(visit.body["view"])
        self._publish(visit, replace(chosen, skip=int(visit.value)))

    def overview(self, visit: Visit, _rest: str) -> Message:
        """The same for who types."""
        theirs = self._theirs(visit)
        with reading(self.desk.database) as db:
            own, led = self._own(db, visit.by, theirs.answers), self._led(db, theirs)
        return overview(own, self.desk.now(), self.links, led)

    def _publish(self, visit: Visit, chosen: Chosen) -> None:
        theirs = self._theirs(visit)
        with reading(self.desk.database) as db:
            drawn, met = self._home(db, visit.by, chosen, theirs), people.met(db, visit.by)
        if not met:
            with self.desk.database.begin() as db:
                people.meet(db, visit.by)
        visit.client.views_publish(user_id=visit.by, view=drawn)

    def _home(self, db: Transaction, by: str, chosen: Chosen, theirs: Theirs) -> View:
        """Where what is chosen can't be read any more, all that waits, and why."""
        views = saved_views.of_person(db, by)
        query, problem = _asked(chosen, views), ""
        try:
            question = self.questions.read(query, Person(by, ""))
        except NotPossible as why:
            chosen, query, problem = Chosen(), "", told(why)
            question = self.questions.read("", Person(by, ""))
        return home(
            self._own(db, by, theirs.answers),
            self._listing(db, question, query, chosen.skip),
            chosen,
            self._choices(views),
            self.desk.now(),
            self.links,
            self._led(db, theirs),
            exports=bool(theirs.exports),
            problem=problem,
        )

    def _own(self, db: Transaction, by: str, theirs: Sequence[Team]) -> Own:
        """`theirs` are the teams in which they may answer; without any, it is all of them."""
        now, mine = self.desk.now(), Asked(owners=[by])
        free = Asked(teams=[team.name for team in theirs], unclaimed=True)
        return Own(
            mine=search.page(db, mine, most=FEW),
            waiting=search.page(db, free, most=FEW),
            promised=search.page(db, replace(mine, promised=True), most=FEW),
            snoozed=search.page(db, replace(mine, snoozed_at=now), most=FEW),
            drafts=asked_for.drafts_of(db, by, most=FEW),
            follow_ups=asked_for.follow_ups_of(db, by, most=FEW),
            figures=asked_for.figures(db, by, self._monday()),
        )

    def _led(self, db: Transaction, theirs: Theirs) -> Led | None:
        """None for who leads no team."""
        teams, now = theirs.leads, self.desk.now()
        names = [team.name for team in teams]
        if not names:
            return None
        today = _begun(self._today(teams[0]), teams[0]) + A_DAY
        approvals = Asked(teams=names, approval=True)
        return Led(
            teams=asked_for.teams(db, names, now),
            holders=asked_for.holders(db, names, now, most=HOLDERS),
            due=asked_for.due(db, names, now, [*(now + span for span in HOURS), today]),
            approvals=search.page(db, approvals, most=FEW),
            health=theirs.health,
        )

    def _theirs(self, visit: Visit) -> Theirs:
        """It may ask Slack, and so comes before any transaction."""
        answers, leads, exports = (self._with(visit, right) for right in RIGHTS)
        return Theirs(answers, leads, exports, self.health() if leads else None)

    def _with(self, visit: Visit, right: Right) -> Sequence[Team]:
        """The teams in which somebody has it; none while Slack can't tell who they are."""
        with suppress(NotPossible):
            return [team for team in self.desk.teams if visit.roster.may(right, visit.by, team)]
        return []

    def _choices(self, views: Sequence[SavedView]) -> Sequence[Choice]:
        heard = sorted(set(self.questions.accounts.values()))
        return (
            _choice("team", _("Team"), _("All teams"), self._teams()),
            _choice("platform", _("Platform"), _("All platforms"), _called(heard)),
            _choice("kind", _("Kind"), _("All kinds"), _kinds()),
            _choice(
                "state", _("State"), _("Waiting"), [(_(label), word) for word, label in STATES]
            ),
            _choice("sort", _("Order"), _("By deadline"), _orders()),
            _choice(
                "view",
                _("Saved view"),
                _("No saved view"),
                [(v.name, VIEW + v.name) for v in views],
            ),
        )

    def _teams(self) -> Sequence[tuple[str, str]]:
        return [(one_line(team.name), _word(team)) for team in self.desk.teams]

    def _named(self, names: Sequence[str]) -> Sequence[Team]:
        return [team for team in self.desk.teams if not names or team.name in names]

    def _monday(self) -> datetime:
        """When this week began."""
        team = next(iter(self.desk.teams))
        return _begun(self._today(team) - timedelta(days=self._today(team).weekday()), team)

    def _today(self, team: Team) -> date:
        return self.desk.now().astimezone(team.calendar.zone).date()


def _begun(day: date, team: Team) -> datetime:
    """When a day begins where a team works."""
    return datetime.combine(day, time(0), team.calendar.zone).astimezone(UTC)


def _name(typed: str) -> str:
    """A saved view's name; NameIt where there is none."""
    name = one_line(as_typed(typed))
    if not name:
        raise NameIt
    if len(name) > NAME:
        raise NameTooLong
    return name


def _word(team: Team) -> str:
    """What names a team in a question."""
    return f"team:<#{team.channel}>" if '"' in team.name else f'team:"{team.name}"'


def naming(chosen: Chosen) -> View:
    """A form that asks for the name of what is chosen."""
    field = input_("name", _("Name"), "", most=NAME, short=True)
    metadata = {"chosen": chosen.written()}
    return modal("save_view", _("Save this view"), [field], submit=_("Save"), metadata=metadata)


def _menu(action: str, called: str, views: Sequence[SavedView]) -> Element:
    """One of one's own, to be chosen by its name."""
    menu = {"type": "static_select", "action_id": action, "placeholder": plain(called)}
    return menu | {"options": [option(view.name, view.name) for view in views]}


def _shown(view: SavedView) -> str:
    """The command that asks the same."""
    return clip(f"/unanswered {view.query}".strip(), QUERY)


def _saying(sentence: str) -> Message:
    return Message(sentence, [section(sentence)])


def _cut(found: Sequence[object]) -> str:
    if len(found) <= exports.ROWS:
        return ""
    told = _("Only the first {most:,}, there are more. Narrow it, for example with `since:3d`.")
    return "\n" + fill(told, most=exports.ROWS)


def _lost(problem: Exception) -> str:
    code = problem.response.get("error") if isinstance(problem, SlackApiError) else ""
    if code == "missing_scope":
        return _(
            "I may not send files yet. Somebody has to add the scope `files:write` to the Slack"
            " app; `python -m bot check` tells how. Then type it again."
        )
    return _("Your export did not get through to you. Type it again in a few minutes.")


def _asked(chosen: Chosen, views: Sequence[SavedView]) -> str:
    """What is chosen in the menus as words for `/unanswered`; a saved view is those it holds."""
    called = {VIEW + view.name: view.query for view in views}
    menus = chosen.menus.items()
    asked = [called.get(word, "") if menu == "view" else word for menu, word in menus]
    return " ".join(word for word in asked if word)


def _choice(name: str, called: str, anything: str, options: Sequence[tuple[str, str]]) -> Choice:
    return Choice(name, called, [(anything, ANY), *options])


def _called(names: Sequence[str]) -> Sequence[tuple[str, str]]:
    return [(platform(name), name) for name in names]


def _kinds() -> Sequence[tuple[str, str]]:
    return [(_(label), kind.value) for kind, label in KINDS.items()]


def _orders() -> Sequence[tuple[str, str]]:
    other = (Sort.OLDEST, Sort.NEWEST, Sort.CUSTOMER)
    return [(_(SORTS[sort]).capitalize(), f"sort:{sort}") for sort in other]
