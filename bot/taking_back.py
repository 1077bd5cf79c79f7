"""What we have said of somebody who was forgotten is taken back, wherever it stands in Slack."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from bot.domain.case import Nagged
from bot.domain.conversation import Conversation
from bot.domain.delivery import Delivery
from bot.forgetting import FORGOTTEN, Forgetting
from bot.slack.blocks import Message
from bot.slack.channel import CannotTakeBack, Channel, ChannelGone
from bot.slack.tongue import _
from storage import conversations, forgetting, journal
from storage.database import reading
from storage.shown import FILE, Shown

log = structlog.get_logger()

LastLook = Callable[[], None]


class TakingBack:
    """One delivery for each conversation. It may be run again: what is gone is gone."""

    def __init__(self, what: Forgetting, channel: Channel) -> None:
        self.forgetting, self.channel = what, channel

    @staticmethod
    def wanted(delivery: Delivery) -> bool:
        return bool(json.loads(delivery.detail)["what"] == FORGOTTEN)

    def run(self, delivery: Delivery, last_look: LastLook) -> None:
        """`last_look` is asked before each call: there may be many."""
        if delivery.conversation is None:
            self._of_nobody(json.loads(delivery.detail), last_look)
            return
        with reading(self.forgetting.database) as db:
            conversation = conversations.get(db, delivery.conversation)
        self._thread(conversation, last_look)
        self._direct_nags(conversation, last_look)
        self._all_that_is_left(conversation, last_look)
        while not self.forgetting.all_taken_back(conversation.id):
            self._all_that_is_left(conversation, last_look)

    def unsay(self, where: str, ts: str | None, key: str, since: datetime) -> None:
        """One message; where nobody knows its timestamp, it is looked for by its key."""
        if found := ts or self.channel.find(where, key, since):
            self.channel.take_back(where, found, _instead())

    def _thread(self, conversation: Conversation, last_look: LastLook) -> None:
        """Our own messages under its card, also those from before we kept what names whom."""
        if not (conversation.card and conversation.channel):
            return
        said = self.channel.thread(conversation.channel, conversation.card)
        for each in said:
            if each.ours:
                self._take(conversation.id, Shown(conversation.channel, each.ts), last_look)
        if not all(each.ours for each in said):
            number = conversation.id
            self.forgetting.others_wrote(number, conversation.channel, conversation.card)

    def _direct_nags(self, conversation: Conversation, last_look: LastLook) -> None:
        """A nag to a person directly, of which nobody knows whether it was said."""
        with reading(self.forgetting.database) as db:
            doubted = forgetting.nags_tried_twice(db, conversation.id)
            people = _people(journal.nags(db, conversation.id, ended=True)) if doubted else []
        for key, since in doubted:
            for person in people:
                last_look()
                self.unsay(person, None, f"{key}:direct", since)

    def _all_that_is_left(self, conversation: Conversation, last_look: LastLook) -> None:
        """Everywhere else: lists, direct messages, files, App Homes. The card says what is left.

        A channel that is closed to us keeps waiting, and what can be reached elsewhere goes first.
        """
        closed: ChannelGone | None = None
        for each in self.forgetting.left(conversation.id):
            if (each.channel, each.ts) == (conversation.channel, conversation.card):
                continue
            try:
                self._take(conversation.id, each, last_look)
            except ChannelGone as problem:
                closed = problem
        if closed:
            raise closed

    def _take(self, number: int, what: Shown, last_look: LastLook) -> None:
        last_look()
        counted, take = self._way(what)
        try:
            take()
        except CannotTakeBack as problem:
            log.warning("message.stays", channel=what.channel, ts=what.ts, why=str(problem))
            self.forgetting.taken_back(number, what, counted, stuck=True)
        except ChannelGone as problem:
            if what.channel[0] not in "UW":
                raise
            log.warning("message.stays", channel=what.channel, ts=what.ts, why=str(problem))
            self.forgetting.taken_back(number, what, counted, stuck=True)
        else:
            self.forgetting.taken_back(number, what, counted)

    def _way(self, what: Shown) -> tuple[str, Callable[[], None]]:
        if what.ts == FILE:
            return "files", lambda: self.channel.take_back_file(what.channel)
        return "messages", lambda: self.channel.take_back(what.channel, what.ts, _instead())

    def _of_nobody(self, about: Mapping[str, Any], last_look: LastLook) -> None:
        """What belongs to no conversation: an App Home, or what the bot said of itself."""
        if "home" in about:
            self._home(about, last_look)
        else:
            self._notice(about, last_look)

    def _home(self, about: Mapping[str, Any], last_look: LastLook) -> None:
        last_look()
        try:
            self.channel.clear_home(about["home"], _home())
        except (ChannelGone, CannotTakeBack) as problem:  # of somebody who left
            log.warning("home.stays", person=about["home"], why=str(problem))
        else:
            self.forgetting.home_cleared(about["receipt"])

    def _notice(self, about: Mapping[str, Any], last_look: LastLook) -> None:
        """Something the bot said of itself, found by its key."""
        at = datetime.fromisoformat
        until = at(about["until"]) if about["until"] else None
        ts = self.channel.find(about["channel"], about["key"], at(about["since"]), until)
        if ts:
            last_look()
            self.channel.take_back(about["channel"], ts, _instead())


def _people(nags: Sequence[Nagged]) -> Sequence[str]:
    return sorted({nag.whom for nag in nags if nag.whom[0] in "UW"})


def _instead() -> Message:
    return Message(_("This message was removed on request."))


def _home() -> Message:
    return Message(_("Something here was removed on request. Open this tab again to see the rest."))
