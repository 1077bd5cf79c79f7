"""Customers and colleagues who act at random, each from a seed of their own."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

from bot.playground import blockkit
from bot.playground.things import Impossible, Json
from tests.adapters.x_server import BRAND, Post
from tests.faults.town import CARE, Town
from tests.people import ANA, BEN, LEA

OFTEN = 0.5  # seconds between two things that customers do, on average
BUSY = 0.25  # and colleagues, each
OPENS = 1.0  # seconds that somebody waits for a form
MOST = 25  # conversations that wait at once
LATE = timedelta(minutes=8)  # that X may show a post after newer ones
Deed = Callable[[], None]


class Person(threading.Thread):
    """Does one thing after the other until it is enough; what can't be done is let be."""

    pause = BUSY

    def __init__(
        self, town: Town, seed: str, events: Counter[str], enough: threading.Event
    ) -> None:
        super().__init__(daemon=True)
        self.town, self.events, self.enough = town, events, enough
        self.chance = Random(seed)
        self.wrong: list[BaseException] = []

    def run(self) -> None:
        while not self.enough.wait(self.chance.uniform(0, 2 * self.pause)):
            try:
                self.act()
            except (Impossible, LookupError, NotYet):
                self.events["not possible"] += 1
            except BaseException as problem:
                self.wrong.append(problem)
                raise

    def act(self) -> None:
        raise NotImplementedError

    def one_of(self, deeds: dict[str, tuple[int, Deed]]) -> None:
        """One of these, by weight; counted once it is done."""
        names = list(deeds)
        name = self.chance.choices(names, [deeds[each][0] for each in names])[0]
        deeds[name][1]()
        self.events[name] += 1


class Customers(Person):
    """All customers, and the brand's own people where they answer in X itself."""

    pause = OFTEN
    number = 0
    may_be_late = True

    def act(self) -> None:
        self.one_of(
            {
                "written": (60, self.write),
                "written again": (14, self.write_again),
                "edited": (8, self.edit),
                "deleted": (5, self.delete),
                "thanked": (6, self.thank),
                "answered elsewhere": (7, self.answer_elsewhere),
            }
        )

    def write(self) -> None:
        late = self.may_be_late and self.chance.random() < 0.06
        by = f"customer{self.chance.randint(1, 40)}"  # some write twice, and can be merged
        lateness = LATE * self.chance.uniform(0.4, 1) if late else timedelta(0)
        if self._waiting() < MOST:
            self.town.x.post(self._words(), by=by, late=lateness)
            self.events["shown late"] += late

    def write_again(self) -> None:
        mine = self._one()
        self.town.x.post(self._words(), by=mine.by, parent=str(mine.id))

    def edit(self) -> None:
        mine = self._one()
        self.town.x.edit(str(mine.history[0]), f"@{BRAND} {self._words()}")

    def delete(self) -> None:
        self.town.x.delete(str(self._one().id))

    def thank(self) -> None:
        """Who has our answer."""
        answer = self.chance.choice(self.town.x.answers())
        by = self.town.x.posts[int(answer.in_reply_to)].by
        self.number += 1
        self.town.x.post(f"Thank you! kettle{self.number}x", by=by, parent=answer.id)

    def answer_elsewhere(self) -> None:
        answer_elsewhere(self.town, self._one(), self.chance)

    def _words(self) -> str:
        self.number += 1
        word = f"kettle{self.number}x"
        return self.chance.choice([f"My {word} is broken", f"Is {word} in stock?"])

    def _one(self) -> Post:
        """The newest version of something that a customer wrote lately."""
        posts = self.town.x.posts
        theirs = [p for p in list(posts.values()) if p.by != BRAND and p.id == p.history[-1]]
        there = [p for p in theirs if p.id not in self.town.x.deleted][-20:]
        return self.chance.choice(there)

    def _waiting(self) -> int:
        """How many have no answer."""
        x = self.town.x
        answered = {answer.in_reply_to for answer in x.answers()}
        theirs = {str(p.history[0]) for p in list(x.posts.values()) if p.by != BRAND}
        return len(theirs - answered) - len(x.deleted)


class Colleague(Person):
    """Looks at the channel, and does something with one of the cards."""

    def __init__(self, id: str, *about: Any) -> None:
        super().__init__(*about)
        self.id, self.count = id, 0

    def act(self) -> None:
        self.ts, offered = self.chance.choice(self._cards())
        self.offered = {each["action_id"]: each for each in offered}
        self.number = _number(offered)
        if self.enough.is_set():
            return
        self.one_of(self._deeds())

    def _deeds(self) -> dict[str, tuple[int, Deed]]:
        """What this card offers, and what can be typed about any."""
        buttons = {
            "claim": (30, lambda: self.press("claim")),
            "reply": (60, self.reply),
            "take_over": (10, lambda: self.press("take_over")),
            "no_answer_needed": (20, lambda: self.press("no_answer_needed")),
            "it_is_there": (60, self.look_in_x),
        }
        there = {name: deed for name, deed in buttons.items() if name in self.offered}
        typed = {
            "release": (6, lambda: self.type(f"release {self.number}")),
            "snooze": (5, lambda: self.type(f"snooze {self.number} 5m a parcel")),
            "merge": (4, self.merge),
            "undo": (6, lambda: self.type(f"undo {self.number}")),
            "dismiss": (5, self.dismiss),
            "list": (2, lambda: self.type("")),
        }
        return there | typed

    def press(self, action: str) -> None:
        press = self.town.slack.press
        several = self.chance.choice([1, 1, 1, 2])  # some press twice
        envelopes = [press(self.id, CARE, self.ts, action) for _ in range(several)]
        sent = [self.town.playground.send(each) for each in envelopes]
        if not all(each.result(timeout=10) for each in sent):
            raise LookupError("nobody took the click")

    def type(self, words: str) -> None:
        self._send(self.town.slack.command(self.id, CARE, f"/unanswered {words}".strip()))

    def reply(self) -> None:
        """Through the form and its preview; sometimes the brand answers in X at that second."""
        try:
            self.press("reply")
            form = self._form("reply")
            text = f"Reply {self.id}-{self.count} to {self.number}"
            self.count += 1
            values = {"answer": {"type": "plain_text_input", "value": text}}
            self._send(self.town.slack.submit(self.id, form["id"], values))
            self._publish(self._form("publish"))
        finally:
            self._put_away()

    def dismiss(self) -> None:
        """By the form in the card's menu, with its first reason."""
        try:
            value = f"dismiss {self.number}"
            self._send(self.town.slack.press(self.id, CARE, self.ts, "menu", value=value))
            self._send(self.town.slack.submit(self.id, self._form("dismiss")["id"], {}))
        finally:
            self._put_away()

    def merge(self) -> None:
        """Into another one of the same customer, if the bot agrees."""
        others = [_number(offered) for _, offered in self._cards()]
        self.type(f"merge {self.number} into {self.chance.choice(others)}")

    def look_in_x(self) -> None:
        """Somebody looks whether the answer in doubt is there, and says so."""
        said = {answer.text.split(" ", 1)[1] for answer in self.town.x.answers()}
        there = self.town.in_doubt(self.number) in said
        self.press("it_is_there" if there else "send_again")

    def _publish(self, view: Json) -> None:
        slack = self.town.slack
        first = slack.submit(self.id, view["id"], {})
        sent = [self.town.playground.send(first)]
        if self.chance.random() < 0.2:
            with suppress(Impossible):
                sent.append(self.town.playground.send(slack.submit(self.id, view["id"], {})))
        if self.chance.random() < 0.06:
            self._at_the_same_second()
        for each in sent:
            each.result(timeout=10)

    def _at_the_same_second(self) -> None:
        key = self.town.last_words(self.number)
        if key and (post := self.town.x.posts.get(int(key))):
            answer_elsewhere(self.town, post, self.chance)
            self.events["answered at the same second"] += 1

    def _form(self, kind: str) -> Json:
        """The form on top, once it is there."""
        end = time.monotonic() + OPENS
        while time.monotonic() < end:
            stack = self.town.slack.stacks.get(self.id)
            if stack and stack[-1]["callback_id"] == kind:
                return stack[-1]
            time.sleep(0.02)
        raise LookupError(f"no form {kind} opened")

    def _put_away(self) -> None:
        slack = self.town.slack
        with suppress(Impossible, IndexError):
            while slack.stacks.get(self.id):
                slack.close(self.id, slack.stacks[self.id][-1]["id"])

    def _send(self, envelope: Any) -> None:
        if not self.town.send(envelope):
            raise LookupError("nobody took it")

    def _cards(self) -> list[tuple[str, list[Json]]]:
        """The latest messages that can be pressed."""
        with self.town.slack.lock:
            latest = list(self.town.channel.messages.items())[-120:]
            drawn = [(ts, list(blockkit.controls(each.get("blocks", [])))) for ts, each in latest]
        return [(ts, offered) for ts, offered in drawn if offered and _number(offered)]


def answer_elsewhere(town: Town, post: Post, chance: Random) -> None:
    text = f"Elsewhere {chance.randint(1, 10**9)}"
    town.x.post(text, by=BRAND, parent=str(post.history[0]))


def _value(control: Json) -> str:
    options = control.get("options") or [control]
    return str(options[0].get("value") or "")


def _number(offered: list[Json]) -> int:
    """Of the conversation that a card is about; 0: it is no card."""
    last = _value(offered[-1]).split()[-1:]
    return int(last[0]) if last and last[0].isdecimal() else 0


def crowd(town: Town, seed: str, events: Counter[str], enough: threading.Event) -> list[Person]:
    """Everybody, not yet at work."""
    about = (events, enough)
    colleagues = [Colleague(id, town, f"{seed}/{id}", *about) for id in (ANA, BEN, LEA)]
    return [Customers(town, f"{seed}/customers", *about), *colleagues]
