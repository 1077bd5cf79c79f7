"""Is it a complaint? A first guess by rules of thumb, with the words that spoke for it."""

import re
from dataclasses import dataclass

from bot.domain.mention import Kind, Mention
from bot.triage.words import CLOSING, COMPLAINT, GLAD, IN_A_LAST_WORD, PRAISE, QUESTION, THUMBS

LETTERS = re.compile(r"[^\W\d_]")
LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
HANDLE = re.compile(r"@\w+")
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
MODIFIERS = re.compile("[\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff]")  # of emoji
AROUND = re.compile(rf"(?:[\s,!;:()*&-]|(?<!\.)\.(?!\.)|{GLAD})*")  # "..." is said with a sigh
POOR = 2  # stars, at most
LAST_WORD = 12  # words: who says more has more to say


@dataclass(frozen=True)
class Guess:
    """`because` is what spoke for it, in words for people.

    `thanks`: it sounds like a last word, and nothing in it needs an answer.
    """

    kind: Kind
    because: str
    thanks: bool = False


def guess(mention: Mention) -> Guess:
    """The kind of a mention. What is in a script the rules can't read counts as a complaint."""
    if mention.rating and mention.rating <= POOR:
        return Guess(Kind.COMPLAINT, f"“{'★' * mention.rating}”")
    text = f"{mention.subject}\n{mention.text}".lower().replace("’", "'")
    if found := _found(COMPLAINT, text):
        return Guess(Kind.COMPLAINT, found)
    if not QUESTION.search(text) and (found := _last_word(mention)):
        return Guess(Kind.PRAISE, found, thanks=True)
    if _foreign(text):
        return Guess(Kind.COMPLAINT, "a language the rules can't read")
    if found := _found(QUESTION, text):
        return Guess(Kind.QUESTION, found)
    if found := _found(PRAISE, text):
        return Guess(Kind.PRAISE, found)
    return Guess(Kind.OTHER, "none of the words the bot knows")


def _found(words: re.Pattern[str], text: str) -> str:
    """The first two words that match, quoted."""
    matches = dict.fromkeys(match.group().strip() for match in words.finditer(text))
    return ", ".join(f"“{word}”" for word in list(matches)[:2])


def _last_word(mention: Mention) -> str:
    """The words that close a conversation; "" where any other word is said, or a picture shown."""
    said = MODIFIERS.sub("", HANDLE.sub("", mention.text.lower().replace("’", "'")))
    words = WORD.findall(said)
    short = not mention.media and len(words) <= LAST_WORD
    if not short or not all(word in IN_A_LAST_WORD for word in words):
        return ""
    if not AROUND.fullmatch(WORD.sub("", said)):
        return ""
    return _found(CLOSING, " ".join(words)) or _found(THUMBS, said)


def _foreign(text: str) -> bool:
    """Whether most letters are of a script that none of the rules is written in."""
    letters = LETTERS.findall(text)
    return len(letters) > 2 and len(LATIN.findall(text)) < len(letters) / 2
