"""Stack Exchange's API, as its documentation has it: a stand-in on this machine."""

import json
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from adapters import Adapter, make
from adapters.stackoverflow import StackOverflow
from tests.adapters.places import HISTORY, Clock
from tests.adapters.site import Said, Site


@dataclass
class Question:
    key: int
    by: str
    text: str
    at: datetime


class StackOverflowPlace(Site):
    can_answer = can_delete = can_look = has_credentials = False
    can_thread = can_correct = can_withdraw = can_find = can_bring = False
    can_edit = first_run_reads_back = True

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.numbers = Clock(), count(79_000_000)
        self.questions: dict[str, Question] = {}
        self.spoiled: list[dict[str, Any]] = []
        self.also: dict[str, Any] = {"quota_remaining": 250}  # beside the items
        self.searched: list[str] = []
        self.adapter = self.restarted()

    def restarted(self, **settings: str) -> Adapter:
        environment = {"STACK_WORDS": "acme", "STACK_API_URL": self.url, **settings}
        return make("stackoverflow", StackOverflow, environment, self.clock, HISTORY)

    def post(self, text: str, *, by: str = "mira", parent: str | None = None) -> str:
        assert parent is None, "only questions are found"
        number = next(self.numbers)
        self.questions[str(number)] = Question(number, by, text, self.clock())
        return str(number)

    def edit(self, key: str, text: str) -> None:
        self.questions[key].text = text

    def automated(self, text: str) -> str:
        return f"nothing of the kind comes: {text}"

    def spoil(self) -> None:
        self.spoiled.append({"creation_date": int(self.clock().timestamp()), "title": "acme"})

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)

    def answer(self, path: str, headers: dict[str, str]) -> Said:
        address = urlsplit(path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        if address.path != "/search/advanced" or asked["site"] != "stackoverflow":
            return 400, {}, b'{"error_id": 400}'
        self.searched.append(asked["q"])
        since, until = int(asked["fromdate"]), int(asked.get("todate", 2**40))
        found = [*self.spoiled, *map(_item, self.questions.values())]
        found = [item for item in found if since <= item["creation_date"] <= until]
        found.sort(key=lambda item: item["creation_date"], reverse=True)
        size, page = int(asked["pagesize"]), int(asked["page"])
        begin = (page - 1) * size
        told = {"items": found[begin : begin + size], "has_more": len(found) > begin + size}
        return 200, {}, json.dumps({**told, **self.also}).encode()


def _item(question: Question) -> dict[str, Any]:
    return {
        "question_id": question.key,
        "title": "Why does my acme kettle do this?",
        "body": escape(question.text.replace("\0", "")).replace("\n", "<br>"),
        "creation_date": int(question.at.timestamp()),
        "owner": {"user_id": 7, "display_name": question.by, "link": "https://so.example/u/7"},
        "link": f"https://so.example/q/{question.key}",
    }
