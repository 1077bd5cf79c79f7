"""A team: what it hears, what it promised, and who is called when a promise is late."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.mention import Kind

OWNER, CHANNEL, HERE = "owner", "channel", "here"  # whom a rung can call, besides an id of Slack's


class Where(StrEnum):
    """Where a nag is heard, besides the card's thread."""

    THREAD = "thread"
    CHANNEL = "channel"  # the thread, and shown in the channel as well
    DIRECT = "direct"  # the thread, and a direct message to whoever is called


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One step of the ladder: how late, who is called, and where it is said."""

    after: timedelta
    call: str
    say: Where = Where.THREAD


@dataclass(frozen=True, kw_only=True)
class Promise:
    """When an answer is due, and everything that made it so."""

    due_at: datetime
    since: datetime
    within: timedelta
    kind: Kind
    team: str


@dataclass(frozen=True, kw_only=True)
class Team:
    """`hears` names accounts; an empty one hears all that no other team names."""

    name: str
    channel: str
    answer_within: Mapping[Kind, timedelta]
    ladder: Sequence[Rung]
    hears: Sequence[str] = ()
    manager: str | None = None

    def promise(self, kind: Kind, since: datetime) -> Promise | None:
        """What we owe a customer who wrote at `since`; None where the team promised nothing."""
        within = self.answer_within.get(kind)
        if within is None:
            return None
        return Promise(due_at=since + within, since=since, within=within, kind=kind, team=self.name)

    @property
    def longest_promise(self) -> timedelta:
        return max(self.answer_within.values(), default=timedelta(0))


@dataclass(frozen=True)
class Teams:
    """All teams, by name. `tell` is who hears about trouble that no channel can show."""

    by_name: Mapping[str, Team] = field(default_factory=dict)
    tell: str | None = None

    def __getitem__(self, name: str) -> Team:
        return self.by_name.get(name) or next(iter(self))  # a removed team's work goes to the first

    def __iter__(self) -> Iterator[Team]:
        return iter(self.by_name.values())

    def hearing(self, account: str) -> Team:
        named = (team for team in self if account in team.hears)
        others = (team for team in self if not team.hears)
        return next(named, None) or next(others, None) or next(iter(self))

    def of_channel(self, channel: str) -> Team | None:
        return next((team for team in self if team.channel == channel), None)

    def unheard(self, accounts: Iterable[str]) -> Sequence[str]:
        """The accounts that no team hears."""
        if any(not team.hears for team in self):
            return []
        heard = {account for team in self for account in team.hears}
        return [account for account in accounts if account not in heard]
