"""Trying other hours and targets on the last thirty days, before they are written into the file."""

from collections.abc import Mapping

import structlog

from bot import simulate
from bot.desk import Desk
from bot.domain.team import Team
from bot.slack import filled, forms, whatif
from bot.slack.counter import Ack, Counter, Visit
from bot.slack.forms import View
from bot.slack.tongue import _
from bot.slack.working import eventually

log = structlog.get_logger()


class Trying:
    """`/unanswered what-if`."""

    def __init__(self, desk: Desk, environment: Mapping[str, str]) -> None:
        self.desk, self.environment = desk, environment

    def counter(self) -> Counter:
        return Counter(
            asked={"what-if": self.form, "whatif": self.form}, sent={"what_if": self.what_if}
        )

    def form(self, visit: Visit, _rest: str) -> View:
        """For trying other hours and targets, of this channel's team or of the first."""
        teams = self.desk.teams
        return whatif.form(teams.of_channel(visit.channel) or next(iter(teams)))

    def what_if(self, visit: Visit, view: View) -> Ack:
        """Tell the last thirty days again; that takes longer than Slack waits for an ack."""
        team = self.desk.teams[str(filled.opened_at(view)["team"])]
        text = filled.text_in(view, whatif.WHAT_IF)
        return eventually(visit, view, whatif.counting(), lambda: self._told(team, text))

    def _told(self, team: Team, text: str) -> View:
        try:
            whole = whatif.revealed(text, team.written)
            was, would = simulate.what_if(
                self.desk.database, team, whole, self.environment, self.desk.now()
            )
        except simulate.Unreadable as problem:
            return whatif.wrong(problem.problems, team, text)
        except Exception:  # after the ack, nobody else would tell
            log.exception("what_if.failed", team=team.name)
            said = _("That went wrong on my side. Nothing was changed. Try again.")
            return forms.too_late(said)
        return whatif.result(was, would, team)
