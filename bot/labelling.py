"""What a decision teaches triage: kept beside the mention, in the transaction of the decision."""

from datetime import datetime

from bot.domain.conversation import NO_ANSWER_NEEDED, Conversation
from bot.domain.mention import Kind
from storage import labels
from storage.database import Transaction
from storage.labels import Decisive, Label

NEEDS_AN_ANSWER = (Kind.COMPLAINT, Kind.QUESTION)
NOT_MEANT, NEEDLESS = (False, False), (None, False)  # no complaint; and whether it needs an answer
TEACHES = {  # the reasons of a dismissal that tell what it is; all others teach nothing
    NO_ANSWER_NEEDED.casefold(): NEEDLESS,
    "not about us": NOT_MEANT,
    "spam": NOT_MEANT,
}


def judged(db: Transaction, before: Conversation, kind: Kind, by: str, at: datetime) -> None:
    """Somebody said what it is; `before` is the conversation as it was."""
    needs = True if kind in NEEDS_AN_ANSWER else None
    said = (kind is Kind.COMPLAINT, needs)
    _keep(db, before, said, labels.JUDGED, by, at)


def needless(db: Transaction, before: Conversation, by: str, at: datetime) -> None:
    _keep(db, before, NEEDLESS, labels.NEEDLESS, by, at)


def dismissed(db: Transaction, before: Conversation, because: str, by: str, at: datetime) -> None:
    """A duplicate, or what was handled elsewhere, says nothing of what it is."""
    reason = because.partition(":")[0].strip(" .!").casefold()
    if said := TEACHES.get(reason):
        _keep(db, before, said, labels.DISMISSED, by, at)


def answered(db: Transaction, before: Conversation, by: str | None, at: datetime) -> None:
    """Who got an answer needed one."""
    _keep(db, before, (None, True), labels.ANSWERED, by, at)


def undismissed(db: Transaction, back: Conversation, at: datetime) -> None:
    """It was a mistake. What somebody had judged before holds again."""
    labels.take_back(db, back.id)
    if back.judged_by:
        judged(db, back, back.kind, back.judged_by, at)


def verdict(
    db: Transaction, of: Decisive, team: str, by: str, at: datetime, *, complaint: bool
) -> None:
    """Somebody was asked about one that triage did not take for a complaint."""
    needs = True if complaint else None
    _put(db, of, team, (complaint, needs), labels.SAMPLED, by, at, flagged=_flagged(of))


def _keep(
    db: Transaction,
    conversation: Conversation,
    said: tuple[bool | None, bool | None],
    source: str,
    by: str | None,
    at: datetime,
) -> None:
    kind, known = conversation.kind, conversation.judged_by is not None
    if of := labels.decisive(db, conversation.id, kind, judged=known):
        flagged = _flagged(of, conversation)
        _put(db, of, conversation.team, said, source, by, at, flagged=flagged)


def _put(
    db: Transaction,
    of: Decisive,
    team: str,
    said: tuple[bool | None, bool | None],
    source: str,
    by: str | None,
    at: datetime,
    *,
    flagged: bool,
) -> None:
    """What nothing was said of now stays as it was said before."""
    complaint = of.complaint if said[0] is None else said[0]
    needs = of.needs_answer if said[1] is None else said[1]
    label = Label(
        mention=of.mention,
        team=team,
        complaint=complaint,
        needs_answer=needs,
        source=source,
        by=by,
        at=at,
        flagged=flagged,
        late=bool(complaint and not flagged),
    )
    labels.put(db, label)


def _flagged(of: Decisive, conversation: Conversation | None = None) -> bool:
    """Whether triage gave it the complaint's clock; of what nobody guessed, whether it has it."""
    if of.guessed is None and conversation and not conversation.judged_by:
        return conversation.kind is Kind.COMPLAINT
    return of.guessed is Kind.COMPLAINT
