"""Why something can't be done, in words for people."""

from html import escape


class NotPossible(Exception):
    """Says what happened and what to do next, in one or two short sentences.

    The sentences are Slack markup: people appear as `<@U0ANA>`.
    """


class AlreadyClaimed(NotPossible):
    def __init__(self, owner: str) -> None:
        super().__init__(f"<@{owner}> already has this one. Take over if they can't.")


class AlreadyReplying(NotPossible):
    def __init__(self, owner: str) -> None:
        super().__init__(f"<@{owner}> is answering this one right now.")


class AlreadyAnswered(NotPossible):
    def __init__(self, by: str | None) -> None:
        whom = f"<@{by}> has" if by else "Somebody has"
        super().__init__(f"{whom} already answered this one. Its card shows the answer.")


class AlreadyDismissed(NotPossible):
    def __init__(self, by: str | None, because: str | None) -> None:
        whom = f"<@{by}> has dismissed this one" if by else "This one was closed"
        super().__init__(f"{whom}: {escape(because, quote=False)}" if because else f"{whom}.")


class StillInDoubt(NotPossible):
    def __init__(self) -> None:
        super().__init__(
            "The last answer may be published already. Look there, then press what is true on the"
            " card: *It is published*, or *send again*."
        )


class NoDoubt(NotPossible):
    def __init__(self) -> None:
        super().__init__("Nobody doubts any more whether that answer is published.")


class NoSuchConversation(NotPossible):
    def __init__(self, number: object) -> None:
        super().__init__(
            f"There is no conversation {number} here. `/unanswered` lists what waits, with numbers."
        )


class CannotReplyHere(NotPossible):
    def __init__(self, why: str) -> None:
        super().__init__(
            f"This can't be answered from here: {escape(why, quote=False)} Answer it on the"
            " platform and press *I answered there*."
        )


class TooLong(NotPossible):
    def __init__(self, length: int, limit: int, unit: str) -> None:
        super().__init__(
            f"That is {length:,} {unit}; the platform takes {limit:,}."
            f" Shorten it by {length - limit:,}."
        )


class NothingWritten(NotPossible):
    def __init__(self) -> None:
        super().__init__("There is nothing in it yet. Write the answer, then send.")


class NotSnoozed(NotPossible):
    def __init__(self) -> None:
        super().__init__("This one is not snoozed. Its clock runs.")


class StillWaits(NotPossible):
    def __init__(self) -> None:
        super().__init__("The customer still waits for an answer. Reply, or dismiss it.")


class NotToBeSettled(NotPossible):
    def __init__(self) -> None:
        super().__init__("Nothing more was promised here, so there is nothing to settle.")


class CannotSnooze(NotPossible):
    """Says why not, and what would do."""


class CannotPromise(NotPossible):
    """Says why not, and what would do."""
