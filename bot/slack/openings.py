"""What opens when somebody asks for a form: drawn from the case as it is now, or why not."""

from collections.abc import Callable

from bot.desk import Desk
from bot.domain.case import Case
from bot.domain.problems import CannotReplyHere
from bot.slack import forms, stories, times, whatif
from bot.slack.forms import View
from storage import mentions
from storage.database import reading


class Openings:
    """Forms by their name; NotPossible says why one can't be opened."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.ways: dict[str, Callable[[Case, str], View]] = {
            "reply": self._reply,
            "dismiss": self._dismiss,
            "snooze": self._snooze,
            "why": self._why,
            "history": self._history,
        }

    def about(self, form: str, conversation: int, by: str) -> View:
        """The form of that name about this conversation, for this person."""
        return self.ways[form](self.desk.look(conversation), by)

    def what_if(self, channel: str) -> View:
        """For trying other hours and targets, of this channel's team or of the first."""
        teams = self.desk.teams
        return whatif.form(teams.of_channel(channel) or next(iter(teams)))

    def _reply(self, case: Case, by: str) -> View:
        conversation, now = case.conversation, self.desk.now()
        team = self.desk.team(conversation)
        conversation.reply(by, now, team)  # says why not, before anybody writes in vain
        ability = self.desk.ability(conversation.account)
        if case.latest.no_reply or ability is None:
            raise CannotReplyHere(case.latest.no_reply or "its account is not set up any more.")
        draft = self.desk.draft(conversation.id, by)
        promises, zone = times.promises(team.calendar, now), team.calendar.zone
        keep = times.to_keep(conversation.promised_for, team.calendar, now)
        return forms.reply(case, ability, draft, promises, zone, keep=keep)

    def _dismiss(self, case: Case, by: str) -> View:
        case.conversation.dismiss(by, "", self.desk.now())  # says why not
        return forms.dismiss(case)

    def _snooze(self, case: Case, by: str) -> View:
        now, team = self.desk.now(), self.desk.team(case.conversation)
        longest = now + times.UNTIL_THEY_WRITE
        case.conversation.snooze(longest, by, "", now, team)  # says why not
        moments = times.snoozes(team.calendar, now)
        return forms.snooze(case, moments, longest, team.calendar.zone)

    def _why(self, case: Case, _: str) -> View:
        team, nags = self.desk.team(case.conversation), self.desk.nags(case.conversation)
        return stories.why(case, team, self.desk.now(), nags)

    def _history(self, case: Case, _: str) -> View:
        with reading(self.desk.database) as db:
            said = mentions.history(db, case.conversation.customer, most=stories.OLDER + 1)
        return stories.history(case, said)
