"""What comes from platforms, mail servers, web servers and calendars."""

import json
import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from functools import cache
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters import Forged, bluesky, make, readable
from adapters.appstore import AppStore
from adapters.bluesky import answers, walk
from adapters.bluesky import posts as bluesky_posts
from adapters.discourse import Discourse
from adapters.email import letters, parts
from adapters.email.walk import begun, marks
from adapters.feed import Feed
from adapters.googleplay import GooglePlay
from adapters.hackernews import HackerNews
from adapters.meta.facebook import Facebook
from adapters.meta.instagram import Instagram
from adapters.meta.messenger import Messenger
from adapters.meta.walk import Walk
from adapters.meta.whatsapp import WhatsApp
from adapters.reviews import Reviews
from adapters.stackoverflow import StackOverflow
from adapters.telegram import Telegram
from adapters.twitter import posts
from adapters.twitter.account import LAST_ID, Twitter
from adapters.twitter.walk import Cursor
from adapters.web import Answer, Web
from adapters.webhook import Webhook
from adapters.webhook.callback import Callback
from adapters.wordpress import WordPress
from adapters.youtube import YouTube
from adapters.youtube.comments import Us
from bot.domain.delivery import LockedOut, Refused, TryLater
from bot.domain.mention import storable
from bot.pictures import NoPicture, NotNow
from bot.policy import feeds, ical
from bot.roads import Roads
from tests.adapters.webhook_examples import (
    A_CALL,
    CALL,
    EXAMPLES,
    OCTOLENS,
    TALLY,
    TRUSTPILOT,
    TYPEFORM,
)
from tests.adapters.webhook_server import SECRET
from tests.conftest import NOON
from tests.hostile import wires
from tests.hostile.shown import mention_shown
from tests.hostile.target import Source, Target, text

US = posts.Us("100", "acme")
DAYS = timedelta(days=7)
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
MARKS = {
    "INBOX": [1_700_000_000, 12, 9, "2026-11-03T11:00:00+00:00"],
    "Sent": [1_700_000_001, 3, 3, "2026-11-03T11:00:00+00:00"],
}
SETTINGS = dict.fromkeys(
    ("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET"), "k"
)

# X


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


# Bluesky


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


# Mail


def letter(raw: bytes) -> None:
    mention = letters.read(
        raw, account="email", ours="care@acme.example", received_at=NOON, sent=False
    )
    assert len(mention.key) <= 300
    assert len(mention.thread) <= 300
    mention_shown(mention)
    _answered(mention)


def _answered(mention: Any) -> None:
    """Our answer has the headers that we gave it, and goes to one."""
    sender = letters.Party("Acme Care", "care@acme.example")
    mail = letters.compose(mention, "We look into it.", sender=sender, key="V1", at=NOON)
    read = message_from_bytes(mail, policy=policy.compat32)
    usual = {"mime-version", "content-type", "content-transfer-encoding", "from", "to", "subject"}
    threaded = {"date", "message-id", "in-reply-to", "references"}
    assert {name.lower() for name in read.keys()} <= usual | threaded  # noqa: SIM118
    assert len(read.get_all("To", [])) == 1
    assert str(read["From"]).endswith("<care@acme.example>")


def html(raw: bytes) -> None:
    words = readable.new_words(readable.from_html(text(raw)))
    assert not readable.UNPRINTABLE.search(words)


def quoted_mail(raw: bytes) -> None:
    said = readable.tidied(text(raw))
    assert len(readable.new_words(said)) <= len(said) + 1


def charset(raw: bytes) -> None:
    name, _, rest = raw.partition(b"\n")
    readable.decoded(rest, text(name))


def mail_in_parts(raw: bytes) -> None:
    """A large mail is asked for part by part, as the server describes it."""
    shape, _, rest = raw.partition(b"\n")
    heads = [b"1 (UID 7 BODYSTRUCTURE " + shape + b")"]
    bodies: list[Any] = [
        (b"1 (BODY[HEADER] {9}", rest[:9000]),
        (b" BODY[1.MIME] {9}", b"Content-Type: text/plain"),
        b' BODY[2.MIME] "Content-Type: text/html" BODY[2] "<b>x"',
        (b" BODY[1] {9}", rest),
        b")",
    ]
    answers = [heads, bodies]
    box = SimpleNamespace(client=SimpleNamespace(uid=lambda *_: ("OK", answers.pop(0))))
    found = parts.raw_mail(box, 7, 10_000_000)  # type: ignore[arg-type]
    letter(found)


def _feed_that_says(body: bytes) -> Feed:
    settings = {"FEED_URL": "https://a.example/x"}
    here = make("feed", Feed, settings, lambda: NOON, DAYS)
    assert isinstance(here, Feed)
    answer = Answer(200, {"content-type": "application/xml"}, body)
    here.web = _says(answer)
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
    here.web = _says(answer)
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
    here.web = _says(answer)
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
    here.line = replace(here.line, web=_says(Answer(200, {"x-wp-total": "900"}, body)))
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
    here.line = replace(here.line, web=_says(Answer(200, {}, body)))
    _walked(here, source, raw)
    here.find("https://a.example/t/x/7/1")


def _says(answer: Answer) -> Web:
    """The same to whatever is asked or sent."""
    web = SimpleNamespace(name="It", locked="", patience=9)
    web.get = web.send = lambda *_, **__: answer
    web.visit = web.until = lambda *_: web
    return cast("Web", web)


def _google_says(line: Any, answer: Answer) -> None:
    """A line to Google that brings this, whatever is asked."""
    line.tokens = SimpleNamespace(get=lambda *_: "token", forget=lambda: None)
    line.web = _says(answer)


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


def mail_cursor(raw: bytes) -> None:
    for saved in (text(raw), json.dumps(Source(raw).spoiled(MARKS))):
        known, _damaged = marks(saved)
        for mark in known.values():
            earliest = NOON - timedelta(days=7)
            at = begun(mark, validity=mark.validity + 1, following=5, earliest=earliest)
            assert at.start.tzinfo
            at.moved(4, NOON)


# Calendars


def calendar_file(raw: bytes) -> None:
    """In the bot a process of its own reads it, with an end in time: here an alarm is that end."""
    said = text(raw)
    wires.in_time(lambda: _calendar(said), 2.0)


def _calendar(said: str) -> None:
    for question in (
        {"what": "holidays", "text": said, "first": 2025, "last": 2036},
        {
            "what": "duties",
            "text": said,
            "people": {"Ana Lee": "U0ANA"},
            "zone": "Europe/Berlin",
            "start": "2026-11-01T00:00:00+00:00",
            "end": "2026-11-30T00:00:00+00:00",
        },
    ):
        answer = ical.answer(question)
        assert len(json.dumps(answer)) < 5_000_000
        if "wrong" in answer:
            assert answer["wrong"].endswith(".")


def calendar_apart(raw: bytes) -> None:
    feeds.holidays_in(text(raw), [2026, 2027], patience=5.0)


def address(raw: bytes) -> None:
    """All that is shown of an address is its host."""
    given = text(raw)
    host = feeds.host(given)
    assert not set(host) & set("/?#@")
    feeds.local(given)
    feeds.address(given)


# Web and mail servers that are called


def webhook_answer(raw: bytes) -> None:
    wires.web().says = raw
    _call(f"webhook:{wires.web().url}/s3cr3t-path")


def mail_server_answer(raw: bytes) -> None:
    wires.web().says = raw
    _call("email:lead@acme.example")


def _call(road: str) -> None:
    server = f"smtp://user:s3cr3t-word@127.0.0.1:{wires.web().port}"
    roads = Roads(server, "bot@acme.example", lambda: datetime.now(UTC), timeout=3.0)
    try:
        roads.send(road, "1 customer waits", "Mira waits", key="k", numbers=[1])
    except (Refused, TryLater) as problem:
        _must_be_harmless(problem)
        raise


def _must_be_harmless(problem: Refused | TryLater) -> None:
    _must_say_no_secret(problem)
    after = getattr(problem, "after", None)
    assert after is None or timedelta(0) <= after <= timedelta(hours=1)


def picture(raw: bytes) -> None:
    server = wires.picture_server()
    server.says = raw
    got = server.fetcher.fetch(f"https://127.0.0.1:{server.port}/a.png")
    assert len(got.content) <= 10_000_000
    assert got.kind in ("png", "jpg", "gif")


Reads = Callable[[bytes], None]
HEAD = b"HTTP/1.1 "
MAIL = (
    b"From: Mira <mira@x.example>\r\nTo: care@acme.example\r\nSubject: =?utf-8?q?Kaputt?=\r\n"
    b"Message-ID: <1@x.example>\r\nReferences: <0@x.example>\r\nDate: Tue, 3 Nov 2026 11:00 +0000"
    b"\r\nMIME-Version: 1.0\r\n"
)
MULTIPART = (
    MAIL + b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n--b\r\nContent-Type: text/'
    b"plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nKaputt=21\r\n"
    b"--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+S2FwdXR0PC9iPg"
    b'==\r\n--b\r\nContent-Type: image/png; name="a.png"\r\nContent-Disposition: attachment; '
    b"filename*=utf-8''%e2%82%ac.png\r\n\r\nx\r\n--b--\r\n"
)
HTML = (
    b'<html><head><style>p{}</style></head><body><p style="display:none">no</p><p>Hi &amp; <a href='
    b'"https://x.example">here</a><br><img alt="x"><ul><li>a</li></ul><table><tr><td>1</td></tr>'
    b"</table><pre> a\n b</pre><blockquote>old <blockquote>older</blockquote></blockquote><!-- -->"
)
QUOTES = (
    b"No.\n\nOn Tue, 3 Nov 2026, Acme wrote:\n> hello\n> there\n\n-- \nMira\nSent from my phone\n"
    b"-----Original Message-----\nFrom: Acme\nSent: today\nSubject: Re: x\n"
)
ICAL = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:Here\r\nBEGIN:STANDARD\r\nDTSTART:"
    b"20201025T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO"
    b":+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20261225"
    b"\r\nDTEND;VALUE=DATE:20261227\r\nRRULE:FREQ=YEARLY;COUNT=9\r\nEXDATE;VALUE=DATE:20271225\r\n"
    b"SUMMARY:Christmas\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nDTSTART;TZID=Here:20261103T090000"
    b"\r\nDURATION:PT8H\r\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU;UNTIL=20261130T000000Z\r\nSUMMARY:Ana Lee"
    b"\r\nATTENDEE;CN=Ana Lee:mailto:a@acme.example\r\nRECURRENCE-ID:20261110T090000\r\n"
    b"END:VEVENT\r\n"
    b"END:VCALENDAR\r\n"
)
SMTP = (
    b"220 hello ESMTP\r\n250-hello\r\n250-SIZE\r\n250-AUTH PLAIN LOGIN CRAM-MD5\r\n250 8BITMIME\r\n"
    b"334 aGVsbG8=\r\n235 in\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n"
)
SHAPE = (
    b'((("text" "plain" ("charset" "utf-8") NIL NIL "base64" 4 1)("text" "html" NIL NIL NIL "8bit"'
    b' 9 1) "alternative")("image" "png" ("name" "a.png") NIL NIL "base64" 900) "mixed")'
)

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


CHANNEL = Us("UCacme", "Acme", "@acme")


@cache
def _youtube() -> YouTube:
    keys = dict.fromkeys(("YOUTUBE_CLIENT_ID", "YOUTUBE_CLIENT_SECRET"), "k")
    settings = {**keys, "YOUTUBE_REFRESH_TOKEN": "k", "YOUTUBE_UNITS": "1000000000"}
    here = make("youtube", YouTube, settings, lambda: NOON, DAYS)
    assert isinstance(here, YouTube)
    here.channel.us = CHANNEL
    return here


def youtube(raw: bytes) -> None:
    """Whatever a list answers, and whatever is left of a cursor."""
    here, source = _youtube(), Source(raw)
    _google_says(here.channel.line, Answer(200, {}, json.dumps(source.spoiled(THREADS)).encode()))
    known = {"begun": 1793000000, "swept": 1, "trails": {}, "threads": {}, "due": {}}
    thread = {"video": "v", "answers": 1, "last": 1793700000}
    known |= {"threads": {"a": thread}, "sweep": ["a"], "due": {"b": thread}}
    for saved in (None, text(raw), json.dumps(source.spoiled(known))):
        batch = here.fetch(saved or None)
        assert "damaged" not in here.fetch(batch.cursor).gap
        for mention in batch.mentions:
            mention_shown(mention)
    for changed in here.recheck(["a", "b"]):
        assert isinstance(changed, str) or mention_shown(changed) is None


@cache
def _play() -> GooglePlay:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    key = {"type": "service_account", "client_email": "a@b.example", "private_key": pem}
    settings = {"PLAY_PACKAGE": "com.acme.kettle", "PLAY_CREDENTIALS": json.dumps(key)}
    here = make("googleplay", GooglePlay, settings, lambda: NOON, DAYS)
    assert isinstance(here, GooglePlay)
    return here


@cache
def _appstore() -> AppStore:
    made = ec.generate_private_key(ec.SECP256R1())
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    settings = {"APPSTORE_APP": "1234567890", "APPSTORE_KEY_ID": "2X9R4HXF34"}
    settings |= {"APPSTORE_ISSUER": "57246542-96fe-1a63-e053-0824d011072a", "APPSTORE_KEY": pem}
    here = make("appstore", AppStore, settings, lambda: NOON, DAYS)
    assert isinstance(here, AppStore)
    return here


def googleplay(raw: bytes) -> None:
    here, source = _play(), Source(raw)
    _google_says(here.line, Answer(200, {}, json.dumps(source.spoiled(PLAY_REVIEWS)).encode()))
    _reviewed(here, source, raw)


def appstore(raw: bytes) -> None:
    here, source = _appstore(), Source(raw)
    answer = Answer(200, {}, json.dumps(source.spoiled(APPLE_REVIEWS)).encode())
    here.web = _says(answer)
    _reviewed(here, source, raw)


def _reviewed(here: Reviews, source: Source, raw: bytes) -> None:
    known = {"begun": 1793000000, "since": 1793000000, "read_at": 1793000000}
    known |= {"again_at": 1793000000, "anew": {"gp:1": [1793700000000000, 0]}}
    known |= {"walk": {"until": 1793000000, "token": "x", "newest": 0}}
    for saved in (None, text(raw), json.dumps(source.spoiled(known))):
        batch = here.fetch(saved or None)
        assert "damaged" not in here.fetch(batch.cursor).gap
        for mention in batch.mentions:
            mention_shown(mention)


THREADS: dict[str, Any] = {
    "items": [
        {
            "id": "UgxA",
            "snippet": {
                "videoId": "dQw4w9WgXcQ",
                "canReply": True,
                "totalReplyCount": 1,
                "topLevelComment": {
                    "id": "UgxA",
                    "snippet": {
                        "authorDisplayName": "@mira",
                        "authorChannelId": {"value": "UCmira"},
                        "authorChannelUrl": "http://www.youtube.com/@mira",
                        "textDisplay": "It <!channel> leaks",
                        "publishedAt": "2026-11-03T11:00:00Z",
                        "updatedAt": "2026-11-03T11:00:00Z",
                        "moderationStatus": "published",
                        "imageUrl": "https://yt.example/a.gif",
                    },
                },
            },
            "replies": {
                "comments": [
                    {
                        "id": "UgxA.1",
                        "snippet": {
                            "parentId": "UgxA",
                            "authorDisplayName": "@acme",
                            "authorChannelId": {"value": "UCacme"},
                            "textDisplay": "@mira We look into it",
                            "textOriginal": "@mira We look into it",
                            "publishedAt": "2026-11-03T11:05:00Z",
                        },
                    }
                ]
            },
        }
    ],
}


PLAY_REVIEWS: dict[str, Any] = {
    "reviews": [
        {
            "reviewId": "gp:1",
            "authorName": "mira",
            "comments": [
                {
                    "userComment": {
                        "text": "Oh no\tIt <!channel> leaks",
                        "lastModified": {"seconds": "1793700000", "nanos": 5000},
                        "starRating": 2,
                        "reviewerLanguage": "en_US",
                    }
                },
                {
                    "developerComment": {
                        "text": "We look into it",
                        "lastModified": {"seconds": "1793699999", "nanos": 0},
                    }
                },
            ],
        }
    ],
    "tokenPagination": {"nextPageToken": "x"},
}


APPLE_REVIEWS: dict[str, Any] = {
    "data": [
        {
            "type": "customerReviews",
            "id": "r1",
            "attributes": {
                "rating": 2,
                "title": "Oh no",
                "body": "It <!channel> leaks",
                "reviewerNickname": "mira",
                "createdDate": "2026-11-03T03:00:00-08:00",
                "territory": "USA",
            },
            "relationships": {"response": {"data": {"type": "x", "id": "a1"}}},
        }
    ],
    "included": [
        {
            "type": "customerReviewResponses",
            "id": "a1",
            "attributes": {
                "responseBody": "We look into it",
                "lastModifiedDate": "2026-11-03T02:00:00-08:00",
            },
        }
    ],
    "links": {"next": "https://api.example/v1/x?cursor=abc"},
}


def _of_meta(kind: Any, answer: Any = None) -> Any:
    """An account whose Graph API always answers this."""
    here = make(kind.__name__.lower(), kind, META, lambda: NOON, DAYS)
    told = Answer(200, {}, json.dumps(answer).encode())
    same = SimpleNamespace(get=lambda *_, **__: told, send=lambda *_, **__: told)
    cast("Any", here).graph._web = same
    return here


def _brought(kind: Any, like: Any, raw: bytes) -> None:
    """A webhook of Meta's, by somebody who knows the app's secret."""
    news = _of_meta(kind).understand(json.dumps(Source(raw).spoiled(like)).encode())
    assert all(item.key and item.raw for item in news.unreadable)
    for mention in news.mentions:
        mention_shown(mention)


def _asked(kind: Any, like: Any, raw: bytes) -> None:
    """What it lists, and what it says of posts that we know."""
    here = _of_meta(kind, Source(raw).spoiled(like))
    for cursor in (None, text(raw)):
        batch = here.fetch(cursor)
        assert not here.fetch(batch.cursor).gap
        for mention in batch.mentions:
            mention_shown(mention)


def facebook_webhook(raw: bytes) -> None:
    _brought(Facebook, FACEBOOK_HOOK, raw)


def facebook(raw: bytes) -> None:
    _asked(Facebook, FACEBOOK_FEED, raw)


def instagram_webhook(raw: bytes) -> None:
    _brought(Instagram, INSTAGRAM_HOOK, raw)


def instagram(raw: bytes) -> None:
    _asked(Instagram, INSTAGRAM_MEDIA, raw)


def messenger(raw: bytes) -> None:
    _asked(Messenger, CONVERSATIONS, raw)


def whatsapp_webhook(raw: bytes) -> None:
    _brought(WhatsApp, WHATSAPP_HOOK, raw)


def meta_cursor(raw: bytes) -> None:
    like = {"since": 5, "outer": "abc", "inner": [["1_2", "x"]], "newest": 9, "pages": 2}
    for saved in (text(raw), json.dumps(Source(raw).spoiled(like))):
        walk, _ = Walk.load(saved, 7)
        after = walk.step([1, None, 2], outer=None, inner=walk.inner[1:])
        assert Walk.load(after.saved(), 7) == (after, False)


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


META = {
    "META_APP_SECRET": "s",
    "FACEBOOK_PAGE_ID": "5001",
    "FACEBOOK_PAGE_TOKEN": "t",
    "INSTAGRAM_ACCOUNT_ID": "17841",
    "INSTAGRAM_TOKEN": "t",
    "WHATSAPP_NUMBER_ID": "107",
    "WHATSAPP_TOKEN": "t",
}


TELEGRAM = {
    "TELEGRAM_TOKEN": "4242:AAE-s3cr3t_s3cr3t_s3cr3t",
    "TELEGRAM_BOT": "@acme_bot",
    "TELEGRAM_WORDS": "acme",
    "TELEGRAM_WEBHOOK_SECRET": "",
}


TELEGRAM_HOOK = {**TELEGRAM, "TELEGRAM_WEBHOOK_SECRET": "s"}


AT = "2026-11-03T11:00:00+0000"


MIRA: dict[str, Any] = {"id": "6001", "name": "Mira", "username": "mira"}


COMMENT: dict[str, Any] = {
    "id": "900_7",
    "message": "<!channel> It leaks",
    "created_time": AT,
    "from": MIRA,
    "parent": {"id": "900_6"},
    "attachment": {"type": "photo", "media": {"image": {"src": "https://cdn.example/a.jpg"}}},
    "permalink_url": "https://www.facebook.com/900_7",
}


FACEBOOK_FEED = {
    "data": [{**COMMENT, "id": "5001_900", "comments": {"data": [COMMENT]}}],
    "paging": {"cursors": {"after": "abc"}, "next": "https://graph.example/x"},
}


FACEBOOK_HOOK = {
    "object": "page",
    "entry": [
        {
            "id": "5001",
            "time": 1_793_700_000,
            "changes": [
                {
                    "field": "feed",
                    "value": {
                        "item": "comment",
                        "verb": "add",
                        "comment_id": "900_7",
                        "post_id": "5001_900",
                        "parent_id": "5001_900",
                        "from": MIRA,
                        "message": "<!channel> It leaks",
                        "created_time": 1_793_700_000,
                    },
                },
                {"field": "mention", "value": {"post_id": "4_5", "sender_id": 9, "item": "post"}},
            ],
        }
    ],
}


IG_COMMENT: dict[str, Any] = {"id": "18", "text": "<!here> Hm", "timestamp": AT, "from": MIRA}


INSTAGRAM_MEDIA = {
    "data": [
        {
            "id": "179",
            "permalink": "https://www.instagram.com/p/abc/",
            "comments": {"data": [{**IG_COMMENT, "replies": {"data": [IG_COMMENT]}}]},
        }
    ],
    "mentioned_comment": IG_COMMENT,
}


INSTAGRAM_HOOK = {
    "object": "instagram",
    "entry": [
        {
            "id": "17841",
            "time": 1_793_700_000,
            "changes": [
                {"field": "comments", "value": IG_COMMENT},
                {"field": "mentions", "value": {"media_id": "1", "comment_id": "2"}},
            ],
        }
    ],
}


CONVERSATIONS = {
    "data": [
        {
            "id": "t_1",
            "updated_time": AT,
            "messages": {
                "data": [
                    {"id": "m_2", "message": "Here", "created_time": AT, "from": {"id": "5001"}},
                    {
                        "id": "m_1",
                        "message": "",
                        "created_time": AT,
                        "from": MIRA,
                        "attachments": {
                            "data": [{"mime_type": "image/png", "image_data": {"url": "x"}}]
                        },
                    },
                ]
            },
        }
    ]
}


WHATSAPP_HOOK = {
    "object": "whatsapp_business_account",
    "entry": [
        {
            "changes": [
                {
                    "value": {
                        "metadata": {"phone_number_id": "107"},
                        "contacts": [{"profile": {"name": "Mira"}, "wa_id": "4915"}],
                        "messages": [
                            {
                                "from": "4915",
                                "id": "wamid.1",
                                "timestamp": "1793700000",
                                "type": "text",
                                "text": {"body": "<!channel> Where?"},
                                "context": {"id": "wamid.0"},
                            }
                        ],
                        "statuses": [
                            {
                                "id": "wamid.2",
                                "status": "failed",
                                "timestamp": "1793700000",
                                "recipient_id": "4915",
                                "biz_opaque_callback_data": "k wamid.1",
                                "errors": [{"code": 131026, "title": "<!here>"}],
                            }
                        ],
                    }
                }
            ]
        }
    ],
}


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


SPOILS = [b"\0", b"\x03\0\x05\x03", b"\x05" * 20]


SET_ASIDE = (ValueError, TypeError, KeyError, AttributeError)  # a webhook as a whole


@cache
def _webhook(format: str) -> Webhook:
    settings = {
        "WEBHOOK_FORMAT": format,
        "WEBHOOK_SECRET": SECRET,
        "WEBHOOK_ADDRESS": "https://a.example/",
    }
    made = make("webhook", Webhook, settings, lambda: NOON, DAYS)
    assert isinstance(made, Webhook)
    return made


def _understood(format: str, body: bytes) -> None:
    news = _webhook(format).understand(body)
    assert all(item.key and item.raw and item.problem for item in news.unreadable)
    for mention in news.mentions:
        mention_shown(mention)


def webhook(raw: bytes) -> None:
    """In the documented JSON: each item is a mention, or set aside with what is wrong."""
    _understood("standard", json.dumps(Source(raw).spoiled(WEBHOOK)).encode())


def webhook_as_it_comes(raw: bytes) -> None:
    _understood("standard", raw)


def webhook_of_a_service(raw: bytes) -> None:
    source = Source(raw)
    format, example = source.pick(SERVICES)
    told = source.spoiled(example)
    if format == "twilio":
        form = {str(key): str(value) for key, value in told.items()}
        _understood(format, urlencode(form, errors="replace").encode())
    else:
        _understood(format, json.dumps(told).encode())


def webhook_signature(raw: bytes) -> None:
    """Nobody is let in who does not know the secret, whatever the headers say."""
    source = Source(raw)
    names = ("webhook-id", "webhook-timestamp", "webhook-signature", "x-twilio-signature")
    headers = {name: source.piece() for name in names}
    for format in ("standard", "octolens", "tally", "typeform", "twilio"):
        try:
            _webhook(format).vouch(headers, {"token": source.piece()}, raw)
        except Forged:
            continue
        raise AssertionError(format)


def answer_taken(raw: bytes) -> None:
    """Whatever the receiver of an answer says: it is published, or one of the errors there are."""
    wires.web().says = raw
    url, word = f"{wires.web().url}/s3cr3t-path", "WEBHOOK_REPLY_URL"
    callback = Callback(url, [b"x" * 32], lambda: NOON, word, "WEBHOOK_SECRET")
    [mention] = _webhook("standard").understand(json.dumps(EXAMPLES[1]).encode()).mentions
    try:
        sent = callback.publish(mention, "It is on its way.", "k1", [])
    except (LockedOut, Refused, TryLater) as problem:
        _must_say_no_secret(problem)
        raise
    assert 0 < len(sent.key) <= 400


def _must_say_no_secret(problem: Exception) -> None:
    assert "s3cr3t" not in f"{problem!r} {problem.__cause__!r}"
    assert len(str(problem)) < 1000


WEBHOOK: dict[str, Any] = {"mentions": [EXAMPLES[1], *EXAMPLES[2]["mentions"]]}


SERVICES: list[tuple[str, Any]] = [
    ("octolens", OCTOLENS),
    ("trustpilot", TRUSTPILOT),
    ("tally", TALLY),
    ("typeform", TYPEFORM),
    ("twilio", CALL),
    ("calls", A_CALL),
]


TARGETS = {
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
    "letter": Target(
        letter,
        allowed=(letters.TooNested,),
        seeds=[MAIL + b"\r\nKaputt", MULTIPART, MAIL + b"Content-Type: text/html\r\n\r\n" + HTML],
        tokens=[
            b"=?utf-8?b?",
            b"?=",
            b"\r\n ",
            b"\r\n\r\n",
            b"--b\r\n",
            b"Content-Type: ",
            b"From: ",
            b"boundary=",
            b"message/rfc822",
            b"multipart/mixed",
            b"charset=",
            b"filename*0*=",
            b"<a@b>",
            b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\n",
            b"Reply-To: ",
        ],
    ),
    "html": Target(
        html,
        seeds=[HTML, b"<p>Hi"],
        tokens=[
            b"<blockquote>",
            b"</",
            b"<!--",
            b"<![CDATA[",
            b"&#x",
            b"&lt;",
            b"<table><tr><td>",
            b"<a href='",
            b"<!DOCTYPE",
            b"<?",
            b"<pre>",
            b"style=display:none",
            b"<script>",
            b"<svg>",
        ],
    ),
    "quoted_mail": Target(
        quoted_mail,
        seeds=[QUOTES],
        tokens=[b"\nOn ", b" wrote:", b"\n> ", b"\n-- \n", b"From: ", b"\nSent: ", b"\nSubject:"],
    ),
    "charset": Target(
        charset, seeds=[b"utf-8\nx", b"gb2312\n\xc4\xe3", b"utf-7\n+AGE-", b"hz\n~{VP~}", b"zip\nx"]
    ),
    "mail_in_parts": Target(
        mail_in_parts,
        allowed=(LookupError, RuntimeError, StopIteration, ValueError, letters.TooNested),
        seeds=[SHAPE + b"\n" + MULTIPART],
        tokens=[b"(", b")", b'"', b"NIL", b'"text" "plain"', b'"mixed"'],
    ),
    "mail_cursor": Target(mail_cursor, seeds=[json.dumps(MARKS).encode(), b"\x02\0\x01\x01", b"["]),
    "calendar_file": Target(
        calendar_file,
        allowed=(wires.TooLong,),
        seeds=[ICAL],
        tokens=[
            b"BEGIN:VEVENT\r\n",
            b"END:VEVENT\r\n",
            b"RRULE:FREQ=",
            b"DAILY",
            b";INTERVAL=",
            b";BY",
            b"DTSTART:",
            b"DTEND:",
            b"DURATION:",
            b"RDATE:",
            b"EXDATE:",
            b";TZID=",
            b"\r\n ",
            b";COUNT=",
            b"99991231T235959Z",
            b"00010101",
            b"PT",
            b"-P9999999W",
            b"BEGIN:VTIMEZONE\r\n",
        ],
        slow=True,
    ),
    "address": Target(
        address,
        allowed=(feeds.Unreadable,),
        seeds=[b"https://user:word@cal.example:443/secret?k=1#x", b"webcal://[::1]/a", b"http://%"],
    ),
    "webhook_answer": Target(
        webhook_answer,
        allowed=(Refused, TryLater),
        seeds=[
            HEAD + b"200 OK\r\nContent-Length: 2\r\n\r\nok",
            HEAD + b"302 x\r\nLocation: //a\r\n\r\n",
            HEAD + b"429 no\r\nRetry-After: 99\r\n\r\n",
            HEAD + b"100 go\r\n\r\n",
            b"\xff\xfe",
            HEAD + b"503 no\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n\r\n",
        ],
        tokens=[
            b"Retry-After: ",
            b"\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"Content-Encoding: gzip",
        ],
        slow=True,
    ),
    "mail_server_answer": Target(
        mail_server_answer,
        allowed=(Refused, TryLater),
        seeds=[
            SMTP,
            b"554 no\r\n",
            b"220 hello\r\n250-AUTH\r\n250 STARTTLS\r\n220 go\r\n",
            b"535 \xff",
        ],
        tokens=[b"250-", b"250 ", b"535 ", b"421 ", b"\r\n", b"AUTH XOAUTH2", b"STARTTLS"],
        slow=True,
    ),
    "picture": Target(
        picture,
        allowed=(NoPicture, NotNow),
        seeds=[
            HEAD + b"200 OK\r\n\r\n\x89PNG\r\n\x1a\nx",
            HEAD + b"302 x\r\nLocation: /b\r\n\r\n",
            HEAD + b"302 x\r\nLocation: https://[\r\n\r\n",
            HEAD + b"200 OK\r\nContent-Length: -1\r\n\r\n",
            HEAD + b"200 x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\nx",
        ],
        tokens=[b"Location: ", b"http://169.254.169.254/", b"//", b"\r\n\r\n", b"chunked"],
        slow=True,
    ),
    "youtube": Target(
        youtube, allowed=(TryLater,), seeds=[b"\x00", b"\x03\x00\x05\x03", b"\x05" * 20, b"{"]
    ),
    "googleplay": Target(
        googleplay, allowed=(TryLater,), seeds=[b"\x00", b"\x03\x00\x05\x03", b"\x05" * 20, b"{"]
    ),
    "appstore": Target(
        appstore, allowed=(TryLater,), seeds=[b"\x00", b"\x03\x00\x05\x03", b"\x05" * 20, b"{"]
    ),
    "facebook": Target(facebook, allowed=(TryLater,), seeds=SPOILS),
    "facebook_webhook": Target(facebook_webhook, allowed=SET_ASIDE, seeds=SPOILS),
    "instagram": Target(instagram, allowed=(TryLater,), seeds=SPOILS),
    "instagram_webhook": Target(instagram_webhook, allowed=SET_ASIDE, seeds=SPOILS),
    "messenger": Target(messenger, allowed=(TryLater,), seeds=SPOILS),
    "whatsapp_webhook": Target(whatsapp_webhook, allowed=SET_ASIDE, seeds=SPOILS),
    "meta_cursor": Target(meta_cursor, seeds=[*SPOILS, b"{", b"null"]),
    "telegram": Target(telegram, allowed=(TryLater, LockedOut), seeds=SPOILS),
    "telegram_webhook": Target(telegram_webhook, seeds=SPOILS),
    "webhook": Target(
        webhook,
        seeds=[b"\x00", b"\x03\x00\x05\x03", b"\x05" * 20, b"\x01\x00\t\x03<!channel>"],
        tokens=[b"<!here>", b"https://", b"2026-11-03T12:00:00Z", b"\xed\xa0\x80", b"\x00"],
    ),
    "webhook_as_it_comes": Target(
        webhook_as_it_comes,
        allowed=(ValueError, RecursionError),
        seeds=[json.dumps(WEBHOOK).encode()],
        tokens=[b'"mentions":', b"[", b"{", b'"id":', b"null", b"1e999", b'"\\ud800"', b"NaN"],
    ),
    "webhook_of_a_service": Target(
        webhook_of_a_service,
        allowed=(ValueError,),
        seeds=[bytes([0, number, 0]) for number in range(6)]
        + [b"\x00\x02\x03\x00\x05\x03<!channel>"],
    ),
    "webhook_signature": Target(
        webhook_signature,
        seeds=[b"msg_1\x1e1793707200\x1ev1,x\x1ex\x1ex", b"\xff\x1e9\x1ev1,", b"a\x1e\xd9\xa3"],
        tokens=[b"\x1e", b"v1,", b" ", b"1793707200", b"\x00"],
    ),
    "answer_taken": Target(
        answer_taken,
        allowed=(LockedOut, Refused, TryLater),
        seeds=[
            HEAD + b'200 OK\r\nContent-Length: 11\r\n\r\n{"id": "7"}',
            HEAD + b"302 x\r\nLocation: //a\r\n\r\n",
            HEAD + b"409 known\r\nContent-Length: 0\r\n\r\n",
            HEAD + b'422 no\r\nContent-Length: 15\r\n\r\n{"error": "no"}',
            HEAD + b"429 no\r\nRetry-After: 99\r\n\r\n",
            b"\xff\xfe",
        ],
        tokens=[b"Retry-After: ", b"\r\n", b"Content-Encoding: gzip"],
        slow=True,
    ),
}
