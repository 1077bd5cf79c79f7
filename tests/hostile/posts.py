"""What comes from X, Bluesky and Telegram."""

import json
import re
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

from adapters import bluesky, make
from adapters.bluesky import answers, walk
from adapters.bluesky import posts as bluesky_posts
from adapters.telegram import Telegram
from adapters.twitter import posts
from adapters.twitter.account import LAST_ID, Twitter
from adapters.twitter.walk import Cursor
from adapters.web import Answer, Web
from bot.domain.delivery import LockedOut, TryLater
from bot.domain.mention import storable
from tests.conftest import NOON
from tests.hostile.answers import DAYS, SPOILS
from tests.hostile.shown import mention_shown
from tests.hostile.target import Source, Target, text

US = posts.Us("100", "acme")
PAGE: dict[str, Any] = {
    "data": [
        {
            "id": "2000000000000000001",
            "author_id": "7",
            "conversation_id": "2000000000000000000",
            "created_at": "2026-11-03T11:00:00.000Z",
            "edit_history_tweet_ids": ["1999999999999999999", "2000000000000000001"],
            "text": "@acme &lt;!channel&gt; https://t.co/a https://t.co/b",
            "note_tweet": {"text": "@acme It is broken https://t.co/a", "entities": {"urls": []}},
            "entities": {
                "mentions": [{"id": "100", "username": "acme"}],
                "urls": [
                    {"url": "https://t.co/a", "expanded_url": "https://shop.example/?a=1&b=2"},
                    {"url": "https://t.co/b", "display_url": "pic.x.com/b", "media_key": "3_1"},
                ],
            },
            "referenced_tweets": [
                {"type": "replied_to", "id": "1999999999999999990"},
                {"type": "quoted", "id": "1999999999999999991"},
            ],
            "attachments": {"media_keys": ["3_1", "7_1"]},
            "lang": "en",
            "reply_settings": "everyone",
        },
        {
            "id": "2000000000000000002",
            "author_id": "100",
            "created_at": "2026-11-03T11:01:00Z",
            "text": "We look into it",
            "referenced_tweets": [{"type": "retweeted", "id": "5"}],
        },
    ],
    "includes": {
        "users": [
            {"id": "7", "username": "mira", "name": "Mira", "public_metrics": {}},
            {"id": "100", "username": "acme", "name": "Acme", "protected": False},
        ],
        "tweets": [
            {"id": "1999999999999999990", "edit_history_tweet_ids": ["1999999999999999989"]},
            {"id": "1999999999999999991", "author_id": "100"},
        ],
        "media": [{"media_key": "3_1", "url": "https://pbs.example/a.jpg", "type": "photo"}],
    },
    "meta": {"next_token": "abc", "newest_id": "2000000000000000002"},
    "errors": [{"parameter": "ids", "value": "4", "type": "https://x/resource-not-found"}],
}
CURSOR = {
    "turn": "own",
    "month": "2026-11",
    "reads": 12,
    "told": False,
    "trails": {
        "mentions": {
            "settled": 1_985_000_000_000_000_000,
            "seen": 1_985_000_000_000_000_009,
            "mark": 1_985_000_000_000_000_009,
            "again": 1_793_700_000.5,
            "walk": {"since": 5, "token": "abc", "high": 9, "low": 7, "pages": 1},
            "read_at": 1_793_700_000.0,
            "trouble": "",
        }
    },
}
BLUESKY_US = bluesky_posts.Us("did:plc:acme", "acme.test")
BLUESKY: list[dict[str, Any]] = [
    {
        "uri": "at://did:plc:mira/app.bsky.feed.post/3kz2",
        "cid": "bafy1",
        "author": {
            "did": "did:plc:mira",
            "handle": "mira.test",
            "displayName": "Mira",
            "createdAt": "2024-02-01T10:00:00.000Z",
            "verification": {"verifiedStatus": "valid"},
            "labels": [{"val": "bot", "src": "did:plc:mira"}],
        },
        "record": {
            "text": "@acme.test It is broken: example.com/lo... <!channel>",
            "createdAt": "2026-11-03T11:00:00.000Z",
            "langs": ["en"],
            "facets": [
                {
                    "index": {"byteStart": 25, "byteEnd": 42},
                    "features": [{"$type": bluesky_posts.LINK, "uri": "https://example.com/long"}],
                }
            ],
            "reply": {
                "root": {"uri": "at://did:plc:ola/app.bsky.feed.post/3kz1", "cid": "bafy0"},
                "parent": {"uri": "at://did:plc:ola/app.bsky.feed.post/3kz1", "cid": "bafy0"},
            },
        },
        "embed": {
            "images": [{"fullsize": "https://cdn.example/1"}],
            "media": {"thumbnail": "https://cdn.example/2"},
        },
        "indexedAt": "2026-11-03T11:00:00.500Z",
        "viewer": {"replyDisabled": False},
    }
]
BLUESKY_SETTINGS = {"BLUESKY_HANDLE": "acme.test", "BLUESKY_APP_PASSWORD": "x"}
BLUESKY_CURSOR = {
    "turn": "own",
    "trails": {
        "notifications": {
            "floor": 1_793_000_000_000,
            "seen": 1_793_600_000_000,
            "deep_at": 1_793_600_000_000,
            "walk": {
                "until": 1_793_500_000_000,
                "deep": True,
                "token": "2026-11-03T11:00:00.000Z",
                "high": 1_793_600_000_000,
                "low": 1_793_550_000_000,
                "pages": 1,
            },
            "trouble": "",
        }
    },
}
SETTINGS = dict.fromkeys(
    ("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET"), "k"
)


def x_posts(raw: bytes) -> None:
    page = Source(raw).spoiled(PAGE)
    mentions, unreadable = posts.read(page, "twitter", US)
    assert len(mentions) + len(unreadable) == len(posts.posts(page))
    assert all(0 <= id <= 10**19 for id in posts.ids(page))
    posts.count(page)
    for post in posts.posts(page):
        posts.newer(post)
    posts.gone(page)
    for mention in mentions:
        posts.answers(posts.posts(page)[0], page, mention, "It is on its way @mira")
        mention_shown(mention)


def x_words(raw: bytes) -> None:
    """One post whose words are anything at all."""
    said = text(raw)
    author = {"id": "7", "username": "mira", "name": said[:90]}
    post = {**PAGE["data"][1], "author_id": "7", "text": said}
    page = {"data": [post], "includes": {"users": [author]}}
    [mention], _ = posts.read(page, "twitter", US)
    mention_shown(mention)
    ours = said[:280]  # only our own answers are compared: twitter-text takes n² for odd ones
    assert posts.same_words(ours, ours)


@cache
def _x() -> Twitter:
    return Twitter("twitter", SETTINGS, lambda: NOON, timedelta(days=7))


def x_length(raw: bytes) -> None:
    assert _x().length(storable(text(raw))) >= 0


def x_cursor(raw: bytes) -> None:
    """Whatever is left of a cursor: a walk on from it begins at a post that there can be."""
    for saved in (text(raw), json.dumps(Source(raw).spoiled(CURSOR))):
        here = Cursor.load(saved, NOON)
        for trail in here.trails.values():
            after = trail.step([1, 2], "next", NOON).step([1], None, NOON)
            assert 0 <= trail.go_on(NOON).since <= posts.id_at(NOON + timedelta(days=2))
            assert 0 <= after.seen <= LAST_ID
        assert Cursor.load(here.dump(), NOON) == replace(here, damaged=False)


def bluesky_views(raw: bytes) -> None:
    """Posts as the AppView shows them: each is a mention, or is set aside."""
    views = Source(raw).spoiled(BLUESKY)
    mentions, unreadable = bluesky_posts.read(views, "bluesky", BLUESKY_US)
    assert len(mentions) + len(unreadable) == len(views)
    assert all(at.tzinfo for at in bluesky_posts.moments(views))
    assert all(bluesky_posts.whose(uri) for uri in bluesky_posts.uris(views))
    for mention in mentions:
        assert re.fullmatch("[2-7a-j][2-7a-z]{12}", answers.key_of(mention, "k1"))
        mention_shown(mention)


def bluesky_pages(raw: bytes) -> None:
    """Whatever a server answers, a walk through its lists ends, and says nothing that can't be."""
    source = Source(raw)
    here = make("bluesky", bluesky.Bluesky, BLUESKY_SETTINGS, lambda: NOON, DAYS)
    assert isinstance(here, bluesky.Bluesky)
    page = source.spoiled({"notifications": BLUESKY, "posts": BLUESKY, "feed": [], "cursor": "9"})
    here.line = cast(
        "Any", SimpleNamespace(us=BLUESKY_US, ask=lambda *_, **__: page, visit=nullcontext)
    )
    cursor: str | None = None
    for _ in range(20):
        batch = here.fetch(cursor)
        cursor = batch.cursor
        for mention in batch.mentions:
            mention_shown(mention)


def bluesky_cursor(raw: bytes) -> None:
    """Whatever is left of a cursor: a walk on from it begins at a moment that there can be."""
    for saved in (text(raw), json.dumps(Source(raw).spoiled(BLUESKY_CURSOR))):
        here = walk.Cursor.load(saved, NOON)
        latest = walk.milliseconds(NOON + walk.AHEAD)
        for trail in here.trails.values():
            after = trail.step([1, 2], "next", NOON).step([1], None, NOON)
            assert 0 <= trail.go_on(NOON).until <= latest
            assert 0 <= after.seen <= latest
        assert walk.Cursor.load(here.dump(), NOON) == replace(here, damaged=False)


def bluesky_words(raw: bytes) -> None:
    """What colleagues write in an answer: how long it is, and what in it is a link."""
    words = text(raw)
    assert answers.graphemes(words) <= answers.length(words) <= 4 * len(words)
    clean = storable(words)
    size = len(clean.encode())
    for facet in answers.facets(clean, lambda _: "did:plc:mira"):
        assert 0 <= facet["index"]["byteStart"] < facet["index"]["byteEnd"] <= size


def telegram(raw: bytes) -> None:
    """Updates, asked for or brought; and whatever is left of a cursor."""
    here = make("telegram", Telegram, TELEGRAM, lambda: NOON, DAYS)
    assert isinstance(here, Telegram)
    told = Source(raw).spoiled({"ok": True, "result": UPDATES})
    answer = Answer(200, {}, json.dumps(told).encode())
    here.line._web = cast("Web", SimpleNamespace(send=lambda *_, **__: answer))
    cursor = json.dumps(Source(raw).spoiled({"offset": 7, "read_at": 1_793_700_000}))
    for saved in (None, text(raw), cursor):
        batch = here.fetch(saved)
        assert not here.fetch(batch.cursor).gap
        assert all(item.key and item.raw for item in batch.unreadable)
        for mention in batch.mentions:
            mention_shown(mention)


def telegram_webhook(raw: bytes) -> None:
    here = make("telegram", Telegram, TELEGRAM_HOOK, lambda: NOON, DAYS)
    assert isinstance(here, Telegram)
    for update in UPDATES:
        body = json.dumps(Source(raw).spoiled(update)).encode()
        assert here.vouch({"x-telegram-bot-api-secret-token": "s"}, {}, body)
        for mention in here.understand(body).mentions:
            mention_shown(mention)


TELEGRAM = {
    "TELEGRAM_TOKEN": "4242:AAE-s3cr3t_s3cr3t_s3cr3t",
    "TELEGRAM_BOT": "@acme_bot",
    "TELEGRAM_WORDS": "acme",
    "TELEGRAM_WEBHOOK_SECRET": "",
}
TELEGRAM_HOOK = {**TELEGRAM, "TELEGRAM_WEBHOOK_SECRET": "s"}
UPDATES: list[dict[str, Any]] = [
    {
        "update_id": 7000,
        "message": {
            "message_id": 10,
            "date": 1_793_700_000,
            "chat": {"id": -1001, "type": "supergroup", "title": "Kettles"},
            "from": {"id": 1001, "is_bot": False, "first_name": "Mira", "language_code": "en"},
            "text": "@acme_bot <!channel>",
            "reply_to_message": {"message_id": 9, "from": {"id": 4242}},
        },
    },
    {
        "update_id": 7001,
        "edited_message": {
            "message_id": 11,
            "date": 1_793_700_000,
            "chat": {"id": 1001, "type": "private"},
            "from": {"id": 1001, "first_name": "Mira", "username": "mira"},
            "caption": "Look!",
            "photo": [{"file_id": "a", "file_size": 5}, {"file_id": "b", "file_size": 9}],
        },
    },
]


TARGETS: dict[str, Target] = {
    "bluesky_views": Target(
        bluesky_views, seeds=[b"\0", b"\x03\0\x05\x03<!channel>", b"\x05" * 20]
    ),
    "bluesky_pages": Target(
        bluesky_pages, allowed=(TryLater,), seeds=[b"\0", b"\x03\0\x05\x03", b"\x05" * 20]
    ),
    "bluesky_cursor": Target(
        bluesky_cursor, seeds=[json.dumps(BLUESKY_CURSOR).encode(), b"\x02\0\x07\x01", b"{"]
    ),
    "bluesky_words": Target(
        bluesky_words,
        seeds=["Hi @mira.test, see https://a.example/x #shoes $ACME \U0001f469\u200d".encode()],
        tokens=[b"https://", b"#", b"@", b".test", b"\xe2\x80\x8d"],
    ),
    "x_posts": Target(x_posts, seeds=[b"\x03\0\x05\x03<!channel>", b"\x01\x00\x20\x02\x00\x41"]),
    "x_words": Target(
        x_words,
        seeds=[b"@acme My order is broken https://t.co/a", "&lt;!channel&gt; \U0001f469".encode()],
        tokens=[b"https://", b"@acme ", b"&lt;", b"<!here>", b"t.co/", b"\xed\xa0\x80", b"."],
    ),
    "x_length": Target(
        x_length, largest=3000, seeds=[b"https://a.example/x #a $b @c", "漢字 é 👩‍👩‍👧".encode()]
    ),
    "x_cursor": Target(x_cursor, seeds=[json.dumps(CURSOR).encode(), b"\x02\0\x07\x01", b"{"]),
    "telegram": Target(telegram, allowed=(TryLater, LockedOut), seeds=SPOILS),
    "telegram_webhook": Target(telegram_webhook, seeds=SPOILS),
}
