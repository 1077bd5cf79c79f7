"""Whom a message would really call, so that tests can prove that customers' words call nobody."""

import re
from collections.abc import Iterator
from typing import Any

LIVE = re.compile(r"<(?:!(channel|here|everyone)|@([UW]\w+)|!subteam\^(\w+))(?:\|[^>]*)?>")
CALLS = {"broadcast": "range", "user": "user_id", "usergroup": "usergroup_id"}


def pings(message: dict[str, Any]) -> list[str]:
    """Who is called: `channel`, `here`, `everyone`, or ids of people and groups, each once."""
    found = [*_in_markup(message.get("text") or ""), *_in_parts(message.get("blocks"))]
    found += _in_attachments(message.get("attachments") or [])
    return list(dict.fromkeys(found))


def _in_markup(text: str) -> Iterator[str]:
    for match in LIVE.finditer(text):
        yield next(group for group in match.groups() if group)


def _in_parts(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for one in part:
            yield from _in_parts(one)
    elif isinstance(part, dict):
        yield from _in_part(part)


def _in_part(part: dict[str, Any]) -> Iterator[str]:
    kind = part.get("type")
    if kind in CALLS:
        yield str(part[CALLS[kind]])
    elif kind in ("mrkdwn", "markdown"):
        yield from _in_markup(str(part["text"]))
    else:
        for value in part.values():
            yield from _in_parts(value)


def _in_attachments(attachments: list[dict[str, Any]]) -> Iterator[str]:
    for attachment in attachments:
        yield from _in_parts(attachment.get("blocks"))
        for field in ("text", "pretext", "fallback"):
            yield from _in_markup(str(attachment.get(field, "")))
