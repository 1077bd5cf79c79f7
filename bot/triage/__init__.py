"""Is it a complaint? A first guess by rules of thumb, with the words that spoke for it."""

import re
from collections.abc import Mapping

from bot.domain.guess import GENERAL, Features, Guess, Lane, Leaning, Lesson
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


LANES = {Kind.COMPLAINT: Lane.SURE, Kind.QUESTION: Lane.QUESTION}


class Triage:
    """What the desk asks about each mention; `leaning` is what the team that hears it wants."""

    lessons: Mapping[str, Mapping[str, Lesson]] = {}  # of each team, by what it is about

    def learn(self, lessons: Mapping[str, Mapping[str, Lesson]]) -> None:
        """From now on these are in force: by team, and by "complaint" or "needs_answer"."""
        self.lessons = lessons

    def features(self, mention: Mention) -> Features | None:
        """What a team's layer is taught by; None: there is no model, so nothing can be taught."""

    def threshold(self, recall: float) -> float:  # noqa: ARG002
        """From where on the general guess takes something for a complaint, to find so many."""
        return GENERAL

    def guess(self, mention: Mention, leaning: Leaning = Leaning(), team: str = "") -> Guess:  # noqa: ARG002, B008
        """Never raises: what can't be understood needs an answer. `team` is whose lessons count."""
        return self._forced(mention, leaning) or guess(mention)

    def _forced(self, mention: Mention, leaning: Leaning) -> Guess | None:
        """What a keyword of the team decides alone."""
        text = f"{mention.subject}\n{mention.text}".lower()
        for words, kind in ((leaning.complaints, Kind.COMPLAINT), (leaning.others, Kind.OTHER)):
            if found := next((word for word in words if word.lower() in text), ""):
                return _guessed(kind, f"“{found}”")
        return None


def guess(mention: Mention) -> Guess:
    """The kind of a mention. What is in a script the rules can't read counts as a complaint."""
    if mention.rating and mention.rating <= POOR:
        return _guessed(Kind.COMPLAINT, f"“{'★' * mention.rating}”")
    text = f"{mention.subject}\n{mention.text}".lower().replace("’", "'")
    if found := _found(COMPLAINT, text):
        return _guessed(Kind.COMPLAINT, found)
    if not QUESTION.search(text) and (found := _last_word(mention)):
        return _guessed(Kind.PRAISE, found, thanks=True)
    if _foreign(text):
        return _guessed(Kind.COMPLAINT, "a language the rules can't read")
    if found := _found(QUESTION, text):
        return _guessed(Kind.QUESTION, found)
    if found := _found(PRAISE, text):
        return _guessed(Kind.PRAISE, found)
    return _guessed(Kind.OTHER, "none of the words the bot knows")


def _guessed(kind: Kind, because: str, *, thanks: bool = False) -> Guess:
    return Guess(kind=kind, lane=LANES.get(kind, Lane.REST), because=because, thanks=thanks)


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
