"""A long answer as several posts: cut where a reader would take a breath."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

from bot.domain.graphemes import boundary, inside
from bot.domain.problems import NotPossible, Ours, TooLong

Length = Callable[[str], int]

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
LINE = re.compile(r"(?<![^\S\n])[^\S\n]*+\n")
PARAGRAPH = re.compile(rf"{LINE.pattern}[^\S\n]*+\n")
ENDED = re.compile(
    r"(?<![.!?…؟।])[.!?…؟।]++[\"'”’“»›)\]]*+(?=\s)"  # Latin and many others: then comes a space
    r"|[。！？．｡]++[」』）”’〉》】]*+"  # Chinese and Japanese: nothing need come
)
SPACE = re.compile(
    rf"\s++|(?<=[{CJK}、，。！？；：」』）])(?![\s、，。！？；：」』）”’)\].,!?;:%])"
    rf"|(?<=[^\s「『（“‘(\[])(?=[{CJK}「『（])"
)
URL = re.compile(rf"(?:https?://|www\.)[^\s<>\"{CJK}\u3000-\u303f\uff00-\uffef]++", re.I)
SHORTENED = re.compile(  # what a full stop follows although the sentence goes on
    r"(?:[^\W\d_]{1,3}\.)*[^\W\d_]|\d{1,2}"  # z.B., e.g., i.d.R., J., 1.
    r"|dr|mr|mrs|ms|mx|prof|hr|fr|st|sr|jr|ing|dipl|nr|vol|vs|ca|approx|bzw|evtl|ggf|vgl|inkl|exkl"
    r"|zzgl|incl|excl|ext|tel|str|jan|feb|mar|apr|jun|jul|aug|sept?|o[kc]t|nov|de[zc]"
)
LOOKED_BACK = 24  # code points in which a short form begins


class TooManyParts(NotPossible):
    def __init__(self, most: int, over: int) -> None:
        super().__init__(
            Ours("Even {most:,} posts don't hold it. Shorten it by about {over:,}."),
            most=most,
            over=over,
        )


class NoRoom(NotPossible):
    def __init__(self, sign: str) -> None:
        super().__init__(
            Ours("Beside the signature there is no room for an answer. Shorten the signature.")
            if sign
            else Ours("One of its characters is longer than a post may be. Take it out.")
        )


def split(
    text: str,
    *,
    limit: int,
    most: int,
    length: Length,
    sign: str = "",
    unit: str = "characters",
) -> list[str]:
    """The texts to be posted one after the other, none longer than `limit` by the platform's
    `length`; together they are the text but for white space where it was cut.

    It is cut at a paragraph or sentence where that leaves no part nearly empty, else between
    words, and inside of a word or an address only where it alone is longer than a part. Such
    niceties are given up before more than `most` parts are needed. `sign`, a signature, ends the
    last part unless the text ends with it already. The parts are not numbered: every platform
    shows which follows which, and "2/3" is wrong as soon as one is taken back. Of nothing written
    there is no part.

    Raises TooLong where one part is all there may be, and else TooManyParts or NoRoom.
    """
    cutter = _Cutter(limit, most, length, sign.rstrip(), unit)
    body = _unsigned(_trimmed(text), cutter.sign)
    try:
        return cutter.parts(body, _nice)
    except NotPossible:
        return cutter.parts(body, _filling)


def signed(text: str, sign: str) -> str:
    """The text and its signature: after a space, or as the signature itself begins, on a line of
    its own."""
    if not sign.strip():
        return text
    return f"{text}{sign}" if sign[0].isspace() else f"{text} {sign}"


@dataclass(frozen=True)
class _Cutter:
    limit: int
    most: int
    length: Length
    sign: str
    unit: str

    def parts(self, text: str, choose: "_Choose") -> list[str]:
        found: list[str] = []
        while text and not self.fits(signed(text, self.sign)):
            if len(found) + 1 >= self.most:
                raise self._too_long(text)
            place = choose(_Rest(text, self))
            if not place:
                raise NoRoom(self.sign)
            found.append(text[:place].rstrip())
            text = _trimmed(text[place:])
        return [*found, signed(text, self.sign)] if text else found

    def fits(self, text: str) -> bool:
        return self.length(text) <= self.limit

    def _too_long(self, left: str) -> NotPossible:
        size = self.length(signed(left, self.sign))
        if self.most <= 1:
            return TooLong(size, self.limit, self.unit)
        return TooManyParts(self.most, size - self.limit)


@dataclass(frozen=True)
class _Rest:
    """What is still to be cut; it does not fit a part together with its signature."""

    text: str
    cutter: _Cutter

    def last(self, places: Sequence[int]) -> int:
        """The last of these places, in order, up to which the text fits; 0: none.

        A measure may find less in more, such as an address that has become a link: then it is one
        of the places up to which the text fits.
        """
        low = bisect_right(places, False, key=lambda place: not self._fits_up_to(place))
        return places[low - 1] if low else 0

    @cached_property
    def word(self) -> int:
        """Where the last word that fits ends; where it must be cut if the first does not."""
        return self.last(_starts(SPACE, self.text)) or self._in_the_word()

    def _in_the_word(self) -> int:
        end = self.last(range(1, len(self.text)))
        for url in takewhile(lambda url: url.start() < end, URL.finditer(self.text)):
            if end < url.end():
                return self._beside(url.start(), url.end(), end)
        return boundary(self.text, end)

    def _beside(self, start: int, after: int, end: int) -> int:
        """Before an address, or after it, and within only where it fits no part."""
        if before := boundary(self.text, start):
            return before
        whole = after < len(self.text) and self._fits_up_to(after)
        return after if whole else boundary(self.text, end)

    def _fits_up_to(self, place: int) -> bool:
        return self.cutter.fits(self.text[:place].rstrip())


_Choose = Callable[[_Rest], int]


def _filling(rest: _Rest) -> int:
    return rest.word


def _nice(rest: _Rest) -> int:
    """Where a paragraph ends in the latter half of what fits, or a sentence after a quarter."""
    word = rest.word
    paragraph = max((end for end in _starts(PARAGRAPH, rest.text) if end <= word), default=0)
    if paragraph and 2 * paragraph >= word:
        return paragraph
    sentence = max((end for end in _sentences(rest.text) if end <= word), default=0)
    return sentence if sentence and 4 * sentence >= word else word


def _starts(what: re.Pattern[str], text: str) -> list[int]:
    """Where it begins, but for either end of the text and the middle of a character."""
    starts = (found.start() for found in what.finditer(text))
    return [place for place in starts if 0 < place < len(text) and not inside(text, place)]


def _sentences(text: str) -> Iterator[int]:
    """Where sentences and lines end."""
    yield from _starts(LINE, text)
    for end in ENDED.finditer(text):
        if _ends(text, end):
            yield end.end()


def _ends(text: str, end: re.Match[str]) -> bool:
    """Whether a full stop ends a sentence: not that of z.B., Dr., 1., nor before a small letter."""
    if not end[0].startswith("."):
        return not inside(text, end.end())
    before = text[max(0, end.start() - LOOKED_BACK) : end.start()].split()
    word = before[-1].lstrip("(\"'“„«").casefold() if before else ""
    after = text[end.end() : end.end() + LOOKED_BACK].lstrip()
    short = end[0] == "." and SHORTENED.fullmatch(word)
    return not short and not after[:1].islower()


def _unsigned(text: str, sign: str) -> str:
    """Without the signature that somebody has written themselves."""
    said = sign.strip()
    if not said or not text.endswith(said):
        return text
    body = text[: -len(said)]
    return body.rstrip() if body[-1:].isspace() else text


def _trimmed(text: str) -> str:
    """Without white space around it, but for a blank that bears an accent."""
    place = 0
    while place < len(text) and text[place].isspace() and not inside(text, place + 1):
        place += 1
    return text[place:].rstrip()
