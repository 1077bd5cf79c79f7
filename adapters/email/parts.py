"""Single mails out of a folder: small ones whole, of large ones the words, and pictures alone."""

import binascii
import imaplib
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from quopri import decodestring
from time import monotonic
from typing import Any

from imap_tools import BaseMailBox

from adapters.email.letters import SIZE, is_head_of
from adapters.email.line import PASSING
from bot.domain.delivery import Refused, TryLater
from bot.domain.mention import INSIDE, Mention

WHOLE = 200_000  # bytes; of larger mails we take the words and leave the attachments
HEADERS = 64_000
WORDS = 100_000  # of each text in a large mail
PARTS = 40
PIECE = 1_000_000  # bytes of a picture at a time
PATIENCE = 25.0  # seconds for all of a picture
WRAPPED = 1.4  # times as long is what base64 makes of it, with its line ends
ALIKE = 10  # mails with the same Message-ID that are looked at

PART = re.compile(INSIDE + r"[0-9a-f]{32}/([1-9]\d{0,3}(?:\.[1-9]\d{0,3}){0,40})")
PLAIN_ID = re.compile(r"[!#-\[\]-~]{1,200}")  # one that can stand in quotes
KIND = re.compile(rb"(?im)^content-type:.*(?:\r?\n[ \t].*)*(?:\r?\n|\Z)")
QUOTED = re.compile(rb'BODY\[([^\]]*)\](?:<\d+>)? "((?:[^"\\]|\\.)*)"')
ANNOUNCED = re.compile(rb"BODY\[([^\]]*)\](?:<\d+>)? \{\d+\}$")


def raw_mail(box: BaseMailBox, uid: int, size: int) -> bytes:
    """A mail of the selected folder, unread as before; nothing when it is gone.

    Of a large one we take the words, and of its attachments only what they are called.
    """
    if size > WHOLE:
        return _without_attachments(box, uid)
    data = fetched(box, str(uid), f"(BODY.PEEK[]<0.{2 * WHOLE}>)")
    return _bodies(data)[""] if any(data) else b""


def picture(box: BaseMailBox, mention: Mention, name: str, *, ours: str, most: int) -> bytes:
    """That part of the mail, which lies in the selected folder; `Refused` says why not, for good.

    Its kind and its size are looked at before, and it comes in pieces: of the rest of the mail
    nothing is read.
    """
    part = PART.fullmatch(name)
    if not part:
        raise Refused("The mail has no picture of that name.")
    uid = _again(box, mention, ours)
    encoding, size = _announced(box, uid, part[1])
    if size > most * WRAPPED:
        raise Refused(f"The picture in the mail is more than {most / 1_000_000:g} MB.")
    content = _decoded(_in_pieces(box, uid, part[1], size), encoding)
    if len(content) > most:
        raise Refused(f"The picture in the mail is more than {most / 1_000_000:g} MB.")
    return content


def fetched(box: BaseMailBox, uids: str, what: str) -> Sequence[Any]:
    """The items of one FETCH, as imaplib gives them; `TryLater` if the server is in trouble."""
    status, data = box.client.uid("FETCH", uids, what)
    if status == "OK":
        return data
    if PASSING.search(str(data)):
        raise TryLater(f"The mail server is in trouble: {data}")
    raise imaplib.IMAP4.error(f"The mail server does not give it out: {data}")


def internal_date(text: bytes) -> datetime:
    return parsedate_to_datetime(text.decode("ascii")).astimezone(UTC)


def _without_attachments(box: BaseMailBox, uid: int) -> bytes:
    data = fetched(box, str(uid), "(BODYSTRUCTURE)")
    if not any(data):
        return b""
    shape = _shape(data)
    leaves = dict(list(_leaves(shape, ""))[:PARTS])
    wanted = [f"BODY.PEEK[HEADER]<0.{HEADERS}>"]
    wanted += [f"BODY.PEEK[{section}.MIME]<0.{HEADERS}>" for section in leaves]
    wanted += [f"BODY.PEEK[{s}]<0.{WORDS}>" for s, leaf in leaves.items() if _has_words(leaf)]
    return _rebuilt(shape, "", _bodies(fetched(box, str(uid), f"({' '.join(wanted)})")))


def _again(box: BaseMailBox, mention: Mention, ours: str) -> int:
    """Where the mail is now: a folder that was rebuilt or sorted has numbered it anew."""
    for uid in _candidates(box, mention):
        data = fetched(box, str(uid), f"(BODY.PEEK[HEADER]<0.{HEADERS}>)")
        if is_head_of(_bodies(data).get("HEADER", b""), mention, ours):
            return uid
    raise Refused("The mail is not in its folder any more.")


def _candidates(box: BaseMailBox, mention: Mention) -> Iterator[int]:
    yield int(mention.extra["uid"])
    id = str(mention.extra["message_id"])
    if PLAIN_ID.fullmatch(id):
        yield from map(int, box.uids(f'HEADER Message-ID "{id}"', None)[:ALIKE])


def _announced(box: BaseMailBox, uid: int, section: str) -> tuple[str, int]:
    """A picture's encoding, and how many bytes it has in it."""
    data = fetched(box, str(uid), "(BODYSTRUCTURE)")
    try:
        leaf = dict(_leaves(_shape(data), ""))[section]
        kind, encoding, size = leaf[0], str(leaf[5]), int(leaf[6])
    except Exception as problem:  # as many as there are ways to break a mail
        raise Refused("The mail’s parts can’t be told apart.") from problem
    if kind != "image":
        raise Refused("That part of the mail is no picture.")
    return encoding, size


def _in_pieces(box: BaseMailBox, uid: int, section: str, size: int) -> bytes:
    content, until = bytearray(), monotonic() + PATIENCE
    while len(content) < size:
        if monotonic() > until:
            raise TryLater("The mail server took too long for a picture.", surely_not_done=True)
        asked = min(PIECE, size - len(content))
        data = fetched(box, str(uid), f"(BODY.PEEK[{section}]<{len(content)}.{asked}>)")
        piece = _bodies(data).get(section, b"")
        if not piece:
            break
        content += piece
    return bytes(content)


def _decoded(raw: bytes, encoding: str) -> bytes:
    try:
        if encoding == "base64":
            return b64decode(raw)
    except binascii.Error as problem:
        raise Refused("The picture in the mail is broken.") from problem
    return decodestring(raw) if encoding == "quoted-printable" else raw


def _shape(data: Sequence[Any]) -> list[Any]:
    """BODYSTRUCTURE as nested lists."""
    text = b"".join(
        piece if isinstance(piece, bytes) else _inlined(*piece) for piece in data if piece
    )
    return _nested(text.partition(b"BODYSTRUCTURE ")[2])


def _inlined(announced: bytes, literal: bytes) -> bytes:
    quoted = literal.replace(b"\\", b"").replace(b'"', b"")
    return re.sub(rb"\{\d+\}$", b"", announced) + b'"' + quoted + b'"'


def _nested(text: bytes) -> list[Any]:
    root: list[Any] = []
    open_lists = [root]
    for token in re.findall(rb'[()]|"(?:[^"\\]|\\.)*"|[^\s()"]+', text):
        if token == b"(":
            open_lists[-1].append([])
            open_lists.append(open_lists[-1][-1])
        elif token == b")":
            open_lists.pop()
            if len(open_lists) == 1:
                break
        else:
            open_lists[-1].append(token.decode("latin-1").strip('"').lower())
    return list(root[0])


def _leaves(node: list[Any], section: str) -> Iterator[tuple[str, list[Any]]]:
    """The parts without parts, by the number IMAP gives them."""
    if not isinstance(node[0], list):
        yield section or "1", node
        return
    for number, child in enumerate(_parts(node), 1):
        yield from _leaves(child, f"{section}.{number}".lstrip("."))


def _parts(node: list[Any]) -> list[list[Any]]:
    return [child for child in node[: node.index(_subtype(node))] if isinstance(child, list)]


def _subtype(node: list[Any]) -> str:
    return next(str(item) for item in node if not isinstance(item, list))


def _has_words(leaf: list[Any]) -> bool:
    return bool(leaf[0] == "text")


def _bodies(data: Sequence[Any]) -> dict[str, bytes]:
    """What came for each section; servers may send short ones in quotes."""
    bodies: dict[str, bytes] = {}
    for piece in filter(None, data):
        head, literal = piece if isinstance(piece, tuple) else (piece, b"")
        bodies.update((name.decode(), words) for name, words in QUOTED.findall(head))
        if announced := ANNOUNCED.search(head):
            bodies[announced[1].decode()] = literal
    return bodies


def _rebuilt(node: list[Any], section: str, bodies: Mapping[str, bytes]) -> bytes:
    """The mail as it was, in fewer bytes."""
    head = bodies.get(f"{section}.MIME" if section else "HEADER", b"").strip(b"\r\n")
    if isinstance(node[0], list):
        return _rebuilt_parts(node, section, b"" if section else KIND.sub(b"", head), bodies)
    if not _has_words(node):
        head += f"\r\n{SIZE}: {_octets(node)}".encode()
    return head + b"\r\n\r\n" + bodies.get(section or "1", b"")


def _rebuilt_parts(
    node: list[Any], section: str, head: bytes, bodies: Mapping[str, bytes]
) -> bytes:
    border = f"unanswered-{section}-border"
    kind = f'Content-Type: multipart/{_subtype(node)}; boundary="{border}"\r\n'
    parts = [
        _rebuilt(child, f"{section}.{number}".lstrip("."), bodies)
        for number, child in enumerate(_parts(node), 1)
    ]
    between = f"\r\n--{border}\r\n".encode()
    end = f"\r\n--{border}--\r\n".encode()
    lines = [line for line in (head.strip(), kind.encode()) if line]  # an empty one ends a head
    return between.join([b"\r\n".join(lines), *parts]) + end


def _octets(leaf: list[Any]) -> int:
    size = int(leaf[6]) if len(leaf) > 6 and str(leaf[6]).isdigit() else 0
    return size * 3 // 4 if leaf[5] == "base64" else size
