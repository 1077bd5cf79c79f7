"""What comes from Mastodon's servers, which anybody may run, and from Reddit."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import requests

from adapters import make
from adapters.mastodon import Mastodon, statuses
from adapters.mastodon.line import Asker, Declined, Line
from adapters.mastodon.statuses import Limits, Us
from adapters.reddit import Reddit, posts
from adapters.reddit import line as reddit_line
from bot.domain.delivery import LockedOut, TryLater
from tests.conftest import NOON
from tests.hostile.shown import mention_shown
from tests.hostile.target import Source, Target, text

DAYS = timedelta(days=7)
US = Us("1", "acme", "https://here.example/@acme")
STATUS: dict[str, Any] = {
    "id": "117440821662233205",
    "created_at": "2026-11-03T11:00:00.000Z",
    "edited_at": "2026-11-03T11:01:00.000Z",
    "in_reply_to_id": "117440821662233000",
    "visibility": "unlisted",
    "spoiler_text": "food <!channel>",
    "language": "en",
    "url": "https://far.example/@mira/117440821662233205",
    "content": '<p><a href="https://a.example/@acme" class="u-url mention">@<span>acme</span></a>'
    " It is &lt;broken&gt;<br />really</p>",
    "reblog": None,
    "account": {
        "id": "7",
        "acct": "mira@far.example",
        "display_name": "Mira",
        "bot": False,
        "created_at": "2024-01-01T00:00:00.000Z",
        "followers_count": 12,
        "url": "https://far.example/@mira",
        "fields": [{"value": '<a href="https://mira.example">m</a>', "verified_at": "2025-01-01"}],
    },
    "media_attachments": [{"id": "5", "url": "https://far.example/a.jpg"}],
}
NOTIFICATIONS = [
    {"id": "21", "type": "mention", "created_at": "2026-11-03T11:00:01.000Z", "status": STATUS},
    {"id": "20", "type": "quote", "created_at": "2026-11-03T11:00:00.000Z", "status": None},
]
INSTANCE = {
    "domain": "here.example",
    "configuration": {
        "statuses": {"max_characters": 500, "max_media_attachments": 4},
        "media_attachments": {"supported_mime_types": ["image/png"], "image_size_limit": 9},
    },
}
ASCENT = {"since": "1", "at": "2", "high": "3", "down": False, "again": True}
TRAIL = {"start": 1.0, "settled": "1", "seen": "2", "mark": "2", "again": 5.5, "walk": ASCENT}
COMMENT: dict[str, Any] = {
    "kind": "t1",
    "data": {
        "name": "t1_abc",
        "author": "mira",
        "author_fullname": "t2_7",
        "body": "u/acme It is **broken** <!channel>",
        "created_utc": 1793703600.0,
        "edited": 1793703700.0,
        "link_id": "t3_xyz",
        "parent_id": "t3_xyz",
        "permalink": "/r/kettles/comments/xyz/which/abc/",
        "context": "/r/kettles/comments/xyz/which/abc/?context=3",
        "subreddit_type": "public",
        "locked": False,
    },
}
POST: dict[str, Any] = {
    "kind": "t3",
    "data": {
        "name": "t3_xyz",
        "author": "ola_bot",
        "title": "Which kettle?",
        "selftext": "One that is quiet.",
        "created_utc": 1793703500.0,
        "edited": False,
        "permalink": "/r/kettles/comments/xyz/which/",
        "post_hint": "image",
        "url": "https://i.redd.it/a.png",
        "media_metadata": {"a": {"s": {"u": "https://preview.redd.it/a.png"}}},
    },
}
LISTING = {"kind": "Listing", "data": {"children": [COMMENT, POST], "after": "t1_abb"}}
MARK = {"names": ["t1_abc"], "second": 5.0}
DESCENT = {
    "since": MARK,
    "top": MARK,
    "after": "t1_abb",
    "count": 100,
    "again": True,
    "at": NOON.timestamp(),
    "low": 7.0,
    "anew": False,
}
LISTED = {"start": 1.0, "settled": MARK, "seen": MARK, "mark": MARK, "again": 7.0, "walk": DESCENT}


def _mastodon(told: Any) -> Mastodon:
    """Whose server says this, whatever it is asked."""
    settings = {"MASTODON_URL": "https://here.example", "MASTODON_TOKEN": "t"}
    here = make("mastodon", Mastodon, settings, lambda: NOON, DAYS)
    assert isinstance(here, Mastodon)
    here._us, here._limits = US, Limits()
    here.server.ask = lambda *_, **__: told  # type: ignore[method-assign]
    return here


def mastodon_page(raw: bytes) -> None:
    told = json.loads(json.dumps(Source(raw).spoiled(NOTIFICATIONS)))
    here = _mastodon(told)
    batch = here.fetch(None)
    assert not here.fetch(batch.cursor).gap
    for mention in batch.mentions:
        mention_shown(mention)
        statuses.openness(mention)
    for each in told if isinstance(told, list) else ():
        statuses.older([each], 1.0)


def mastodon_words(raw: bytes) -> None:
    """One post whose words are anything at all."""
    said = text(raw)
    account = {**STATUS["account"], "display_name": said[:200]}
    status = {**STATUS, "content": said, "spoiler_text": said[:500], "account": account}
    mentions, unreadable = statuses.read([status], "mastodon", US)
    assert len(mentions) + len(unreadable) == 1
    for mention in mentions:
        mention_shown(mention)
        assert statuses.is_answer({**status, "in_reply_to_id": mention.key}, mention, mention.text)


def mastodon_cursor(raw: bytes) -> None:
    kept = {"turn": "own", "trails": {"own": TRAIL}}
    for saved in (text(raw), json.dumps(Source(raw).spoiled(kept))):
        here = _mastodon([])
        batch = here.fetch(saved)
        assert not here.fetch(batch.cursor).gap


def mastodon_limits(raw: bytes) -> None:
    limits = Limits.told(Source(raw).spoiled(INSTANCE))
    assert min(limits.characters, limits.a_url, limits.files, limits.file_size) > 0
    assert limits.file_types


def mastodon_length(raw: bytes) -> None:
    said = text(raw)[:3000]
    assert Limits().length(said) <= Limits().a_url * (len(said) + 1)
    assert statuses.same_words(said, said)


def mastodon_answer(raw: bytes) -> None:
    """A status, headers and a body of any kind."""
    source = Source(raw)
    answer = requests.Response()
    answer.status_code = source.pick([200, 202, 301, 400, 401, 403, 404, 422, 429, 500, 999])
    answer.headers["x-ratelimit-reset"] = source.piece().replace("\n", " ")
    answer.headers["location"] = source.piece()
    answer._content = source.piece().encode("utf-8", "surrogateescape")
    asker = Asker(Line(), "https://here.example", lambda: NOON, token="T", address="A")
    asker._meaning(answer, "read")


def _reddit(told: Any) -> Reddit:
    names = ("CLIENT_ID", "CLIENT_SECRET", "USERNAME", "PASSWORD")
    settings = {f"REDDIT_{name}": "acme" for name in names} | {"REDDIT_SUBREDDITS": "acme"}
    here = make("reddit", Reddit, settings, lambda: NOON, DAYS)
    assert isinstance(here, Reddit)
    here._us = "acme"
    here.door.ask = lambda *_, **__: told  # type: ignore[method-assign]
    return here


def reddit_listing(raw: bytes) -> None:
    """Whatever a listing says: each of its lists is read, and what is read can be shown."""
    told = json.loads(json.dumps(Source(raw).spoiled(LISTING)))
    here, cursor = _reddit(told), None
    for _ in here.lists:
        batch = here.fetch(cursor)
        cursor = batch.cursor
        assert "damaged" not in batch.gap
        for mention in batch.mentions:
            mention_shown(mention)
    here.recheck(["t1_abc", "t3_xyz"])


def reddit_words(raw: bytes) -> None:
    said = text(raw)
    data = {**COMMENT["data"], "body": said, "author": said[:50] or "x"}
    mentions, unreadable = posts.read([{"kind": "t1", "data": data}], "reddit", "acme", "https://r")
    assert len(mentions) + len(unreadable) == (not posts.is_gone({"data": data}))
    for mention in mentions:
        mention_shown(replace(mention, subject=""))
    assert posts.same_words(said, said)


def reddit_cursor(raw: bytes) -> None:
    kept = {"turn": "own", "trails": {"own": LISTED}}
    empty = {"data": {"children": [], "after": None}}
    for saved in (text(raw), json.dumps(Source(raw).spoiled(kept))):
        here = _reddit(empty)
        batch = here.fetch(saved)
        assert "damaged" not in here.fetch(batch.cursor).gap


def reddit_error(raw: bytes) -> None:
    source = Source(raw)
    refusal = ["RATELIMIT", "Take a break for 5 minutes before trying again.", "ratelimit"]
    raise reddit_line._refusal(source.pick([source.spoiled(refusal), ["RATELIMIT", text(raw)]]))


ODD = [b"\0", b"\x03\0\x05\x03", b"\x05" * 20, b"\x01\0\x20\x03<!channel>"]

TARGETS = {
    "mastodon_page": Target(mastodon_page, allowed=(TryLater,), seeds=ODD),
    "mastodon_words": Target(
        mastodon_words,
        seeds=[str(STATUS["content"]).encode(), b"<p>#<span>a</span></p>"],
        tokens=[b"<p>", b"</p>", b'<a href="', b'class="mention"', b"<span>", b"@a@b.c ", b"&lt;"],
    ),
    "mastodon_cursor": Target(mastodon_cursor, seeds=[*ODD, b"{}", b"null"]),
    "mastodon_limits": Target(mastodon_limits, seeds=ODD),
    "mastodon_length": Target(
        mastodon_length,
        seeds=[b"@mira@far.example it is at https://acme.com/a?b=1"],
        tokens=[b"https://", b"@a@", b".de", "\U0001f1e9".encode(), "\u200d".encode()],
    ),
    "mastodon_answer": Target(
        mastodon_answer,
        allowed=(TryLater, LockedOut, Declined),
        seeds=[b"\0\x08soon\x1e\x1e{}", b'\0\x05\x1e\x1e{"error": "No"}', b"\0\x02\x1ehttps://["],
    ),
    "reddit_listing": Target(reddit_listing, allowed=(TryLater,), seeds=ODD),
    "reddit_words": Target(reddit_words, seeds=[b"u/acme **Hi** [a](b) &lt;!channel&gt;"]),
    "reddit_cursor": Target(reddit_cursor, allowed=(TryLater,), seeds=[*ODD, b"{}", b"null"]),
    "reddit_error": Target(
        reddit_error,
        allowed=(TryLater, reddit_line.Declined),
        seeds=[*ODD, b"Take a break for 99999999999999999999 hours"],
    ),
}
