"""Silences: a team that does nothing while customers wait, an account that nothing comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot.desk import Desk
from bot.domain.account import Account
from bot.domain.arrivals import AN_HOUR, HUSHED, WEEKS, Rhythm, rhythm
from bot.domain.team import Team
from bot.slack.blocks import lasting, when_markup
from bot.slack.written import (
    ACCOUNT_BACK,
    ACCOUNT_SILENT,
    TEAM_ANSWERS,
    TEAM_BACK,
    TEAM_RESTS,
    TEAM_SILENT,
)
from storage import accounts, arrivals, conversations, days, journal, silences
from storage.arrivals import PIECE
from storage.database import Transaction, reading
from storage.journal import Sign
from storage.silences import ACCOUNT, TEAM, Silence

log = structlog.get_logger()

A_WEEK = timedelta(weeks=1)
KNOWN = timedelta(weeks=WEEKS)
WARNING, DONE = ":warning:", ":white_check_mark:"


@dataclass(frozen=True)
class _Quiet:
    """Of a team: since when nobody has done anything though somebody waits, and the last sign."""

    since: datetime | None
    sign: Sign | None


class Silences:
    """Each is told once, and so is its end. Of several workers, one tells."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.database, self.ledger, self.now = desk, desk.database, desk.ledger, desk.now
        self._usual: dict[str, _Usual] = {}

    def look(self) -> None:
        """At every team and every account that we read."""
        for team in self.desk.teams:
            self._look_at_team(team)
        with reading(self.database) as db:
            known = accounts.all_of(db)
        for account in known:
            if account.name in self.desk.adapters:
                self._look_at_account(account)

    # Teams

    def _look_at_team(self, team: Team) -> None:
        with reading(self.database) as db:
            told = silences.lasting(db, TEAM, team.name)
            quiet = self._quiet(db, team, told)
        if told and (quiet.sign or quiet.since is None):
            self._team_is_back(team, told, quiet.sign)
        elif not told and quiet.since and self._too_long(team, quiet.since):
            self._team_is_silent(team)

    def _quiet(self, db: Transaction, team: Team, told: Silence | None) -> _Quiet:
        waited = conversations.wait_known_since(db, team.name)
        if told:
            sign = journal.last_sign(db, team.name, told.at)
            return _Quiet(waited, sign)
        if waited is None or team.silent_after is None:
            return _Quiet(None, None)
        sign = journal.last_sign(db, team.name, waited)
        return _Quiet(max(waited, sign.at) if sign else waited, None)

    def _too_long(self, team: Team, since: datetime) -> bool:
        """Only working time counts, and nobody is told at night."""
        now = self.now()
        if team.silent_after is None or not team.calendar.is_open(now):
            return False
        return team.calendar.between(since, now) >= team.silent_after

    def _team_is_silent(self, team: Team) -> None:
        now = self.now()
        with self.database.begin() as db:
            days.hold(db, team.name, now)
            told = silences.lasting(db, TEAM, team.name)
            since = self._quiet(db, team, told).since
            if told or since is None or not self._too_long(team, since):
                return  # another worker has told it, or somebody came back this moment
            silences.begin(db, TEAM, team.name, since, now)
            span = lasting(team.calendar.between(since, now))
            said = TEAM_SILENT.format(
                team=team.name, since=when_markup(since), span=span, channel=team.channel
            )
            self._tell_manager(db, team, f"{WARNING} {said}", "silent")
        log.warning("team.silent", team=team.name, since=since.isoformat())

    def _team_is_back(self, team: Team, told: Silence, sign: Sign | None) -> None:
        now = self.now()
        with self.database.begin() as db:
            days.hold(db, team.name, now)
            if silences.lasting(db, TEAM, team.name) is None:
                return
            silences.end(db, told.id, now)
            template = TEAM_RESTS if sign is None else TEAM_BACK if sign.by else TEAM_ANSWERS
            since, who = when_markup(told.since), sign and sign.by
            said = template.format(team=team.name, who=who, since=since)
            self._tell_manager(db, team, f"{DONE} {said}", "back")
        log.info("team.back", team=team.name)

    def _tell_manager(self, db: Transaction, team: Team, text: str, what: str) -> None:
        """In a lane of its own: where Slack does not take it, the team's next road does."""
        to = team.manager or self.desk.teams.tell or team.channel
        lane, key = f"silence:{team.name}", f"silence:{team.name}:{what}"
        self.ledger.owe_notice(db, to, text, key=key, at=self.now(), lane=lane)

    # Accounts

    def _look_at_account(self, account: Account) -> None:
        with reading(self.database) as db:
            told = silences.lasting(db, ACCOUNT, account.name)
            heard = arrivals.last(db, account.name)
        if told and heard and heard > told.since:
            self._account_speaks(account.name, told)
        elif not told and heard and self._reads_well(account):
            self._listen_for(account.name, heard)

    def _reads_well(self, account: Account) -> bool:
        """What fails is told elsewhere; what nobody has read lately can't have brought anything."""
        read = account.fetched_at
        return account.failing_since is None and bool(read and read > self.now() - AN_HOUR)

    def _listen_for(self, name: str, heard: datetime) -> None:
        now, since = self.now(), heard + PIECE
        usual = self._rhythm(name, since) if now - since >= AN_HOUR else None
        if usual is None or usual.hush(since, now) >= HUSHED:
            return
        with self.database.begin() as db:
            accounts.hold(db, name)
            if silences.lasting(db, ACCOUNT, name) or arrivals.last(db, name) != heard:
                return
            silences.begin(db, ACCOUNT, name, heard, now)
            many = round(usual.expected(since, now))
            said = ACCOUNT_SILENT.format(account=name, since=when_markup(heard), many=many)
            self._tell_channel(db, name, f"{WARNING} {said}", "silent")
        log.warning("account.silent", account=name, since=heard.isoformat())

    def _account_speaks(self, name: str, told: Silence) -> None:
        with self.database.begin() as db:
            accounts.hold(db, name)
            if silences.lasting(db, ACCOUNT, name) is None:
                return
            silences.end(db, told.id, self.now())
            said = ACCOUNT_BACK.format(account=name, since=when_markup(told.since))
            self._tell_channel(db, name, f"{DONE} {said}", "speaks")
        log.info("account.speaks", account=name)

    def _tell_channel(self, db: Transaction, name: str, text: str, what: str) -> None:
        channel = self.desk.teams.hearing(name).channel
        self.ledger.owe_notice(db, channel, text, key=f"{name}:{what}", at=self.now())

    def _rhythm(self, name: str, until: datetime) -> Rhythm | None:
        """As it was before it fell silent; None before a whole week of it is known."""
        usual = self._usual.setdefault(name, _Usual())
        if usual.is_old(self.now()):
            with reading(self.database) as db:
                hours = arrivals.by_hour(db, self.now() - KNOWN, account=name)
            usual.learn(hours, self.desk.teams.hearing(name), until, self.now())
        return usual.rhythm


@dataclass
class _Usual:
    """What was usual when it was last counted, an hour ago at most."""

    at: datetime | None = None
    rhythm: Rhythm | None = field(default=None)

    def is_old(self, now: datetime) -> bool:
        return self.at is None or not self.at <= now < self.at + AN_HOUR

    def learn(
        self, hours: Mapping[datetime, int], team: Team, until: datetime, now: datetime
    ) -> None:
        begun = min(hours, default=until)
        known, self.at = until - begun >= A_WEEK, now
        self.rhythm = rhythm(hours, begun, until, team.calendar.zone) if known else None
