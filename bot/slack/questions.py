"""What somebody wants to see: the words after `/unanswered`, read."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain.problems import NotPossible
from bot.domain.team import Teams
from bot.slack.text import harmless
from bot.slack.words import CALLED, on
from storage.conversations import Asked

PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>", re.I)
ALIKE = {"x": "twitter", "mail": "email", "all": "all teams", "my": "mine", "late": "overdue"}
ALL = re.compile(r"\ball teams\b", re.I)


class Unknown(NotPossible):
    def __init__(self, word: str) -> None:
        super().__init__(
            f"I don't know “{harmless(word, 60)}”. `/unanswered help` lists what I understand."
        )


@dataclass(frozen=True)
class Person:
    """Who asks, and from which channel."""

    id: str
    channel: str


@dataclass(frozen=True)
class Question:
    """`title` is what the answer is called, as markup of our own."""

    asked: Asked
    whose: str
    narrowed: Sequence[str] = field(default=())

    @property
    def title(self) -> str:
        return " · ".join([f"Waiting for {self.whose}", *self.narrowed])

    def narrow(self, called: str, **asked: object) -> "Question":
        narrower = replace(self.asked, **asked)  # type: ignore[arg-type]
        return replace(self, asked=narrower, narrowed=[*self.narrowed, called])


class Questions:
    """Reads words; they combine."""

    def __init__(
        self, teams: Teams, accounts: Mapping[str, object], now: Callable[[], datetime]
    ) -> None:
        self.teams, self.now = teams, now
        self.accounts = {*accounts, *(name.partition(":")[0] for name in accounts)}

    def read(self, query: str, by: Person) -> Question:
        """What the words mean; Unknown names the first that means nothing."""
        team = self.teams.of_channel(by.channel)
        whose = harmless(team.name, CALLED) if team else "all teams"
        question = Question(Asked(team=team.name if team else None), whose)
        for word in _words(query):
            question = self._narrow(question, word, by)
        return question

    def _narrow(self, question: Question, word: str, by: Person) -> Question:
        if word == "all teams":
            return replace(question, asked=replace(question.asked, team=None), whose="all teams")
        if word == "overdue":
            return question.narrow("overdue", late_at=self.now())
        if word == "mine":
            return question.narrow("yours", owner=by.id)
        if found := PERSON.fullmatch(word):
            who = found[1].upper()
            return question.narrow(f"with <@{who}>", owner=who)
        if word in self.accounts:
            return question.narrow(on(word), platform=word)
        raise Unknown(word)


def _words(query: str) -> list[str]:
    """One by one, called as we call them; a mention is one word, whatever the name in it."""
    whole = ALL.sub("all", PERSON.sub(r"<@\1>", query))
    return [ALIKE.get(word, word) for word in whole.lower().split()]
