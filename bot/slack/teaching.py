"""`/unanswered triage`: what a team has taught, what it wants, and what it is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.desk import Desk
from bot.domain.problems import NotPossible, Ours
from bot.domain.roles import Right
from bot.domain.team import Team
from bot.learning import Learning
from bot.policy.made_in_slack import TeamFiles, WrongTeam
from bot.slack import filled, forms
from bot.slack.blocks import Message
from bot.slack.counter import CLOSE, Ack, Counter, Visit
from bot.slack.forms import View
from bot.slack.leaning_forms import FORM, USUAL, WORDS, leaning
from bot.slack.taught import asking, taught
from bot.slack.tongue import speaking, spoken
from bot.slack.written import SETTINGS, retold


class NoSuchTeam(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("That team is not there any more."))


class Teaching:
    """Only who may change settings sees what was taught, takes it back, and says what is wanted."""

    def __init__(self, desk: Desk, learning: Learning, team_files: TeamFiles) -> None:
        self.desk, self.learning, self.team_files = desk, learning, team_files

    def counter(self) -> Counter:
        return Counter(
            asked={"triage": self.show},
            buttons={
                "taught_take_back": self.take_back,
                "taught_use_again": self.use_again,
                FORM: self.settings,
                "sample_complaint": self.complaint,
                "sample_none": self.none,
            },
            sent={FORM: self.set},
        )

    def show(self, visit: Visit, _rest: str) -> Message:
        """Of this channel's team, or of the first."""
        teams = self.desk.teams
        team = teams.of_channel(visit.channel) or next(iter(teams))
        visit.must(Right.SETTINGS, team)
        return taught(self.learning.state(team.name), team)

    def take_back(self, visit: Visit) -> None:
        team = self._team(visit.value, visit)
        self.learning.take_back(team.name, visit.by)
        visit.replace(taught(self.learning.state(team.name), team))

    def use_again(self, visit: Visit) -> None:
        team = self._team(visit.value, visit)
        self.learning.bring_back(team.name, visit.by)
        visit.replace(taught(self.learning.state(team.name), team))

    def settings(self, visit: Visit) -> None:
        team = self._team(visit.value, visit)
        wanted = self.team_files.wanted(team.name)
        visit.open(lambda: leaning(team.name, wanted.triage or {}))

    def set(self, visit: Visit, view: View) -> Ack:
        team = self._team(str(filled.opened_at(view)["team"]), visit)
        wanted = self.team_files.wanted(team.name)
        try:
            self.team_files.save(replace(wanted, triage=_wanted(view)), visit.by)
        except WrongTeam as wrong:
            why = {key: forms.bare(retold(each, SETTINGS)) for key, each in wrong.problems.items()}
            return {"response_action": "errors", "errors": why}
        return CLOSE

    def complaint(self, visit: Visit) -> None:
        self._verdict(visit, complaint=True)

    def none(self, visit: Visit) -> None:
        self._verdict(visit, complaint=False)

    def _verdict(self, visit: Visit, *, complaint: bool) -> None:
        self.learning.verdict(visit.number, visit.by, complaint=complaint)
        asked = self.learning.asked_with(visit.number)
        team = self.desk.teams.of_channel(visit.channel)
        with speaking(team.language if team else spoken()):
            visit.replace(asking(asked))

    def _team(self, name: str, visit: Visit) -> Team:
        team = self.desk.teams.by_name.get(name)
        if team is None:
            raise NoSuchTeam
        visit.must(Right.SETTINGS, team)
        return team


def _wanted(view: View) -> Mapping[str, Any]:
    """What was filled in, as teams.toml would have it; what is usual is left out."""
    chosen = {key: filled.chosen_in(view, key) for key in USUAL}
    words = {key: _said(view, key) for key in WORDS}
    told = {key: value for key, value in chosen.items() if value and value != USUAL[key]}
    found: dict[str, Any] = told | {key: said for key, said in words.items() if said}
    return found | ({"recall": float(told["recall"])} if "recall" in told else {})


def _said(view: View, block: str) -> Sequence[str]:
    lines = map(str.strip, filled.text_in(view, block).splitlines())
    return list(dict.fromkeys(filter(None, lines)))
