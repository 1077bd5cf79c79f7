"""What comes from Facebook, Instagram, Messenger and WhatsApp."""

import json
from types import SimpleNamespace
from typing import Any, cast

from adapters import make
from adapters.meta.facebook import Facebook
from adapters.meta.instagram import Instagram
from adapters.meta.messenger import Messenger
from adapters.meta.walk import Walk
from adapters.meta.whatsapp import WhatsApp
from adapters.web import Answer
from bot.domain.delivery import TryLater
from tests.conftest import NOON
from tests.hostile.answers import DAYS, SPOILS
from tests.hostile.shown import mention_shown
from tests.hostile.target import Source, Target, text


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


META = {
    "META_APP_SECRET": "s",
    "FACEBOOK_PAGE_ID": "5001",
    "FACEBOOK_PAGE_TOKEN": "t",
    "INSTAGRAM_ACCOUNT_ID": "17841",
    "INSTAGRAM_TOKEN": "t",
    "WHATSAPP_NUMBER_ID": "107",
    "WHATSAPP_TOKEN": "t",
}
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
SET_ASIDE = (ValueError, TypeError, KeyError, AttributeError)  # a webhook as a whole


TARGETS: dict[str, Target] = {
    "facebook": Target(facebook, allowed=(TryLater,), seeds=SPOILS),
    "facebook_webhook": Target(facebook_webhook, allowed=SET_ASIDE, seeds=SPOILS),
    "instagram": Target(instagram, allowed=(TryLater,), seeds=SPOILS),
    "instagram_webhook": Target(instagram_webhook, allowed=SET_ASIDE, seeds=SPOILS),
    "messenger": Target(messenger, allowed=(TryLater,), seeds=SPOILS),
    "whatsapp_webhook": Target(whatsapp_webhook, allowed=SET_ASIDE, seeds=SPOILS),
    "meta_cursor": Target(meta_cursor, seeds=[*SPOILS, b"{", b"null"]),
}
