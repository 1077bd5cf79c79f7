"""Is it a complaint, and does it need an answer? Guessed inside the worker, and explained."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from threading import local
from typing import TYPE_CHECKING

import structlog

from bot.domain.guess import GENERAL, Features, Guess, Lane, Leaning, Lesson, Manner
from bot.domain.mention import Kind, Mention
from bot.triage import lanes, languages
from bot.triage.languages import FIRST, TAUGHT, language
from bot.triage.last_words import CLOSING, GLAD, IN_A_LAST_WORD, THUMBS
from bot.triage.lexical import feelings
from bot.triage.mind import WEIGHTS, Mind, Sentences, Thought, Words
from bot.triage.reading import plain, words
from bot.triage.stakes import stakes
from bot.triage.version import version

if TYPE_CHECKING:
    from bot.triage.alike import Judged

log = structlog.get_logger()

MODEL, LEXICAL = "model", "lexical"
BALANCED = Leaning()
POOR = 2  # stars, at most
AUTOMATIC = re.compile(  # how mail programs begin what nobody wrote
    r"(?:@user)?\W*(?:auto(?:matic|mated|matische)?[- ]?(?:reply|response|antwort)|"
    r"(?:i am |i'm )?(?:currently )?out of (?:the |my )?office|"
    r"this (?:mailbox|inbox|address|account) is (?:not |no longer |un)(?:monitored|attended)|"
    r"ich bin (?:derzeit |zurzeit |bis \w+ |vom [\d.]+ bis (?:zum )?[\d.]+ )?nicht im büro|"
    r"abwesenheits(?:notiz|nachricht|assistent)|respuesta automática|réponse automatique|"
    r"resposta automática|risposta automatica|automatisch antwoord|afwezigheids\w+)\b",
    re.I,
)
LAST_WORD = 12  # words: who says more has more to say
COMPLAINED = 0.7  # log-odds that an answer to our answer to a complaint is one as well
HANDLE = re.compile(r"@\w+")
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
MODIFIERS = re.compile("[\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff]")  # of emoji
AROUND = re.compile(rf"(?:[\s,!;:()*&-]|(?<!\.)\.(?!\.)|{GLAD})*")  # "..." is said with a sigh


class Triage:
    """What the desk asks about each mention. Its weights are read when it is first asked.

    `way` is the sentence model or the lexical one alone; without the model's libraries it is the
    lexical one anyway. `trouble` tells what is wrong, in a sentence; "": nothing.
    """

    def __init__(self, way: str = MODEL, folder: Path = WEIGHTS) -> None:
        self.way, self.folder, self.trouble = way, folder, ""
        self.lessons: Mapping[str, Mapping[str, Lesson]] = {}
        self._ahead = local()
        self._judged: Mapping[str, Judged] = {}

    def learn(
        self,
        lessons: Mapping[str, Mapping[str, Lesson]],
        said: Mapping[str, Sequence[tuple[Features, bool]]] | None = None,
    ) -> None:
        """From now on these are in force: by team, and by "complaint" or "needs_answer".

        `said` is what each team's people said lately, and whether it was a complaint.
        """
        self._judged = self._alike(said) if said else {}
        self.lessons = lessons

    def _alike(self, said: Mapping[str, Sequence[tuple[Features, bool]]]) -> Mapping[str, "Judged"]:
        if not isinstance(self.mind, Sentences):
            return {}
        from bot.triage.alike import Judged

        subjects = self.mind.subjects
        return {team: Judged.by(subjects, some) for team, some in said.items() if some}

    def guess(
        self,
        mention: Mention,
        leaning: Leaning = BALANCED,
        team: str = "",
        *,
        after: Kind | None = None,
    ) -> Guess:
        """Never raises: what can't be understood needs an answer.

        `team` is whose lessons count, `after` the kind of the conversation that it goes on with,
        where it answers us.
        """
        try:
            return self._known(mention, leaning) or self._thought(mention, leaning, team, after)
        except Exception as problem:
            said = type(problem).__name__  # and no word more: it may quote the customer
            log.error("triage.failed", account=mention.account, key=mention.key, problem=said)
            self.trouble = self.trouble or f"Triage could not read a mention: {said}."
            return lanes.unclear(lanes.BROKEN, Kind.COMPLAINT, mention.language)

    @contextmanager
    def ahead(self, mentions: Iterable[Mention]) -> Iterator[None]:
        """What is guessed of these meanwhile, by this thread, takes no time any more.

        So that a transaction need not wait for the model. Nothing is kept afterwards.
        """
        with suppress(Exception):  # a guess will say what is wrong
            self._ahead.thoughts = {}
            for mention in mentions:
                text, spoken = self._read(mention)
                if spoken in TAUGHT and self.mind and not self._known(mention, BALANCED):
                    self._ahead.thoughts[text, spoken] = self.mind.think(text, spoken)
        try:
            yield
        finally:
            self._ahead.thoughts = {}

    def features(self, mention: Mention) -> Features | None:
        """What a team's layer is taught by; None: there is no model, so nothing can be taught."""
        text, spoken = self._read(mention)
        if spoken not in TAUGHT or self.mind is None:
            return None
        thought = self.mind.think(text, spoken)
        if thought.embedding is None:
            return None
        return Features(
            embedding=thought.embedding.astype("<f2").tobytes(),
            complaint=thought.complaint,
            needs_answer=thought.needs_answer,
        )

    def moved(self, said: Sequence[tuple[Features, bool]], near: int) -> Sequence[float]:
        """How many log-odds each is moved by what was said of such before; the oldest first.

        Of what was said before, the `near` newest count.
        """
        if not isinstance(self.mind, Sentences) or not said:
            return [0.0] * len(said)
        from bot.triage.alike import one_by_one

        return one_by_one(self.mind.subjects, said, near)

    @property
    def sure(self) -> float:
        """From where on nothing that a team has taught makes a complaint none."""
        return lanes.SURE[self.serves]

    def threshold(self, recall: float) -> float:
        """From where on the general guess takes something for a complaint, to find so many."""
        return GENERAL if self.mind is None else lanes.general(recall, self.serves)

    @cached_property
    def version(self) -> int:
        """Of the weights that teams teach; 0: nothing can be taught. It reads no weights."""
        return version(self.folder) if self.way == MODEL else 0

    @cached_property
    def mind(self) -> Mind | None:
        """None where the weights are missing or broken: then everything needs an answer."""
        self.trouble = self.trouble or languages.trouble()
        try:
            return self._mind()
        except Exception as problem:
            self.trouble = (
                f"Triage can't read its weights ({type(problem).__name__}: {problem}), so every"
                " mention counts as a complaint. Install the bot anew."
            )
            log.error("triage.broken", problem=self.trouble)
            return None

    def _mind(self) -> Mind:
        if self.way == MODEL:
            try:
                return Sentences(self.folder)
            except ImportError as missing:
                self.trouble = (
                    f"The sentence model's library {missing.name} is not installed, so the lexical"
                    " model serves. Install it, or set TRIAGE=lexical."
                )
        return Words(self.folder)

    @property
    def serves(self) -> str:
        """Which model does: the wanted one, or the lexical one in its place."""
        return MODEL if isinstance(self.mind, Sentences) else LEXICAL

    def _known(self, mention: Mention, leaning: Leaning) -> Guess | None:
        """What needs no model: a team's keywords, stars, and last words."""
        said = f"{mention.subject}\n{mention.text}".lower()
        if found := next((word for word in leaning.complaints if word.lower() in said), ""):
            return self._forced(found, mention)
        if found := next((word for word in leaning.others if word.lower() in said), ""):
            return lanes.forced(found, Kind.OTHER, Lane.REST)
        if mention.rating and mention.rating <= POOR:
            return self._forced("★" * mention.rating, mention)
        if found := _last_word(mention):
            guessed = lanes.unclear(found, Kind.PRAISE, mention.language)
            return replace(guessed, thanks=True)
        return None

    def _forced(self, word: str, mention: Mention) -> Guess:
        """A complaint, whatever else it says; what is at stake is read by words."""
        text, spoken = self._read(mention)
        forced = lanes.forced(word, Kind.COMPLAINT, Lane.SURE)
        return replace(forced, severity=stakes(text, spoken).gravest)

    def _thought(self, mention: Mention, leaning: Leaning, team: str, after: Kind | None) -> Guess:
        text, spoken = self._read(mention)
        if not any(map(str.isalnum, f"{mention.subject}{mention.text}")):
            return _of_signs(text, mention.language)
        if spoken not in TAUGHT:
            return lanes.unclear(lanes.UNTAUGHT, leaning.unknown, spoken)
        if self.mind is None:
            return lanes.unclear(lanes.BROKEN, Kind.COMPLAINT, spoken)
        known: Mapping[tuple[str, str], Thought] = getattr(self._ahead, "thoughts", {})
        thought = known.get((text, spoken)) or self.mind.think(text, spoken)
        if after is Kind.COMPLAINT:
            thought = replace(thought, complaint=thought.complaint + COMPLAINED)
        elif spoken == FIRST and not _addressed(mention, text):
            thought = replace(thought, complaint=thought.complaint + lanes.FOUND)
        if AUTOMATIC.match(text):
            odds = thought.complaint + lanes.ANNOUNCED
            thought = replace(thought, complaint=odds, manner=Manner.AUTOMATED)
        lesson = self.lessons.get(team, {}).get("complaint")
        threshold = lesson.threshold if lesson and thought.embedding is not None else None
        moved = self._moved(thought, team)
        taught = moved.complaint - thought.complaint
        guessed = lanes.decide(moved, self.serves, leaning, threshold, taught)
        return replace(guessed, language=spoken)

    def _moved(self, thought: Thought, team: str) -> Thought:
        """What a team's people have taught, added: of the two ways, as far as one may."""
        lessons, judged = self.lessons.get(team, {}), self._judged.get(team)
        if thought.embedding is None or not (lessons or judged):
            return thought
        from bot.triage.residual import FARTHEST, shift  # numpy is the model's

        means = thought.embedding
        shifts = {head: float(shift(lesson, means[None])[0]) for head, lesson in lessons.items()}
        if judged:
            both = shifts.get("complaint", 0.0) + judged.shift(means)
            shifts["complaint"] = max(-FARTHEST, min(FARTHEST, both))
        return replace(
            thought, **{head: getattr(thought, head) + by for head, by in shifts.items()}
        )

    def _read(self, mention: Mention) -> tuple[str, str]:
        """Its words as they are read, and their language."""
        text = plain(f"{mention.subject}\n{mention.text}")
        return text, language(text, mention.language) or FIRST


def _of_signs(text: str, told: str | None) -> Guess:
    """Emoji alone: as they feel. With nothing at all, somebody has to look."""
    said = feelings(words(text), FIRST)
    if not any(map(str.isalnum, text)):
        return lanes.unclear(lanes.WORDLESS, Kind.QUESTION, told)
    if said.sums["negative"] > said.sums["positive"]:
        return lanes.unclear(lanes.quoted(said.quotes["complaint"][:2]), Kind.COMPLAINT, told)
    kind = Kind.PRAISE if said.sums["positive"] else Kind.OTHER
    return lanes.unclear(lanes.quoted(said.quotes["praise"][:2]) or lanes.WORDLESS, kind, told)


def _addressed(mention: Mention, text: str) -> bool:
    """Whether it was said to us, and not only found by a word of ours in it."""
    to_us = mention.parent or mention.subject or mention.rating or not mention.public
    return bool(to_us) or mention.quotes_us or "@user" in text


def _last_word(mention: Mention) -> str:
    """The words that close a conversation; "" where any other word is said, or a picture shown."""
    if mention.media or "?" in mention.text or _blames(mention.subject, mention.language):
        return ""
    said = MODIFIERS.sub("", HANDLE.sub("", mention.text.lower().replace("’", "'")))
    words = WORD.findall(said)
    if len(words) > LAST_WORD or not all(word in IN_A_LAST_WORD for word in words):
        return ""
    if not AROUND.fullmatch(WORD.sub("", said)):
        return ""
    return _quoted(CLOSING, " ".join(words)) or _quoted(THUMBS, said)


def _blames(subject: str, told: str | None) -> bool:
    """Whether the subject of a mail says what went wrong, whatever stands below it."""
    if not subject:
        return False
    said = plain(subject)
    return bool(feelings(words(said), language(said, told) or FIRST).quotes["complaint"])


def _quoted(words: re.Pattern[str], text: str) -> str:
    """The first two words that match."""
    matches = dict.fromkeys(match.group().strip() for match in words.finditer(text))
    return lanes.quoted(list(matches)[:2])
