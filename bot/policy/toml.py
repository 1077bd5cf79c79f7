"""A TOML file that is read entry by entry; what is wrong in it is named by its line."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

VARIABLE = re.compile(r"\$([A-Z][A-Z0-9_]*)")
HEAD = re.compile(r"\s*\[\[?\s*([\w.\"' -]+?)\s*\]\]?\s*(?:#.*)?")

ADDRESS = re.compile(r"(\w+://)(?:[^\s\"'/?#@]*@)?([^\s\"'/?#@]+)[/?#][^\s\"']*")

Read = TypeVar("Read")
Given = TypeVar("Given")


class Wrong(Exception):
    """What is wrong with one entry, and how it is mended; there may be several reasons."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(*reasons)
        self.reasons = reasons


class TomlFile:
    """One file's text; remembers what was wrong in it."""

    def __init__(self, file: Path, text: str, environment: Mapping[str, str]) -> None:
        self.name, self.folder, self.environment = file.name, file.parent, environment
        self.lines = text.splitlines()
        self.problems: list[str] = []

    def entry(
        self,
        table: str,
        key: str,
        entries: Mapping[str, Any],
        read: Callable[[Any], Read],
        *,
        number: int = 0,
    ) -> Read | None:
        """One entry, read; None if it is not there or wrong."""
        if key not in entries:
            return None
        try:
            return read(entries[key])
        except Wrong as problem:
            for reason in problem.reasons:
                self.wrong(table, key, reason, number=number)
            return None

    def known(
        self, entries: Mapping[str, Any], keys: Sequence[str], table: str, *, number: int = 0
    ) -> None:
        for key in entries:
            if key not in keys:
                known = f"Nothing is called so. Known: {', '.join(keys)}"
                self.wrong(table, key, known, number=number)

    def filled(self, value: Any, *, optional: bool = False) -> str:
        """The text, with "$NAME" taken from the environment."""
        if not isinstance(value, str):
            raise Wrong(f"{value!r} must be a text in quotes")
        variable = VARIABLE.fullmatch(value)
        if not variable:
            return value
        given = self.environment.get(variable[1], "").strip()
        if not given and not optional:
            raise Wrong(f"it is taken from {variable[1]}, which is not set. Set it")
        return given

    def wrong(self, table: str, key: str, why: str, *, number: int = 0) -> None:
        """Remember it; `number` counts tables of the same name, as in [[teams.care.rules]]."""
        where = f"{table}.{key}".strip(".")
        line = self.line(table, key, number)
        self.problems.append(f"{self.name}, line {line}, {where}: {sentence(why)}")

    def line(self, table: str, key: str, number: int = 0) -> int:
        """Where a key stands; where its table begins if it has none or can't be found."""
        names = [name for name in (*table.split("."), key) if name]
        at, below = self._head(names, number)
        for name in below:
            entry = re.compile(rf"(?:[^#]*[{{,\s.\[])?[\"']?{re.escape(name)}[\"']?\s*[=.]")
            found = (n for n in range(at, len(self.lines)) if entry.match(self.lines[n]))
            at = next(found, at)
        return at + 1

    def part(self, table: str) -> str:
        """The lines of a table and of all tables in it, as they are written."""
        own, mine = [], False
        for line in self.lines:
            if head := _head(line):
                mine = f"{head}.".startswith(f"{table}.")
            own += [line] if mine else []
        while own and (not own[-1].strip() or own[-1].lstrip().startswith("#")):
            own.pop()  # what is said there is about the next table
        return "\n".join(own)

    def _head(self, names: Sequence[str], number: int) -> tuple[int, Sequence[str]]:
        """The line with the longest [part.of.the.name], and the names that are left."""
        for length in range(len(names), 0, -1):
            name = ".".join(names[:length])
            heads = [n for n, line in enumerate(self.lines) if _head(line) == name]
            if heads:
                return heads[number if number < len(heads) else 0], names[length:]
        return 0, names


def sentence(why: str) -> str:
    """With its end: most come without, and a question has its own."""
    return why if why.endswith((".", "?")) else f"{why}."


def each(read: Callable[[Given], Read], values: Iterable[Given]) -> list[Read]:
    """All of them, read; Wrong with every reason there is."""
    found: list[Read] = []
    reasons: list[str] = []
    for value in values:
        try:
            found.append(read(value))
        except Wrong as problem:
            reasons += problem.reasons
    if reasons:
        raise Wrong(*reasons)
    return found


def shown(value: str) -> str:
    """What was written; not what may be a secret: the environment's, and an address's path."""
    if "://" in value:
        return ADDRESS.sub(r"\1\2/…", value)
    return f"what {value[1:]} holds" if VARIABLE.fullmatch(value) else repr(value)


def texts(value: Any, such: str) -> list[str]:
    """A text, or a list of texts; Wrong with an example."""
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise Wrong(f"It must be a text or a list of texts, such as {such}")
    return found


def table_of(value: Any, such: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong(f"It must be a table, such as {such}")
    return value


def yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong("It must be true or false, without quotes")
    return value


def keyed(value: Any, needs: Iterable[str], may: Iterable[str], says: str) -> dict[str, Any]:
    """A table that has these keys, and no others than it may have."""
    if not isinstance(value, dict) or not set(needs) <= set(value) <= {*needs, *may}:
        raise Wrong(says)
    return value


def _head(line: str) -> str | None:
    """teams.care, for the line [teams."care"]; None where no table begins."""
    head = HEAD.fullmatch(line)
    return head and re.sub(r"[\"' ]", "", head[1])
