"""What comes from blogs, forums, searches and feeds."""

import json
from dataclasses import replace
from typing import Any

from adapters import make
from adapters.discourse import Discourse
from adapters.feed import Feed
from adapters.hackernews import HackerNews
from adapters.stackoverflow import StackOverflow
from adapters.web import Answer
from adapters.wordpress import WordPress
from bot.domain.delivery import TryLater
from tests.conftest import NOON
from tests.hostile.answers import DAYS, says
from tests.hostile.shown import mention_shown
from tests.hostile.target import Source, Target, text


def _feed_that_says(body: bytes) -> Feed:
    settings = {"FEED_URL": "https://a.example/x"}
    here = make("feed", Feed, settings, lambda: NOON, DAYS)
    assert isinstance(here, Feed)
    answer = Answer(200, {"content-type": "application/xml"}, body)
    here.web = says(answer)
    return here


def feed(raw: bytes) -> None:
    """What is told once is known the next time."""
    here = _feed_that_says(raw)
    batch = here.fetch(None)
    for mention in batch.mentions:
        mention_shown(mention)
    assert not here.fetch(batch.cursor).mentions


def feed_in_json(raw: bytes) -> None:
    feed(json.dumps(Source(raw).spoiled(JSON_FEED)).encode())


def hackernews(raw: bytes) -> None:
    """Whatever the search answers, and whatever is left of a cursor: a walk ends."""
    here = make("hackernews", HackerNews, {"HN_WORDS": "acme"}, lambda: NOON, DAYS)
    assert isinstance(here, HackerNews)
    source = Source(raw)
    answer = Answer(200, {}, json.dumps(source.spoiled(HITS)).encode())
    here.web = says(answer)
    cursor = json.dumps(source.spoiled({"acme": {"since": 1, "before": 9, "page": 0, "newest": 9}}))
    for saved in (None, text(raw), cursor):
        batch = here.fetch(saved)
        assert not here.fetch(batch.cursor).gap
        for mention in batch.mentions:
            mention_shown(mention)


def stackoverflow(raw: bytes) -> None:
    here = make("stackoverflow", StackOverflow, {"STACK_WORDS": "acme"}, lambda: NOON, DAYS)
    assert isinstance(here, StackOverflow)
    answer = Answer(200, {}, json.dumps(Source(raw).spoiled(QUESTIONS)).encode())
    here.web = says(answer)
    for mention in here.fetch(None).mentions:
        mention_shown(mention)


def wordpress(raw: bytes) -> None:
    """Whatever the REST API answers, and whatever is left of a cursor: a walk goes on."""
    settings = {"URL": "https://a.example", "USER": "care", "PASSWORD": "p"}
    environment = {f"WORDPRESS_{name}": value for name, value in settings.items()}
    here = make("wordpress", WordPress, environment, lambda: NOON, DAYS)
    assert isinstance(here, WordPress)
    here._us = 2, "Acme"
    source = Source(raw)
    body = json.dumps(source.spoiled(COMMENTS)).encode()
    here.line = replace(here.line, web=says(Answer(200, {"x-wp-total": "900"}, body)))
    _walked(here, source, raw)
    for change in here.recheck(["7", "8"]):
        assert isinstance(change, str) or change.key


def discourse(raw: bytes) -> None:
    settings = {"URL": "https://a.example", "USER": "care", "KEY": "k", "WORDS": "acme"}
    environment = {f"DISCOURSE_{name}": value for name, value in settings.items()}
    here = make("discourse", Discourse, environment, lambda: NOON, DAYS)
    assert isinstance(here, Discourse)
    source = Source(raw)
    body = json.dumps(source.spoiled(POSTS)).encode()
    here.line = replace(here.line, web=says(Answer(200, {}, body)))
    _walked(here, source, raw)
    here.find("https://a.example/t/x/7/1")


def _walked(here: Discourse | WordPress, source: Source, raw: bytes) -> None:
    walk = {"begin": 1, "since": 5, "mark": 9, "low": 8, "seen": 100, "total": 900}
    cursor = json.dumps(source.spoiled({"comments": walk, "posts": walk}))
    for saved in (None, text(raw), cursor):
        batch = here.fetch(saved)
        assert not here.fetch(batch.cursor).gap
        for mention in batch.mentions:
            mention_shown(mention)


def feed_cursor(raw: bytes) -> None:
    known = {"tag": "x", "changed": "y", "until": NOON.isoformat(), "items": [["a", "b"]]}
    here = _feed_that_says(RSS)
    for saved in (text(raw), json.dumps(Source(raw).spoiled(known))):
        assert here.fetch(saved).mentions


RSS = b"""<rss version="2.0"><channel><title>Acme</title><item><guid>1</guid><title>Broken</title>
<link>https://a.example/1</link><pubDate>Tue, 03 Nov 2026 11:00:00 GMT</pubDate>
<description>&lt;p&gt;My kettle&lt;/p&gt;</description></item></channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Acme</title><entry><id>1</id>
<author><name>mira</name></author><published>2026-11-03T11:00:00Z</published>
<content type="html">&lt;b&gt;Broken&lt;/b&gt;</content></entry></feed>"""
JSON_FEED: dict[str, Any] = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Acme",
    "items": [
        {
            "id": "1",
            "url": "https://a.example/1",
            "title": "Broken",
            "content_html": "<p>My kettle</p>",
            "authors": [{"name": "mira"}],
            "date_published": "2026-11-03T11:00:00Z",
        },
        {"id": "2", "content_text": "Why?"},
    ],
}
HITS: dict[str, Any] = {
    "hits": [
        {
            "objectID": "41000000",
            "author": "mira",
            "comment_text": "acme <p>is slow",
            "created_at_i": 1793700000,
            "parent_id": 40999999,
            "story_id": 40999998,
        },
        {"objectID": "1", "author": "ken", "title": "Acme", "created_at_i": 1793700001},
    ],
    "nbHits": 3,
}
QUESTIONS: dict[str, Any] = {
    "items": [
        {
            "question_id": 7,
            "title": "Why does acme &amp; I?",
            "body": "<p>It leaks</p>",
            "creation_date": 1793700000,
            "owner": {"user_id": 1, "display_name": "mira", "link": "https://a.example/1"},
            "link": "https://a.example/7",
        }
    ],
    "has_more": True,
    "backoff": 5,
    "quota_remaining": 250,
}
COMMENTS: list[dict[str, Any]] = [
    {
        "id": 8,
        "post": 1,
        "parent": 7,
        "author": 2,
        "author_name": "Acme",
        "date_gmt": "2026-11-03T11:00:00",
        "content": {"raw": "On its way"},
        "link": "https://a.example/?p=1#comment-8",
        "status": "approved",
    },
    {
        "id": 7,
        "post": 1,
        "parent": 6,
        "author": 0,
        "author_name": "Mira &amp; <b>",
        "author_email": "Mira@x.example",
        "author_url": "javascript:x",
        "author_user_agent": "x",
        "date_gmt": "2026-11-03T10:00:00",
        "content": {"raw": "My <b>kettle</b>\nleaks &lt;3"},
        "link": "https://a.example/?p=1#comment-7",
        "status": "hold",
    },
]
POSTS: dict[str, Any] = {
    "id": 7,
    "topic_id": 7,
    "post_number": 1,
    "latest_posts": [
        {
            "id": 8,
            "username": "mira",
            "name": "Mira",
            "user_id": 3,
            "created_at": "2026-11-03T11:00:00.000Z",
            "cooked": "<p>acme <b>x</b></p>",
            "raw": "acme <!channel>",
            "post_number": 2,
            "post_type": 1,
            "reply_to_post_number": 1,
            "reply_to_user": {"username": "care"},
            "topic_id": 7,
            "topic_slug": "x",
            "topic_title": "Kettles",
            "category_id": 5,
            "staff": False,
            "hidden": True,
            "user_deleted": False,
            "yours": False,
        },
        {
            "id": 7,
            "username": "care",
            "user_id": 2,
            "created_at": "2026-11-03T10:00:00Z",
            "cooked": "<p>Hello",
            "post_number": 1,
            "topic_id": 7,
            "topic_archetype": "private_message",
            "deleted_at": "2026-11-03T11:00:00.000Z",
        },
    ],
}


TARGETS: dict[str, Target] = {
    "wordpress": Target(
        wordpress, allowed=(TryLater,), seeds=[b"\0", b"\x03\0\x05\x03", b"\x05" * 20, b"{"]
    ),
    "discourse": Target(
        discourse, allowed=(TryLater,), seeds=[b"\0", b"\x03\0\x05\x03", b"\x05" * 20, b"{"]
    ),
    "stackoverflow": Target(
        stackoverflow, allowed=(TryLater,), seeds=[b"\0", b"\x03\0\x05\x03", b"\x05" * 20]
    ),
    "hackernews": Target(
        hackernews, allowed=(TryLater,), seeds=[b"\0", b"\x03\0\x05\x03", b"\x05" * 20, b"{"]
    ),
    "feed": Target(
        feed,
        allowed=(TryLater,),
        seeds=[RSS, ATOM, json.dumps(JSON_FEED).encode()],
        tokens=[b"<item>", b"</item>", b"<guid>", b"<title>", b"<!ENTITY ", b"<![CDATA[", b"&#0;"],
        slow=True,
    ),
    "feed_in_json": Target(
        feed_in_json, allowed=(TryLater,), seeds=[b"\0", b"\x03\0\x05\x03", b"\x05" * 20]
    ),
    "feed_cursor": Target(feed_cursor, seeds=[b"{}", b"\x02\0\x01\x01", b"null"]),
}
