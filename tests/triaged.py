"""Triage that says what a test wants of each mention."""

from collections.abc import Mapping

from bot.app import Bot
from bot.domain.guess import Guess, Lane, Leaning
from bot.domain.mention import Kind, Mention
from tests.thumbs import ByThumb

NEEDLESS = Guess(kind=Kind.PRAISE, lane=Lane.REST, because="“love”", needs_answer=0.1)
EVERYBODY = Leaning()


class Told(ByThumb):
    """What begins with one of these words is guessed to be that; the rest as ever.

    `after` are the kinds of the conversations that mentions answered us in.
    """

    def __init__(self, said: Mapping[str, Guess]) -> None:
        super().__init__()
        self.said = dict(said)
        self.after: list[Kind | None] = []

    def guess(
        self,
        mention: Mention,
        leaning: Leaning = EVERYBODY,
        team: str = "",
        *,
        after: Kind | None = None,
    ) -> Guess:
        self.after.append(after)
        found = (g for begin, g in self.said.items() if mention.text.startswith(begin))
        return next(found, None) or super().guess(mention, leaning, team, after=after)


def tell(app: Bot, said: Mapping[str, Guess]) -> Told:
    """From now on the bot's triage says this."""
    app.desk.triage = Told(said)
    return app.desk.triage
