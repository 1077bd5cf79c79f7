"""Three books side by side: what X holds, what Slack shows, what the database says."""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from bot.playground import blockkit
from bot.playground.things import Json
from storage.database import reading
from storage.tables import conversations, journal, mentions, outbox, replies
from tests.adapters.x_server import BRAND, Post
from tests.faults.town import LEASE, Town
from tests.people import CARE, LEA

NUMBER = re.compile(r"^(\d+): ", re.MULTILINE)
OPEN = ("waiting", "claimed")
UNSETTLED = (*OPEN, "replying")
RUNS_ON = {"nag", "held", "claim", "take_over", "release", "assign", "renew", "let_go", "reply"}
FREES = {"reopen", "release", "let_go", "undismiss", "merge_into", "absorb", "sent", "dismiss"}
FREES |= {"withdrawn", "answered_there", "no_answer_needed", "settle"}
TURNS = 10.0  # seconds in which the next page of a list is there
SOON = 20.0  # seconds of the town's time: what was on its way when it happened
LONG_AGO = datetime.fromtimestamp(0, UTC)


@dataclass
class Found:
    """What is wrong, by what kind of wrong it is."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[str]:
        return [f"{kind}: {each}" for kind, those in vars(self).items() for each in those]


class Books:
    """Read once, when nothing happens any more; the database's own book under its own names."""

    def __init__(self, town: Town) -> None:
        self.town, self.x, self.slack = town, town.x, town.slack
        with reading(town.database) as db:
            self.conversations = {row.id: row for row in db.execute(select(conversations))}
            self.mentions = {row.key: row for row in db.execute(select(mentions))}
            self.replies = list(db.execute(select(replies)))
            self.outbox = list(db.execute(select(outbox)))
            self.journal = list(db.execute(select(journal).order_by(journal.c.id)))
        self.answers = [post for post in self._standing() if post.by == BRAND and post.replied_to]
        self.messages = dict(town.channel.messages)

    def found(self) -> Found:
        found = self._in_the_books()
        if not found.all:  # else there is no need to ask
            found.contradictions += self._list_differs()
        return found

    def _in_the_books(self) -> Found:
        return Found(
            lost=[*self._unheard(), *self._unshown(), *self._forgotten(), *self._unnagged()],
            doubled=[*self._said_twice(), *self._published_twice(), *self._nagged_twice()],
            contradictions=[
                *self._owed(),
                *self._replies_differ(),
                *self._states_differ(),
                *self._cards_differ(),
                *self._two_claimants(),
            ],
        )

    # Lost

    def _unheard(self) -> Iterator[str]:
        """Each mention that X still lists is stored, and belongs to a conversation."""
        for post in self._standing():
            key = str(post.history[0])
            if post.by != BRAND and key not in self.mentions:
                yield f"X lists {key}, and nobody knows it"
            elif post.by != BRAND and self.mentions[key].conversation is None:
                yield f"{key} is nobody's work"

    def _unshown(self) -> Iterator[str]:
        """Each conversation has a card that hangs, or a line in a digest."""
        for each in self.conversations.values():
            if each.quiet or each.digest:
                continue
            if each.card is None:
                yield f"{each.id} was never shown"
            elif not self._hangs(each.card) and self._drawn_since(each):
                yield f"the card of {each.id} is gone"

    def _forgotten(self) -> Iterator[str]:
        """What is closed as answered has an answer that is younger than the customer's words."""
        for each in self.conversations.values():
            if each.state == "answered" and self._newest_word(each) > self._newest_answer(each):
                yield f"{each.id} is closed, and its customer waits"

    def _unnagged(self) -> Iterator[str]:
        """Who is past due and waits has been called about, on each rung that was reached."""
        now = self.town.clock() - LEASE
        for each in self.conversations.values():
            if each.state in OPEN and each.next_nag_at and each.next_nag_at < now:
                yield f"nobody was called about {each.id}"
            if each.state in OPEN and each.rungs_climbed and not self._nags(each):
                yield f"{each.id} climbed, and Slack shows no nag"

    # Doubled

    def _said_twice(self) -> Iterator[str]:
        """No message was posted twice, unless somebody deleted the first, or the card above it."""
        times = Counter(key for key, _, ts in self.slack.posted if not self._deleted(ts))
        yield from (f"Slack was told {key} {n} times" for key, n in times.items() if n > 1)
        cards = Counter(number for ts, number in self._cards() if self._hangs(ts))
        yield from (f"{number} has {n} cards" for number, n in cards.items() if n > 1)

    def _published_twice(self) -> Iterator[str]:
        times = Counter(_bare(post.text) for post in self.answers if "Reply " in post.text)
        yield from (f"X holds {text!r} {n} times" for text, n in times.items() if n > 1)

    def _nagged_twice(self) -> Iterator[str]:
        """One nag on each rung of each clock, and none after the answer."""
        clock: Counter[int] = Counter()
        rungs: Counter[tuple[int, int, int]] = Counter()
        for entry in self.journal:
            clock[entry.conversation] += entry.what not in RUNS_ON
            if entry.what == "nag":
                rungs[entry.conversation, clock[entry.conversation], entry.how["rung"]] += 1
        yield from (
            f"{it[0]} was nagged {n} times on rung {it[2]}" for it, n in rungs.items() if n > 1
        )
        for number, ts in self._said("nag"):
            ended = self._answered_before(number, ts)
            if ended:
                yield f"{number} was nagged {ended} after its answer"

    # Contradictions

    def _owed(self) -> Iterator[str]:
        for row in self.outbox:
            if row.dead_at and f"`{row.key}`" not in str(self.messages):
                yield f"{row.key} died ({row.trouble}), and nobody was told"
            elif not row.dead_at and not row.done_at:
                yield f"{row.key} is still owed ({row.attempts} tries: {row.trouble})"

    def _replies_differ(self) -> Iterator[str]:
        """What we say is published is there, and what is there we say is published."""
        there = {_bare(post.text): str(post.id) for post in self.answers}
        for reply in self.replies:
            published, unsure = reply.text in there, self._unsure(reply)
            if reply.sent_at and not published:
                yield f"{reply.text!r} is shown as published, and X has it not"
            if published and not reply.sent_at and not unsure:
                yield f"X has {reply.text!r}, and we say: {reply.refused or 'on its way'}"
            there.pop(reply.text, None)
        yield from (f"nobody wrote {text!r}" for text in there if text.startswith("Reply "))

    def _states_differ(self) -> Iterator[str]:
        for each in self.conversations.values():
            if each.state == "replying":
                yield f"{each.id} is still on its way"
            if each.state in OPEN and each.waits and not each.thanks and not each.unsure:
                word, answer = self._newest_word(each), self._newest_answer(each)
                seen = self._heard_last(each) < answer  # what X showed only later is not answered
                if seen and self._answer_to_newest(each) and answer > word:
                    yield f"{each.id} waits, and X has its answer"

    def _list_differs(self) -> Iterator[str]:
        """`/unanswered` has exactly what is open."""
        listed = set(listed_by(self.town))
        really = {each.id for each in self.conversations.values() if each.state in UNSETTLED}
        if listed != really:
            yield f"/unanswered lists {sorted(listed - really)} and not {sorted(really - listed)}"

    def _cards_differ(self) -> Iterator[str]:
        """A card offers what can be done, and says what has become of it."""
        for each in self.conversations.values():
            card = self.messages.get(each.card or "")
            if card is None or card.get("subtype") == "tombstone":
                continue
            offers = {one["action_id"] for one in blockkit.controls(card.get("blocks", []))}
            can = offers & {"reply", "it_is_there", "no_answer_needed"}
            if (each.state in OPEN) != bool(can):
                yield f"{each.id} is {each.state}, and its card offers {sorted(offers)}"
            owner = f"<@{each.owner}>" if each.state == "claimed" and each.owner else ""
            if owner and each.owner not in json.dumps(card):
                yield f"{each.owner} has {each.id}, and its card does not say so"

    def _two_claimants(self) -> Iterator[str]:
        """Nobody claims what somebody else has."""
        owners: dict[int, str | None] = {}
        for entry in self.journal:
            number, by = entry.conversation, entry.how.get("by")
            if entry.what == "claim" and owners.get(number) not in (None, by):
                yield f"{by} claimed {number}, and {owners[number]} had it"
            if entry.what in ("claim", "take_over", "reply"):
                owners[number] = by
            elif entry.what in FREES:
                owners[number] = None

    # How

    def _hangs(self, ts: str) -> bool:
        """Of what was deleted by hand a stone may be left, where there is a thread."""
        return ts in self.messages and ts not in self.slack.by_hand

    def _deleted(self, ts: str) -> bool:
        above = self.messages.get(ts, {}).get("thread_ts")
        return not self.slack.by_hand.keys().isdisjoint((ts, above))

    def _drawn_since(self, each: Row[Any]) -> bool:
        """Whether a card that is gone was drawn anew, and should have been missed."""
        gone = self.slack.by_hand.get(each.card, 0)
        cards = [row for row in self.outbox if row.errand == "card" and row.conversation == each.id]
        return any(row.done_at and row.done_at.timestamp() > gone + SOON for row in cards)

    def _standing(self) -> Iterator[Post]:
        """The newest versions of all that X shows."""
        yield from self.x._listed()

    def _keys(self, each: Row[Any]) -> set[str]:
        return {
            key
            for key, row in self.mentions.items()
            if row.conversation == each.id and row.origin == "customer" and not row.deleted
        }

    def _newest_word(self, each: Row[Any]) -> datetime:
        """When its customer wrote last what X still shows and is no thanks."""
        words = [
            self.mentions[key]
            for key in self._keys(each)
            if "Thank you" not in self.mentions[key].text
        ]
        there = [row.posted_at for row in words if int(row.key) not in self.x.deleted]
        return max(there, default=LONG_AGO)

    def _heard_last(self, each: Row[Any]) -> datetime:
        return max((self.mentions[key].heard_at for key in self._keys(each)), default=LONG_AGO)

    def _newest_answer(self, each: Row[Any]) -> datetime:
        keys = self._keys(each)
        return max(
            (p.at for p in self.answers if self._to(p) in keys),
            default=each.answered_at or LONG_AGO,
        )

    def _answer_to_newest(self, each: Row[Any]) -> bool:
        newest = max(self._keys(each), key=int, default="")
        return any(self._to(post) == newest for post in self.answers)

    def _to(self, post: Post) -> str:
        return str(self.x.posts[post.replied_to or 0].history[0])

    def _unsure(self, reply: Row[Any]) -> bool:
        return bool(self.conversations[reply.conversation].unsure == reply.key)

    def _cards(self) -> Iterator[tuple[str, int]]:
        """Every message that was posted as somebody's card, and whose."""
        for key, channel, ts in self.slack.posted:
            what, number, *_ = key.split(":")
            if channel == CARE and (what == "card" or key.endswith(":card")):
                yield ts, int(number)

    def _said(self, what: str) -> Iterator[tuple[int, str]]:
        for key, _, ts in self.slack.posted:
            if key.startswith(f"{what}:") and not key.endswith(":card"):
                yield int(key.split(":")[1]), ts

    def _nags(self, each: Row[Any]) -> bool:
        """On its own in its thread, or as a line of a list."""
        own = any(number == each.id for number, _ in self._said("nag"))
        lists = [row for row in self.outbox if row.errand == "list" and row.done_at]
        return own or any(each.id in json.loads(row.detail)["nagged"] for row in lists)

    def _answered_before(self, number: int, ts: str) -> timedelta | None:
        """By how much a message of ours came after the answer that closed its conversation."""
        each = self.conversations[number]
        mine = [r.sent_at for r in self.replies if r.conversation == number and r.sent_at]
        said = datetime.fromtimestamp(float(ts), UTC)
        before = [at for at in mine if at < said - LEASE]
        again = [self.mentions[key].heard_at for key in self._keys(each)]
        if before and not any(at > max(before) - LEASE for at in again):
            return said - max(before)
        return None


def listed_by(town: Town) -> Iterator[int]:
    """All pages of `/unanswered`, as a colleague turns them."""
    slack = town.slack
    slack.whispers.clear()
    town.send(slack.command(LEA, CARE, "/unanswered"))
    page = _next_page(town, "")
    while page:
        yield from (int(number) for number in NUMBER.findall(page["text"]))
        offered = [one["action_id"] for one in blockkit.controls(page.get("blocks", []))]
        if "more" not in offered:
            return
        town.send(slack.press(LEA, CARE, page["ts"], "more"))
        page = _next_page(town, page["text"])


def _next_page(town: Town, before: str) -> Json | None:
    """What only she sees, once it is another one: some answers come after their ack."""
    end = time.monotonic() + TURNS
    while time.monotonic() < end:
        with town.slack.lock:
            hers = [dict(each) for each in town.slack.whispers if each["user"] == LEA]
        if hers and hers[-1]["text"].startswith("*") and hers[-1]["text"] != before:
            return hers[-1]
        time.sleep(0.05)
    return None


def _bare(text: str) -> str:
    """Without the names that X puts in front."""
    return re.sub(r"^(?:@\w+ )+", "", text)
