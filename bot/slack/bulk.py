"""The same for several: one reason, and each in a transaction of its own."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice

import structlog

from bot.desk import Desk
from bot.domain.mention import Kind
from bot.domain.problems import NotPossible, Ours
from bot.domain.team import Team
from bot.slack import bulk_forms, filled, times
from bot.slack.bulk_forms import ALL, MOST, Deed, Pick
from bot.slack.counter import Ack, Counter, Visit, errors
from bot.slack.forms import View
from bot.slack.handling import must_dismiss
from bot.slack.handling_forms import kind_named
from bot.slack.passing import must_be_colleague
from bot.slack.questions import Person, Questions
from bot.slack.text import clip
from bot.slack.tongue import _, told
from bot.slack.working import soon
from storage import search
from storage.database import reading

log = structlog.get_logger()

REASON = 300  # characters
Do = Callable[[int], None]


class NothingChosen(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("Choose some of them, or tick that you mean all."))


class Bulk:
    """What is refused of one does not keep the others back."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.questions = Questions(desk.teams, desk.adapters, desk.now)

    def counter(self) -> Counter:
        return Counter(
            buttons={"do": self.turn},
            forms={"bulk": self.open},
            sent={"bulk": self.send},
            asked={"bulk": self.ask, "mehrere": self.ask},
        )

    def open(self, visit: Visit, _number: int) -> View:
        """From a list's button: "bulk overdue mine 0" asks for what the list has."""
        return self._pick(visit.by, visit.channel, " ".join(visit.value.split(" ")[1:-1]))

    def ask(self, visit: Visit, rest: str) -> View:
        return self._pick(visit.by, visit.channel, rest)

    def turn(self, visit: Visit) -> None:
        """Something else is to be done: ask for what that needs."""
        about = filled.opened_at(visit.body["view"])
        deed = Deed(visit.value)
        visit.update(self._pick(visit.by, about["channel"], about["query"], deed))

    def _pick(self, by: str, channel: str, query: str, deed: Deed = Deed.DISMISS) -> View:
        question, now = self.questions.read(query, Person(by, channel)), self.desk.now()
        with reading(self.desk.database) as db:
            found = search.page(db, question.asked, most=MOST)
        calendar = self._team(question.asked.teams).calendar
        return bulk_forms.pick(
            Pick(
                query=query,
                title=question.title,
                found=found.found,
                many=found.many,
                deed=deed,
                moments=times.snoozes(calendar, now),
                zone=calendar.zone,
                channel=channel,
            )
        )

    def _team(self, names: Sequence[str]) -> Team:
        """Whose times are offered."""
        return next((self.desk.teams[name] for name in names), next(iter(self.desk.teams)))

    def send(self, visit: Visit, view: View) -> Ack:
        """Say at its field what is missing; then do it, and tell what became of each."""
        deed = Deed(filled.chosen_in(view, "do"))
        if not (numbers := self._numbers(view)):
            return errors("which", NothingChosen())
        because = clip(filled.text_in(view, "because").strip(), REASON)
        if deed in (Deed.DISMISS, Deed.SNOOZE) and not because:
            return errors("because", NotPossible(_("Write why, in a few words.")))
        if deed is Deed.SNOOZE and self._until(view) is None:
            return errors("until_at", NotPossible(_("Choose until when.")))
        if deed is Deed.TAG and not filled.text_in(view, "tag").strip():
            return errors("tag", NotPossible(_("Write which word.")))
        do = self._doing(visit, view, deed, because)
        return soon(visit, view, lambda: self._all(numbers, do))

    def _numbers(self, view: View) -> Sequence[int]:
        """Those that were chosen, or all that the form offered."""
        if ALL not in filled.several_in(view, "all"):
            return [int(each) for each in filled.several_in(view, "which")]
        block = next(each for each in view["blocks"] if each["block_id"] == "which")
        return [int(each["value"]) for each in islice(block["element"]["options"], MOST)]

    def _until(self, view: View) -> datetime | None:
        return filled.moment_in(view, "until_at") or filled.moment_chosen(view, "until")

    def _doing(self, visit: Visit, view: View, deed: Deed, because: str) -> Do:
        desk, by = self.desk, visit.by
        to, tag = filled.person_in(view, "to"), filled.text_in(view, "tag").strip()
        kind = kind_named(filled.chosen_in(view, "kind"), Kind.OTHER)
        until = self._until(view) or desk.now()
        return {
            Deed.DISMISS: lambda number: self._dismiss(visit, number, because),
            Deed.CLAIM: lambda number: desk.claim(number, by),
            Deed.ASSIGN: lambda number: self._assign(visit, number, to),
            Deed.SNOOZE: lambda number: desk.snooze(number, by, until, because),
            Deed.TAG: lambda number: desk.tag(number, by, tag),
            Deed.KIND: lambda number: desk.judge(number, by, kind),
        }[deed]

    def _dismiss(self, visit: Visit, number: int, because: str) -> None:
        must_dismiss(visit, self.desk, self.desk.conversation(number))
        self.desk.dismiss(number, visit.by, because)

    def _assign(self, visit: Visit, number: int, to: str) -> None:
        must_be_colleague(visit, self.desk.team_of(number), to)
        self.desk.assign(number, to, visit.by)

    def _all(self, numbers: Sequence[int], do: Do) -> View:
        done, refused = [], []
        for number in numbers:
            try:
                do(number)
            except NotPossible as problem:
                refused.append((number, told(problem)))
            except Exception as problem:
                log.exception("bulk.failed", conversation=number)
                sentence = _("Something went wrong on my side: {what}. The log says more.")
                refused.append((number, sentence.format(what=type(problem).__name__)))
            else:
                done.append(number)
        return bulk_forms.outcome(done, refused)
