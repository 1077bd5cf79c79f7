"""Why something can't be done, in words for people."""


class NotPossible(Exception):
    """Says what happened and what to do next, in one or two short sentences.

    The sentences are Slack markup: people appear as `<@U0ANA>`.
    """


class AlreadyClaimed(NotPossible):
    def __init__(self, owner: str) -> None:
        super().__init__(f"<@{owner}> already has this one. Take over if they can't.")


class AlreadyReplying(NotPossible):
    def __init__(self, owner: str) -> None:
        super().__init__(f"<@{owner}> is answering this one right now. Your text is kept.")


class AlreadyAnswered(NotPossible):
    def __init__(self, by: str | None) -> None:
        whom = f"<@{by}> has" if by else "Somebody has"
        super().__init__(f"{whom} already answered this one. Its card shows the answer.")


class AlreadyDismissed(NotPossible):
    def __init__(self, by: str | None, because: str | None) -> None:
        whom = f"<@{by}> has dismissed" if by else "This one was closed"
        super().__init__(f"{whom} this one ({because})." if by else f"{whom}: {because}")


class NoSuchConversation(NotPossible):
    def __init__(self, number: object) -> None:
        super().__init__(
            f"There is no conversation {number} here. `/unanswered` lists what waits, with numbers."
        )


class CannotReplyHere(NotPossible):
    def __init__(self, why: str) -> None:
        super().__init__(
            f"This can't be answered from here: {why} Answer it on the platform and press"
            " *I answered there*."
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
