"""What somebody wants to see: the words after `/unanswered`, read."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from bot.domain.conversation import UNSETTLED, State
from bot.domain.mention import Kind
from bot.domain.problems import NotPossible, Ours
from bot.domain.team import Team, Teams
from bot.slack import since
from bot.slack.text import harmless
from bot.slack.times import shown
from bot.slack.tongue import N_, _
from bot.slack.words import CALLED, UNCHECKED, on, plural
from storage.search import CLOSED, EVERY, Asked, Sort

LONGEST = 1900  # characters of a question: it rides in the button to its next page
MOST = 40  # words that are combined
QUOTED = 5  # that are searched for: each is looked for in all that customers wrote
PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>", re.I)
PLACE = re.compile(r"<#([CG][A-Z0-9]+)(?:\|[^>]*)?>", re.I)
ADDRESS = re.compile(r"<(?:mailto:|tel:|(?=https?:))([^|<>]+)(?:\|([^<>]*))?>")  # marked by Slack
QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
WORD = re.compile(
    r'(?P<all>\b(?:all teams|alle teams)\b)|(?P<name>\w+):?"(?P<value>[^"]*)(?:"|$)'
    r'|"(?P<words>[^"]*)(?:"|$)|(?P<one><[^<>]*>|[^\s"]+)',
    re.I,
)
ALIKE = {
    "x": "twitter",
    "mail": "email",
    "all": "all teams",
    "alle": "all teams",
    "my": "mine",
    "me": "mine",
    "meine": "mine",
    "late": "overdue",
    "überfällig": "overdue",
    "free": "unclaimed",
    "frei": "unclaimed",
    "beschwerde": "complaint",
    "beschwerden": "complaint",
    "complaints": "complaint",
    "frage": "question",
    "fragen": "question",
    "questions": "question",
    "lob": "praise",
    "sonstiges": "other",
    "dringend": "is:urgent",
    "telefon": "phone",
}
NAMES = {  # what stands before a colon, and what it is called
    "seit": "since",
    "from": "since",
    "von": "since",
    "vor": "before",
    "bis": "before",
    "until": "before",
    "sprache": "lang",
    "language": "lang",
    "ist": "is",
    "sortierung": "sort",
    "order": "sort",
}
VALUES = {
    "dringend": "urgent",
    "versprochen": "promised",
    "pausiert": "snoozed",
    "freigabe": "approval",
    "ungeprüft": "unchecked",
    "beantwortet": "answered",
    "abgelehnt": "dismissed",
    "verworfen": "dismissed",
    "geschlossen": "closed",
    "offen": "open",
    "alles": "any",
    "all": "any",
    "älteste": "oldest",
    "neueste": "newest",
    "fällig": "due",
    "kunde": "customer",
}
STATES = {
    "answered": (State.ANSWERED,),
    "dismissed": (State.DISMISSED,),
    "closed": CLOSED,
    "any": EVERY,
    "open": UNSETTLED,
}
TITLES = {
    (State.ANSWERED,): N_("Answered by {whose}"),
    (State.DISMISSED,): N_("Dismissed by {whose}"),
    CLOSED: N_("Closed by {whose}"),
    UNSETTLED: N_("Waiting for {whose}"),
}
ALL_OF = N_("All of {whose}")
MARKS = {
    "urgent": N_("urgent"),
    "promised": N_("promised"),
    "approval": N_("waiting for approval"),
    "unchecked": UNCHECKED,
}
SNOOZED = N_("snoozed")
SORTS = {
    Sort.DUE: N_("by deadline"),
    Sort.OLDEST: N_("oldest first"),
    Sort.NEWEST: N_("newest first"),
    Sort.CUSTOMER: N_("by customer"),
}
TAKES_A_VALUE = ("since", "before", "tag", "lang", "team", "is", "sort")
BEFORE_A_COLON = [f"{name}:" for name in TAKES_A_VALUE]
ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
ALL_TEAMS = N_("all teams")
SHOWN = 60  # characters of a word in a sentence
WIDE, NARROW = 3, 12  # teams, and other words, that a title names
TAGGED = 40


class Unknown(NotPossible):
    """`near` is what was probably meant."""

    def __init__(self, word: str, near: str = "") -> None:
        values = {"word": harmless(word, SHOWN)}
        if near:
            meant = harmless(near, SHOWN)
            super().__init__(
                Ours(
                    "I don't know “{word}”. Did you mean `{near}`? `/unanswered help` lists what I"
                    " understand."
                ),
                **values,
                near=meant,
            )
        else:
            super().__init__(
                Ours("I don't know “{word}”. `/unanswered help` lists what I understand."), **values
            )


class TooMuch(NotPossible):
    """More than one question can hold."""


@dataclass(frozen=True)
class Person:
    """Who asks, and from which channel."""

    id: str
    channel: str


@dataclass(frozen=True)
class Question:
    """`narrowed` is what it is narrowed to, as markup of our own; `zone` is whose days are meant.

    `said` are the names of what was asked for and replaces what goes without saying.
    """

    asked: Asked
    zone: ZoneInfo
    narrowed: Sequence[str] = ()
    said: Sequence[str] = ()
    filters: Sequence[str] = ()  # as they were typed, without the words that are searched for

    @property
    def title(self) -> str:
        """What the answer is called, as markup of our own."""
        title = _(TITLES.get(tuple(self.asked.states), ALL_OF)).format(whose=self.whose)
        more = ["…"] if len(self.narrowed) > NARROW else []
        return " · ".join([title, *self.narrowed[:NARROW], *more])

    @property
    def whose(self) -> str:
        teams = self.asked.teams
        named = [harmless(team, CALLED) for team in teams[:WIDE]]
        return ", ".join([*named, *(["…"] if len(teams) > WIDE else [])]) or _(ALL_TEAMS)

    def narrow(self, called: str, **asked: object) -> "Question":
        narrower = replace(self.asked, **asked)  # type: ignore[arg-type]
        return replace(self, asked=narrower, narrowed=[*self.narrowed, called])

    def more(self, called: str, name: str, value: object) -> "Question":
        """One more of a sort: any of them will do, or all must hold, as `Asked` says."""
        already = tuple(getattr(self.asked, name))
        return self if value in already else self.narrow(called, **{name: (*already, value)})

    def widen(self, name: str, values: Sequence[object], sort: str) -> "Question":
        """In place of what goes without saying; the next of that sort comes besides."""
        already = tuple(getattr(self.asked, name)) if sort in self.said else ()
        both = tuple(dict.fromkeys((*already, *values)))
        wider = replace(self.asked, **{name: both})  # type: ignore[arg-type]
        return replace(self, asked=wider, said=(*self.said, sort))


@dataclass(frozen=True)
class Word:
    """One of the words: `refund` with nothing before it, or `tag:vip`; quoted ones are searched."""

    text: str
    name: str = ""
    quoted: bool = False

    @property
    def typed(self) -> str:
        return f"{self.name}:{self.text}" if self.name else self.text


class Questions:
    """Reads words; they combine. Two of one sort widen, all else narrows."""

    def __init__(
        self, teams: Teams, accounts: Mapping[str, object], now: Callable[[], datetime]
    ) -> None:
        self.teams, self.now = teams, now
        names = {*accounts, *(name.partition(":")[0] for name in accounts)}
        self.accounts = {name.casefold(): name for name in names}
        self.named = {
            "since": self._since,
            "before": self._before,
            "tag": _tagged,
            "lang": _speaking,
            "team": self._team,
            "is": self._is,
            "sort": self._sort,
        }

    def read(self, query: str, by: Person) -> Question:
        """What the words mean.

        Unknown names the first that means nothing, NotADay a day that is none, TooMuch says that
        it is more than one question can hold.
        """
        words = _words(query)
        question = self._begin(by)
        for word in words[:MOST]:
            question = self._narrow(question, word, by)
        _must_fit(query, words)
        return replace(question, filters=[word.typed for word in words if not word.quoted])

    def _begin(self, by: Person) -> Question:
        team = self.teams.of_channel(by.channel)
        zone = (team or next(iter(self.teams))).calendar.zone
        return Question(Asked(teams=(team.name,) if team else ()), zone)

    def _narrow(self, question: Question, word: Word, by: Person) -> Question:
        if word.quoted:
            return _saying(question, word.text)
        if word.name in self.named:
            return self.named[word.name](question, word.text)
        if found := PERSON.fullmatch(word.text):
            who = found[1].upper()
            return question.more(_("with <@{who}>").format(who=who), "owners", who)
        if found := PLACE.fullmatch(word.text):
            return _of_team(question, self.teams.of_channel(found[1].upper()), word)
        return self._plain(question, word, by)

    def _plain(self, question: Question, word: Word, by: Person) -> Question:
        said = word.typed
        if said == "all teams":
            return replace(question, asked=replace(question.asked, teams=()))
        if said == "overdue":
            return question.narrow(_("overdue"), late_at=self.now())
        if said == "mine":
            return question.more(_("yours"), "owners", by.id)
        if said == "unclaimed":
            return question.narrow(_("unclaimed"), unclaimed=True)
        if said in (kind.value for kind in Kind):
            return question.more(plural(Kind(said)), "kinds", Kind(said))
        if account := self.accounts.get(said):
            return question.more(on(account), "platforms", account)
        raise Unknown(said, self._near(said))

    def _since(self, question: Question, value: str) -> Question:
        at = since.read(value, question.zone, self.now())
        told = _("since {day}").format(day=shown(at, question.zone))
        return question.narrow(told, since=max(at, question.asked.since or at))

    def _before(self, question: Question, value: str) -> Question:
        at = since.read(value, question.zone, self.now())
        told = _("before {day}").format(day=shown(at, question.zone))
        return question.narrow(told, before=min(at, question.asked.before or at))

    def _team(self, question: Question, value: str) -> Question:
        named = {team.name.casefold(): team for team in self.teams}
        team = named.get(value.casefold())
        if found := PLACE.fullmatch(value):
            team = self.teams.of_channel(found[1].upper())
        near = _nearest(value.casefold(), list(named))
        return _of_team(question, team, Word(value, "team"), f"team:{near}" if near else "")

    def _is(self, question: Question, value: str) -> Question:
        said = VALUES.get(value.casefold(), value.casefold())
        if said in STATES:
            return question.widen("states", STATES[said], "is")
        if said in MARKS:
            return question.narrow(_(MARKS[said]), **{said: True})
        if said == "snoozed":
            return question.narrow(_(SNOOZED), snoozed_at=self.now())
        if said in ("overdue", "unclaimed", "mine"):
            raise Unknown(f"is:{value}", said)
        known = [*STATES, *MARKS, "snoozed"]
        raise Unknown(f"is:{value}", _nearest(f"is:{said}", [f"is:{each}" for each in known]))

    def _sort(self, question: Question, value: str) -> Question:
        said = VALUES.get(value.casefold(), value.casefold())
        if said not in set(Sort):
            near = _nearest(f"sort:{said}", [f"sort:{each}" for each in Sort])
            raise Unknown(f"sort:{value}", near)
        return question.narrow(_(SORTS[Sort(said)]), sort=Sort(said))

    def _near(self, word: str) -> str:
        known = ["overdue", "mine", "unclaimed", "all teams", *Kind, *BEFORE_A_COLON]
        return _nearest(word, [*known, *sorted(self.accounts)])


def _of_team(question: Question, team: Team | None, word: Word, near: str = "") -> Question:
    """The first that is named takes the place of the channel's own."""
    if team is None:
        raise Unknown(word.typed, near)
    return question.widen("teams", [team.name], "team")


def _tagged(question: Question, value: str) -> Question:
    called = _("tagged “{tag}”").format(tag=harmless(value, TAGGED))
    return question.more(called, "tags", value.casefold())


def _speaking(question: Question, value: str) -> Question:
    language = value.casefold().replace("_", "-")
    return question.more(
        _("in “{language}”").format(language=harmless(value, TAGGED)), "languages", language
    )


def _saying(question: Question, words: str) -> Question:
    called = _("with the words “{words}”").format(words=harmless(words, TAGGED))
    return question.more(called, "words", words)


def _must_fit(query: str, words: Sequence[Word]) -> None:
    if len(query) > LONGEST:
        told = Ours("That is {length:,} characters; I take {most:,}. Leave something out.")
        raise TooMuch(told, length=len(query), most=LONGEST)
    if len(words) > MOST:
        told = Ours("That is {length:,} words; I combine {most:,}. Leave something out.")
        raise TooMuch(told, length=len(words), most=MOST)
    if (many := len({word.text for word in words if word.quoted})) > QUOTED:
        told = Ours("I look for {most:,} texts at once, and that is {length:,}. Leave some out.")
        raise TooMuch(told, length=many, most=QUOTED)


def _nearest(word: str, known: Sequence[str]) -> str:
    return next(iter(get_close_matches(word, known, 1, 0.75)), "")


def _words(query: str) -> list[Word]:
    """One by one; a mention is one word, whatever the name in it."""
    straight = query.translate(QUOTES)
    for named in (PERSON, PLACE):
        straight = named.sub(lambda at: at[0].partition("|")[0].rstrip(">") + ">", straight)
    read = (_word(found) for found in WORD.finditer(straight))
    return [word for word in read if word.text]


def _word(found: re.Match[str]) -> Word:
    if found["all"]:
        return Word("all teams")
    if found["words"] is not None:
        return Word(as_typed(found["words"]), quoted=True)
    name, value = found["name"], found["value"]
    if name is None:
        name, colon, value = found["one"].partition(":")
        called = _named(name)
        if not colon or called not in TAKES_A_VALUE:
            whole = found["one"].lower()
            return Word(ALIKE.get(whole, whole))
    return Word(as_typed(value), _named(name))


def _named(name: str) -> str:
    return NAMES.get(name.lower(), name.lower())


def as_typed(text: str) -> str:
    """As it was typed: Slack marks addresses, and escapes."""
    typed = text if PLACE.fullmatch(text) else ADDRESS.sub(lambda at: at[2] or at[1], text)
    return " ".join(re.sub("&(?:lt|gt|amp);", lambda at: ENTITIES[at[0]], typed).split())
