"""Holidays and rotas from addresses: asked every hour, remembered, and told when they fail."""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urljoin

import structlog

from bot.domain.rota import Rota
from bot.domain.team import HOLIDAYS, Source, Team, Teams
from bot.policy import feeds
from bot.policy.feeds import Unreadable, duties_in, holidays_in, host
from bot.policy.hours import years
from bot.policy.ladder import AHEAD, BEFORE
from bot.policy.teams import impossible
from bot.slack.written import SCHEDULE_FOUND, SCHEDULE_LOST, SCHEDULE_NEVER
from storage import schedules
from storage.database import Database, reading
from storage.schedules import Schedule

if TYPE_CHECKING:
    import requests  # loaded when something is asked: a worker most often never does

EVERY, AGAIN = timedelta(hours=1), timedelta(minutes=5)  # between two looks: when well, when not
SILENT = timedelta(hours=1)  # how long one may fail until the channel hears of it
PATIENCE = 20.0  # seconds for one address, with all its redirects
CONNECT, READ = 5.0, 10.0
REDIRECTS = 5
MOVED = (301, 302, 303, 307, 308)
GONE = (401, 403, 404, 410)

log = structlog.get_logger()
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)  # its warnings name the address


class Tells(Protocol):
    """The desk, as far as schedules need it."""

    database: Database
    teams: Teams

    def tell(self, to: str, text: str, *, key: str) -> None: ...


class Schedules:
    """Knows every address that a team names; `fetch` asks one, and raises Unreadable."""

    def __init__(self, desk: Tells, fetch: Callable[[str], str] | None = None) -> None:
        self.desk, self.fetch = desk, fetch or fetched
        self._applied: dict[str, datetime | None] = {}
        self._made: dict[str, tuple[Team, Team]] = {}  # what the file says, and what we made of it

    def remember(self, now: datetime) -> Sequence[str]:
        """After a start: apply what the database has. No address is asked."""
        return self._apply(now)

    def refresh(self, now: datetime) -> Sequence[str]:
        """Ask whatever is due; returns the teams whose calendar changed, to be recounted."""
        addresses = sorted({source.address for source in self._sources()})
        with self.desk.database.begin() as db:
            schedules.forget_others(db, addresses)
        for address in addresses:
            self._ask(address, now)
        return self._apply(now)

    def _sources(self) -> Iterator[Source]:
        return (source for team in self.desk.teams for source in team.sources)

    # Asking

    def _ask(self, address: str, now: datetime) -> None:
        with self.desk.database.begin() as db:
            before = schedules.take_turn(db, address, now, EVERY, AGAIN)
        if before is None:
            return
        try:
            text = self._readable(address, now)
        except Unreadable as problem:
            self._fails(address, before, str(problem), now)
        else:
            self._is_well(address, before, text)

    def _readable(self, address: str, now: datetime) -> str:
        """What it says now, if every team that names it can use that."""
        text = self.fetch(address)
        for team in map(self._written, self.desk.teams):
            for source in team.sources:
                if source.address == address:
                    with_source(team, source, text, now)
        return text

    def _fails(self, address: str, before: Schedule, why: str, now: datetime) -> None:
        since = before.failing_since or now
        if now - since >= SILENT and not _was_told(before):
            said = _trouble(before, host(address), why)
            self._tell(address, said, f"fails:{since.timestamp():.0f}")
        with self.desk.database.begin() as db:
            schedules.failed(db, address, why, since)
        log.warning("schedule.failed", host=host(address), why=why)

    def _is_well(self, address: str, before: Schedule, text: str) -> None:
        if before.failing_since and _was_told(before):
            said = SCHEDULE_FOUND.format(where=host(address))
            well = f":white_check_mark: {said}"
            self._tell(address, well, f"well:{before.failing_since.timestamp():.0f}")
        with self.desk.database.begin() as db:
            schedules.came(db, address, text)
        log.info("schedule.fetched", host=host(address), new=text != before.text)

    def _tell(self, address: str, text: str, occasion: str) -> None:
        which = schedules.key(address)[:12]
        for team in self.desk.teams:
            if any(source.address == address for source in team.sources):
                key = f"schedule:{team.name}:{which}:{occasion}"
                self.desk.tell(team.channel, text, key=key)

    # Applying

    def _apply(self, now: datetime) -> Sequence[str]:
        """Make every team anew that names an address which was asked since."""
        with reading(self.desk.database) as db:
            asked = {each.address: each.fetched_at for each in schedules.all_of(db)}
        news = {address for address, at in asked.items() if self._applied.get(address) != at}
        changed = [team.name for team in self.desk.teams if self._renew(team, news, now)]
        self._applied = asked
        return changed

    def _renew(self, team: Team, news: Collection[str], now: datetime) -> bool:
        """Whether its calendar changed: who is on duty moves no deadline."""
        news_of_it = any(schedules.key(source.address) in news for source in team.sources)
        if not team.sources or (self._is_made(team) and not news_of_it):
            return False
        made = written = self._written(team)
        for source, text in self._texts(written):
            made = _with_if_possible(made, source, text, now)
        made = team if made == team else made  # it remembers the hours it has counted
        self._made[team.name] = written, made
        self.desk.teams.change(made)
        return made.calendar != team.calendar

    def _written(self, team: Team) -> Team:
        """The team as its file has it: what we added to it would otherwise stay for ever."""
        return self._made[team.name][0] if self._is_made(team) else team

    def _is_made(self, team: Team) -> bool:
        return team.name in self._made and self._made[team.name][1] is team

    def _texts(self, team: Team) -> Sequence[tuple[Source, str]]:
        with reading(self.desk.database) as db:
            texts = [(source, schedules.text(db, source.address)) for source in team.sources]
        return [(source, text) for source, text in texts if text is not None]


def fetched(address: str, patience: float = PATIENCE) -> str:
    """What an address gives; Unreadable with a sentence that never shows it."""
    import requests

    ends, url = monotonic() + patience, address
    with requests.Session() as session:
        for _ in range(REDIRECTS + 1):
            text, url = _asked(session, url, ends)
            if text is not None:
                return text
            if not may_follow(address, url):
                raise Unreadable(f"{host(address)} points to what is no https:// address.")
    raise Unreadable(f"{host(address)} points elsewhere again and again. Check the address.")


def may_follow(address: str, url: str) -> bool:
    """Nobody outside can send us to this very machine."""
    return feeds.safe(url) and (feeds.local(address) or not feeds.local(url))


def _asked(session: "requests.Session", url: str, ends: float) -> tuple[str | None, str]:
    """The text, or else where it is now."""
    import requests
    import urllib3

    try:
        left = max(0.1, ends - monotonic())
        with session.get(
            url,
            timeout=(min(CONNECT, left), min(READ, left)),
            stream=True,
            allow_redirects=False,
            headers={"Accept": "text/calendar, */*;q=0.5", "User-Agent": "Unanswered"},
        ) as answer:
            if answer.status_code in MOVED:
                return None, urljoin(url, answer.headers.get("Location", ""))
            _must_be_well(answer, host(url))
            return _text(answer, host(url), ends), url
    except Unreadable:
        raise
    except (
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        ValueError,
        OSError,
    ) as problem:
        why = f"{host(url)} did not answer properly ({type(problem).__name__})."
        raise Unreadable(why) from None  # the cause names the address


def _must_be_well(answer: "requests.Response", name: str) -> None:
    import requests

    status = answer.status_code
    if status in GONE:
        raise Unreadable(
            f"{name} gives no schedule any more (HTTP {status}). Export a new address."
        )
    if status != requests.codes.ok:
        raise Unreadable(f"{name} has a problem of its own (HTTP {status}).")


def _text(answer: "requests.Response", name: str, ends: float) -> str:
    """All of it, within the size and the time there is; a server may drip, or never end."""
    body = b""
    while piece := answer.raw.read1(2**16, decode_content=True):
        body += piece
        if len(body) > feeds.LARGEST:
            raise Unreadable(f"{name} sent more than {feeds.LARGEST:,} bytes. Export less.")
        if monotonic() > ends:
            raise Unreadable(f"{name} took too long.")
    return body.decode("utf-8-sig", "replace").replace("\0", "")  # PostgreSQL takes no NUL


def _was_told(before: Schedule) -> bool:
    """Whether the last look, too, came when it had failed for so long."""
    if before.failing_since is None or before.fetched_at is None:
        return False
    return before.fetched_at - before.failing_since >= SILENT


def _trouble(before: Schedule, where: str, why: str) -> str:
    said = SCHEDULE_LOST if before.text else SCHEDULE_NEVER
    return f":warning: {said.format(where=where, why=why)}"


def _with_if_possible(team: Team, source: Source, text: str, now: datetime) -> Team:
    """A text that was kept can become unusable when the file changes; the next look tells."""
    try:
        return with_source(team, source, text, now)
    except Unreadable as problem:
        log.warning(
            "schedule.unusable", team=team.name, host=host(source.address), why=str(problem)
        )
        return team


def with_source(team: Team, source: Source, text: str, now: datetime) -> Team:
    """The team with what this schedule adds; the team's own file comes first."""
    calendar, rota = team.calendar, team.rota or Rota(team.calendar.zone)
    if source.what == HOLIDAYS:
        holidays = {**holidays_in(text, years(now)), **calendar.holidays}
        made = replace(team, calendar=replace(calendar, holidays=holidays))
    else:
        span = now - BEFORE, now + AHEAD
        duties = (*rota.duties, *duties_in(text, source.people, *span, calendar.zone))
        made = replace(team, rota=replace(rota, duties=duties))
    for _, why in impossible(made, now):
        raise Unreadable(f"With its holidays, team {team.name} can keep no promise. {why}.")
    return made
