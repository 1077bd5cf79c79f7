"""Why something can't be done, in words for people."""

from collections.abc import Sequence
from html import escape


class Ours(str):
    """A sentence or word of our own: who speaks to people may say it in their language.

    Numbers in one are written `{number:,}`, and everything else by its name alone.
    """

    __slots__ = ()


class NotPossible(Exception):
    """Says what happened and what to do next, in one or two short sentences.

    The sentences are Slack markup: people appear as `<@U0ANA>`. `values` go into its places;
    customers' words come escaped, and what is `Ours` among them is translated as well.
    """

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template.format(**values) if values else template)
        self.template, self.values = template, values


class AlreadyClaimed(NotPossible):
    def __init__(self, owner: str) -> None:
        super().__init__(
            Ours("<@{owner}> already has this one. Take over if they can't."), owner=owner
        )


class AlreadyYours(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("You have this one already."))


class AlreadyReplying(NotPossible):
    def __init__(self, owner: str) -> None:
        super().__init__(Ours("<@{owner}> is answering this one right now."), owner=owner)


class AlreadyAnswered(NotPossible):
    def __init__(self, by: str | None) -> None:
        if by:
            told = Ours("<@{by}> has already answered this one. Its card shows the answer.")
        else:
            told = Ours("Somebody has already answered this one. Its card shows the answer.")
        super().__init__(told, by=by)


class AlreadyDismissed(NotPossible):
    def __init__(self, by: str | None, because: str | None) -> None:
        if by:
            told = Ours("<@{by}> has dismissed this one{why}")
        else:
            told = Ours("This one was closed{why}")
        why = f": {escape(because, quote=False)}" if because else "."
        super().__init__(told, by=by, why=why)


class StillInDoubt(NotPossible):
    def __init__(self) -> None:
        super().__init__(
            Ours(
                "The last answer may be published already. Look there, then press what is true on"
                " the card: *It is published*, or *send again*."
            )
        )


class NoDoubt(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("Nobody doubts any more whether that answer is published."))


class NoSuchConversation(NotPossible):
    def __init__(self, number: object) -> None:
        super().__init__(
            Ours(
                "There is no conversation {number} here. `/unanswered` lists what waits, with"
                " numbers."
            ),
            number=number,
        )


class CannotReplyHere(NotPossible):
    """`why` is what a platform says, or a problem of ours."""

    def __init__(self, why: str | NotPossible) -> None:
        super().__init__(
            Ours(
                "This can't be answered from here: {why} Answer it on the platform and press"
                " *I answered there*."
            ),
            why=Ours(escape(why, quote=False)) if isinstance(why, str) else why,
        )


class TooLong(NotPossible):
    def __init__(self, length: int, limit: int, unit: str) -> None:
        super().__init__(
            Ours("That is {length:,} {unit}; the platform takes {limit:,}. Shorten it by {by:,}."),
            length=length,
            unit=Ours(unit),
            limit=limit,
            by=length - limit,
        )


class NothingWritten(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("There is nothing in it yet. Write the answer, then send."))


class NotSnoozed(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("This one is not snoozed. Its clock runs."))


class StillWaits(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("The customer still waits for an answer. Reply, or dismiss it."))


class NotToBeSettled(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("Nothing more was promised here, so there is nothing to settle."))


class CannotSnooze(NotPossible):
    """Says why not, and what would do."""


class CannotPromise(NotPossible):
    """Says why not, and what would do."""


class NobodyHasIt(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("Nobody has this one, so there is nothing to let go of."))


class NotDismissed(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("This one is not dismissed, so there is nothing to undo."))


class TooLateToUndo(NotPossible):
    def __init__(self) -> None:
        super().__init__(
            Ours("That is too long ago to be undone. If the customer writes again, it is back.")
        )


class WaitsForApproval(NotPossible):
    def __init__(self) -> None:
        super().__init__(
            Ours(
                "An answer to this one waits for a second person. Approve it, change it, or send it"
                " back on the card first."
            )
        )


class NothingToApprove(NotPossible):
    def __init__(self) -> None:
        super().__init__(
            Ours("No answer waits for approval here any more. The card shows what is.")
        )


class NotYourOwn(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("You wrote this answer, so somebody else has to approve it."))


class AlreadyMerged(NotPossible):
    def __init__(self, into: int | None) -> None:
        super().__init__(
            Ours("This one was merged into {into}. Its card there shows all of it."), into=into
        )


class Unfilled(NotPossible):
    def __init__(self, names: Sequence[str]) -> None:
        shown = ", ".join("{" + name + "}" for name in names)
        super().__init__(
            Ours("{names} is not filled in. Write what belongs there, or take it out."),
            names=escape(shown, quote=False),
        )


class CannotAmend(NotPossible):
    """Says why what is published can't be changed from here."""


class NotThatAnswer(NotPossible):
    """Says why what somebody names as the answer is none."""


class AlreadyWithdrawn(NotPossible):
    def __init__(self, by: str | None) -> None:
        super().__init__(Ours("<@{by}> has withdrawn this answer already."), by=by or "somebody")


class NotMerged(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("That was not merged, so there is nothing to undo."))


class CannotMerge(NotPossible):
    """Says why not, and what to do first."""


class CannotMove(NotPossible):
    """Says why not, and what would do."""


class CannotNote(NotPossible):
    """Says what is wrong with what somebody wants to keep about a customer."""


class CannotLog(NotPossible):
    """Says what is wrong with a contact that somebody wants to log."""


class CannotRemind(NotPossible):
    """Says why no reminder can be set, and what would do."""
