"""Saved replies: who changed which, written down; the words themselves are the team's own."""

from collections.abc import Sequence

import structlog

from bot.desk import Desk
from bot.domain.problems import NotPossible, Ours
from bot.domain.saved import LANGUAGE, Saved, Written, exported, imported
from storage import saved_replies
from storage.database import reading

log = structlog.get_logger()

TAKEN = Ours("There is a reply of that name already, for this team and language. Rename one.")
GONE = Ours("Somebody has removed this saved reply.")


class WrongFile(NotPossible):
    """Says all that is wrong in a file, each by its line; nothing of it was taken."""

    def __init__(self, wrong: Sequence[NotPossible]) -> None:
        super().__init__(Ours("Nothing was taken from the file."))
        self.wrong = wrong


class SavedReplies:
    """One transaction for each change, with who made it."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.database = desk, desk.database

    def everything(self) -> Sequence[Saved]:
        with reading(self.database) as db:
            return saved_replies.everything(db)

    def get(self, id: int) -> Saved:
        with reading(self.database) as db:
            found = saved_replies.get(db, id)
        if found is None:
            raise NotPossible(GONE)
        return found

    def save(self, written: Written, by: str, id: int | None = None) -> None:
        """A new one, or other words for one that is there; raises what is wrong with them."""
        _check(written)
        with self.database.begin() as db:
            if saved_replies.named(db, written) not in (None, id):
                raise NotPossible(TAKEN)
            now = self.desk.now()
            if id is None:
                saved_replies.add(db, written, by, now)
            else:
                saved_replies.change(db, id, written, by, now)
            what = "add_saved_reply" if id is None else "change_saved_reply"
            self.desk.ledger.audit(db, by, what, now, team=written.team, name=written.name)
        log.info("saved_reply.saved", by=by, team=written.team)

    def remove(self, id: int, by: str) -> None:
        with self.database.begin() as db:
            found = saved_replies.get(db, id)
            if found is None:
                return
            saved_replies.remove(db, id)
            now, what = self.desk.now(), "remove_saved_reply"
            self.desk.ledger.audit(db, by, what, now, team=found.team, name=found.name)
        log.info("saved_reply.removed", by=by, team=found.team)

    def export(self, teams: Sequence[str]) -> str:
        """As CSV, those of these teams."""
        return exported([one for one in self.everything() if one.team in teams])

    def take(self, text: str, by: str, teams: Sequence[str]) -> tuple[int, int]:
        """All of a file or nothing of it: how many are new, and how many have other words now.

        `teams` are those whose replies this person may change; "" stands for all teams'.
        """
        written, wrong = imported(text, [team for team in teams if team])
        for number, one in enumerate(written, 1):
            if one.team not in teams:
                wrong = [*wrong, NotPossible(NOT_YOURS, number=number)]
        if wrong:
            raise WrongFile(wrong)
        now = self.desk.now()
        with self.database.begin() as db:
            new = 0
            for one in written:
                known = saved_replies.named(db, one)
                if known is None:
                    saved_replies.add(db, one, by, now)
                    new += 1
                else:
                    saved_replies.change(db, known, one, by, now)
            what, changed = "import_saved_replies", len(written) - new
            self.desk.ledger.audit(db, by, what, now, new=new, changed=changed)
        log.info("saved_reply.imported", by=by, new=new)
        return new, len(written) - new


def _check(written: Written) -> None:
    if not (written.name and written.text.strip()):
        raise NotPossible(EMPTY)
    if written.language and not LANGUAGE.fullmatch(written.language):
        raise NotALanguage


class NotALanguage(NotPossible):
    def __init__(self) -> None:
        super().__init__(
            Ours("That is no language. Write its code, such as de or pt-br, or nothing for any.")
        )


EMPTY = Ours("It has no name or no text. Write both.")
NOT_YOURS = Ours("Reply {number}: only who may change it for every team can leave out the team.")
