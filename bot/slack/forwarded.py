"""A message in Slack as a customer's words: somebody's own, one that was forwarded, or a mail."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Message = Mapping[str, Any]


class Spoken(NamedTuple):
    """Whose words they are, and the words in Slack's markup.

    `author` is a member's id or the address of a mail; "" where the message does not tell. A `name`
    of "" is one that only Slack knows.
    """

    author: str
    name: str
    words: str


def spoken(message: Message) -> Spoken:
    """What a colleague writes above what they forward is a remark, and none of the customer's."""
    everything = [each for each in (*_forwarded(message), *_mails(message)) if each.words]
    if not everything:
        return Spoken(_author(message), str(message.get("username") or ""), _words(message))
    author, name, _first = everything[0]
    return Spoken(author, name, "\n\n".join(each.words for each in everything))


def _author(message: Message) -> str:
    return str(message.get("user") or message.get("bot_id") or "")


def _words(message: Message) -> str:
    """What apps post has often no text but in its attachments."""
    return str(message.get("text") or "") or "\n\n".join(map(_attached, _parts(message)))


def _forwarded(message: Message) -> Iterator[Spoken]:
    for part in _parts(message):
        if part.get("is_share") or part.get("is_msg_unfurl"):
            author, name = (str(part.get(each) or "") for each in ("author_id", "author_name"))
            yield Spoken(author, name, _attached(part))
            yield from _mails(part)


def _mails(message: Message) -> Iterator[Spoken]:
    """Mail that was sent to a channel's address is a file, with its words beside it."""
    for file in message.get("files") or []:
        if isinstance(file, dict) and "email" in (file.get("filetype"), file.get("mode")):
            sender: Message = next(iter(file.get("from") or [{}]))
            address = str(sender.get("address") or "")
            parts = (file.get("subject"), file.get("plain_text") or file.get("preview_plain_text"))
            words = "\n\n".join(str(part) for part in parts if part)
            yield Spoken(address.casefold(), str(sender.get("name") or address), words)


def _parts(message: Message) -> Sequence[Message]:
    return [part for part in message.get("attachments") or [] if isinstance(part, dict)]


def _attached(part: Message) -> str:
    told = [str(part.get(name) or "") for name in ("pretext", "title", "text")]
    return "\n".join(filter(None, told)) or str(part.get("fallback") or "")
