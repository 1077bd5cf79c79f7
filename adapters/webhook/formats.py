"""How a service writes its webhooks, as data: a TOML file for each, told in docs/webhook.md."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.resources import files
from pathlib import Path as File
from typing import Any

from adapters.webhook.paths import Around, Path, Template, plain, same
from adapters.webhook.proofs import Proof, filled_in

BUILT_IN = files("adapters.webhook") / "formats"
MOST = 1000  # mentions in one webhook
TEXTS = ("id", "text", "thread", "parent", "subject", "language", "no_reply")
ABOUT_AUTHOR = ("id", "name", "handle", "place", "language")
KINDS: Mapping[str, Any] = {
    **dict.fromkeys((*TEXTS, "url"), "text"),
    **dict.fromkeys(("posted_at", "reply_by"), "time"),
    **dict.fromkeys(("public", "from_us", "automated", "deleted"), "flag"),
    "rating": "number",
    "media": "links",
    "author": {
        **dict.fromkeys((*ABOUT_AUTHOR, "url", "website"), "text"),
        "followers": "number",
        "verified": "flag",
        "since": "time",
    },
}
TIMES = ("iso", "utc", "seconds", "milliseconds", "mail")
KNOWN = {"about", "body", "each", "alone", "when", "signed", "mention"}


@dataclass(frozen=True)
class Source:
    """What one field is made of, as the mapping tells it; `kind` is what the field holds."""

    kind: str
    path: Path | None = None
    write: Template | None = None
    each: Path | None = None
    between: str = "\n"
    among: Sequence[Any] | None = None
    time: str = "iso"
    constant: Any = None

    def taken(self, around: Around) -> Any:
        """The field, or None where there is nothing to make it of."""
        if self.constant is not None:
            return self.constant
        if self.write:
            return self._written(self.write, around)
        assert self.path
        if self.kind == "links":
            return self.path.all(around) or None
        value = self.path.first(around)
        if self.among is not None:
            return any(same(value, each) for each in self.among)
        return None if value is None else self._as_its_kind(value)

    def _written(self, words: Template, around: Around) -> str | None:
        if not self.each:
            return words.written(around) or None
        items = (Around(item, around.whole) for item in self.each.all(around))
        return self.between.join(filter(None, map(words.written, items))) or None

    def _as_its_kind(self, value: Any) -> Any:
        if self.kind == "text":
            return plain(value) or None
        if self.kind == "time":
            return when(value, self.time).isoformat()
        if isinstance(value, str) and self.kind == "number" and value.isdecimal():
            return int(value[:20])
        if isinstance(value, str) and self.kind == "flag":
            return {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), value)
        return value


@dataclass(frozen=True)
class Format:
    """One service. Without `fields` its items are what docs/webhook.md documents already."""

    about: str
    proof: Proof
    form: bool = False  # its body is a form that was filled in, not JSON
    each: Path | None = None
    alone: bool = False  # the body may be one item as well
    when: Mapping[Path, Sequence[Any]] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)

    def told(self, body: bytes) -> tuple[Any, Sequence[Any]]:
        """The whole of it, and its items. ValueError where it makes no sense at all."""
        whole = dict(filled_in(body)[::-1]) if self.form else json.loads(body)
        items = self._items(whole)
        if len(items) > MOST:
            raise ValueError(f"It tells more than {MOST} at once.")
        return whole, items

    def _items(self, whole: Any) -> Sequence[Any]:
        if self.each is None:
            return [whole]
        found = self.each.all(Around(whole, whole))
        if not found and self.alone:
            return [whole]
        if not found or not isinstance(found[0], list):
            raise ValueError("There is no list where one should be.")
        return found[0]

    def documented(self, item: Any, whole: Any) -> Any:
        """An item as docs/webhook.md has it; None where it is not about a mention at all."""
        if not self.fields:
            return item
        around = Around(item, whole)
        return _made(self.fields, around) if self._concerns_us(around) else None

    def _concerns_us(self, around: Around) -> bool:
        for path, allowed in self.when.items():
            if (value := path.first(around)) is None:
                raise ValueError("It does not say what it is about.")
            if not any(same(value, each) for each in allowed):
                return False
        return True


def when(value: Any, how: str) -> datetime:
    """A moment, from one of `TIMES`; what has no offset is refused unless it is "utc"."""
    if how in ("seconds", "milliseconds"):
        return datetime.fromtimestamp(float(value) / (1 if how == "seconds" else 1000), UTC)
    at = parsedate_to_datetime(value) if how == "mail" else datetime.fromisoformat(str(value))
    if at.tzinfo is None and how == "utc":
        return at.replace(tzinfo=UTC)
    if at.tzinfo is None:
        raise ValueError(f"{value} has no offset.")
    return at.astimezone(UTC)


def loaded(name: str) -> Format:
    """A built-in format by its name, or the file at a path. ValueError says what is wrong."""
    known = sorted(file.name.removesuffix(".toml") for file in BUILT_IN.iterdir())
    if name in known:
        return parsed((BUILT_IN / f"{name}.toml").read_text("utf-8"))
    try:
        return parsed(File(name).read_text("utf-8"))
    except OSError:
        raise ValueError(f"is “{name}”: neither a file nor one of {', '.join(known)}") from None
    except (ValueError, TypeError, AttributeError) as problem:
        raise ValueError(f"is “{name}”, and something in it is wrong: {problem}") from None


def parsed(text: str) -> Format:
    """ValueError, or TypeError where something is of another type."""
    given = tomllib.loads(text)
    _must_be_known(given, KNOWN, "")
    conditions = given.get("when", {}).items()
    return Format(
        about=str(given["about"]) if "about" in given else "this service",
        proof=Proof.of(given.get("signed", {})),
        form=_one_of(given.get("body", "json"), ("json", "form"), "body") == "form",
        each=Path.of(given["each"]) if "each" in given else None,
        alone=given.get("alone", False),
        when={Path.of(path): list(allowed) for path, allowed in conditions},
        fields=_sources(given.get("mention", {}), KINDS, "mention."),
    )


def _sources(given: Mapping[str, Any], kinds: Mapping[str, Any], inside: str) -> Mapping[str, Any]:
    _must_be_known(given, kinds.keys(), inside)
    made: dict[str, Any] = {}
    for name, said in given.items():
        kind = kinds[name]
        if isinstance(kind, str):
            made[name] = _source(kind, said, inside + name)
        else:
            made[name] = _sources(said, kind, f"{inside}{name}.")
    return made


def _source(kind: str, said: Any, name: str) -> Source:
    """A path, a constant that is no text, or a table that says more."""
    if isinstance(said, str):
        return Source(kind, Path.of(said))
    if not isinstance(said, dict):
        return Source(kind, constant=said)
    _must_be_known(said, {"path", "write", "each", "between", "among", "time"}, f"{name}.")
    if ("path" in said) is ("write" in said):
        raise ValueError(f"{name} must have either a path or something to write.")
    return Source(
        kind,
        path=Path.of(said["path"]) if "path" in said else None,
        write=Template.of(said["write"]) if "write" in said else None,
        each=Path.of(said["each"]) if "each" in said else None,
        between=str(said.get("between", "\n")),
        among=list(said["among"]) if "among" in said else None,
        time=_one_of(said.get("time", "iso"), TIMES, f"{name}.time"),
    )


def _made(fields: Mapping[str, Any], around: Around) -> dict[str, Any]:
    made = {
        name: source.taken(around) if isinstance(source, Source) else _made(source, around)
        for name, source in fields.items()
    }
    return {name: value for name, value in made.items() if value is not None}


def _must_be_known(given: Mapping[str, Any], known: Any, inside: str) -> None:
    for name in given:
        if name not in known:
            raise ValueError(f"{inside}{name} is not known.")


def _one_of(value: Any, known: Sequence[str], name: str) -> str:
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}.")
    return str(value)
