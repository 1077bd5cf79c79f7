"""App Home: a colleague's day and a manager's Monday, drawn from what was asked for them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zlib import crc32

from bot.domain.health import Health
from bot.slack.blocks import (
    FALLBACK,
    Block,
    Element,
    Message,
    actions,
    button,
    context,
    divider,
    emoji,
    header,
    lasting,
    line,
    link,
    listing,
    option,
    person,
    plain,
    rich,
    section,
    sentence,
    when,
    when_markup,
    words,
)
from bot.slack.forms import View
from bot.slack.health import blocks_of
from bot.slack.health import lines as lines_of
from bot.slack.queue import Links, Listing, heading, lines, onward, several, spoken, within
from bot.slack.text import clip, harmless, one_line
from bot.slack.tongue import _, n_
from bot.slack.words import CALLED, on, whole_name
from storage.conversations import Waiting
from storage.overview import (
    RELATIONSHIPS,
    Due,
    Figures,
    Holder,
    Jotting,
    OfTeam,
)
from storage.search import Page

MOST = 92  # of the hundred blocks that Slack takes
LENGTH = 200_000  # of the 250 kB that it takes
OPTIONS = 100  # that Slack takes in one menu
VALUE = 150  # characters of an option's value
ROOM = 11_000  # of JSON for a message; Slack takes 13,200 for all its blocks together
FEW = 5  # of each of one's lists
SPARE = 3  # blocks of a message that are kept for its end
IN_A_MESSAGE = 45  # blocks
SHOWN_TEAMS = 50
TEXT = 80  # characters of a draft, or of what a follow-up says
ANY = "any"
MENUS = ("team", "platform", "kind", "state", "sort", "view")
PREFIX = "home_"


@dataclass(frozen=True)
class Chosen:
    """What somebody has chosen in the menus: by menu, and from which line on the list is shown."""

    menus: Mapping[str, str] = field(default_factory=dict)
    skip: int = 0

    def written(self) -> str:
        """For the view's own memory."""
        kept = {"menus": dict(self.menus), "skip": self.skip}
        return json.dumps(kept, ensure_ascii=False)

    def with_(self, menus: Mapping[str, str]) -> "Chosen":
        """Another choice begins on the first page."""
        return Chosen({name: word for name, word in menus.items() if word != ANY})


@dataclass(frozen=True)
class Choice:
    """One menu: what it is for, and its options as words for `/unanswered`."""

    name: str
    placeholder: str
    options: Sequence[tuple[str, str]]  # what is shown, and the word for it


@dataclass(frozen=True, kw_only=True)
class Own:
    """What concerns one person."""

    mine: Page[Waiting] = field(default_factory=Page)
    waiting: Page[Waiting] = field(default_factory=Page)
    promised: Page[Waiting] = field(default_factory=Page)
    snoozed: Page[Waiting] = field(default_factory=Page)
    drafts: Page[Jotting] = field(default_factory=Page)
    follow_ups: Page[Jotting] = field(default_factory=Page)
    figures: Figures = field(default_factory=Figures)


@dataclass(frozen=True, kw_only=True)
class Led:
    """What concerns who leads teams."""

    teams: Sequence[OfTeam] = ()
    holders: Page[Holder] = field(default_factory=Page)
    due: Due = field(default_factory=Due)
    approvals: Page[Waiting] = field(default_factory=Page)
    health: Health | None = None


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some blocks that belong together, and what is heard of them."""

    blocks: Sequence[Block]
    heard: Sequence[str] = ()


def home(
    own: Own,
    found: Listing,
    chosen: Chosen,
    choices: Sequence[Choice],
    now: datetime,
    links: Links,
    led: Led | None = None,
    *,
    exports: bool = False,
    problem: str = "",
) -> View:
    """A manager's teams first, then one's own, then a list with menus; all of it fits.

    Room for the list and the end is kept: what there is too much of gives way before them.
    `exports` offers the list as a file; `problem` is why what was chosen can't be shown.
    """
    why = [section(problem)] if problem else []
    more = _more_of(found, chosen, exports=exports)
    end = [*_search(found, chosen, choices, now, links), *more, *why, _end(found.query, chosen)]
    room, length = MOST - len(end), LENGTH - len(json.dumps(end))
    blocks = [header("Unanswered"), *_fitting(_parts(own, now, links, led), room, length)]
    return _view([*blocks, *end], chosen)


def overview(own: Own, now: datetime, links: Links, led: Led | None = None) -> Message:
    """The same as a message, for who types; as much of it as one message takes."""
    parts = _parts(own, now, links, led)
    blocks = list(_fitting(parts, IN_A_MESSAGE, ROOM))
    if len(blocks) < sum(len(part.blocks) for part in parts):
        blocks.append(context(_("App Home shows all of it.")))
    return Message(_aloud(parts), blocks)


def _parts(own: Own, now: datetime, links: Links, led: Led | None) -> Sequence[Part]:
    mine = working(own, now, links)
    return [*managing(led, now, links), Part(blocks=[divider()]), *mine] if led else [*mine]


def trouble(told: str) -> View:
    return _view([header("Unanswered"), section(told)], Chosen())


def read(memory: str) -> Chosen:
    """What a view remembers; nothing where that is from another version."""
    try:
        kept = json.loads(memory or "{}")
        return Chosen({str(k): str(v) for k, v in kept["menus"].items()}, int(kept["skip"]))
    except (KeyError, ValueError, AttributeError, TypeError):
        return Chosen()


def chosen_in(view: View) -> Chosen:
    """What is chosen in all menus of a home tab now, whatever it was drawn with."""
    chosen = read(str(view.get("private_metadata") or ""))
    menus = dict(chosen.menus)
    for fields in ((view.get("state") or {}).get("values") or {}).values():
        for action, field_ in fields.items():
            name = action.removeprefix(PREFIX)
            if action.startswith(PREFIX) and name in MENUS and field_.get("selected_option"):
                menus[name] = str(field_["selected_option"]["value"])
    same = {name: word for name, word in menus.items() if word != ANY} == dict(chosen.menus)
    return chosen if same else chosen.with_(menus)


# One's own


def working(own: Own, now: datetime, links: Links) -> Iterator[Part]:
    """What is mine, what waits, and what I have begun; an empty list is not shown."""
    yield _said(_("*Your week*"), figures(own.figures, own.mine.many))
    lists = (
        (_("Yours"), own.mine, "all teams mine"),
        (_("Nobody has these yet"), own.waiting, "all teams unclaimed"),
        (_("Yours, with a promise"), own.promised, "all teams mine is:promised"),
        (_("Yours, snoozed"), own.snoozed, "all teams mine is:snoozed"),
    )
    for title, page, query in lists:
        if page.found or page is own.mine:
            yield _listed(title, page, query, now, links)
    if own.drafts.found:
        yield _drafts(own.drafts)
    if own.follow_ups.found:
        yield _follow_ups(own.follow_ups, links)


def figures(done: Figures, open_ones: int) -> str:
    """What one person has done this week, in sentences."""
    many = done.answered
    told = [n_("You gave {many} answer.", "You gave {many} answers.", many).format(many=many)]
    if done.response is not None:
        span = lasting(done.response)
        told.append(
            _("The median of your first answers: {span} of working time.").format(span=span)
        )
    if judged := done.kept + done.broken:
        share = round(100 * done.kept / judged)
        told.append(_("{share} % were in time.").format(share=share))
    with_you = n_("{many} is open with you.", "{many} are open with you.", open_ones)
    return " ".join([*told, with_you.format(many=open_ones)])


def _listed(title: str, page: Page[Waiting], query: str, now: datetime, links: Links) -> Part:
    head = f"*{title}*: {page.many}" if page.many else _("*{title}*: nobody.").format(title=title)
    shown = page.found[:FEW]
    heard = [head, *(spoken(each, now) for each in shown)]
    drawn = [rich(some) for some in lines(shown, now, links)]
    return Part(blocks=[divider(), section(head), *drawn, *_more(page, query)], heard=heard)


def _more(page: Page[Waiting], query: str) -> list[Block]:
    rest = page.many - len(page.found[:FEW])
    if rest <= 0:
        return []
    return [context(_("And {rest} more: `{asked}`").format(rest=rest, asked=_asked(query)))]


def _drafts(drafts: Page[Jotting]) -> Part:
    title = _("*Answers you began*: {many}").format(many=drafts.many)
    shown = drafts.found[:FEW]
    heard = [title, *(f"{_of(each)}: {harmless(one_line(each.text), TEXT)}" for each in shown)]
    return Part(blocks=[divider(), section(title), *(_draft(each) for each in shown)], heard=heard)


def _draft(draft: Jotting) -> Block:
    """With a button that goes on with it."""
    number, name = draft.conversation.id, whole_name(draft.customer)
    text = harmless(one_line(draft.text), TEXT)
    quoted = _("“{words}”").format(words=text)
    told = f"{_of(draft)}\n{quoted}"
    go_on = button(
        "open_form",
        _("Go on"),
        f"reply {number}",
        says=_("Go on with the answer to {name}").format(name=name),
    )
    return section(told) | {"accessory": go_on}


def _of(it: Jotting) -> str:
    """Which conversation, as markup."""
    name = harmless(whole_name(it.customer), 2 * TEXT)
    return f"{it.conversation.id} {name} {on(it.conversation.account)}"


def _follow_ups(wanted: Page[Jotting], links: Links) -> Part:
    title = _("*To ask again*: {many}").format(many=wanted.many)
    shown = wanted.found[:FEW]
    heard = [f"{_of(each)}, {when_markup(each.at)}" for each in shown]
    entries = rich(listing(_follow_up(each, links) for each in shown))
    return Part(blocks=[divider(), section(title), entries], heard=[title, *heard])


def _follow_up(wanted: Jotting, links: Links) -> Element:
    name = whole_name(wanted.customer)
    it, text = wanted.conversation, clip(one_line(wanted.text), TEXT)
    quoted = [words("\n" + _("“{words}”").format(words=text))] if text else []
    return line(
        words(str(it.id), code=True),
        words(" "),
        link(links.card(it), name),
        words(f" {on(it.account)} · "),
        when(wanted.at),
        *quoted,
    )


# What one leads


def managing(led: Led, now: datetime, links: Links) -> Iterator[Part]:
    """Each team, what falls due, who holds how much, what waits for approval, and our health."""
    yield _teams(led.teams, now, links)
    if led.due.until:
        yield _said(_("*Due next*"), _due(led.due, now))
    if led.approvals.found:
        yield _listed(_("Waiting for approval"), led.approvals, "all teams is:approval", now, links)
    if led.holders.found:
        yield _holding(led.holders)
    if led.health:
        yield _health(led.health)


def _teams(teams: Sequence[OfTeam], now: datetime, links: Links) -> Part:
    """The latest first."""
    ordered = sorted(teams, key=lambda team: (-team.late, -team.open, team.name))
    shown = ordered[:SHOWN_TEAMS]
    heard = [f"{harmless(team.name, CALLED)}: {_counted(team)}" for team in shown]
    title = _("*Your teams*")
    entries = [rich(listing(_team(team, now, links) for team in some)) for some in _by(shown, 25)]
    rest = len(ordered) - len(shown)
    more = (
        [context(n_("And {rest} more team.", "And {rest} more teams.", rest).format(rest=rest))]
        if rest > 0
        else []
    )
    return Part(blocks=[section(title), *entries, *more], heard=[title, *heard])


def _by(things: Sequence[OfTeam], many: int) -> Iterator[Sequence[OfTeam]]:
    return (things[start : start + many] for start in range(0, len(things), many))


def _counted(team: OfTeam) -> str:
    told = _("{open} open, {late} overdue, {unclaimed} unclaimed")
    counted = told.format(open=team.open, late=team.late, unclaimed=team.unclaimed)
    if not team.unchecked:
        return counted
    return counted + _(", {unchecked} to be checked").format(unchecked=team.unchecked)


def _team(team: OfTeam, now: datetime, links: Links) -> Element:
    return line(
        words(clip(one_line(team.name), TEXT), bold=True),
        words(f": {_counted(team)}"),
        *(_longest(team.oldest, now, links) if team.oldest else []),
    )


def _longest(waiting: Waiting, now: datetime, links: Links) -> list[Element]:
    it = waiting.conversation
    who = link(links.card(it), f"{it.id} {whole_name(waiting.customer)}")
    span = lasting(now - it.waiting_since, away=True)
    told = (
        _("{who} waits longest, for {span}") if it.waits else _("{who} is open longest, for {span}")
    )
    return [words(" · "), *sentence(told, who=who, span=span)]


def _due(due: Due, now: datetime) -> str:
    told = [
        _("{many} within {span}").format(many=many, span=lasting(until - now, away=True))
        for until, many in due.until[:-1]
    ]
    until, many = due.until[-1]
    return ", ".join(
        [*told, _("{many} until {moment}").format(many=many, moment=when_markup(until))]
    )


def _holding(holders: Page[Holder]) -> Part:
    title = _("*Who holds how much*")
    rest = holders.many - len(holders.found)
    more = (
        [context(n_("And {rest} more person.", "And {rest} more people.", rest).format(rest=rest))]
        if rest > 0
        else []
    )
    heard = [f"<@{each.person}>, {_held(each)}" for each in holders.found]
    entries = rich(listing(_holder(each) for each in holders.found))
    return Part(blocks=[divider(), section(title), entries, *more], heard=[title, *heard])


def _holder(holder: Holder) -> Element:
    flag = [emoji("warning"), words(" ")] if holder.too_many else []
    return line(*flag, person(holder.person), words(f" · {_held(holder)}"))


def _held(holder: Holder) -> str:
    told = _("{open} open, {late} overdue").format(open=holder.open, late=holder.late)
    many = holder.relationships
    people = n_("{many} person in 90 days", "{many} people in 90 days", many).format(many=many)
    if not holder.too_many:
        return f"{told}, {people}"
    most = _("more than the {most} that one can keep").format(most=RELATIONSHIPS)
    return f"{told}, {people}: {most}"


def _health(health: Health) -> Part:
    title, told = _("*Health*"), list(lines_of(health))
    return Part(blocks=[divider(), section(title), *blocks_of(told)], heard=[title, *told])


# The list with menus


def _search(
    found: Listing, chosen: Chosen, choices: Sequence[Choice], now: datetime, links: Links
) -> list[Block]:
    menus = [_menu(choice, chosen) for choice in choices if len(choice.options) > 1]
    row = [actions(*menus) | {"block_id": f"menus {_stamp(chosen)}"}] if menus else []
    shown = [rich(page) for page in lines(found.found, now, links)]
    return [divider(), *row, section(heading(found)), *shown, *_why_then(found.found)]


def _stamp(chosen: Chosen) -> str:
    """Another block for another choice: Slack keeps in a block what was chosen there before."""
    return f"{crc32(chosen.written().encode()):x}"


def _menu(choice: Choice, chosen: Chosen) -> Element:
    """Its placeholder says what it is for, and its first option that anything will do."""
    options = [
        option(shown, word) for shown, word in choice.options[:OPTIONS] if len(word) <= VALUE
    ]
    wanted = chosen.menus.get(choice.name, ANY)
    initial = next((each for each in options if each["value"] == wanted), options[0])
    return {
        "type": "static_select",
        "action_id": PREFIX + choice.name,
        "placeholder": plain(choice.placeholder),
        "options": options,
        "initial_option": initial,
    }


def _more_of(found: Listing, chosen: Chosen, *, exports: bool) -> list[Block]:
    """Ways to the pages before and after, to a file of it all, and to see the same again."""
    ways = []
    if found.skipped:
        ways.append(button("home_back", _("Back"), found.before))
    if found.rest > 0:
        ways.append(button("home_more", onward(found), found.skipped + len(found.found)))
    ways += several(found)
    ways.append(button("health", _("Health"), "all"))
    if exports and found.found:
        ways.append(button("home_export", _("Export"), "all"))
    if chosen.menus:
        ways.append(button("home_save", _("Save this view…"), "view"))
    return [actions(*ways)]


def _why_then(found: Sequence[Waiting]) -> list[Block]:
    """A menu of all that have a deadline, to ask how it came about."""
    asked = [_named(waiting) for waiting in found if waiting.conversation.due_at]
    menu = {"type": "static_select", "action_id": "open_form", "placeholder": plain(_("Why then?"))}
    return [actions(menu | {"options": asked[:OPTIONS]})] if asked else []


def _named(waiting: Waiting) -> Block:
    number = waiting.conversation.id
    return option(f"{number} {whole_name(waiting.customer)}", f"why {number}")


def _end(query: str, chosen: Chosen) -> Block:
    """What to type for the same list: in a channel, a team goes without saying."""
    whole = query if "team" in chosen.menus else f"all teams {query}"
    return context(_("The same by a command: `{asked}`").format(asked=_asked(whole)))


# How it fits


def _asked(query: str) -> str:
    """What to type, as markup that stays in its backticks."""
    return f"/unanswered {harmless(query.replace('`', ' '), 500)}".strip()


def _said(title: str, text: str) -> Part:
    told = f"{title}\n{text}"
    return Part(blocks=[section(told)], heard=[told])


def _fitting(parts: Iterable[Part], room: int, length: int) -> Iterator[Block]:
    """Those that fit, in order; what does not gives way to what comes after it."""
    for part in parts:
        needed = len(json.dumps(part.blocks))
        if len(part.blocks) <= room and needed <= length:
            room, length = room - len(part.blocks), length - needed
            yield from part.blocks


def _aloud(parts: Iterable[Part]) -> str:
    """What a screen reader reads."""
    return "\n".join(within((heard for part in parts for heard in part.heard), FALLBACK))


def _view(blocks: Sequence[Block], chosen: Chosen) -> View:
    return {"type": "home", "blocks": list(blocks), "private_metadata": chosen.written()}
