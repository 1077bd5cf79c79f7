"""Reviews of an app: one for each person, with stars, and one answer of ours at most.

A store keeps a review as its author last wrote it, and our answer as we last wrote it. So who
edits a review after our answer says something new: that is a mention of its own, with the answer
as its parent, and our next answer is one of its own, too. Which reviews were written anew, and
after which answer, is kept in the cursor.
"""

import json
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self

from adapters import Batch, Unreadable, admit, lost_our_place
from adapters.readable import cut, fingerprint
from adapters.windows import OVERLAP, is_second
from bot.domain.delivery import Refused
from bot.domain.mention import Customer, Mention, Origin
from bot.domain.reply import Ability, Attachment

RAW = 5000  # characters that are kept of what can't be read
AGAIN_EVERY = timedelta(hours=1)  # all within reach is read: an answer or an edit stands anywhere
Round = tuple[int, int]  # the moments of two answers, in microseconds; 0: none
FIRST: Round = (0, 0)
ANSWER = "/answer"  # how the key of ours ends
KEPT = 1000  # reviews that were written anew: the last ones


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Our answer to a review, as a colleague or we wrote it last."""

    text: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Review:
    """What one person says of an app; `at` is when they last wrote."""

    id: str
    text: str
    at: datetime
    rating: int
    by: str
    url: str | None = None
    language: str | None = None
    place: str | None = None
    answer: Answer | None = None

    @property
    def answered(self) -> bool:
        """Whether our answer answers these words, and not earlier ones."""
        return self.answer is not None and self.answer.at >= self.at


@dataclass(frozen=True, kw_only=True)
class Walk:
    """On the way from the newest review back to `until` (seconds), before the page `token`."""

    until: int
    token: str | None = None
    newest: int = 0


@dataclass(frozen=True, kw_only=True)
class Note:
    """How far reviews have been read, in seconds since 1970.

    All up to `since` is known, and nothing before `begun` counts. `read_at` and `again_at` are by
    our clock, which only measures pauses: when they were read last, and when all of them.
    `anew` says of a review after which answer it was written anew, and after which before.
    """

    begun: int
    since: int
    read_at: int
    again_at: int
    anew: Mapping[str, Round] = field(default_factory=dict)
    walk: Walk | None = None

    @classmethod
    def beginning(cls, now: datetime, history: timedelta) -> Self:
        begun, second = int((now - history).timestamp()), int(now.timestamp())
        return cls(begun=begun, since=begun, read_at=second, again_at=second)

    @classmethod
    def load(cls, cursor: str) -> Self:
        """ValueError, TypeError and the like where it is damaged."""
        kept = json.loads(cursor)
        walk = Walk(**kept.pop("walk")) if kept["walk"] else kept.pop("walk")
        note = cls(**kept, walk=walk)
        seconds = [note.begun, note.since, note.read_at, note.again_at]
        if not all(map(is_second, seconds + ([walk.until] if walk else []))):
            raise ValueError("no seconds")
        if walk and not isinstance(walk.token, str | None):
            raise TypeError("no walk")
        if walk and not (is_second(walk.newest) or walk.newest == 0):
            raise ValueError("no second")
        return replace(note, anew={id: _round(*stamps) for id, stamps in note.anew.items()})

    def dump(self) -> str:
        return json.dumps(asdict(self))

    def after(self, moments: Sequence[datetime], token: str | None, now: datetime) -> Self:
        """After one more page with these moments on it, newest first; `token` names the next."""
        walk = self.walk or Walk(until=self.since)
        seconds = [int(moment.timestamp()) for moment in moments]
        newest = max([walk.newest, *seconds])
        stuck = token == walk.token
        if token and not stuck and min(seconds, default=walk.until) >= walk.until:
            return replace(self, walk=replace(walk, token=token, newest=newest))
        since = max(self.since, newest - int(OVERLAP.total_seconds()))
        return replace(self, walk=None, since=since, read_at=int(now.timestamp()))


class Reviews:
    """What is the same in all stores. `reach` is how far back one lets us look; None: to the end.

    Beyond `reach`, or thirty days, nothing is read a second time.
    """

    store: ClassVar[str]  # as people call it
    platform: ClassVar[str]
    reach: ClassVar[timedelta | None] = None

    name: str
    now: Callable[[], datetime]
    history: timedelta

    @property
    @abstractmethod
    def ability(self) -> Ability: ...

    @abstractmethod
    def _page(self, token: str | None) -> tuple[Sequence[Any], str | None]:
        """Reviews as the store tells them, those written last first, and the next page's name.

        LostPage where `token` names none any more.
        """

    @abstractmethod
    def _read(self, item: Any) -> Review:
        """What one of them says; any exception sets it aside."""

    def length(self, text: str) -> int:
        return len(text)

    def fetch(self, cursor: str | None) -> Batch:
        now, damaged = self.now(), False
        try:
            note = Note.load(cursor) if cursor else Note.beginning(now, self.history)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            note, damaged = Note.beginning(now, self.history), True
        gap = lost_our_place(self.history) if damaged else self._forgotten(note, now)
        note = note if note.walk else self._begun(note, now)
        try:
            items, token = self._page(note.walk.token if note.walk else None)
        except LostPage:  # the walk begins anew at the next look
            return Batch(mentions=(), cursor=replace(note, walk=None).dump(), gap=gap)
        return self._batch(note, items, token, gap)

    def _batch(self, note: Note, items: Sequence[Any], token: str | None, gap: str) -> Batch:
        reviews, spoiled = self._sorted_out(items)
        anew = dict(note.anew)
        said = [mention for review in reviews for mention in self._said(review, anew)]
        begun = datetime.fromtimestamp(note.begun, UTC)
        after = note.after([review.at for review in reviews], token, self.now())
        after = replace(after, anew=dict(list(anew.items())[-KEPT:]))
        return Batch(
            mentions=sorted(
                (mention for mention in said if mention.posted_at >= begun),
                key=lambda mention: mention.posted_at,
            ),
            unreadable=spoiled,
            cursor=after.dump(),
            more=after.walk is not None,
            gap=gap,
        )

    def _begun(self, note: Note, now: datetime) -> Note:
        """A new walk: to what is known, and from time to time to all that can be seen."""
        second = int(now.timestamp())
        if second - note.again_at < AGAIN_EVERY.total_seconds():
            return replace(note, walk=Walk(until=note.since))
        far = int((now - (self.reach or timedelta(days=30))).timestamp())
        until = min(note.since, max(note.begun, far))
        return replace(note, again_at=second, walk=Walk(until=until))

    def _forgotten(self, note: Note, now: datetime) -> str:
        """What was written and not read before the store let it go from our sight."""
        last = datetime.fromtimestamp(note.read_at, UTC)
        if note.walk or self.reach is None or now - last <= self.reach:
            return ""
        return (
            f"{self.store} shows the reviews of the last {self.reach.days} days only: what was"
            f" written between {last:%d %B %H:%M} and {now - self.reach:%d %B %H:%M} UTC is lost."
        )

    def _sorted_out(self, items: Sequence[Any]) -> tuple[list[Review], list[Unreadable]]:
        reviews, spoiled = [], []
        for item in items:
            try:
                review = self._read(item)
                self._must_be_sayable(review)
                reviews.append(review)
            except Exception as problem:  # one of them must not keep us from the others
                raw = repr(item)[:RAW]
                key = _named(item) or fingerprint(raw)
                spoiled.append(Unreadable(key=key, raw=raw, problem=repr(problem)))
        return reviews, spoiled

    def _must_be_sayable(self, review: Review) -> None:
        for _ in self._said(review, {}):
            pass

    def _said(self, review: Review, anew: dict[str, Round]) -> Iterator[Mention]:
        """Theirs and ours; `anew` learns when it was written anew after our answer."""
        answer, known = review.answer, anew.get(review.id, FIRST)
        if answer and not review.answered and known[0] != _stamp(answer.at):
            anew.pop(review.id, None)  # so that the last one stands last
            known = anew[review.id] = (_stamp(answer.at), known[0])
        asked, before = (_key(review.id, stamp) for stamp in known)
        if answer and not review.answered:
            yield self._ours(review, answer, before)
        yield self._theirs(review, asked, answer_to(before) if known[0] else None)
        if answer and review.answered:
            yield self._ours(review, answer, asked)

    def _theirs(self, review: Review, key: str, parent: str | None) -> Mention:
        return Mention(
            account=self.name,
            key=key,
            thread=review.id,
            parent=parent,
            customer=Customer(
                platform=self.platform,
                key=review.id,  # names are not unique, and each person has one review
                handle=review.by,
                name=review.by,
                place=review.place,
            ),
            text=cut(review.text),
            posted_at=review.at,
            url=review.url,
            revision=f"{_stamp(review.at)}/{review.rating}/{fingerprint(review.text)}",
            rating=review.rating,
            language=review.language,
            extra={"answered": _stamp(review.answer.at) if review.answer else 0},
        )

    def _ours(self, review: Review, answer: Answer, asked: str) -> Mention:
        speaker = self.ability.speaks_as
        return Mention(
            account=self.name,
            key=answer_to(asked),
            thread=review.id,
            parent=asked,
            customer=Customer(platform=self.platform, key="ours", handle=speaker, name=speaker),
            text=answer.text,
            posted_at=answer.at,
            url=review.url,
            revision=f"{_stamp(answer.at)}/{fingerprint(answer.text)}",
            origin=Origin.OWN,
        )

    def _must_be_answerable(self, mention: Mention, text: str, files: Sequence[Attachment]) -> None:
        """Refused, before any call, for what the store would not have."""
        if mention.no_reply:
            raise Refused(mention.no_reply)
        if (size := self.length(text)) > self.ability.limit:
            raise Refused(
                f"This answer is {size} characters long; {self.store} takes {self.ability.limit}."
            )
        if not text.strip():
            raise Refused("An answer without words can't be published.")
        admit(files, self.ability, self.store)

    def _must_stand(self, review: Review, mention: Mention) -> None:
        """Refused where what stands there answers newer words than those of `mention`."""
        if review.answered and str(_stamp(review.at)) != mention.revision.partition("/")[0]:
            raise Refused(
                "The review was written anew, and what stands there answers its new words. Correct"
                " that answer."
            )


class LostPage(Exception):
    """A page of a walk can't be asked for any more."""


def answer_to(key: str) -> str:
    """The key of our answer to what a mention with this key says."""
    return key + ANSWER


def whose(key: str) -> tuple[str, Round]:
    """The review that a key is about, and after which answer it was written."""
    id, _, stamp = key.removesuffix(ANSWER).partition("@")
    return id, (int(stamp), 0) if stamp.isdecimal() else FIRST


def same_words(one: str, other: str) -> bool:
    """Whether a store made the one of the other: it may trim, and knows lines of one kind."""
    return " ".join(one.split()) == " ".join(other.split())


def taken_since(answer: Answer | None, mention: Mention) -> bool:
    """Whether an answer stands there that was not there when we read the mention."""
    known = mention.extra.get("answered")
    return answer is not None and _stamp(answer.at) != known


def _key(id: str, stamp: int) -> str:
    return f"{id}@{stamp}" if stamp else id


def _round(after: object, before: object) -> Round:
    if type(after) is not int or type(before) is not int:
        raise TypeError(f"{after!r}, {before!r} are no moments")
    return after, before


def _stamp(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _named(item: Any) -> str:
    if not isinstance(item, dict):
        return ""
    return str(item.get("reviewId") or item.get("id") or "")[:200]
