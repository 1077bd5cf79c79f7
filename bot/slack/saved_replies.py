"""Saved replies, managed from Slack by those who may."""

from collections.abc import Sequence
from functools import partial
from io import BytesIO
from typing import Any

import structlog

from bot.desk import Desk
from bot.domain.delivery import Refused, TryLater
from bot.domain.problems import NotPossible, Ours
from bot.domain.roles import NotAllowed, Right, who_can
from bot.domain.saved import HOLDING, Saved, Written
from bot.saved import NotALanguage, SavedReplies, WrongFile
from bot.slack import filled, forms, saved_forms
from bot.slack.channel import Channel
from bot.slack.counter import CLOSE, Ack, Counter, Visit, errors, instead
from bot.slack.forms import View
from bot.slack.later import later
from bot.slack.text import one_line
from bot.slack.tongue import _
from bot.slack.working import eventually

log = structlog.get_logger()

LARGEST = 2_000_000  # bytes of a file
LOST = Ours("The file could not be read from Slack. Nothing was taken. Try again.")
TOO_LARGE = Ours("The file is too large: 2 MB at most. Split it.")
NO_TEXT = Ours("The file is no text in UTF-8. Save it as CSV UTF-8, then import it again.")


class SavedRoom:
    """`/unanswered replies`."""

    def __init__(self, desk: Desk, channel: Channel) -> None:
        self.desk, self.channel, self.saved = desk, channel, SavedReplies(desk)

    def counter(self) -> Counter:
        return Counter(
            buttons={
                "saved_add": self.add,
                "saved_import": self.bring,
                "saved_export": self.export,
                "saved_search": self.search,
                "saved_item": self.choose,
            },
            sent={
                "saved_replies": self.look,
                "saved_reply": self.save,
                "saved_remove": self.remove,
                "saved_import": self.take,
            },
            asked={"replies": self.list, "saved replies": self.list},
        )

    def list(self, visit: Visit, query: str, said: str = "") -> View:
        words = query.casefold().split()
        found = [one for one in self.saved.everything() if _has(one, words)]
        may = bool(self._mine(visit))
        return saved_forms.listed(found, one_line(query), may=may, said=said)

    def search(self, visit: Visit) -> None:
        visit.update(self.list(visit, visit.value))

    def look(self, visit: Visit, view: View) -> Ack:
        """The list is a form of its own: what is sent with it is searched for."""
        return instead(self.list(visit, filled.typed_in(view, saved_forms.SEARCH)))

    def add(self, visit: Visit) -> None:
        visit.open(lambda: saved_forms.write(self._must(visit)))

    def bring(self, visit: Visit) -> None:
        self._must(visit)
        visit.open(saved_forms.bring)

    def export(self, visit: Visit) -> None:
        """It comes by direct message."""
        content = self.saved.export(self._must(visit))
        query = str(filled.opened_at(visit.body["view"]).get("query", ""))
        self.channel.send_file(
            visit.by, "saved-replies.csv", BytesIO(f"\ufeff{content}".encode()), _("Saved replies")
        )
        said = _("They are in your direct messages with me.")
        visit.update(self.list(visit, query, said))

    def choose(self, visit: Visit) -> None:
        """From the menu of one of them: "change 3", "remove 3"."""
        saved = self.saved.get(visit.number)
        mine = self._must(visit, saved.team)
        draw = partial(saved_forms.write, mine, saved)
        if visit.value.startswith("remove"):
            draw = partial(saved_forms.remove, saved)
        visit.open(draw)

    def save(self, visit: Visit, view: View) -> Ack:
        team = filled.chosen_in(view, "team").replace(saved_forms.EVERY, "")
        id = filled.opened_at(view)["id"]
        self._must(visit, team)
        if id is not None:
            self._must(visit, self.saved.get(int(id)).team)
        written = Written(
            team,
            filled.text_in(view, "language").strip().replace("_", "-").lower(),
            one_line(filled.text_in(view, "name")),
            filled.text_in(view, "saved_text").strip(),
            HOLDING in filled.several_in(view, HOLDING),
        )
        try:
            self.saved.save(written, visit.by, int(id) if id is not None else None)
        except NotALanguage as problem:
            return errors("language", problem)
        except NotPossible as problem:
            return errors("name", problem)
        self._show(visit, view)
        return CLOSE

    def remove(self, visit: Visit, view: View) -> Ack:
        saved = self.saved.get(int(filled.opened_at(view)["id"]))
        self._must(visit, saved.team)
        self.saved.remove(saved.id, visit.by)
        self._show(visit, view)
        return CLOSE

    def take(self, visit: Visit, view: View) -> Ack:
        """Reading a file takes longer than Slack waits for an ack."""
        mine, files = self._must(visit), filled.files_in(view, "saved_file")
        if not files:
            return errors("saved_file", NotPossible(Ours("Choose a file first.")))
        if files[0]["size"] > LARGEST:
            return errors("saved_file", NotPossible(TOO_LARGE))
        reading_it = saved_forms.reading_it()
        return eventually(visit, view, reading_it, lambda: self._taken(visit.by, files[0], mine))

    def _taken(self, by: str, file: dict[str, Any], mine: Sequence[str]) -> View:
        try:
            new, changed = self.saved.take(self._read(file), by, mine)
        except WrongFile as problem:
            return saved_forms.wrong(problem.wrong)
        except NotPossible:
            raise
        except Exception:  # after the ack, nobody else would tell
            log.exception("saved_reply.not_imported", by=by)
            return forms.too_late(_("That went wrong on my side. Nothing was taken."))
        return saved_forms.taken(new, changed)

    def _read(self, file: dict[str, Any]) -> str:
        try:
            content = self.channel.file(file).content
        except (TryLater, Refused) as problem:
            raise NotPossible(LOST) from problem
        if len(content) > LARGEST:
            raise NotPossible(TOO_LARGE)
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            raise NotPossible(NO_TEXT) from problem

    def _show(self, visit: Visit, view: View) -> None:
        """The list below shows what is true now."""
        root = str(view.get("root_view_id") or "")
        if root and root != view["id"]:
            later(partial(self._redraw, visit, root))

    def _redraw(self, visit: Visit, root: str) -> None:
        visit.update(self.list(visit, ""), root)

    def _mine(self, visit: Visit) -> Sequence[str]:
        """The teams whose replies this person may change; "" is every team's, and so all must."""
        teams = list(self.desk.teams)
        mine = [each.name for each in teams if visit.roster.may(Right.REPLIES, visit.by, each)]
        return ["", *mine] if len(mine) == len(teams) else mine

    def _must(self, visit: Visit, team: str | None = None) -> Sequence[str]:
        """Those teams; NotAllowed if there is none, or if this one is not among them."""
        mine = self._mine(visit)
        if not mine or (team is not None and team not in mine):
            of = self.desk.teams[team or next(iter(self.desk.teams)).name]
            raise NotAllowed(Right.REPLIES, who_can(of.roles, Right.REPLIES))
        return mine


def _has(saved: Saved, words: Sequence[str]) -> bool:
    text = f"{saved.name} {saved.text} {saved.team}".casefold()
    return all(word in text for word in words)
