"""A platform in memory: to try the bot, and to test it.

With DEMO_FILE it writes down what happens, line by line, and remembers it after a restart.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from adapters import Batch, Setting, Unreadable, admit, lost_our_place
from bot.domain.delivery import Refused
from bot.domain.mention import INSIDE, Customer, Mention, Origin
from bot.domain.reply import Ability, Attachment, Files, Sent

PAGE = 100
PROFILE = ("followers", "verified", "place", "speaks", "website")  # of who posts
LIMIT = 500
PARTS = 4
FILES = Files(count=2, size=5_000_000, types=("image/",))
ADDRESS = re.compile(r"https://demo\.example/post/(d[0-9]+)/?(?:[?#].*)?")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the brand published, from here (with our key) or in the platform's own app (without).

    `files` are the name, type and size in bytes of each that it carries.
    """

    key: str
    to: str
    text: str
    ours: str | None
    files: tuple[tuple[str, str, int], ...] = ()


class Demo:
    """One account on the platform in memory. Posts and answers are in `events`, in their order."""

    settings = (
        Setting("DEMO_FILE", "A file in which the demo platform remembers; none: in memory only."),
    )

    def __init__(
        self,
        name: str,
        settings: Mapping[str, str],
        now: Callable[[], datetime],
        history: timedelta,
    ) -> None:
        self.name, self.now, self.history = name, now, history
        self.every = timedelta(seconds=1)
        self.ability = Ability(speaks_as="@acme", limit=LIMIT, parts=PARTS, files=FILES)
        self.events: list[dict[str, Any]] = []
        self.carried: dict[str, Sequence[Attachment]] = {}  # by the answer's key; until a restart
        self._lock = Lock()
        self._file = Path(settings["DEMO_FILE"]) if settings.get("DEMO_FILE") else None
        if self._file and self._file.exists():
            self.events = [json.loads(line) for line in self._file.read_text().splitlines()]

    def check(self) -> str:
        return "the demo platform, as @acme"

    def length(self, text: str) -> int:
        return len(text)

    def fetch(self, cursor: str | None) -> Batch:
        known = cursor and cursor.isdecimal()
        start = int(cursor) if cursor and known else self._first_recent()
        page = self.events[start : start + PAGE]
        mentions: list[Mention] = []
        unreadable: list[Unreadable] = []
        for event in page:
            try:
                mentions.append(self._mention(event))
            except (AttributeError, KeyError, TypeError, ValueError) as problem:
                unreadable.append(_unreadable(event, problem))
        end = start + len(page)
        more = end < len(self.events)
        gap = "" if known or not cursor else lost_our_place(self.history)
        return Batch(mentions=mentions, cursor=str(end), more=more, unreadable=unreadable, gap=gap)

    def reply(
        self,
        mention: Mention,
        text: str,
        *,
        key: str,
        again: bool,
        files: Sequence[Attachment] = (),
    ) -> Sent:
        self._must_fit(text)
        admit(files, self.ability, "The demo platform")
        if again and (known := self.answered(key)):
            return Sent(key=known.key, url=self._url(known.key))
        if (self._latest(mention.key) or {}).get("deleted"):
            raise Refused("This post is deleted, so nobody can answer it.")
        more = {"files": [_told(file) for file in files]} if files else {}
        made = self._add(by="acme", text=text, parent=mention.key, ours=key, **more)
        self.carried[made] = tuple(files)
        return Sent(key=made, url=self._url(made))

    def correct(self, sent: Sent, mention: Mention, text: str, *, again: bool) -> Sent:  # noqa: ARG002
        """The same words again change nothing, so repeating is safe."""
        self._must_fit(text)
        post = self._latest(sent.key)
        if not post or post.get("deleted"):
            raise Refused("This answer is deleted, so nobody can correct it.")
        if post["text"] != text:
            self._again(sent.key, text=text)
        return sent

    def withdraw(self, sent: Sent, mention: Mention, *, again: bool) -> None:  # noqa: ARG002
        post = self._latest(sent.key)
        if post and not post.get("deleted"):
            self._again(sent.key, deleted=True)

    def find(self, url: str) -> Mention | None:
        address = ADDRESS.fullmatch(url.strip())
        post = self._latest(address[1]) if address else None
        ours = post and post.get("by") == "acme" and not post.get("deleted")
        return self._mention(post) if post and ours else None

    def bring(self, mention: Mention, name: str, *, most: int) -> bytes:
        post, number = self._latest(mention.key) or {}, name.rpartition("/")[2]
        if post.get("deleted") or int(number) >= len(post.get("inside", ())):
            raise Refused("This picture is not there any more.")
        content = b64decode(post["inside"][int(number)])
        if len(content) > most:
            raise Refused(f"This picture is more than {most / 1_000_000:g} MB.")
        return content

    def post(
        self, text: str, *, by: str = "mira", inside: Sequence[bytes] = (), **more: Any
    ) -> str:
        """A customer writes; returns the post's key. `parent` is the key of the post it answers.

        `inside` are pictures that lie in the post itself, as in a mail.
        """
        pictures = {"inside": [b64encode(each).decode() for each in inside]} if inside else {}
        return self._add(by=by, text=text, **more, **pictures)

    def answer_elsewhere(self, to: str, text: str) -> str:
        """A colleague answers in the platform's own app."""
        return self._add(by="acme", text=text, parent=to)

    def edit(self, key: str, text: str) -> None:
        self._again(key, text=text)

    def delete(self, key: str) -> None:
        self._again(key, deleted=True)

    def spoil(self) -> None:
        """Something comes that nobody can read."""
        self._write({"key": f"d{len(self.events) + 1}", "nonsense": True})

    def answers(self) -> Sequence[Answer]:
        """What the brand has published and not taken back, as it is now."""
        return [_answer(e) for e in self._answers() if not e.get("deleted")]

    def answered(self, key: str) -> Answer | None:
        """Also when it was taken back since: it was published."""
        return next((_answer(e) for e in self._answers() if e.get("ours") == key), None)

    def _answers(self) -> Sequence[Mapping[str, Any]]:
        latest = {e["key"]: e for e in list(self.events)}
        return [e for e in latest.values() if e.get("by") == "acme" and e.get("parent")]

    def _latest(self, key: str) -> dict[str, Any] | None:
        return next((e for e in reversed(list(self.events)) if e["key"] == key), None)

    def _must_fit(self, text: str) -> None:
        if len(text) > LIMIT:
            raise Refused(f"That is {len(text)} characters; the demo platform takes {LIMIT}.")

    def _add(self, **event: Any) -> str:
        with self._lock:
            key = f"d{len(self.events) + 1}"
            at = event.pop("at", None) or self.now()
            self._write({"key": key, "at": at.isoformat(), **event})
        return key

    def _again(self, key: str, **change: Any) -> None:
        with self._lock:
            latest = [e for e in self.events if e["key"] == key][-1]
            self._write({**latest, "revision": str(len(self.events)), **change})

    def _write(self, event: dict[str, Any]) -> None:
        if self._file:
            with self._file.open("a") as file:
                file.write(json.dumps(event) + "\n")
        self.events.append(event)

    def _first_recent(self) -> int:
        since = (self.now() - self.history).isoformat()
        old = (n for n, event in enumerate(self.events) if event.get("at", "") >= since)
        return next(old, len(self.events))

    def _mention(self, event: Mapping[str, Any]) -> Mention:
        own = event["by"] == "acme"
        return Mention(
            account=self.name,
            key=event["key"],
            thread=event.get("thread") or self._root(event),
            parent=event.get("parent"),
            customer=Customer(
                platform=self.name.partition(":")[0],
                key=event["by"],
                handle=f"@{event['by']}",
                name=event.get("name") or event["by"].title(),
                url=f"https://demo.example/{event['by']}",
                **{name: event[name] for name in PROFILE if name in event},
            ),
            text=event["text"],
            posted_at=datetime.fromisoformat(event["at"]),
            url=event.get("url") or self._url(event["key"]),
            revision=event.get("revision", ""),
            origin=Origin.OWN if own else Origin(event.get("origin", Origin.CUSTOMER)),
            public=event.get("public", True),
            deleted=event.get("deleted", False),
            no_reply=event.get("no_reply", ""),
            reply_by=datetime.fromisoformat(until) if (until := event.get("reply_by")) else None,
            rating=event.get("rating"),
            media=(*event.get("media", ()), *self._inside(event)),
            language=event.get("language"),
        )

    def _inside(self, event: Mapping[str, Any]) -> Sequence[str]:
        """What the pictures that lie in the post are called."""
        numbers = range(len(event.get("inside", ())))
        return [f"{INSIDE}{self.name}/{event['key']}/{number}" for number in numbers]

    def _root(self, event: Mapping[str, Any]) -> str:
        parents = {str(e.get("key")): e.get("parent") for e in self.events}
        key = str(event["key"])
        while parent := parents.get(key):
            key = parent
        return key

    def _url(self, key: str) -> str:
        return f"https://demo.example/post/{key}"


def _answer(event: Mapping[str, Any]) -> Answer:
    return Answer(
        key=event["key"],
        to=event["parent"],
        text=event["text"],
        ours=event.get("ours"),
        files=tuple((file["name"], file["type"], file["size"]) for file in event.get("files", ())),
    )


def _told(file: Attachment) -> dict[str, Any]:
    return {"name": file.name, "type": file.type, "size": len(file.content)}


def _unreadable(event: Mapping[str, Any], problem: Exception) -> Unreadable:
    return Unreadable(key=str(event.get("key")), raw=json.dumps(event), problem=repr(problem))
