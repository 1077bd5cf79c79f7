"""The line to X: where it leads, how long we hold it, and what X's errors mean."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import requests
import tweepy  # type: ignore[import-untyped]
import urllib3

from adapters import web
from bot.domain.delivery import LockedOut, TryLater

BUILT_IN = "https://api.twitter.com"  # where tweepy always calls
UPLOAD = "/2/media/upload"  # to send a file counts as connecting, and takes longer
LIMITS = ("x-user-limit-24hour", "x-app-limit-24hour", "x-rate-limit")
OUR_FAULT = (  # 403s that no post can help: the app or the account is shut out
    "app permissions",
    "attached to a project",
    "your account is suspended",
    "account is temporarily locked",
)

for _talkative in ("tweepy", "requests_oauthlib", "oauthlib"):  # at DEBUG they print our keys
    logging.getLogger(_talkative).setLevel(logging.WARNING)


class Declined(Exception):
    """X understood what we asked and said no, in these words."""

    def __init__(self, why: str, status: int = 403) -> None:
        super().__init__(why)
        self.why, self.status = why, status

    def names(self, *words: str) -> bool:
        return any(word in self.why.casefold() for word in words)


class Line(web.Line):
    """tweepy's connection, led to the address we were told.

    The address is changed before the request is signed: OAuth 1.0a signs it, too.
    """

    def __init__(self, address: str, patience: float = web.PATIENCE) -> None:
        super().__init__(patience)
        self.address = address.rstrip("/")

    def request(  # type: ignore[override]
        self, method: str, url: str, **options: Any
    ) -> requests.Response:
        connect = web.READ if url.endswith(UPLOAD) else web.CONNECT
        address = self.address + url.removeprefix(BUILT_IN)
        return super().request(method, address, connect=connect, **options)


def ask(
    call: Callable[..., Any], *args: Any, now: datetime, keys: str, **params: Any
) -> dict[str, Any]:
    """X's answer as it came; raises `TryLater`, `LockedOut` (naming `keys`) or `Declined`."""
    try:
        return _sensible(call(*args, user_auth=True, **params))
    except tweepy.HTTPException as error:
        raise _meaning(error, now, keys) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise web.unheard("X", error) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # tweepy on a strange body
        raise TryLater("X answered something that makes no sense.") from error


def _sensible(answer: object) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise TypeError(f"not an object: {type(answer)}")
    return answer


def _meaning(error: tweepy.HTTPException, now: datetime, keys: str) -> Exception:
    """A 4xx without a word of explanation is not X's: something between us answered."""
    response: requests.Response = error.response
    status, why = response.status_code, " ".join(map(str, error.api_messages))
    if status == 401:
        return LockedOut(f"X does not accept our keys. Look at {keys}.")
    if status == 402:
        credit = "X's credits are used up. Buy more in X's developer console."
        return TryLater(credit, timedelta(hours=1), surely_not_done=True)
    if status == 429:
        after = _until_reset(response.headers, now)
        return TryLater("X wants us to wait (rate limit).", after, surely_not_done=True)
    if status >= 500 or status < 400 or not why:
        return TryLater(f"X did not answer properly ({status}).")
    if status == 403 and Declined(why).names(*OUR_FAULT):
        return LockedOut(f"X shuts us out: {why} Then look at {keys}.")
    return Declined(why, status)


def _until_reset(headers: Mapping[str, str], now: datetime) -> timedelta:
    """The day's limit hides behind the quarter-hour's: the one that is used up counts."""
    spent = (limit for limit in LIMITS if headers.get(f"{limit}-remaining") == "0")
    reset = headers.get(f"{next(spent, 'x-rate-limit')}-reset", "")
    if not reset.isdecimal():
        return timedelta(minutes=15)
    return web.within(timedelta(seconds=int(reset) - now.timestamp()))
