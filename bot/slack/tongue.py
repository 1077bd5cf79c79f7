"""Which language we speak: English is written in the code, every other in `tongues/`.

The language is a context variable, and so each thread has its own: `speaking` in a listener of
Bolt's says nothing about what another thread says at the same time. A thread that we start
speaks English until it is told.
"""

import gettext
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from string import Formatter

import structlog

from bot.domain.problems import NotPossible, Ours

log = structlog.get_logger()

ENGLISH = "en"
TONGUES = Path(__file__).with_name("tongues")

_spoken: ContextVar[str] = ContextVar("spoken", default=ENGLISH)


@contextmanager
def speaking(locale: str | None) -> Iterator[None]:
    """Speak the known language nearest to a locale such as "de-AT"; English if there is none."""
    before = _spoken.set(nearest(locale))
    try:
        yield
    finally:
        _spoken.reset(before)


def spoken() -> str:
    """The language spoken now: "en", "de"."""
    return _spoken.get()


def nearest(locale: str | None) -> str:
    """Of a BCP 47 tag its longest beginning that we speak: "de-AT" is "de"."""
    parts = (locale or ENGLISH).replace("_", "-").split("-")
    known = {language.casefold(): language for language in languages()}
    for length in range(len(parts), 0, -1):
        if found := known.get("-".join(parts[:length]).casefold()):
            return found
    return ENGLISH


@cache
def languages() -> tuple[str, ...]:
    """All that can be spoken, English first."""
    return (ENGLISH, *sorted(path.stem for path in TONGUES.glob("*.po")))


def _(text: str) -> str:
    """One of our own sentences in the language spoken."""
    return _catalog(spoken()).gettext(text) if text else ""


def n_(one: str, many: str, number: int) -> str:
    """The same where it depends on a number, which is still to be filled in."""
    return _catalog(spoken()).ngettext(one, many, number)


def p_(where: str, text: str) -> str:
    """A sentence or word that other languages say differently elsewhere; `where` tells when."""
    return _catalog(spoken()).pgettext(where, text)


def np_(where: str, one: str, many: str, number: int) -> str:
    """Both: it depends on a number, and on where it stands."""
    return _catalog(spoken()).npgettext(where, one, many, number)


def N_(text: str) -> str:  # noqa: N802
    """Marks a sentence that is translated later, where it is shown."""
    return text


def told(problem: NotPossible) -> str:
    """Why something can't be done, in the language spoken."""
    if not problem.values:
        return _(problem.template)
    values = {name: _in(value) for name, value in problem.values.items()}
    return fill(_(problem.template), **values)


def fill(template: str, **values: object) -> str:
    """A sentence with its values; numbers with a comma in their format are grouped as spoken."""
    return _Filling().format(template, **values)


def _in(value: object) -> object:
    """A value that goes into a sentence, translated where it is words of our own."""
    if isinstance(value, NotPossible):
        return told(value)
    return _(value) if isinstance(value, Ours) else value


def number(many: int) -> str:
    """1,234, or 1.234, as the language spoken writes it."""
    if spoken() == ENGLISH:
        return f"{many:,}"
    from babel.numbers import format_decimal

    return str(format_decimal(many, locale=_locale()))


def day(shown: date) -> str:
    """ "Fri 27 Nov"; the pattern's letters are those of Unicode's date fields."""
    if spoken() == ENGLISH:
        return f"{shown:%a} {shown.day} {shown:%b}"
    from babel.dates import format_date

    return str(format_date(shown, p_("pattern of a date", "ccc d LLL"), locale=_locale()))


def weekday(shown: date) -> str:
    """ "Friday", as it stands alone."""
    if spoken() == ENGLISH:
        return f"{shown:%A}"
    from babel.dates import format_date

    return str(format_date(shown, "cccc", locale=_locale()))


def _locale() -> str:
    return spoken().replace("-", "_")


class _Filling(Formatter):
    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, int) and format_spec == ",":
            return number(value)
        return str(super().format_field(value, format_spec))


@cache
def _catalog(language: str) -> gettext.NullTranslations:
    """Read once, when it is first spoken; what can't be read leaves us speaking English."""
    if language == ENGLISH:
        return gettext.NullTranslations()
    try:
        return _read(TONGUES / f"{language}.po")
    except Exception as problem:
        log.error("tongue.broken", language=language, why=repr(problem))
        return gettext.NullTranslations()


def _read(path: Path) -> gettext.NullTranslations:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with path.open("rb") as file:
        catalog = read_po(file, abort_invalid=True)
    for message in catalog:
        if message.id and not fits(message.id, message.string or ""):
            log.error("tongue.unfit", language=path.stem, sentence=message.id)
            message.string = ""  # so it is said in English
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def fits(text: str | Sequence[str], said: str | Sequence[str]) -> bool:
    """Whether a translation has exactly the places of its sentence.

    Of what depends on a number, a form but the last may leave out places: "once".
    """
    forms = _forms(said)
    try:
        wanted, found = _places(_forms(text)[-1]), [_places(form) for form in forms]
    except ValueError:  # a brace without its other half
        return False
    return not any(forms) or (
        wanted == found[-1] and all(set(each) <= set(wanted) for each in found)
    )


def _forms(text: str | Sequence[str]) -> Sequence[str]:
    return (text,) if isinstance(text, str) else text


def _places(text: str) -> list[tuple[str, str]]:
    """What is filled in, and how it is written."""
    found = Formatter().parse(text)
    return sorted((name, str(form)) for _text, name, form, _conversion in found if name is not None)
