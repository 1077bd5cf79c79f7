"""Forgetting a customer: whom exactly, whether one is sure, and the receipt."""

from collections.abc import Sequence

from bot.desk import Desk
from bot.domain.problems import NotPossible
from bot.domain.roles import NotAllowed, Right
from bot.domain.team import Team
from bot.forgetting import Forgetting, NobodyToForget, Receipt
from bot.slack import erasing_forms, filled
from bot.slack.commands import plain
from bot.slack.counter import Ack, Counter, Visit, errors
from bot.slack.erasing_forms import SURE
from bot.slack.forms import View
from bot.slack.tongue import _
from bot.slack.working import soon
from storage import conversations, customers
from storage.database import reading


class Erasing:
    """Only who may erase in every team that has heard from them."""

    def __init__(self, desk: Desk, forgetting: Forgetting) -> None:
        self.desk, self.forgetting = desk, forgetting

    def counter(self) -> Counter:
        return Counter(
            forms={
                "receipt": self.receipt,
                "quittung": self.receipt,
                "forget": lambda visit, number: self.forget_form(visit, str(number)),
            },
            sent={"forget": self.forget},
            asked={"forget": self.forget_form, "vergessen": self.forget_form},
        )

    def forget_form(self, visit: Visit, rest: str) -> View:
        """Everybody who is called so, each with all that is known of them."""
        found = self.forgetting.find(plain(rest))
        if not found:
            raise NobodyToForget
        for each in found:
            self._must(visit, each.id)
        return erasing_forms.forget(found)

    def forget(self, visit: Visit, view: View) -> Ack:
        """The receipt takes the form's place, and comes as a direct message, too."""
        if SURE not in filled.several_in(view, SURE):
            return errors(SURE, NotPossible(_("Say that you are sure.")))
        customer = int(filled.chosen_in(view, "who") or filled.opened_at(view)["customer"])
        self._must(visit, customer)
        return soon(visit, view, lambda: erasing_forms.receipt(self._forgotten(visit, customer)))

    def receipt(self, visit: Visit, number: int) -> View:
        self._must_somewhere(visit)
        return erasing_forms.receipt(self.forgetting.receipt(number))

    def _forgotten(self, visit: Visit, customer: int) -> Receipt:
        given = self.forgetting.forget(customer, visit.by)
        key = f"receipt:{given.id}:{visit.by}"
        self.desk.tell(visit.by, erasing_forms.told(given), key=key)
        return given

    def _must(self, visit: Visit, customer: int) -> None:
        for team in self._teams(customer):
            visit.must(Right.ERASE, team)

    def _teams(self, customer: int) -> Sequence[Team]:
        """Those that have conversations with this person; all of them where there are none."""
        with reading(self.desk.database) as db:
            theirs = customers.identities(db, customer)
            names = {each.team for each in conversations.with_customers(db, theirs)}
        there = [team for team in self.desk.teams if team.name in names]
        return there or list(self.desk.teams)

    def _must_somewhere(self, visit: Visit) -> None:
        """A receipt says nothing of anybody: who may erase in one team may read it."""
        refused: NotAllowed | None = None
        for team in self.desk.teams:
            try:
                visit.must(Right.ERASE, team)
            except NotAllowed as problem:
                refused = problem
            else:
                return
        if refused:
            raise refused
