"""A post as triage reads it: nothing hides, emoji are words, long texts come in windows."""

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence

MOST = 200_000  # characters that are read
WORDS = 60  # in one window, about what a post of 280 characters has
LETTERS = 480  # in one window, at most
CHUNK = re.compile(r"[^ ]{1,60}")
UNSEEN = re.compile(  # what shows nothing and may stand inside of words, and the skin of emoji
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U0001f3fb-\U0001f3ff\U000e0000-\U000e007f]"
)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
HANDLE = re.compile(r"(?<![\w.])@\w[\w.]*")
CALLED = re.compile(r"^\s*(?:RT\s+)?(?:@user\s*)+")
TAG = re.compile(r"#(\w+)")
HUMP = re.compile(r"(?<=[a-zß-ÿ])(?=[A-Z])|_|(?<=[^\W\d])(?=\d)|(?<=\d)(?=[^\W\d])")
STRETCHED = re.compile(r"(.)\1{2,}")
FORMAL = re.compile(r"\b(?:sign|symbol|with|emoji)\b")
ELIDED = (  # what French and Italian put before a vowel: "j'aime" is two words
    "(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quelqu|un|all|dall|dell|nell|sull|gl|quest|quell)'"
)
WORD = re.compile(rf"\b{ELIDED}(?=[^\W\d_]{{2}})|[^\W_]+(?:'[^\W_]+)*|[!?]+|[^\w\s]")
QUOTES = str.maketrans("’‘´`“”„«»", '\'\'\'\'"""""')
LOOKS = str.maketrans(  # letters of other alphabets that look like ours
    "аеорсухіјѕԁһкмтвнАЕОРСУХІЈЅВНКМТαοινρτυκ", "aeopcyxijsdhkmtbhAEOPCYXIJSBHKMTaoivptuk"
)
MIXED = re.compile(r"\b(?=\w*[A-Za-z])(?=\w*[\u0370-\u052f])\w+\b")


def plain(text: str) -> str:
    """The same words, in one spelling: no links, no names, nothing that hides inside of words."""
    seen = unicodedata.normalize(
        "NFKC", UNSEEN.sub("", CONTROL.sub(" ", html.unescape(text[:MOST])))
    )
    seen = MIXED.sub(lambda word: word[0].translate(LOOKS), seen).translate(QUOTES)
    named = CALLED.sub(" @user ", HANDLE.sub(" @user ", LINK.sub(" link ", seen)))
    spoken = STRETCHED.sub(r"\1\1\1", TAG.sub(lambda tag: HUMP.sub(" ", tag[1]), named))
    if not spoken.isascii():
        spoken = "".join(map(_said, spoken))
    return " ".join(STRETCHED.sub(r"\1\1\1", spoken).split())


def words(text: str) -> Sequence[str]:
    """Of a plain text, in lower case; signs are words of their own."""
    return WORD.findall(text.lower())


def windows(text: str) -> Iterator[str]:
    """A plain text in pieces of `WORDS` words; each but the first begins with what came before.

    Where words are longer than people's, they are cut, and a piece has fewer of them.
    """
    said, start, end = CHUNK.findall(text) or [""], 0, 0
    while end < len(said):
        start, end = max(0, end - (end - start) // 6), min(len(said), end + 1)
        letters = sum(map(len, said[start:end]))
        while end < min(len(said), start + WORDS) and letters + len(said[end]) <= LETTERS:
            letters += len(said[end])
            end += 1
        yield " ".join(said[start:end])


def _said(sign: str) -> str:
    """An emoji by its name in Unicode; what controls or is nothing becomes a space."""
    kind = unicodedata.category(sign)
    if kind == "So":
        return f" {FORMAL.sub('', unicodedata.name(sign, '').lower())} "
    return " " if kind[0] == "C" else sign
