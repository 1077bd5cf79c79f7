"""Brings what is said in other languages up to date with the code: `python -m tests.tongue`.

`python -m tests.tongue pt-BR` begins a language. What is still to be translated is printed.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel import Locale
from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
CODE = ROOT / "bot"
TONGUES = CODE / "slack" / "tongues"
KEYWORDS = {
    "_": None,
    "N_": None,
    "Ours": None,
    "n_": (1, 2),
    "p_": ((1, "c"), 2),
    "np_": ((1, "c"), 2, 3),
}
HEADER = """\
# {name} for Unanswered; docs/languages.md has its glossary, and says how this file is kept.
# Written by: python -m tests.tongue"""
ONCE = datetime(2026, 1, 1, tzinfo=UTC)  # a file without news stays as it is


def marked() -> Catalog:
    """Every sentence that the code marks, and the files it is in."""
    catalog = Catalog(charset="utf-8", creation_date=ONCE)
    found = extract_from_dir(CODE, method_map=[("**.py", "python")], keywords=KEYWORDS)
    for file, _line, text, _comments, context in found:
        if text:
            catalog.add(text, locations=[(f"bot/{file}", 0)], context=context)
    return catalog


def translated(file: Path) -> Catalog:
    with file.open("rb") as opened:
        return read_po(opened, locale=_locale(file.stem), abort_invalid=True)


def updated(old: Catalog, now: Catalog) -> Catalog:
    """Today's sentences with what they are in this language; what is gone is kept aside."""
    new = _empty(old.locale)
    for message in now:
        if message.id:
            where = sorted(set(message.locations))
            new.add(message.id, _known(old, message), locations=where, context=message.context)
    for gone in [*old.obsolete.values(), *old]:
        if gone.id and gone.string and now.get(_one(gone), gone.context) is None:
            new.obsolete[new._key_for(gone.id, gone.context)] = gone
    return new


def missing(catalog: Catalog) -> Iterator[Message]:
    """What nobody has translated yet."""
    for message in catalog:
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id and (message.fuzzy or not all(said)):
            yield message


def write(catalog: Catalog, file: Path) -> None:
    with file.open("wb") as opened:
        write_po(opened, catalog, width=98, sort_output=True, include_lineno=False)


def _empty(locale: Locale | str | None) -> Catalog:
    named = Locale.parse(str(locale))
    return Catalog(
        locale=named,
        project="Unanswered",
        version="1",
        header_comment=HEADER.format(name=named.english_name),
        msgid_bugs_address="the issues of the project",
        last_translator="the team",
        language_team=named.english_name,
        creation_date=ONCE,
        revision_date=ONCE,
        fuzzy=False,
    )


def _known(old: Catalog, message: Message) -> str | tuple[str, ...]:
    """What is known of a sentence, unless only one of the two depends on a number."""
    aside = old.obsolete.get(old._key_for(message.id, message.context))
    known = old.get(_one(message), message.context) or aside
    if known is None or known.fuzzy or isinstance(known.id, str) != isinstance(message.id, str):
        return ""
    return known.string


def _one(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _locale(name: str) -> str:
    return name.replace("-", "_")


def main(begun: list[str]) -> int:
    """0 when nothing is left to translate."""
    for language in begun:
        file = TONGUES / f"{language.replace('_', '-')}.po"
        if not file.exists():
            write(_empty(_locale(language)), file)
    now = marked()
    return max([_update(file, now) for file in sorted(TONGUES.glob("*.po"))], default=0)


def _update(file: Path, now: Catalog) -> int:
    new = updated(translated(file), now)
    write(new, file)
    left = list(missing(new))
    for message in left:
        where = f" ({message.context})" if message.context else ""
        print(f"{file.stem}: {message.id!r}{where}")
    print(f"{file.stem}: {len(new)} sentences, {len(left)} still to be translated.")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
