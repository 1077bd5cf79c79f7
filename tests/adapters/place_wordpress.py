"""A blog of Acme's on WordPress: the real one where it is installed, and a stand-in everywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

import pytest

from adapters import Adapter, make
from adapters.wordpress import WordPress
from tests.adapters import wordpress_real
from tests.adapters.places import HISTORY, Clock
from tests.adapters.wordpress_real import WordPress as RealWordPress
from tests.adapters.wordpress_server import WordPressServer

BEN = 3  # a colleague's number
OURS = ("1", "2", str(BEN))


class WordPressPlace:
    """One post, on which customers comment as guests; we answer as care, an editor."""

    can_answer = can_edit = can_delete = can_look = True
    has_credentials = first_run_reads_back = True
    can_correct = can_withdraw = can_find = True
    can_thread = can_bring = False

    def __init__(self, blog: RealWordPress | WordPressServer) -> None:
        self.blog, self.clock = blog, Clock()
        real = isinstance(blog, RealWordPress)
        self.against = "a real WordPress with MariaDB" if real else "a stand-in"
        self.pass_(minutes=0)
        self.adapter = self.restarted()

    @classmethod
    @contextmanager
    def beside_a_stand_in(cls) -> Iterator["WordPressPlace"]:
        with WordPressServer() as blog:
            yield cls(blog)

    @classmethod
    @contextmanager
    def beside_the_real_one(cls) -> Iterator["WordPressPlace"]:
        if why := wordpress_real.missing():
            pytest.skip(why)
        blog = wordpress_real.running()
        blog.begin_anew()
        yield cls(blog)

    def restarted(self, **changed: str) -> WordPress:
        environment = {
            "WORDPRESS_URL": self.blog.url,
            "WORDPRESS_USER": "care",
            "WORDPRESS_PASSWORD": self.blog.passwords["care"],
            "WORDPRESS_OURS": str(BEN),
            **changed,
        }
        adapter = make("wordpress", WordPress, environment, self.clock, HISTORY)
        assert isinstance(adapter, WordPress)
        return adapter

    def locked_out(self) -> Adapter:
        return self.restarted(WORDPRESS_PASSWORD="stolenstolenstolenstolen")

    def comment(self, text: str, *, by: str = "mira", **more: Any) -> dict[str, Any]:
        """As WordPress stores what a guest wrote: tags are gone, and what else is < is escaped."""
        at = f"{self.clock():%Y-%m-%d %H:%M:%S}"
        return {
            "comment_post_ID": 1,
            "comment_content": escape(text.replace("\0", ""), quote=False),
            "comment_author": by,
            "comment_author_email": f"{by}@cust.example",
            "comment_date": at,
            "comment_date_gmt": at,
            "comment_approved": 1,
            **more,
        }

    def post(self, text: str, *, by: str = "mira", parent: str | None = None, **more: Any) -> str:
        answers = {"comment_parent": int(parent)} if parent else {}
        comment = self.comment(text, by=by, **answers, **more)
        return str(self.blog.add(comment)[0])

    def answer_elsewhere(self, to: str, text: str) -> str:
        return self.post(text, by="ben", parent=to, user_id=BEN)

    def edit(self, key: str, text: str) -> None:
        self.blog.change(int(key), escape(text, quote=False))

    def delete(self, key: str) -> None:
        self.blog.set_status(int(key), "trash")

    def automated(self, text: str) -> str:
        return f"pingbacks are not listed: {text}"

    def spoil(self) -> None:
        """A plugin that takes part in the answer does nonsense."""
        self.post("spoilt")

    def answers(self) -> list[str]:
        ours = [one for one in self.blog.stored() if str(one["user_id"]) in OURS]
        shown = [one for one in ours if one["comment_approved"] == "1"]
        return [str(one["comment_content"]) for one in shown]

    def lose_next_answer(self) -> None:
        self.blog.flag("lose")

    lose_next_change = lose_next_answer

    def files(self) -> list[tuple[str, bytes]]:
        return []

    def changes(self) -> int:
        return sum(one.startswith(("PUT", "DELETE")) for one in self.blog.requests())

    def calls(self) -> int:
        return sum(one.startswith("POST") for one in self.blog.requests())

    def post_pictures(self, *pictures: bytes) -> str:
        raise NotImplementedError("Pictures have addresses on a blog.")

    def too_long(self) -> str:
        return "&" * 13_105 + "x"  # five bytes each, as WordPress stores them

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)
        self.blog.tell_time(f"{self.clock():%Y-%m-%d %H:%M:%S}")
