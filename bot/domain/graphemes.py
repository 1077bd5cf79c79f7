"""Where one visible character ends and the next begins: what people see is never cut in half."""

import unicodedata
from itertools import takewhile

LONGEST = 40  # code points of one visible character; a longer one is no writing any more


def boundary(text: str, end: int) -> int:
    """The last place up to `end` where a character ends; 0 where the first one is not over."""
    for place in range(end, max(end - LONGEST, 0), -1):
        if not inside(text, place):
            return place
    return end if end > LONGEST else 0


def inside(text: str, place: int) -> bool:
    """Whether what is before and after this place is one character to people's eyes."""
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    if after.isspace():
        return False
    return (
        _clings(after)
        or before == "\u200d"
        or unicodedata.combining(before) == 9  # a virama: the next letter is written below it
        or (_is_flag(before) and _is_flag(after) and _flags_before(text, place) % 2 == 1)
    )


def _clings(character: str) -> bool:
    """Whether it belongs to what is before: accents, joiners, skin tones, tags, Hangul parts."""
    return (
        unicodedata.category(character).startswith("M")
        or character in "\u200c\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
        or "\u1160" <= character <= "\u11ff"
    )


def _is_flag(character: str) -> bool:
    """Half of a flag: a regional indicator."""
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flags_before(text: str, place: int) -> int:
    return sum(1 for _ in takewhile(_is_flag, reversed(text[max(0, place - LONGEST) : place])))
