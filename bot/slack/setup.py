"""First steps: what the bot will do in a channel, and the form that makes a team of it."""

from collections.abc import Mapping, Sequence

from bot.desk import Desk
from bot.domain.mention import Kind
from bot.domain.problems import NotPossible, Ours
from bot.domain.roles import Right
from bot.domain.team import Team
from bot.policy.made_in_slack import NOTHING, InTheFile, TeamFiles, Wanted, WrongTeam
from bot.policy.targets import NEVER
from bot.slack import filled, forms, lands
from bot.slack.blocks import Block, Element, Message, context, only_you, option, section
from bot.slack.counter import Ack, Counter, Visit, instead
from bot.slack.forms import View, modal
from bot.slack.members import Members
from bot.slack.reasons import exactly
from bot.slack.rules import round_the_clock
from bot.slack.text import clip, harmless
from bot.slack.tongue import N_, _, languages, speaking, spoken
from bot.slack.words import CALLED, KINDS, platform
from bot.slack.written import SETTINGS, retold

SPANS = {
    "": N_("No deadline"),
    "PT15M": N_("15 minutes"),
    "PT30M": N_("30 minutes"),
    "PT1H": N_("1 hour"),
    "PT2H": N_("2 hours"),
    "PT4H": N_("4 hours"),
    "PT8H": N_("8 hours"),
    "P1D": N_("24 hours"),
}
USUAL = {Kind.COMPLAINT: "PT1H", Kind.QUESTION: "PT4H", Kind.PRAISE: "P1D", Kind.OTHER: "P1D"}
SILENT = {  # of working time in which nobody does anything
    "PT1H": N_("1 hour"),
    "PT2H": N_("2 hours"),
    "PT4H": N_("4 hours"),
    "PT8H": N_("8 hours"),
    NEVER: N_("Never"),
}
HOURS = "mon-fri 09:00-17:00"
USUALLY_SILENT = "PT4H"
ACCOUNTS = 99  # that one menu offers, beside none of them


class NoChannel(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("Type `/unanswered setup` in the channel that is to get the cards."))


class Setup:
    """`/unanswered setup`, and what the bot says when it is added to a channel."""

    def __init__(self, desk: Desk, team_files: TeamFiles, members: Members) -> None:
        self.desk, self.team_files, self.members = desk, team_files, members

    def counter(self) -> Counter:
        return Counter(
            asked={"setup": self.form, "team": self.show},
            sent={"setup": self.save},
            events={"member_joined_channel": self.joined},
        )

    def form(self, visit: Visit, _rest: str) -> View:
        """For the team of this channel, or for one that does not exist yet."""
        if not visit.channel.startswith(("C", "G")):
            raise NoChannel
        team = self.desk.teams.of_channel(visit.channel)
        visit.must(Right.SETTINGS, team or next(iter(self.desk.teams)))
        if team and team.name in self.team_files.in_the_file:
            raise InTheFile(team.name)
        accounts = [name for name in sorted(self.desk.adapters) if self._is_free(name, team)]
        return _form(self._wanted(visit, team), accounts)

    def save(self, visit: Visit, view: View) -> Ack:
        channel = str(filled.opened_at(view)["channel"])
        team = self.desk.teams.of_channel(channel)
        visit.must(Right.SETTINGS, team or next(iter(self.desk.teams)))
        wanted = _wanted(view, channel)
        try:
            made = self.team_files.save(wanted, visit.by)
        except WrongTeam as problem:
            return {"response_action": "errors", "errors": _at_fields(problem.problems)}
        said = _("{team} answers in <#{channel}> from now on.")
        self._greet(channel, made, key=f"setup:{view['id']}")
        head = said.format(team=harmless(made.name, CALLED), channel=channel)
        return instead(modal("sorry", _("Done"), [section(head), *_told(made)]))

    def show(self, visit: Visit, _rest: str) -> Message:
        """What is promised in this channel, wherever it was written."""
        team = self.desk.teams.of_channel(visit.channel)
        text = greeting(team, self.desk.adapters) if team else _nobody_answers()
        return Message(text, [section(text), only_you()])

    def joined(self, visit: Visit) -> None:
        """Somebody came into a channel; if it is us, say what will happen there."""
        event = visit.body["event"]
        if event["user"] != self._ourselves(visit):
            return
        channel = str(event["channel"])
        team = self.desk.teams.of_channel(channel)
        self._greet(channel, team, key=f"joined:{event.get('event_ts', '')}", once=True)

    def _greet(self, channel: str, team: Team | None, *, key: str, once: bool = False) -> None:
        """In the language of the team, whoever made it or invited us."""
        with speaking(team.language if team else spoken()):
            text = greeting(team, self.desk.adapters) if team else _nobody_answers()
        self.desk.tell(channel, text, key=key, once=once)

    def _wanted(self, visit: Visit, team: Team | None) -> Wanted:
        """As it stands, or what is usual."""
        if team and (file := self.team_files.made_here(team.name)):
            return Wanted.read(file.text)
        zone, usual = self.members.get(visit.by).zone, {kind.value: USUAL[kind] for kind in KINDS}
        return Wanted(
            name="",
            channel=visit.channel,
            within=usual,
            timezone=zone,
            hours=HOURS,
            manager=visit.by,
            language=spoken(),
        )

    def _ourselves(self, visit: Visit) -> str:
        return str(visit.client.auth_test()["user_id"])

    def _is_free(self, account: str, team: Team | None) -> bool:
        heard = {name for other in self.desk.teams if other != team for name in other.hears}
        return account not in heard


def greeting(team: Team, accounts: Mapping[str, object]) -> str:
    """What the bot does in a team's channel, and what is missing."""
    named = [platform(name) for name in accounts if name in team.hears or not team.hears]
    heard = ", ".join(named) or _("nothing by itself: only what is logged or moved here")
    promised = " · ".join(
        f"{_(KINDS[kind])} {exactly(span)}" for kind, span in team.answer_within.items()
    )
    lines = [
        _("*I look after customers here, for the team {team}.*").format(
            team=harmless(team.name, CALLED)
        ),
        _("I listen to: {accounts}. Each customer gets a card with *Reply* and *Claim*.").format(
            accounts=harmless(heard, CALLED)
        ),
        _("Promised answers: {spans}. When one is late, I call for help in its thread.").format(
            spans=promised
        ),
        *_missing(team),
        _("`/unanswered` lists what waits, `/unanswered help` tells the rest."),
    ]
    return "\n".join(lines)


def _missing(team: Team) -> Sequence[str]:
    lacks = [
        _("no working hours, so all hours count") if round_the_clock(team.calendar) else "",
        _("nobody to call in the end (`manager`)") if not team.manager else "",
        _("nobody on duty") if not team.rota else "",
    ]
    told = "; ".join(each for each in lacks if each)
    if not told:
        return []
    return [_("Not set yet: {lacks}. `/unanswered setup` changes that.").format(lacks=told)]


def _nobody_answers() -> str:
    return _(
        "*I am here, and no team answers in this channel yet.* `/unanswered setup` makes one: what"
        " it hears, how soon customers are answered, when you work, and who is called when one"
        " waits too long. Until then I do nothing here."
    )


def _told(team: Team) -> list[Block]:
    return [context(line) for line in _missing(team)]


def _form(wanted: Wanted, accounts: Sequence[str]) -> View:
    hears = [option(clip(platform(name), 75), name) for name in accounts[:ACCOUNTS]]
    hears.append(option(_("Nothing by itself"), NOTHING))
    hint = _("A line each, such as mon-fri 09:00-12:30, 13:30-18:00. Empty: all hours.")
    name, zone = _("Name of the team"), _("Time zone")
    blocks = [
        section(_("What you set here holds in <#{channel}>.").format(channel=wanted.channel)),
        forms.input_("name", name, wanted.name, most=31, short=True),
        _hears(hears, wanted.hears),
        *[_within(kind, wanted) for kind in KINDS],
        _language(wanted.language),
        forms.input_("timezone", zone, wanted.timezone, short=True, most=60),
        forms.input_("hours", _("Working hours"), wanted.hours, optional=True, most=500, hint=hint),
        _person("manager", _("Who is called in the end?"), wanted.manager),
        _silent_after(wanted.silent_after),
        _person("weekdays", _("On duty from Monday to Friday"), wanted.weekdays),
        _person("weekend", _("On duty at the weekend"), wanted.weekend),
    ]
    title, about = _("This channel's team"), {"channel": wanted.channel}
    return modal("setup", title, blocks, submit=_("Save"), metadata=about)


def _hears(options: Sequence[Element], wanted: Sequence[str]) -> Block:
    chosen = [each for each in options if each["value"] in wanted] or [options[-1]]
    menu = {"type": "multi_static_select", "action_id": "hears", "options": list(options)}
    hint = _("Everything that is posted to these accounts gets a card here.")
    return forms.asked(
        "hears", _("What does it hear?"), menu | {"initial_options": chosen}, hint=hint
    )


def _within(kind: Kind, wanted: Wanted) -> Block:
    """One of the usual spans, or the one that stands there."""
    span = wanted.within.get(kind.value, "")
    labels = SPANS if span in SPANS else {**SPANS, span: span}
    spans = [option(_(label), value or NOTHING) for value, label in labels.items()]
    usual = next(each for each in spans if each["value"] == (span or NOTHING))
    menu = {"type": "static_select", "action_id": kind.value, "options": spans}
    label = _("{kind}: answered within").format(kind=_(KINDS[kind]))
    return forms.asked(kind.value, label, menu | {"initial_option": usual})


def _silent_after(span: str) -> Block:
    """One of the usual spans, or the one that stands there; at first what is usual."""
    span = span or USUALLY_SILENT
    labels = SILENT if span in SILENT else {**SILENT, span: span}
    options = [option(_(label), value) for value, label in labels.items()]
    first = next(each for each in options if each["value"] == span)
    menu = {"type": "static_select", "action_id": "silent_after", "options": options}
    label = _("They are told when nobody does anything for")
    hint = _("Working time in which customers wait and nobody answers, claims or dismisses.")
    return forms.asked("silent_after", label, menu | {"initial_option": first}, hint=hint)


def _language(chosen: str) -> Block:
    options = [option(lands.language(each), each) for each in languages()]
    first = next((each for each in options if each["value"] == chosen), options[0])
    menu = {"type": "static_select", "action_id": "language", "options": options}
    hint = _("What only one person sees is said in the language of their own Slack.")
    label = _("Language of what is said here")
    return forms.asked("language", label, menu | {"initial_option": first}, hint=hint)


def _person(block: str, label: str, initial: str) -> Block:
    picker = {"type": "users_select", "action_id": "person"}
    chosen = {"initial_user": initial} if initial else {}
    return forms.asked(block, label, picker | chosen) | {"optional": True}


def _wanted(view: View, channel: str) -> Wanted:
    within = {kind.value: filled.chosen_in(view, kind.value) for kind in KINDS}
    return Wanted(
        name=filled.text_in(view, "name").strip().lower(),
        channel=channel,
        hears=[each for each in filled.several_in(view, "hears") if each != NOTHING],
        within={kind: span for kind, span in within.items() if span not in ("", "none")},
        timezone=filled.text_in(view, "timezone").strip(),
        hours=filled.text_in(view, "hours"),
        manager=filled.person_in(view, "manager"),
        weekdays=filled.person_in(view, "weekdays"),
        weekend=filled.person_in(view, "weekend"),
        language=filled.chosen_in(view, "language"),
        silent_after=filled.chosen_in(view, "silent_after"),
    )


def _at_fields(problems: Mapping[str, str]) -> dict[str, str]:
    """Each where it can be mended."""
    fields = {"answer_within": "complaint", "on_duty": "weekdays", "channel": "name"}
    known = ("name", "hears", "timezone", "hours", "manager", "silent_after", *fields.values())
    at = {fields.get(key, key): forms.bare(retold(why, SETTINGS)) for key, why in problems.items()}
    return {(key if key in known else "name"): why for key, why in at.items()}
