"""What is decided about a conversation besides answering it."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.desk import Desk
from bot.domain.conversation import Conversation, State
from bot.domain.mention import Kind
from bot.domain.problems import CannotSnooze, NotPossible, Ours
from bot.domain.roles import Right
from bot.merging import Merging
from bot.slack import buttons, filled, forms, handling_forms, judgements, times, working
from bot.slack.blocks import when_markup
from bot.slack.counter import DONE, Ack, Counter, Visit, errors
from bot.slack.forms import View
from bot.slack.text import clip, harmless
from bot.slack.tongue import _
from bot.slack.words import singular

REASON = 300
TAG = 40
JUDGED = {
    "complaint": Kind.COMPLAINT,
    "it is a complaint": Kind.COMPLAINT,
    "not a complaint": Kind.QUESTION,
    "question": Kind.QUESTION,
    "praise": Kind.PRAISE,
    "other": Kind.OTHER,
}
WHY_KIND = (  # as the menu calls it, for each kind and in both languages
    *("why_kind", "why a complaint", "why a question", "why praise", "why a mention"),
    *("warum beschwerde", "warum frage", "warum lob", "warum erwähnung"),
)
GERMAN: Mapping[str, str] = {
    "übernehmen": "take over",
    "verwerfen": "dismiss",
    "zurückstellen": "snooze",
    "wecken": "wake",
    "erledigt": "settled",
    "keine antwort nötig": "no answer needed",
    "rückgängig": "undo",
    "dringend": "urgent",
    "nicht dringend": "not urgent",
    "beschwerde": "complaint",
    "keine beschwerde": "not a complaint",
    "frage": "question",
    "lob": "praise",
    "sonstiges": "other",
}


class WhySnooze(NotPossible):
    def __init__(self) -> None:
        super().__init__(
            Ours(
                "Say why, too: the card shows it. For example"
                " `/unanswered snooze 42 fri 12:00 waiting for the parcel`."
            )
        )


class WhichTag(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("Say which word, as in `/unanswered tag 42 VIP`."))


class NothingToUndo(NotPossible):
    def __init__(self) -> None:
        super().__init__(
            Ours("This one is neither dismissed nor merged, so there is nothing to undo.")
        )


class Handling:
    """Claim, snooze, dismiss, judge, settle, undo; and the form that offers all of it."""

    def __init__(self, desk: Desk, merging: Merging) -> None:
        self.desk, self.merging = desk, merging

    def counter(self) -> Counter:
        desk = self.desk
        return Counter(
            buttons={
                "claim": lambda visit: desk.claim(visit.number, visit.by),
                "take_over": lambda visit: desk.take_over(visit.number, visit.by),
                "no_answer_needed": lambda visit: desk.no_answer_needed(visit.number, visit.by),
                "settle": lambda visit: desk.settle(visit.number, visit.by),
                "not_a_complaint": lambda visit: self._judged(visit, Kind.QUESTION),
            },
            menu={
                "complaint": lambda visit: self._at_once(visit, self._judging(Kind.COMPLAINT)),
                "question": lambda visit: self._at_once(visit, self._judging(Kind.QUESTION)),
                "wake": lambda visit: self._at_once(visit, self._wake),
                "needless": lambda visit: self._at_once(visit, self._no_answer_needed),
                "undo": lambda visit: self._at_once(visit, self._undo),
            },
            forms={
                **dict.fromkeys(WHY_KIND, self.why_kind),
                "more": self.more_form,
                "mehr": self.more_form,
                "dismiss": self.dismiss_form,
                "verwerfen": self.dismiss_form,
                "snooze": self.snooze_form,
                "zurückstellen": self.snooze_form,
            },
            sent={"more": self.save, "dismiss": self.dismiss, "snooze": self.snooze},
            typed=self._typed(),
        )

    def _at_once(self, visit: Visit, act: Callable[[Visit, int, str], str]) -> None:
        """Done where it was pressed; a form, which would not show it, says so."""
        done = act(visit, visit.number, "")
        if (visit.body.get("view") or {}).get("type") == "modal":
            visit.update(working.done(_("Done"), done))

    # What opens

    def more_form(self, _visit: Visit, number: int) -> View:
        case, now = self.desk.look(number), self.desk.now()
        deeds = buttons.others(case, now)
        if case.conversation.open and len(list(self.desk.teams)) > 1:
            deeds.insert(0, buttons.MOVE)
        return handling_forms.more(case, deeds)

    def why_kind(self, _visit: Visit, number: int) -> View:
        return judgements.why(self.desk.look(number))

    def dismiss_form(self, visit: Visit, number: int) -> View:
        case = self.desk.look(number)
        must_dismiss(visit, self.desk, case.conversation)
        case.conversation.dismiss(visit.by, "", self.desk.now())  # says why not
        return forms.dismiss(case)

    def snooze_form(self, visit: Visit, number: int) -> View:
        case, now = self.desk.look(number), self.desk.now()
        team = self.desk.team(case.conversation)
        longest = now + times.UNTIL_THEY_WRITE
        case.conversation.snooze(longest, visit.by, "", now, team)  # says why not
        moments = times.snoozes(team.calendar, now)
        return forms.snooze(case, moments, longest, team.calendar.zone)

    # What becomes of it

    def save(self, visit: Visit, view: View) -> Ack:
        """Only what was changed is said anew."""
        number = int(filled.opened_at(view)["conversation"])
        conversation = self.desk.conversation(number)
        kind = handling_forms.kind_named(filled.chosen_in(view, "kind"), conversation.kind)
        urgency = filled.chosen_in(view, "urgency")
        if kind is not conversation.kind:
            self.desk.judge(number, visit.by, kind)
        if urgency and (urgency == "urgent") is not conversation.urgent:
            self.desk.rate(number, urgency == "urgent", visit.by)
        return DONE

    def dismiss(self, visit: Visit, view: View) -> Ack:
        number, because = int(filled.opened_at(view)["conversation"]), filled.reason_in(view)
        if not because:
            return errors("more", NotPossible(_("Write which reason.")))
        must_dismiss(visit, self.desk, self.desk.conversation(number))
        self.desk.dismiss(number, visit.by, because)
        return DONE

    def snooze(self, visit: Visit, view: View) -> Ack:
        number, because = filled.opened_at(view)["conversation"], filled.text_in(view, "because")
        until, field, they_write = filled.until_in(view)
        if not because.strip():
            return errors("because", NotPossible(_("Write why, in a few words.")))
        try:
            self.desk.snooze(
                int(number), visit.by, until, because.strip(), until_they_write=they_write
            )
        except CannotSnooze as problem:
            return errors(field, problem)
        return DONE

    def _judged(self, visit: Visit, kind: Kind) -> None:
        self.desk.judge(visit.number, visit.by, kind)

    # What is typed

    def _typed(self) -> dict[str, Callable[[Visit, int, str], str]]:
        english: dict[str, Callable[[Visit, int, str], str]] = {
            "claim": self._claim,
            "take over": self._take_over,
            "takeover": self._take_over,
            "dismiss": self._dismiss,
            "snooze": self._snooze,
            "wake": self._wake,
            "end the snooze": self._wake,
            "settled": self._settle,
            "settle": self._settle,
            "no answer needed": self._no_answer_needed,
            "undo": self._undo,
            "tag": self._tag,
            "untag": self._untag,
            "urgent": lambda visit, number, _: self._rate(visit, number, urgent=True),
            "not urgent": lambda visit, number, _: self._rate(visit, number, urgent=False),
            **{words: self._judging(kind) for words, kind in JUDGED.items()},
        }
        return english | {german: english[verb] for german, verb in GERMAN.items()}

    def _judging(self, kind: Kind) -> Callable[[Visit, int, str], str]:
        return lambda visit, number, _: self._judge(visit, number, kind)

    def _claim(self, visit: Visit, number: int, _rest: str) -> str:
        self.desk.claim(number, visit.by)
        return _("{number} is yours. Its clock runs on.").format(number=number)

    def _take_over(self, visit: Visit, number: int, _rest: str) -> str:
        self.desk.take_over(number, visit.by)
        return _("{number} is yours now. Its clock runs on.").format(number=number)

    def _dismiss(self, visit: Visit, number: int, because: str) -> str:
        must_dismiss(visit, self.desk, self.desk.conversation(number))
        self.desk.dismiss(number, visit.by, clip(because, REASON))
        told = _("{number} is dismissed. If the customer writes again, it is back.")
        return told.format(number=number)

    def _judge(self, visit: Visit, number: int, kind: Kind) -> str:
        self.desk.judge(number, visit.by, kind)
        told = _("{number} counts as a {kind} now.")
        return told.format(number=number, kind=singular(kind)) + self._due(number)

    def _rate(self, visit: Visit, number: int, *, urgent: bool) -> str:
        self.desk.rate(number, urgent, visit.by)
        told = _("{number} is urgent now: it counts, and calls, day and night.")
        if not urgent:
            told = _("{number} is as urgent as any other now.")
        return told.format(number=number) + self._due(number)

    def _undo(self, visit: Visit, number: int, _rest: str) -> str:
        """What was dismissed waits again, and what was merged is on its own."""
        state = self.desk.conversation(number).state
        if state is State.MERGED:
            self.merging.unmerge(number, visit.by)
            return _("{number} is a conversation of its own again.").format(number=number)
        if state is not State.DISMISSED:
            raise NothingToUndo
        self.desk.undismiss(number, visit.by)
        return _("{number} waits again.").format(number=number) + self._due(number)

    def _due(self, number: int) -> str:
        """When it is due now, as a sentence behind another."""
        conversation = self.desk.conversation(number)
        due_at = conversation.due_at if conversation.open else None
        return _(" It is due {moment}.").format(moment=when_markup(due_at)) if due_at else ""

    def _snooze(self, visit: Visit, number: int, said: str) -> str:
        """The time first, then the reason."""
        now = self.desk.now()
        because = times.until_they_write(said)
        if because is not None:
            return self._sleep(
                visit, number, now + times.UNTIL_THEY_WRITE, because, they_write=True
            )
        calendar = self.desk.team_of(number).calendar
        return self._sleep(visit, number, *times.begin(said, calendar, now))

    def _sleep(
        self, visit: Visit, number: int, until: datetime, because: str, *, they_write: bool = False
    ) -> str:
        if not because:
            raise WhySnooze
        why = clip(because, REASON)
        self.desk.snooze(number, visit.by, until, why, until_they_write=they_write)
        told = _("{number} is paused until {moment}. Then its clock runs on.")
        if they_write:
            told = _(
                "{number} is paused until the customer writes, at the longest until {moment}."
                " Then its clock runs on."
            )
        return told.format(number=number, moment=when_markup(until))

    def _wake(self, visit: Visit, number: int, _rest: str) -> str:
        self.desk.wake(number, visit.by)
        return _("{number} is awake, its clock runs.").format(number=number) + self._due(number)

    def _settle(self, visit: Visit, number: int, _rest: str) -> str:
        self.desk.settle(number, visit.by)
        told = _("{number} is settled. If the customer writes again, it is back.")
        return told.format(number=number)

    def _no_answer_needed(self, visit: Visit, number: int, _rest: str) -> str:
        self.desk.no_answer_needed(number, visit.by)
        promised_for = self.desk.conversation(number).promised_for
        if promised_for:
            told = _("{number} waits for what was promised, {moment}.")
            return told.format(number=number, moment=when_markup(promised_for))
        told = _("{number} needs no answer. If the customer writes again, it is back.")
        return told.format(number=number)

    def _tag(self, visit: Visit, number: int, word: str) -> str:
        self.desk.tag(number, visit.by, tag := _tag_in(word))
        told = _("The customer of {number} is tagged “{tag}” now.")
        return told.format(number=number, tag=harmless(tag, TAG)) + self._due(number)

    def _untag(self, visit: Visit, number: int, word: str) -> str:
        self.desk.untag(number, visit.by, tag := _tag_in(word))
        told = _("The customer of {number} is not tagged “{tag}” any more.")
        return told.format(number=number, tag=harmless(tag, TAG)) + self._due(number)


def must_dismiss(visit: Visit, desk: Desk, conversation: Conversation) -> None:
    """What somebody else has is theirs to dismiss, unless one may do that for others."""
    if conversation.owner not in (None, visit.by):
        visit.must(Right.DISMISS, desk.team(conversation))


def _tag_in(word: str) -> str:
    if not word.strip():
        raise WhichTag
    return clip(word.strip(), TAG)
