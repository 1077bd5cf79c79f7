"""What comes from mail servers, web servers and calendars."""

import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from types import SimpleNamespace
from typing import Any

from adapters import readable
from adapters.email import letters, parts
from adapters.email.walk import begun, marks
from bot.domain.delivery import Refused, TryLater
from bot.pictures import NoPicture, NotNow
from bot.policy import feeds, ical
from bot.roads import Roads
from tests.conftest import NOON
from tests.hostile import wires
from tests.hostile.answers import HEAD, must_say_no_secret
from tests.hostile.shown import mention_shown
from tests.hostile.target import Source, Target, text

MARKS = {
    "INBOX": [1_700_000_000, 12, 9, "2026-11-03T11:00:00+00:00"],
    "Sent": [1_700_000_001, 3, 3, "2026-11-03T11:00:00+00:00"],
}


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


def mail_cursor(raw: bytes) -> None:
    for saved in (text(raw), json.dumps(Source(raw).spoiled(MARKS))):
        known, _damaged = marks(saved)
        for mark in known.values():
            earliest = NOON - timedelta(days=7)
            at = begun(mark, validity=mark.validity + 1, following=5, earliest=earliest)
            assert at.start.tzinfo
            at.moved(4, NOON)


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


def address(raw: bytes) -> None:
    """All that is shown of an address is its host."""
    given = text(raw)
    host = feeds.host(given)
    assert not set(host) & set("/?#@")
    feeds.local(given)
    feeds.address(given)


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
    must_say_no_secret(problem)
    after = getattr(problem, "after", None)
    assert after is None or timedelta(0) <= after <= timedelta(hours=1)


def picture(raw: bytes) -> None:
    server = wires.picture_server()
    server.says = raw
    got = server.fetcher.fetch(f"https://127.0.0.1:{server.port}/a.png")
    assert len(got.content) <= 10_000_000
    assert got.kind in ("png", "jpg", "gif")


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


TARGETS: dict[str, Target] = {
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
}
