"""Platforms that take no answers from apps: people answer there, and say so here."""

from collections.abc import Sequence
from typing import ClassVar

from bot.domain.delivery import Refused
from bot.domain.mention import Mention
from bot.domain.reply import Attachment, Sent


class HeardOnly:
    """`no_answer` is the sentence that a card shows instead of a button."""

    no_answer: ClassVar[str]

    def length(self, text: str) -> int:
        return len(text)

    def reply(
        self,
        mention: Mention,  # noqa: ARG002
        text: str,  # noqa: ARG002
        *,
        key: str,  # noqa: ARG002
        again: bool,  # noqa: ARG002
        files: Sequence[Attachment] = (),  # noqa: ARG002
    ) -> Sent:
        raise Refused(self.no_answer)
