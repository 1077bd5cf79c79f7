"""Accounts of Meta's that can be asked for what is new, however long we were away."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from adapters import Batch, lost_our_place, scope, seconds
from adapters.meta.graph import Declined, Graph, Json
from adapters.meta.news import Gathered, moment, same_words, second
from adapters.meta.walk import Walk, following, listed
from adapters.web import visit
from bot.domain.delivery import LockedOut, Refused, TryLater
from bot.domain.mention import Mention

OUTER, INNER = 25, 50  # on one page
WRONG_ID = "{site} finds nothing of the id in {id} that {token} may see. Look at both."


class Listed(ABC):
    """One account whose news lies in a list of lists; see `adapters.meta.walk`.

    `id`, `token` and `often` are the settings that hold its id, its token and how often to ask;
    `times` is the field with the time of what is in an inner list.
    """

    site: ClassVar[str]
    id: ClassVar[str]
    token: ClassVar[str]
    often: ClassVar[str]
    times: ClassVar[str]

    def __init__(
        self,
        name: str,
        settings: Mapping[str, str],
        now: Callable[[], datetime],
        history: timedelta,
    ) -> None:
        self.name, self.now, self.history = name, now, history
        self.called = partial(scope, name)
        self.us = settings[self.id].strip()
        if not self.us.isdecimal():
            raise ValueError(f"{self.called(self.id)} must be a number.")
        self.every = seconds(name, settings, self.often)
        self.graph = Graph(self.site, settings, self.token, self.called)

    @visit()
    def fetch(self, cursor: str | None) -> Batch:
        begin = int((self.now() - self.history).timestamp())
        walk, damaged = Walk.load(cursor, begin)
        news = Gathered()
        try:
            after = self._step(walk, news)
        except Declined as no:
            if not walk.goes_on:
                raise self._shut(no) from None
            after = walk.broken_off()  # Meta has forgotten the place: once more from the beginning
        except ValueError:
            raise TryLater(f"{self.site} answered something that makes no sense.") from None
        news.mentions = [m for m in news.mentions if m.posted_at.timestamp() >= walk.since]
        self._complete(news)
        return Batch(
            mentions=news.in_order(),
            unreadable=news.unreadable,
            cursor=after.saved(),
            more=after.goes_on,
            gap=lost_our_place(self.history) if damaged else "",
        )

    @abstractmethod
    def _outer(self, after: str) -> Json:
        """A page of the outer list; each of it has the newest of its inner list in it."""

    @abstractmethod
    def _inner(self, id: str, after: str) -> Json:
        """A page of an inner list."""

    @abstractmethod
    def _nested(self, one: Json) -> Any:
        """The first page of the inner list, out of one of the outer."""

    @abstractmethod
    def _take(self, news: Gathered, id: str, one: Json, page: Any, since: int) -> None:
        """Reads what is on a page of the inner list of `id`; `one` is it, where it is known.

        What was posted before `since` (seconds since 1970) is not asked for.
        """

    @abstractmethod
    def _reach(self, walk: Walk, found: Sequence[Any]) -> bool:
        """Whether the outer list is worth going on with after this page of it."""

    def _complete(self, news: Gathered) -> None:  # noqa: B027
        """What else is to be asked for at each look: for most, nothing."""

    def _step(self, walk: Walk, news: Gathered) -> Walk:
        if walk.inner:
            (id, after), *rest = walk.inner
            page = self._inner(id, after)
            goes_on, times = self._read(walk, news, id, {}, page)
            inner = [(id, on) for on in goes_on if on != after]
            return walk.step(times, outer=walk.outer, inner=[*inner, *rest])
        page = self._outer(walk.outer or "")
        found, inner, times = listed(page), [], []
        for one in found:
            try:
                id, nested = str(one["id"]), self._nested(one)
                goes_on, some = self._read(walk, news, id, one, nested)
            except (ValueError, TypeError, KeyError, AttributeError) as problem:
                news.spoiled(one, problem)
                continue
            inner += [(id, on) for on in goes_on]
            times += some
        outer = following(page) if self._reach(walk, found) else None
        return walk.step(times, outer=None if outer == walk.outer else outer, inner=inner)

    def _read(
        self, walk: Walk, news: Gathered, id: str, one: Json, page: Any
    ) -> tuple[Sequence[str], Sequence[int | None]]:
        """Where the inner list goes on, if it must be walked on; and the times of what was read."""
        known, items = len(news.mentions), listed(page)
        self._take(news, id, one, page, walk.since)
        times = [second(item, self.times) for item in items]
        told = [int(m.posted_at.timestamp()) for m in news.mentions[known:]]
        on = following(page) if walk.new(times) else None
        return [on] if on else [], [*times, *told]

    def _shut(self, no: Declined) -> Exception:
        if no.gone or no.code == 100:
            id, token = self.called(self.id), self.graph.token
            return LockedOut(WRONG_ID.format(site=self.site, id=id, token=token))
        return TryLater(f"{self.site} does not say what is new: {no.why}")

    def _ask(self, path: str, **asked: Any) -> Json:
        return self.graph.get(path, now=self.now(), **asked)

    def _ours(
        self, items: Sequence[Any], said: Callable[[Json], Any], mention: Mention, text: str
    ) -> Json | None:
        """The one that is this answer of ours: what was said before it answers something else."""
        since = mention.posted_at.replace(microsecond=0)
        for item in items:
            with suppress(KeyError, TypeError, ValueError, AttributeError):
                ours = str(item["from"]["id"]) == self.us and same_words(said(item), text)
                if ours and moment(item[self.times]) >= since:
                    return dict(item)
        return None

    def _looked(self, path: str, **asked: Any) -> Sequence[Any]:
        """What is on a page; where only looking was declined, nothing is decided for good."""
        try:
            return listed(self._ask(path, **asked))
        except Declined as no:
            if no.gone:
                return []
            raise TryLater(f"{self.site} does not let us look: {no.why}") from None
        except ValueError:
            raise TryLater(f"{self.site} answered something that makes no sense.") from None


def must_fit(site: str, text: str, limit: int) -> None:
    if not text.strip():
        raise Refused(f"{site} takes no empty answer.")
    if len(text) > limit:
        raise Refused(f"This answer is {len(text)} characters long; {site} takes {limit}.")
