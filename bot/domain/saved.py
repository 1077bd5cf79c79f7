"""Saved replies: words that a team says often, with places for what differs."""

import csv
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from io import StringIO
from typing import NamedTuple
from unicodedata import category, normalize

from bot.domain.mention import storable
from bot.domain.problems import NotPossible, Ours

NAME, TEXT = 75, 3000  # characters: as Slack shows a choice, and as a form holds a text
ROWS = 1000  # of one file
CHOICES = 100  # that a menu offers
KNOWN = (  # what we fill in ourselves; anything else is asked for
    "first_name",
    "name",
    "handle",
    "agent",
    "agent_initials",
    "team",
    "platform",
    "conversation",
    "order",
)
NAMED = r"\{ ?([^\W\d_]\w{0,39}(?:[ -]\w{1,39}){0,3}) ?\}"  # {order}, and {order number}
PLACE = re.compile(rf"\{{\{{|\}}\}}|{NAMED}")
BARE = re.compile(NAMED)  # in an answer, {{order}} is no better
BRACED = re.compile(r"\{(\{[^{}]+\})\}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}")
COLUMNS = ("team", "language", "name", "text")
HOLDING, YES = "holding", "yes"  # a column that a file may lack, and what stands in it
TRUE, FALSE = (YES, "ja", "true", "x", "1"), ("", "no", "nein", "false", "0")
FORMULA = re.compile(r"'*[=+@\t\r-]")  # what a spreadsheet would run, not show
DELIMITERS = ",;\t"


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A reply to begin with. A team of "" means every team, a language of "" any."""

    id: int
    team: str
    language: str
    name: str
    text: str
    by: str
    at: datetime
    holding: bool = False  # says that we are at it, and may be offered where very many write


class Written(NamedTuple):
    """A saved reply as a file has it."""

    team: str
    language: str
    name: str
    text: str
    holding: bool | None = None  # None: as it was


@dataclass(frozen=True)
class Filled:
    """A saved reply with its values in it; what is `missing` stands there as {name} still.

    `meant` are texts that look like places and are none: see `unfilled`.
    """

    text: str
    missing: tuple[str, ...] = ()
    meant: tuple[str, ...] = ()


def variables(text: str) -> tuple[str, ...]:
    """The names of its places, {order}, each once; {{ and }} stand for braces."""
    return tuple(dict.fromkeys(_name(place) for place in PLACE.finditer(text) if place[1]))


def fill(text: str, values: Mapping[str, str]) -> Filled:
    """The saved text with a value at each place. Fill it anew when there are more values, never
    what has been filled before: values are not looked at again. A blank value is a missing one.
    """
    names = variables(text)
    given = {name: values[name] for name in names if values.get(name, "").strip()}
    missing = tuple(name for name in names if name not in given)
    filled = PLACE.sub(lambda place: _filled(place, given), text)
    meant = (each for each in (*BRACED.findall(text), *given.values()) if variables(each))
    sure = (each for each in meant if not set(variables(each)) & set(missing))
    return Filled(filled, missing, tuple(dict.fromkeys(sure)))


def unfilled(text: str, meant: Collection[str] = ()) -> tuple[str, ...]:
    """The places of an answer that is about to be published: with any, it must not be.

    `meant` are texts that may stand in it as they are, such as a customer's name with braces.
    """
    for each in sorted(filter(variables, meant), key=len, reverse=True):
        text = text.replace(each, " ")
    return tuple(dict.fromkeys(_name(place) for place in BARE.finditer(text)))


def put_in(text: str, values: Mapping[str, str]) -> str:
    """An answer with these values at its places, as its author was asked for them; once only."""
    return BARE.sub(lambda place: values.get(_name(place), "").strip() or place[0], text)


def _name(place: re.Match[str]) -> str:
    return re.sub(r"[ -]", "_", place[1]).casefold()


def _filled(place: re.Match[str], values: Mapping[str, str]) -> str:
    if not place[1]:
        return place[0][0]
    return values.get(_name(place)) or f"{{{_name(place)}}}"


# A first name

TITLES = frozenset(
    {"dr", "prof", "professor", "dipl", "ing", "mag", "msc", "bsc", "phd", "med", "rev", "sir"}
    | {"mr", "mrs", "ms", "mx", "miss", "herr", "frau", "hr", "fr", "mme", "m", "h", "c"}
)
NO_PERSON = frozenset(
    {"gmbh", "ag", "kg", "ug", "inc", "ltd", "llc", "corp", "co", "sarl", "team", "support"}
    | {"shop", "the", "und", "and", "&", "+", "family", "familie", "e.v"}
)
AROUND = '.,;:!()"*~'
LONGEST = 30  # letters of a first name
NO_ORDER = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def first_name(name: str) -> str:
    """Mira, for "Dr. Mira Huber" and for "Huber, Mira"; "" where nobody should be called so.

    That is where only a title and a last name are given, an initial, a handle, several people or a
    company, and in scripts where the last name may come first. Then it is asked for.
    """
    words = _ordered(normalize("NFC", name[:200])).split()
    plain = {word.strip(AROUND).casefold() for word in words}
    if NO_PERSON & plain or NO_ORDER.search(name):
        return ""
    rest = [word for word in words if any(map(_letter, word)) and not _is_title(word)]
    titled = any(map(_is_title, words))
    return _letters(rest[0]) if len(rest) > titled else ""


def _ordered(name: str) -> str:
    """Huber, Mira the way people say it."""
    last, _, first = name.partition(",")
    turned = len(last.split()) == 1 and first.split() and not all(map(_is_title, first.split()))
    return f"{first} {last}" if turned else name


def _is_title(word: str) -> bool:
    return set(re.split(r"[.-]+", word.strip(AROUND).casefold())) <= TITLES


def _letters(word: str) -> str:
    """The word without ornaments around it; "" if it is none, or only an initial."""
    places = [place for place, each in enumerate(word) if _letter(each)]
    core = word[places[0] : places[-1] + 1]
    whole = all(_letter(each) or each in "-'’" for each in core)
    handle = any(each.isalnum() or each in "_@#/:" for each in word.replace(core, "", 1))
    return core if whole and not handle and 1 < len(core) <= LONGEST else ""


def _letter(character: str) -> bool:
    return category(character)[0] in "LM"


# Choosing one


def choose(
    saved: Sequence[Saved], team: str, languages: Sequence[str], typed: str = ""
) -> Sequence[Saved]:
    """This team's and everybody's with all the typed words, at most 100: those of the first
    language first, then those whose name has the words, then the team's own."""
    words = typed.casefold().split()
    found = [
        one for one in saved if one.team in (team, "") and _has(words, f"{one.name} {one.text}")
    ]
    ranked = sorted(found, key=lambda one: _rank(one, words, languages))
    return ranked[:CHOICES]


def _rank(one: Saved, words: Sequence[str], languages: Sequence[str]) -> tuple[object, ...]:
    spoken = next((n for n, each in enumerate(languages) if _same(one.language, each)), None)
    order = len(languages) + bool(one.language) if spoken is None else spoken
    return order, not _has(words, one.name), not one.team, one.name.casefold(), one.id


def _has(words: Sequence[str], text: str) -> bool:
    text = text.casefold()
    return all(word in text for word in words)


def _same(one: str, other: str) -> bool:
    """Whether de-AT is meant by de."""
    return bool(one) and one.partition("-")[0].casefold() == other.partition("-")[0].casefold()


# As a file


def exported(saved: Sequence[Saved]) -> str:
    """All of them as CSV, to be written as UTF-8 (with a BOM, for Excel).

    A cell that a spreadsheet would run, as it begins with = + - @, has a ' before it.
    """
    file = StringIO()
    table = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    table.writerow((*COLUMNS, HOLDING))
    for one in sorted(saved, key=lambda each: (each.team, each.language, each.name.casefold())):
        cells = (one.team, one.language, one.name, one.text, YES if one.holding else "")
        table.writerow(map(_safe, cells))
    return file.getvalue()


def _safe(cell: str) -> str:
    return f"'{cell}" if FORMULA.match(cell) else cell


def _unsafe(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def imported(
    text: str, teams: Collection[str] | None = None
) -> tuple[Sequence[Written], Sequence[NotPossible]]:
    """The replies of a CSV file, and what is wrong with it; with anything wrong, take none.

    Commas, semicolons or tabs may stand between the cells, and a BOM before all. `teams` are the
    names that there may be; None: any. It is no mistake if a reply is in the database already.
    """
    found = _File(storable(text.removeprefix("\ufeff")), teams)
    return tuple(found.rows.values()), tuple(found.problems)


class _File:
    """A CSV file, read line by line; remembers what was wrong in it."""

    def __init__(self, text: str, teams: Collection[str] | None) -> None:
        self.teams = teams
        self.rows: dict[tuple[str, str, str], Written] = {}
        self.problems: list[NotPossible] = []
        try:
            self._read(_numbered(text))
        except NotPossible as problem:
            self.problems.append(problem)

    def _read(self, lines: Iterator[tuple[int, list[str]]]) -> None:
        line, head = next(lines, (1, []))
        heads = [cell.strip().casefold() for cell in head]
        if sorted({*heads, HOLDING}) != sorted((*COLUMNS, HOLDING)) or len(set(heads)) < len(heads):
            raise NotPossible(WRONG_COLUMNS, line=line, columns=", ".join(COLUMNS))
        for number, (line, cells) in enumerate(lines):
            if number >= ROWS:
                raise NotPossible(TOO_MANY, line=line, most=ROWS)
            self._take(line, heads, cells)

    def _take(self, line: int, heads: Sequence[str], cells: Sequence[str]) -> None:
        if len(cells) != len(heads):
            self.problems.append(
                NotPossible(WRONG_CELLS, line=line, cells=len(cells), columns=len(heads))
            )
            return
        written = dict(zip(heads, map(_unsafe, cells), strict=True))
        row = _row(written)
        if written.get(HOLDING, "").strip().casefold() not in (*TRUE, *FALSE):
            self.problems.append(NotPossible(NO_YES, line=line, yes=YES))
        key = (row.team, row.language, row.name.casefold())
        self.problems += _wrong(line, row, self.teams)
        if key in self.rows:
            self.problems.append(NotPossible(TWICE, line=line, name=_shown(row.name)))
        self.rows[key] = row


NO_CSV = Ours("Line {line}: This can't be read as CSV. A quote may be missing, or one too many.")
WRONG_COLUMNS = Ours("Line {line}: The first line must name the columns: {columns}.")
TOO_MANY = Ours("Line {line}: A file holds {most:,} replies at most. Split it.")
WRONG_CELLS = Ours(
    "Line {line}: There are {cells:,} cells where there should be {columns:,}. Put a text that"
    " holds commas or line breaks in quotes."
)
TWICE = Ours("Line {line}: “{name}” is in the file twice for this team and language. Rename one.")
NO_NAME = Ours("Line {line}: The reply has no name. Give it one.")
LONG_NAME = Ours("Line {line}: A name has {most:,} characters at most; this has {length:,}.")
NO_TEXT = Ours("Line {line}: The reply has no text. Write it, or take the line out.")
LONG_TEXT = Ours("Line {line}: A text has {most:,} characters at most; this has {length:,}.")
NO_LANGUAGE = Ours(
    "Line {line}: “{language}” is not a language. Write its code, such as de or pt-br, or nothing"
    " for any."
)
NO_YES = Ours("Line {line}: Write {yes} in the column holding, or nothing.")
NO_TEAM = Ours("Line {line}: There is no team “{team}”. Write one of {teams}, or nothing for all.")


def _wrong(line: int, row: Written, teams: Collection[str] | None) -> Iterator[NotPossible]:
    yield from _wrong_words(line, row.name, row.text)
    if row.language and not LANGUAGE.fullmatch(row.language):
        yield NotPossible(NO_LANGUAGE, line=line, language=_shown(row.language))
    if row.team and teams is not None and row.team not in teams:
        known = ", ".join(map(_shown, sorted(teams)))
        yield NotPossible(NO_TEAM, line=line, team=_shown(row.team), teams=known)


def _wrong_words(line: int, name: str, text: str) -> Iterator[NotPossible]:
    if not name:
        yield NotPossible(NO_NAME, line=line)
    if len(name) > NAME:
        yield NotPossible(LONG_NAME, line=line, most=NAME, length=len(name))
    if not text:
        yield NotPossible(NO_TEXT, line=line)
    if len(text) > TEXT:
        yield NotPossible(LONG_TEXT, line=line, most=TEXT, length=len(text))


def _numbered(text: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that say something, each with the number at which it begins."""
    table = csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    line = 1
    try:
        for cells in table:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = table.line_num + 1
    except csv.Error:
        raise NotPossible(NO_CSV, line=line) from None


def _delimiter(text: str) -> str:
    """What stands between the columns' names."""
    first = text.lstrip().partition("\n")[0][:1000]
    return max(DELIMITERS, key=first.count)


def _row(cells: Mapping[str, str]) -> Written:
    text = cells["text"].replace("\r\n", "\n").replace("\r", "\n").strip()
    name = " ".join(cells["name"].split())
    language = cells["language"].strip().replace("_", "-").lower()
    said = cells.get(HOLDING)
    holding = None if said is None else said.strip().casefold() in TRUE
    return Written(cells["team"].strip(), language, name, text, holding)


def _shown(words: str) -> str:
    """Words of a file for a sentence: their beginning, with no markup in it."""
    return escape(words[:NAME].replace("\n", " "), quote=False)
