"""Mail as strangers send it, read as a mention; and our answer, composed."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.charset import QP, Charset
from email.encoders import encode_base64
from email.header import Header, decode_header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.policy import compat32
from email.utils import format_datetime, formataddr, getaddresses, parsedate_to_datetime
from hashlib import sha256
from itertools import islice

from adapters.readable import cut, decoded, from_html, new_words, tidied
from bot.domain.mention import INSIDE, Customer, Mention, Origin
from bot.domain.reply import Attachment

Mail = Message

LONG_HEADER = 8000
LONG_PARTIES = 600
LONG_ID = 200
LONG_LINE = 300
LONG_NAME = 70  # of a file: twelve times that is still a line of a mail
LONG_TEXT = 20_000  # with all that was quoted
LONG_BODY = 400_000  # bytes
NESTED = 40  # parts within parts; more than that is an attack
ATTACHMENTS = 30
PICTURES = 10  # of a mail that we can bring
DOT = 1000  # bytes; what is smaller tells the sender that we read it, or is a bullet
SHOWN = re.compile(r"(?:x-)?png|p?jpe?g|gif")
ANCESTORS = 15  # ids that we pass on in References
BELIEVABLE = timedelta(days=5)  # how long a mail may have been under way
SIZE = "X-Unanswered-Size"  # in a part whose content was left on the server

ADDRESS = re.compile(r"[^\s<>@,;:\"()\[\]\\]{1,64}@[^\s<>@,;:\"()\[\]\\]{1,253}")
NESTING = re.compile(rb"(?i)content-type:\s*(?:multipart|message)/")
TYPE = re.compile(r"(?!multipart/|message/)[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+_-]{0,60}")
NO_NAME = re.compile("[/\\\\\u202a-\u202e\u2066-\u2069]")  # folders, and letters turned about
FILES = {"text/calendar", "text/vcard", "text/x-vcard", "text/csv", "text/rfc822-headers"}
NO_READER = re.compile(
    r"(?i)^(mailer-daemon|postmaster)$|(^|[-_.+])(no|do[-_.]?not|dont)[-_.]?reply([-_.+]|$)"
)
AWAY = re.compile(
    r"(?i)^(automatic reply|auto-?reply|out of (the )?office|automatische antwort"
    r"|abwesenheitsnotiz|réponse automatique|respuesta automática|risposta automatica)\b"
)
TELLTALES = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Failed-Recipients")


class TooNested(Exception):
    """A mail with more parts within parts than any honest program makes."""


@dataclass(frozen=True)
class Party:
    """A name and an address from a header; the address is lower-case, and "" if unusable."""

    name: str = ""
    address: str = ""

    @property
    def reads(self) -> bool:
        """Whether somebody reads what is sent there."""
        return bool(self.address) and not NO_READER.search(self.address.partition("@")[0])

    @property
    def reached(self) -> bool:
        """Whether somebody reads what we can send there: few servers take more than ASCII."""
        return self.reads and self.address.isascii()

    @property
    def domain(self) -> str:
        return self.address.partition("@")[2]

    def __str__(self) -> str:
        return formataddr((self.name, self.address))


@dataclass
class Content:
    """The parts of a mail: those with words for people, and all others."""

    words: list[Mail] = field(default_factory=list)
    files: list[Mail] = field(default_factory=list)

    def text(self) -> str:
        return tidied("\n\n".join(_text(part) for part in self.words))


def read(raw: bytes, *, account: str, ours: str, received_at: datetime, sent: bool) -> Mention:
    """One mail as a mention; `sent` says that it lay in our Sent folder."""
    if len(NESTING.findall(raw)) > NESTED:
        raise TooNested("The mail has too many parts within parts.")
    mail = message_from_bytes(raw, policy=compat32)
    content = _content(mail)
    text = content.text()
    author = _author(mail, ours, sent=sent)
    to = _reader(mail, author, ours)
    key = identity(_first(_ids(header(mail, "Message-ID"))) or _made_up_id(mail, text))
    ancestors = _ancestors(mail, key)
    revision = _revision(mail, author)
    return Mention(
        account=account,
        key=key,
        thread=ancestors[0] if ancestors else key,
        parent=ancestors[-1] if ancestors else None,
        customer=_customer(account, author),
        text=_with_files(cut(new_words(text)), content.files),
        posted_at=_posted_at(header(mail, "Date"), received_at),
        subject=_line(header(mail, "Subject")),
        revision=revision,
        origin=_origin(mail, author, ours, sent=sent),
        public=False,
        no_reply=_no_reply(author, to),
        media=tuple(_pictures(mail, _digest(account, key, revision)[:32])),
        extra={
            "reply_to": to.address,
            "message_id": _first(_ids(header(mail, "Message-ID"))),
            "references": _ids(header(mail, "References")) or _ids(header(mail, "In-Reply-To")),
            "full_text": cut(text, LONG_TEXT),
        },
    )


def is_head_of(raw: bytes, mention: Mention, ours: str) -> bool:
    """Whether this is the header of the mail that became that mention."""
    mail = message_from_bytes(raw, policy=compat32)
    same_id = _first(_ids(header(mail, "Message-ID"))) == mention.extra.get("message_id")
    author = _author(mail, ours, sent=mention.origin is Origin.OWN)
    return same_id and _revision(mail, author) == mention.revision


def compose(
    mention: Mention,
    text: str,
    *,
    sender: Party,
    key: str,
    at: datetime,
    files: Sequence[Attachment] = (),
) -> bytes:
    """An answer as it goes out: threaded, with the customer's words below."""
    mail = _body(f"{text.strip()}\n\n{_quotation(mention)}\n", files)
    mail["From"] = str(sender)
    mail["To"] = str(Party(mention.customer.name, str(mention.extra["reply_to"])))
    mail["Subject"] = _encoded(_answering(mention.subject))
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{own_id(key, sender)}>"
    if asked := str(mention.extra["message_id"]):
        mail["In-Reply-To"] = f"<{asked}>"
        mail["References"] = _chain([*mention.extra["references"], asked])
    return mail.as_bytes(policy=compat32.clone(linesep="\r\n", mangle_from_=False))


def _body(words: str, files: Sequence[Attachment]) -> Mail:
    """The words alone, or before the files."""
    plain: Mail = Message(policy=compat32)
    plain.set_payload(words, _utf8())
    if not files:
        return plain
    return MIMEMultipart("mixed", _subparts=[plain, *map(_part, files)], policy=compat32)


def _part(file: Attachment) -> Mail:
    """A file, never shown but saved. A strange type or name is made a plain one."""
    part: Mail = Message(policy=compat32)
    part["Content-Type"] = file.type if TYPE.fullmatch(file.type) else "application/octet-stream"
    part.add_header("Content-Disposition", "attachment", filename=_saved_as(file))
    part.set_payload(file.content)
    encode_base64(part)
    return part


def _saved_as(file: Attachment) -> str:
    """Its name in one line, without folders and tricks, cut before its ending when very long."""
    name = " ".join(NO_NAME.sub("_", tidied(file.name)).split()).lstrip(".")
    stem, dot, ending = name.rpartition(".")
    if dot and len(ending) < LONG_NAME // 2:
        return f"{stem[: LONG_NAME - len(ending)]}.{ending}" if stem else ending
    return name[:LONG_NAME] or "file"


def own_id(key: str, sender: Party) -> str:
    """The Message-ID of the answer with this key: always the same, and recognised as ours."""
    plain = re.fullmatch(r"[A-Za-z0-9_-]{1,64}", key)
    return f"{key if plain else _digest(key)[:32]}.unanswered@{sender.domain}"


def identity(id: str) -> str:
    """A Message-ID as a key: as it is, unless it is absurdly long."""
    return id if len(id) <= LONG_ID else f"{_digest(id)}@long-id.invalid"


def header(mail: Mail, name: str) -> str:
    """A header in one line, whatever its bytes; encoded words are still encoded."""
    values = (value for key, value in mail.raw_items() if key.lower() == name.lower())
    raw = str(next(values, ""))[:LONG_HEADER].encode("utf-8", "surrogateescape")
    return " ".join(tidied(decoded(raw, None)).split())


def _line(value: str) -> str:
    """A header's words, decoded, short enough to show."""
    try:
        pieces = decode_header(value)
    except Exception:  # broken base64 and worse: show it as it came
        return cut(value, LONG_LINE)
    text = "".join(p if isinstance(p, str) else _piece(p, charset) for p, charset in pieces)
    return cut(" ".join(tidied(text).split()), LONG_LINE)


def _piece(raw: bytes, charset: str | None) -> str:
    if charset is None:  # between encoded words, as decode_header leaves it
        return raw.decode("raw-unicode-escape", "replace")
    return decoded(raw, charset)


def parties(mail: Mail, name: str) -> Iterator[Party]:
    """Who is named in a header, as far as they have a usable address."""
    value = header(mail, name)[:LONG_PARTIES]
    found = False
    for person, address in getaddresses([_unnested(value)]):
        if ADDRESS.fullmatch(address):
            found = True
            yield Party(_line(person), address.lower())
    if not found and (match := ADDRESS.search(_line(value))):
        yield Party("", match.group().lower())


def _unnested(value: str) -> str:
    """Without the brackets and colons that make a parser descend."""
    return re.sub(r"[(:]", " ", value) if len(re.findall(r"[(:]", value)) > 20 else value


def _author(mail: Mail, ours: str, *, sent: bool) -> Party:
    """Who wrote it: From, unless a web form sends in our name or in nobody's for somebody else."""
    names = ("From", "Sender", "Return-Path")
    author = next((party for name in names for party in parties(mail, name)), Party())
    if sent or (author.reads and author.address != ours):
        return author
    domain = ours.partition("@")[2]
    others = (p for p in parties(mail, "Reply-To") if p.reads and p.domain != domain)
    other = next(others, author)
    return Party(other.name or author.name, other.address)


def _reader(mail: Mail, author: Party, ours: str) -> Party:
    """Who reads our answer; without an address where nobody would."""
    candidates = [*parties(mail, "Reply-To"), author]
    return next((p for p in candidates if p.reached and p.address != ours), Party())


def _no_reply(author: Party, to: Party) -> str:
    if to.address:
        return ""
    if author.reads:
        return f"Mail to {author.address} can't be sent from here."
    if author.address:
        return f"Nobody reads mail to {author.address}."
    return "The mail has no address that could be answered."


def _customer(account: str, author: Party) -> Customer:
    return Customer(
        platform=account.partition(":")[0],
        key=author.address or "unknown",
        handle=author.address or "unknown",
        name=author.name,
    )


def _origin(mail: Mail, author: Party, ours: str, *, sent: bool) -> Origin:
    if _automatic(mail, author, ours):
        return Origin.AUTOMATED
    made_here = header(mail, "Message-ID").endswith(f".unanswered@{ours.partition('@')[2]}>")
    return Origin.OWN if sent or made_here or author.address == ours else Origin.CUSTOMER


def _automatic(mail: Mail, author: Party, ours: str) -> bool:
    """Whether a machine wrote it (RFC 3834, and what older and newer programs do instead)."""
    return (
        _marked(mail, "Auto-Submitted", "no")
        or _marked(mail, "X-Auto-Response-Suppress", "none")
        or header(mail, "Return-Path") == "<>"
        or mail.get_content_type() == "multipart/report"
        or any(header(mail, name) for name in TELLTALES)
        or bool(AWAY.search(_line(header(mail, "Subject"))))
        or (bool(author.address) and not author.reads)
        or _to_many(mail, ours)
    )


def _marked(mail: Mail, name: str, harmless: str) -> bool:
    value = re.split(r"[\s;(,]", header(mail, name).lower())[0]
    return value not in ("", harmless)


def _to_many(mail: Mail, ours: str) -> bool:
    """Whether it went to a mailing list, other than one that is ours and hands on to us."""
    listed = header(mail, "List-Id").lower()
    if listed and ours.partition("@")[2] in listed:
        return False
    return bool(listed) or header(mail, "Precedence").lower() in ("bulk", "junk", "list")


def _posted_at(date: str, received_at: datetime) -> datetime:
    """When it was sent, as far as that can be believed."""
    try:
        claimed = parsedate_to_datetime(date)
        claimed = claimed.replace(tzinfo=claimed.tzinfo or UTC).astimezone(UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return received_at
    believable = received_at - BELIEVABLE <= claimed <= received_at
    return claimed if believable else received_at


def _ids(value: str) -> list[str]:
    """The ids in a header, without brackets; some programs forget those."""
    found = re.findall(r"<([^<>]+)>", value) or [w for w in value.split() if "@" in w]
    return [id for part in found if (id := "".join(part.split()).strip("<>"))]


def _first(ids: Sequence[str]) -> str:
    return next(iter(ids), "")


def _ancestors(mail: Mail, key: str) -> list[str]:
    """The mails before this one, from the first of the thread to the one it answers."""
    asked = _ids(header(mail, "In-Reply-To"))[:1]
    earlier = [id for id in _ids(header(mail, "References")) if id not in asked]
    return [id for id in map(identity, [*earlier, *asked]) if id != key]


def _made_up_id(mail: Mail, text: str) -> str:
    """For a mail without Message-ID: the same for the same mail, wherever it is read again."""
    names = ("From", "To", "Date", "Subject")
    return f"{_digest(*(header(mail, name) for name in names), text[:1000])}@no-id.invalid"


def _revision(mail: Mail, author: Party) -> str:
    """Some programs use an id again, and anybody may."""
    return _digest(header(mail, "Date"), author.address)[:12]


def _digest(*words: str) -> str:
    return sha256("\0".join(words).encode("utf-8", "replace")).hexdigest()


def _content(part: Mail) -> Content:
    children = _children(part)
    if children and part.get_content_type() == "multipart/alternative":
        return _best(children)
    if children and part.get_content_maintype() == "multipart":
        return _together([_content(child) for child in children])
    return Content(files=[part]) if _is_file(part) else Content(words=[part])


def _children(part: Mail) -> list[Mail]:
    payload: object = part.get_payload() if part.is_multipart() else []
    parts = payload if isinstance(payload, list) else []
    return [child for child in parts if isinstance(child, Message)]


def _best(alternatives: Iterable[Mail]) -> Content:
    """One of several forms of the same words, the plain one if it has any; the files of all."""
    forms = [_content(part) for part in alternatives]
    plain = (form for form in forms if any(_is_plain(part) for part in form.words))
    rich = (form for form in reversed(forms) if form.words)
    chosen = next(plain, None) or next(rich, Content())
    return Content(words=chosen.words, files=_together(forms).files)


def _together(contents: Iterable[Content]) -> Content:
    whole = Content()
    for content in contents:
        whole.words += content.words
        whole.files += content.files
    return whole


def _pictures(mail: Mail, digest: str) -> list[str]:
    """The names of those that we can bring: the mail's, and the part's as IMAP numbers it."""
    found = (section for section, part in _leaves(mail, "") if _is_picture(part))
    return [f"{INSIDE}{digest}/{section}" for section in islice(found, PICTURES)]


def _leaves(part: Mail, section: str) -> Iterator[tuple[str, Mail]]:
    children = _children(part) if part.get_content_maintype() == "multipart" else []
    if not children:
        yield section or "1", part
    for number, child in enumerate(children, 1):
        yield from _leaves(child, f"{section}.{number}".lstrip("."))


def _is_picture(part: Mail) -> bool:
    shown = part.get_content_maintype() == "image" and SHOWN.fullmatch(part.get_content_subtype())
    return bool(shown) and _octets(part) >= DOT


def _is_plain(part: Mail) -> bool:
    return part.get_content_subtype() == "plain" and bool(_text(part).strip())


def _is_file(part: Mail) -> bool:
    return (
        part.get_content_maintype() not in ("text", "multipart")  # multipart: without its parts
        or part.get_content_type() in FILES
        or part.get_content_disposition() == "attachment"
    )


def _text(part: Mail) -> str:
    text = decoded(_bytes(part)[:LONG_BODY], part.get_content_charset())
    return from_html(text) if part.get_content_subtype() == "html" else text


def _bytes(part: Mail) -> bytes:
    payload: object = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _with_files(text: str, files: Sequence[Mail]) -> str:
    lines = [f"[attachment: {_name(file)}, {_size(file)}]" for file in files[:ATTACHMENTS]]
    if len(files) > ATTACHMENTS:
        lines.append(f"[{len(files) - ATTACHMENTS} more attachments]")
    return "\n\n".join(filter(None, [text, "\n".join(lines)]))


def _name(file: Mail) -> str:
    name = file.get_filename("")
    return _line(" ".join(tidied(name).split())) or file.get_content_type()


def _octets(file: Mail) -> int:
    told = header(file, SIZE)
    return int(told) if re.fullmatch(r"\d{1,12}", told) else len(_bytes(file))


def _size(file: Mail) -> str:
    size = _octets(file)
    if size >= 1_000_000:
        return f"{size / 1_000_000:.1f} MB"
    return f"{size / 1000:.0f} kB" if size >= 1000 else f"{size} bytes"


def _answering(subject: str) -> str:
    clean = " ".join(tidied(subject).split())
    return cut(clean if re.match(r"(?i)(re|aw|sv|antw)\s?:", clean) else f"Re: {clean}", LONG_LINE)


def _encoded(text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=70).encode()


def _chain(ids: Sequence[str]) -> str:
    """References of a sane length: where the thread began, and the latest."""
    kept = ids if len(ids) <= ANCESTORS else [ids[0], *ids[1 - ANCESTORS :]]
    return " ".join(f"<{id}>" for id in kept)


def _quotation(mention: Mention) -> str:
    who = mention.customer.name or mention.customer.handle
    lines = [f"> {line}".rstrip() for line in mention.text.split("\n")]
    return "\n".join([f"On {format_datetime(mention.posted_at)}, {who} wrote:", *lines])


def _utf8() -> Charset:
    """UTF-8 that every server passes on unchanged."""
    charset = Charset("utf-8")
    charset.body_encoding = QP
    return charset
