"""Who may do what: roles as teams.toml has them, and people as Slack knows them."""

from collections.abc import Sequence

from bot.domain.roles import NotForGuests, Right, Who, check, may, welcome
from bot.domain.team import Team
from bot.slack.members import Members


class Roster:
    """Asked at every press, form and command, before anything is done."""

    def __init__(self, members: Members) -> None:
        self.members = members

    def must(self, right: Right, by: str, team: Team) -> None:
        """NotAllowed, with the names of those who may, unless this person may."""
        check(team.roles, right, self._who(by, team))

    def may(self, right: Right, by: str, team: Team) -> bool:
        return may(team.roles, right, self._who(by, team))

    def admit(self, by: str, teams: Sequence[Team]) -> None:
        """NotForGuests for guests and people from elsewhere whom none of these teams lists."""
        if not self.members.get(by).guest:
            return
        if not any(welcome(team.roles, self._who(by, team)) for team in teams):
            raise NotForGuests([team.manager for team in teams if team.manager])

    def _who(self, by: str, team: Team) -> Who:
        """With their groups and channels, as far as the team's roles name any."""
        groups = [id for id in team.roles.ids if id.startswith("S")]
        channels = [id for id in team.roles.ids if id.startswith(("C", "G"))]
        return Who(
            id=by,
            groups=self.members.groups(by, groups),
            channels=self.members.channels(by, channels),
            guest=self.members.get(by).guest,
        )
