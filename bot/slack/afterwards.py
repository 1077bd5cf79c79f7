"""After an answer is written: a second person, what is put right, and what was said elsewhere."""

from functools import partial

from bot.amending import CORRECT, WITHDRAW, Amending
from bot.answering import Answering
from bot.desk import Desk
from bot.domain.case import Case
from bot.domain.delivery import LockedOut, TryLater
from bot.domain.mention import storable
from bot.domain.problems import CannotAmend, NotPossible, Ours
from bot.domain.reply import Ability, Reply
from bot.domain.roles import Right
from bot.domain.warnings import warnings
from bot.slack import filled, previews, reply_forms
from bot.slack.blocks import Message, only_you, section
from bot.slack.counter import DONE, Ack, Counter, Drawn, Pressed, Visit, errors, instead
from bot.slack.forms import View
from bot.slack.later import later
from bot.slack.previews import mention_of
from bot.slack.reply_forms import CORRECTION
from bot.slack.text import address, harmless, one_line
from bot.slack.tongue import _, told
from bot.slack.words import platform
from storage import people

SIGNATURE = 100  # characters
NONE = ("none", "no", "off", "keine")
NOT_OURS = Ours(
    "I found no answer of ours at that address on {platform}, so nothing was changed. Check the"
    " link, or say it without one."
)


class NotAnAddress(NotPossible):
    def __init__(self) -> None:
        super().__init__(
            Ours("This is no address. Copy it from the browser; it begins with https://.")
        )


class Afterwards:
    """Approve, send back, correct, withdraw, "I answered there", and how one signs."""

    def __init__(self, desk: Desk, answering: Answering, amending: Amending) -> None:
        self.desk, self.answering, self.amending = desk, answering, amending
        self.database = desk.database

    def counter(self) -> Counter:
        return Counter(
            buttons={
                "approve": self.approve,
                CORRECTION: self.type,
                "send_back": self._opens(self.send_back_form),
                "answered_there": self._opens(self.there_form),
                "it_is_there": lambda visit: self._resolved(visit, published=True),
                "send_again": lambda visit: self._resolved(visit, published=False),
            },
            forms={
                "send_back": self.send_back_form,
                "send back": self.send_back_form,
                "correct": self.correct_form,
                "withdraw": self.withdraw_form,
                "there": self.there_form,
            },
            sent={
                "send_back": self.send_back,
                "correct": self.correct,
                "withdraw": self.withdraw,
                "there": self.there,
            },
            typed={
                "answered": self._answered,
                "i answered there": self._answered,
                "published": self._published,
                "it is published": self._published,
                "send again": self._send_again,
                "approve": self._approved,
                "send back": self._sent_back,
                "send_back": self._sent_back,
            },
            asked={"signature": self.sign},
        )

    def _opens(self, draw: Drawn) -> Pressed:
        return lambda visit: visit.open(lambda: draw(visit, visit.number))

    # A second person

    def approve(self, visit: Visit) -> None:
        """The value names the answer that the card showed, so that no other goes out by it."""
        visit.must(Right.APPROVE, self.desk.team_of(visit.number))
        self.answering.approve(visit.number, visit.by, visit.value.rpartition(" ")[0])

    def send_back_form(self, visit: Visit, number: int) -> View:
        case = self.desk.look(number)
        visit.must(Right.APPROVE, self.desk.team(case.conversation))
        return reply_forms.send_back(case, self.answering.proposed(case.conversation))

    def send_back(self, visit: Visit, view: View) -> Ack:
        number = int(filled.opened_at(view)["conversation"])
        because = filled.text_in(view, "because").strip()
        if not because:
            return errors("because", NotPossible(Ours("Write what should be different.")))
        visit.must(Right.APPROVE, self.desk.team_of(number))
        self.answering.send_back(number, visit.by, because)
        return DONE

    # What is published can be put right

    def correct_form(self, visit: Visit, number: int) -> View:
        case = self.desk.look(number)
        reply = self._ours(visit, case, CORRECT)
        if visit.rest:  # words that were typed behind a command are kept, come what may
            self.amending.keep(case.conversation.id, visit.by, visit.rest)
        begun = self.amending.begun(reply, visit.by)
        ability = self._ability(case, reply)
        return reply_forms.correct(case, reply, ability, text=visit.rest, begun=begun)

    def type(self, visit: Visit) -> None:
        """A key was pressed in the open form."""
        number = int(filled.opened_at(visit.body["view"])["conversation"])
        self.amending.keep(number, visit.by, storable(visit.value))

    def correct(self, visit: Visit, view: View) -> Ack:
        """Keep what was typed first: the platform may not take it."""
        number, text = int(filled.opened_at(view)["conversation"]), filled.correction_in(view)
        self.amending.keep(number, visit.by, text)
        case = self.desk.look(number)
        reply = self._ours(visit, case, CORRECT)
        at, team = mention_of(case, reply.mention), self.desk.team(case.conversation)
        try:
            posts = self.answering.prepare(at, text)
        except NotPossible as problem:
            return errors(CORRECTION, problem)
        found = warnings("\n\n".join(posts), public=at.public, watch=team.watch)
        if found and not filled.looked_in(view):
            ability = self._ability(case, reply)
            asked = previews.warned(found)
            return instead(reply_forms.correct(case, reply, ability, text=text, warned=asked))
        try:
            self.amending.amend(number, visit.by, CORRECT, text, key=view["id"])
        except CannotAmend as problem:
            return errors(CORRECTION, problem)
        return DONE

    def withdraw_form(self, visit: Visit, number: int) -> View:
        case = self.desk.look(number)
        return reply_forms.withdraw(case, self._ours(visit, case, WITHDRAW))

    def withdraw(self, visit: Visit, view: View) -> Ack:
        number = int(filled.opened_at(view)["conversation"])
        self._ours(visit, self.desk.look(number), WITHDRAW)
        self.amending.amend(number, visit.by, WITHDRAW, key=view["id"])
        return DONE

    # Answered on the platform itself

    def there_form(self, _visit: Visit, number: int) -> View:
        case = self.desk.look(number)
        self._must_be_unanswered(_visit, case)
        return reply_forms.answered_there(case)

    def there(self, visit: Visit, view: View) -> Ack:
        number = int(filled.opened_at(view)["conversation"])
        try:
            self._answered_there(visit, number, filled.text_in(view, "link").strip())
        except NotAnAddress as problem:
            return errors("link", problem)
        return DONE

    def _answered_there(self, visit: Visit, number: int, url: str) -> bool:
        """True when we have to look at it first, which takes longer than anybody waits."""
        case = self.desk.look(number)
        self._must_be_unanswered(visit, case)
        if not url:
            self.answering.answered_there(number, visit.by)
            return False
        if not address(url):
            raise NotAnAddress
        if self.answering.finds(case.conversation.account):
            later(partial(self._look_there, visit, number, url))
            return True
        self._take_their_word(visit, number, url)
        return False

    def _look_there(self, visit: Visit, number: int, url: str) -> None:
        """Whoever said so hears what came of it only if it is not what they expect."""
        account = self.desk.conversation(number).account
        try:
            found = self.answering.find(account, url)
            if found is None:
                raise NotPossible(NOT_OURS, platform=platform(account))
            self.answering.answered_there(number, visit.by, found=found, seen=True)
        except (TryLater, LockedOut):
            self._take_their_word(visit, number, url)
        except NotPossible as problem:
            visit.tell(told(problem))

    def _take_their_word(self, visit: Visit, number: int, url: str) -> None:
        """The card shows the link; nobody but them has seen what is there."""
        conversation = self.desk.conversation(number)
        linked = self.answering.linked(conversation, url)
        self.answering.answered_there(number, visit.by, found=linked)

    def _must_be_unanswered(self, visit: Visit, case: Case) -> None:
        conversation = case.conversation
        conversation.answered_there(self.desk.now(), visit.by, self.desk.team(conversation))

    # What is typed

    def sign(self, visit: Visit, words: str) -> Message:
        """`/unanswered signature ^AN`: what one's own answers end with."""
        with self.database.begin() as db:
            if words.strip():
                mine = "" if words.strip().lower() in NONE else one_line(words)
                if len(mine) > SIGNATURE:
                    raise NotPossible(
                        Ours("A signature has {most} characters at most. Shorten it."),
                        most=SIGNATURE,
                    )
                people.sign(db, visit.by, mine)
            mine = people.signature(db, visit.by)
        if mine:
            says = _("Your answers end with {sign}. `/unanswered signature none` ends that.")
        else:
            says = _(
                "Your answers end with the team’s signature, if it has one. `/unanswered signature"
                " ^AN` sets your own."
            )
        text = says.format(sign=f"*{harmless(mine, 2 * SIGNATURE)}*")
        return Message(text, [section(text), only_you()])

    def _approved(self, visit: Visit, number: int, _rest: str) -> str:
        visit.must(Right.APPROVE, self.desk.team_of(number))
        self.answering.approve(number, visit.by)
        return _("The answer to {number} goes out.").format(number=number)

    def _sent_back(self, visit: Visit, number: int, because: str) -> str:
        visit.must(Right.APPROVE, self.desk.team_of(number))
        self.answering.send_back(number, visit.by, because)
        return _("The answer to {number} is its author’s again.").format(number=number)

    def _answered(self, visit: Visit, number: int, rest: str) -> str:
        if self._answered_there(visit, number, rest.strip()):
            told = _("I am looking at it. Then {number} is answered, and its card shows it.")
            return told.format(number=number)
        told = _("{number} is answered. If the customer writes again, it is back.")
        return told.format(number=number)

    def _published(self, visit: Visit, number: int, _rest: str) -> str:
        self.answering.resolve_doubt(number, visit.by, published=True)
        return _("{number} is answered.").format(number=number)

    def _send_again(self, visit: Visit, number: int, _rest: str) -> str:
        self.answering.resolve_doubt(number, visit.by, published=False)
        return _("The answer to {number} goes out once more.").format(number=number)

    # How

    def _resolved(self, visit: Visit, *, published: bool) -> None:
        self.answering.resolve_doubt(visit.number, visit.by, published=published)

    def _ours(self, visit: Visit, case: Case, what: str) -> Reply:
        """Our last answer there, if it can be changed."""
        visit.must(Right.PUBLISH, self.desk.team(case.conversation))
        return self.amending.amendable(case.conversation.id, what)

    def _ability(self, case: Case, reply: Reply) -> Ability:
        ability = self.desk.ability(mention_of(case, reply.mention).account)
        assert ability, "what can be corrected has an adapter"
        return ability
