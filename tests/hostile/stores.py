"""What comes from YouTube, Google Play and the App Store."""

import json
from functools import cache
from types import SimpleNamespace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters import make
from adapters.appstore import AppStore
from adapters.googleplay import GooglePlay
from adapters.reviews import Reviews
from adapters.web import Answer
from adapters.youtube import YouTube
from adapters.youtube.comments import Us
from bot.domain.delivery import TryLater
from tests.conftest import NOON
from tests.hostile.answers import DAYS, says
from tests.hostile.shown import mention_shown
from tests.hostile.target import Source, Target, text


def _google_says(line: Any, answer: Answer) -> None:
    """A line to Google that brings this, whatever is asked."""
    line.tokens = SimpleNamespace(get=lambda *_: "token", forget=lambda: None)
    line.web = says(answer)


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
    here.web = says(answer)
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


TARGETS: dict[str, Target] = {
    "youtube": Target(
        youtube, allowed=(TryLater,), seeds=[b"\x00", b"\x03\x00\x05\x03", b"\x05" * 20, b"{"]
    ),
    "googleplay": Target(
        googleplay, allowed=(TryLater,), seeds=[b"\x00", b"\x03\x00\x05\x03", b"\x05" * 20, b"{"]
    ),
    "appstore": Target(
        appstore, allowed=(TryLater,), seeds=[b"\x00", b"\x03\x00\x05\x03", b"\x05" * 20, b"{"]
    ),
}
