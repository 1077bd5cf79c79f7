"""What had better not stand in public: found before an answer goes out."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate

MOST = 20  # warnings: nobody reads more


class What(StrEnum):
    """What it seems to be, the gravest first."""

    CARD = "card number"
    LISTED = "listed"  # by the team
    PHONE = "phone number"
    EMAIL = "email address"
    LINK = "link"


GRAVEST = tuple(What)


@dataclass(frozen=True)
class Warning:
    """Something in an answer that its author should look at again, as it stands there."""

    what: What
    found: str


def warnings(text: str, *, public: bool, watch: Sequence[str] = ()) -> Sequence[Warning]:
    """What a public answer says that may be private; nothing for a private one.

    Links always, mail addresses, card numbers whose check digit is right, phone numbers, and what a
    team lists in `watch`: words as they are or with # for any digit, as in "order ######" (`\\#` is
    the sign itself), whatever the case, and not within longer words. Each is named once, the
    gravest first, at most 20 in all. A guess: it forbids nothing. The time it takes grows with the
    text and no faster.
    """
    if not public:
        return ()
    told = dict.fromkeys(Warning(what, found) for what, found in _all(text, watch))
    return sorted(told, key=lambda one: GRAVEST.index(one.what))[:MOST]


def _all(text: str, watch: Sequence[str]) -> Iterator[tuple[What, str]]:
    yield from ((What.LISTED, found) for found in _listed(text, watch))
    for what, search in SEARCHES:
        places = tuple(search(text))
        if what is not None:
            yield from ((what, text[start:end].strip()) for start, end in places)
        text = _without(text, places)


Place = tuple[int, int]


def _without(text: str, places: Sequence[Place]) -> str:
    """With a gap where something was, as long as it was: nothing is found in it again."""
    kept, at = [], 0
    for start, end in places:
        kept += [text[at:start], "\0" * (end - start)]
        at = end
    return "".join([*kept, text[at:]])


# What a team lists


def _listed(text: str, watch: Sequence[str]) -> Iterator[str]:
    for pattern in watch:
        if pattern.strip():
            yield from (found[0] for found in listed(pattern).finditer(text))


@lru_cache(maxsize=256)
def listed(pattern: str) -> re.Pattern[str]:
    """A team's pattern. It repeats nothing but white space, so no text can make it slow."""
    made = "".join(map(_piece, re.findall(r"\\#|\s+|.", pattern.strip(), re.S)))
    return re.compile(rf"(?<!\w){made}(?!\w)" if pattern.strip() else "(?!)", re.I)


def _piece(piece: str) -> str:
    if piece == "#":
        return r"\d"
    return r"\s{1,3}" if piece.isspace() else re.escape(piece.removeprefix("\\") or piece)


# What is found in every text. What repeats gives nothing back (++) and begins only where nothing
# like it is before, so that no text is looked through more than a few times.

EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]++@[^\W_][\w-]*+(?:\.[\w-]++)++")
ADDRESS = re.compile(r"(?:https?://|(?<!\w)www\.)[^\s<>\"]++", re.I)
DOMAIN = re.compile(r"(?<![\w.-])(?:[a-z0-9-]++\.)+[a-z0-9-]++(?![\w-])(?:/[^\s<>\"]*+)?", re.I)
NAMED = re.compile(  # of these platforms make links; of "sorry.It" none does
    r"[^/]+\.(?:com|net|org|info|biz|app|dev|shop|store|io|co|ai|eu|de|ch|uk|fr|nl|pl|cz|dk|jp|br|au"
    r"|example)|[^/]+\.[a-z]{2,}/.+",
    re.I | re.S,
)
AFTER = ".,;:!?…)]}'\"”’»*_~"  # what ends a sentence and no address

BETWEEN = "[ \u00a0\u2009\u202f\u2010-\u2013-]"
DIGITS = re.compile(rf"(?<!\d)(?<!\d{BETWEEN})\d++(?:{BETWEEN}\d++)*+")
GROUP = re.compile(r"\d+")
CARD = re.compile(  # how the numbers of issuers begin, and how long they are
    r"4(\d{12}|\d{15}|\d{18})"  # Visa
    r"|(5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|(30[0-5]|3095|36|3[89])\d{11,16}"  # Diners Club
    r"|(6011|64[4-9]|65|62|35(2[89]|[3-8]\d)|60|8[12])\d{11,17}"  # Discover, UnionPay, JCB, RuPay
    r"|(50|5[6-9]|6[137])\d{11,17}"  # Maestro
)
SHORTEST, LONGEST = 13, 19  # digits of a card's number

DATE = re.compile(
    r"(?<![\d./-])(?:\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})|\d{4}([./-])\d{1,2}\2\d{1,2})"
    r"(?![./-]?\d)"
)
GAP = r"[ \u00a0\u202f/().\u2010-\u2013-]"
ABROAD = re.compile(rf"(?:(?<![\w+])\+|(?<![\w+#.,/-])00)\(?[1-9](?:{GAP}{{0,3}}\d){{6,14}}(?!\d)")
NATIONAL = re.compile(
    rf"(?<![\w+#.,/-])(?:\(0\d{{1,5}}\)|0\d{{1,5}})(?:{GAP}{{0,3}}\d){{5,9}}(?![\w€$£%]|[.,]\d)"
)
AMERICAN = re.compile(
    r"(?<![\w+#.,/-])(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d([ .-]))[2-9]\d\d[ .-]\d{4}(?![\w-])"
)
CALLED = re.compile(
    r"\b(?:tel(?:efon|ephone)?|phone|fon|mobile?|mobil|handy|hotline|whatsapp|sms)\b"
    rf"[\s.:-]{{0,3}}(?:(?:nr|no|number|nummer)\b[\s.:-]{{0,3}})?(\d(?:{GAP}{{0,2}}\d){{5,13}})(?!\d)",
    re.I,
)
ORDERED = re.compile(  # before a number: it is that of something else than a phone
    r"\b(?:order|bestell\w{0,8}|auftrag\w{0,8}|ticket\w{0,8}|case|invoice|rechnung\w{0,8}|tracking"
    r"|parcel|sendung\w{0,8}|kunden\w{0,8}|customer|account|ref\w{0,8}|vorgang\w{0,8}|id|art\w{0,6}"
    r"|item|serial|code)\W{0,3}(?:(?:nr|no|number|nummer|id)\W{0,3})?$",
    re.I,
)
LOOKED_BACK = 40


def _emails(text: str) -> Iterator[Place]:
    return (found.span() for found in EMAIL.finditer(text))


def _links(text: str) -> Iterator[Place]:
    found = [*ADDRESS.finditer(text)]
    yield from (_shorn(text, *each.span()) for each in found)


def _domains(text: str) -> Iterator[Place]:
    """Addresses without their beginning, as platforms make links of: acme.example/parcels."""
    for found in DOMAIN.finditer(text):
        if NAMED.fullmatch(found[0]):
            yield _shorn(text, *found.span())


def _shorn(text: str, start: int, end: int) -> Place:
    while end > start + 1 and text[end - 1] in AFTER:
        end -= 1
    return start, end


def _cards(text: str) -> Iterator[Place]:
    """Runs of digits that begin and end with a group, so that a year before one hides none."""
    for run in DIGITS.finditer(text):
        done = 0
        groups = [group.span() for group in GROUP.finditer(text, *run.span())]
        digits = _plain(run[0])
        counted = [0, *accumulate(end - start for start, end in groups)]
        for n, (start, _) in enumerate(groups):
            last = _card(digits, counted, n) if start >= done else 0
            if last:
                done = groups[last - 1][1]
                yield start, done


def _plain(written: str) -> str:
    """Its digits, whichever script they are of."""
    kept = "".join(each for each in written if each.isdecimal())
    return kept if kept.isascii() else "".join(str(int(each)) for each in kept)


def _card(digits: str, counted: Sequence[int], first: int) -> int:
    """The number of the group after the card's number that begins with this one; 0: none does."""
    start, found = counted[first], 0
    for last in range(first + 1, len(counted)):
        if counted[last] - start > LONGEST or (last - first > 1 and _thin(counted, last - 1)):
            break
        if _is_card(digits[start : counted[last]]):
            found = last
    return found


def _thin(counted: Sequence[int], group: int) -> bool:
    """Whether a group that is not the last is a single digit, as in no card's number."""
    return counted[group] - counted[group - 1] < 2


def _is_card(digits: str) -> bool:
    return len(digits) >= SHORTEST and bool(CARD.fullmatch(digits)) and _checked(digits)


def _checked(digits: str) -> bool:
    """Luhn's sum (ISO/IEC 7812-1, annex B)."""
    doubled = (2 * int(each) for each in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(n // 10 + n % 10 for n in doubled)) % 10 == 0


def _dates(text: str) -> Iterator[Place]:
    return (found.span() for found in DATE.finditer(text))


def _phones(text: str) -> Iterator[Place]:
    forms = (ABROAD, NATIONAL, AMERICAN)
    spans = [found.span() for form in forms for found in form.finditer(text)]
    spans = [(start, end) for start, end in spans if _rings(text, start)]
    done = 0
    for start, end in sorted([*spans, *(found.span(1) for found in CALLED.finditer(text))]):
        if start >= done:
            done = end
            yield start, end


def _rings(text: str, start: int) -> bool:
    """Whether it is not said to be the number of something else."""
    before = text[max(0, start - LOOKED_BACK) : start]
    return text[start] == "+" or not ORDERED.search(before)


Search = Callable[[str], Iterator[Place]]
SEARCHES: Sequence[tuple[What | None, Search]] = (
    (What.EMAIL, _emails),
    (What.LINK, _links),
    (What.LINK, _domains),
    (What.CARD, _cards),
    (None, _dates),  # so that no phone number is seen in one
    (What.PHONE, _phones),
)
