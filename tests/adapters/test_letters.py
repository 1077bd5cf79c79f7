"""What strangers' mail programs make of a few words, and what we make of that."""

import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.email.letters import Party, TooNested, compose, own_id, read
from adapters.readable import from_html, new_words, tidied
from bot.domain.mention import Mention, Origin
from bot.domain.reply import Attachment
from tests.spent import spent

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
CARE = Party("Acme Care", "care@acme.example")
HEADERS = {
    "From": "Mira Novak <Mira@cust.test>",
    "To": "care@acme.example",
    "Subject": "My order",
    "Date": "Tue, 3 Nov 2026 12:59:00 +0100",
    "Message-ID": "<m1@cust.test>",
}


def mail(body: str | bytes = "It is broken.", **headers: str | None) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{k}: {v}" for k, v in {**HEADERS, **named}.items() if v is not None]
    body = body.encode() if isinstance(body, str) else body
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def heard(raw: bytes, *, sent: bool = False) -> Mention:
    return read(raw, account="email", ours=CARE.address, received_at=NOON, sent=sent)


def html(text: str) -> Mention:
    return heard(mail(text, Content_Type="text/html; charset=utf-8"))


def parts(*parts: str, kind: str = "mixed") -> bytes:
    body = "".join(f"--b\r\n{part}\r\n" for part in parts) + "--b--\r\n"
    return mail(body, MIME_Version="1.0", Content_Type=f'multipart/{kind}; boundary="b"')


PLAIN = "Content-Type: text/plain; charset=utf-8\r\n\r\nIt is broken."
RICH = "Content-Type: text/html; charset=utf-8\r\n\r\n<p>It is <b>broken</b>.</p>"
PHOTO = (
    'Content-Type: image/jpeg; name="broken.jpg"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    + b64encode(b"x" * 1200).decode()
)


def test_a_mail_becomes_a_mention():
    mention = heard(mail())

    assert mention.key == mention.thread == "m1@cust.test"
    assert mention.parent is None
    assert (mention.customer.key, mention.customer.name) == ("mira@cust.test", "Mira Novak")
    assert (mention.text, mention.subject) == ("It is broken.", "My order")
    assert mention.posted_at == datetime(2026, 11, 3, 11, 59, tzinfo=UTC)
    assert mention.origin is Origin.CUSTOMER
    assert not mention.public
    assert mention.no_reply == ""


def test_an_answer_belongs_to_the_thread_it_answers():
    mention = heard(mail(In_Reply_To="<m3@x>", References="<m1@x>\r\n <m2@x> <m3@x>"))

    assert (mention.thread, mention.parent) == ("m1@x", "m3@x")


def test_without_references_the_thread_begins_with_what_is_answered():
    mention = heard(mail(In_Reply_To="Your mail of Monday <m3@x>"))

    assert (mention.thread, mention.parent) == ("m3@x", "m3@x")


def test_a_mail_without_an_id_gets_one_that_stays():
    ways = [mail(Message_ID=None, Received=f"from somewhere {n}") for n in range(2)]

    first, second = map(heard, ways)
    other = heard(mail("It works again.", Message_ID=None))

    assert first.key == second.key != other.key


def test_a_second_mail_under_the_same_id_is_told_apart_by_its_revision():
    first, second = heard(mail()), heard(mail(Date="Tue, 3 Nov 2026 11:00:00 +0000"))

    assert first.key == second.key
    assert first.revision != second.revision


@pytest.mark.parametrize(
    ("date", "believed"),
    [
        ("Mon, 2 Nov 2026 12:00:00 +0000", NOON - timedelta(days=1)),
        ("Tue, 3 Nov 2026 13:00:00 +0000", NOON),
        ("Thu, 1 Jan 1970 00:00:00 +0000", NOON),
        ("Tue, 3 Nov 2026 11:00:00 -0000", NOON - timedelta(hours=1)),
        ("Tue, 3 Nov 99999 11:00:00 +0000", NOON),
        ("yesterday", NOON),
        ("", NOON),
    ],
)
def test_a_date_is_believed_when_it_can_be_true(date, believed):
    assert heard(mail(Date=date)).posted_at == believed


GMAIL = """\
Still broken!

On Mon, Nov 2, 2026 at 9:14 AM Acme Care <care@acme.example> wrote:

> Dear Mira,
> is it still broken?
"""
GMAIL_WRAPPED = GMAIL.replace("Acme Care <care@acme.example> wrote", "Acme\nCare <care@x> wrote")
OUTLOOK = """\
Still broken!

________________________________
From: Acme Care <care@acme.example>
Sent: Monday, November 2, 2026 9:14 AM
To: Mira Novak <mira@cust.test>
Subject: Re: My order

Dear Mira, is it still broken?
"""
GERMAN = """\
Still broken!

Von: Acme Care <care@acme.example>
Gesendet: Montag, 2. November 2026 09:14
An: Mira Novak
Betreff: AW: My order

Ist es noch kaputt?
"""
APPLE = """\
Still broken!

Sent from my iPhone

> On 2. Nov 2026, at 09:14, Acme Care <care@acme.example> wrote:
>
> Dear Mira,
"""
OLD_OUTLOOK = "Still broken!\n\n-----Original Message-----\nFrom: Acme\n\nDear Mira"
FRENCH = "Still broken!\n\nLe lun. 2 nov. 2026 à 09:14, Acme a écrit :\n> Chère Mira,\n"
SIGNED = "Still broken!\n\n-- \nMira Novak\nHead of Orders\n"


@pytest.mark.parametrize(
    "text", [GMAIL, GMAIL_WRAPPED, OUTLOOK, GERMAN, APPLE, OLD_OUTLOOK, FRENCH, SIGNED]
)
def test_earlier_mails_and_signatures_are_set_aside(text):
    mention = heard(mail(text))

    assert mention.text == "Still broken!"
    assert mention.extra["full_text"] == tidied(text)


@pytest.mark.parametrize(
    "text",
    [
        "On Monday a colleague wrote:\n\n> Wait.\n\nAnd I have waited since!",
        "> Is it broken?\n\nYes.\n\n> Since when?\n\nSince Monday.",
        "> only a quotation",
        "-- \nMira",
        "FYI\n\n---------- Forwarded message ---------\nFrom: Shop\n\nYour order is lost",
        "Two things:\n\n-- \n" + "a long list\n" * 30,
    ],
)
def test_what_a_person_may_have_written_is_never_set_aside(text):
    assert new_words(text).strip() == text.strip()


def test_our_own_quotation_is_set_aside_when_it_comes_back():
    ours = compose(heard(mail()), "On its way.", sender=CARE, key="k1", at=NOON)
    quoted = "\n".join(f"> {line}" for line in body(ours).split("\n"))

    mention = heard(mail(f"Thanks!\n\nOn Tue, 3 Nov 2026, Acme Care wrote:\n{quoted}"))

    assert mention.text == "Thanks!"


def test_the_plain_form_is_preferred():
    assert heard(parts(RICH, PLAIN, kind="alternative")).text == "It is broken."


def test_html_alone_is_read_as_text():
    assert heard(parts(RICH, kind="alternative")).text == "It is broken."


def test_html_in_base64_without_a_plain_form_is_read():
    encoded = b64encode("<div>Grüße<br>aus Köln</div>".encode()).decode()

    mention = heard(
        mail(encoded, Content_Type="text/html; charset=utf-8", Content_Transfer_Encoding="base64")
    )

    assert mention.text == "Grüße\naus Köln"


def test_attachments_are_listed_below_the_words():
    invoice = 'Content-Disposition: attachment; filename="=?utf-8?q?b=C3=B6se=0A.pdf?="\r\n\r\n'

    mention = heard(parts(PLAIN, PHOTO, "Content-Type: application/pdf\r\n" + invoice + "x" * 9))

    assert mention.text == (
        "It is broken.\n\n[attachment: broken.jpg, 1 kB]\n[attachment: böse .pdf, 9 bytes]"
    )


def test_nested_parts_are_all_read():
    inner = (
        "Content-Type: multipart/alternative; boundary=c\r\n\r\n"
        f"--c\r\n{PLAIN}\r\n--c\r\nContent-Type: multipart/related; boundary=d\r\n\r\n"
        f"--d\r\n{RICH}\r\n--d\r\n{PHOTO}\r\n--d--\r\n--c--\r\n"
    )
    winmail = "Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\nx"

    mention = heard(parts(inner, winmail))

    assert mention.text == (
        "It is broken.\n\n[attachment: broken.jpg, 1 kB]\n[attachment: winmail.dat, 1 bytes]"
    )


def test_words_below_a_photo_are_not_lost():
    below = "Content-Type: text/plain\r\n\r\nSee the crack?"

    assert heard(parts(PLAIN, PHOTO, below)).text.startswith("It is broken.\n\nSee the crack?")


@pytest.mark.parametrize(
    ("charset", "raw"),
    [
        ("iso-8859-1", "Größe".encode()),
        ("us-ascii", "Größe".encode()),
        ("utf-8", "Größe".encode("latin-1")),
        ("iso-8859-1", "Größe".encode("cp1252")),
        ("no-such-charset", "Größe".encode()),
        ("idna", "Größe".encode()),
        ("base64", "Größe".encode()),
        ("", "Größe".encode()),
    ],
)
def test_charsets_that_lie_are_seen_through(charset, raw):
    assert heard(mail(raw, Content_Type=f'text/plain; charset="{charset}"')).text == "Größe"


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("=?utf-8?q?Gr=C3=B6=C3=9Fe?=", "Größe"),
        ("=?iso-8859-1?b?R3L232U=?= falsch", "Größe falsch"),
        ("Größe", "Größe"),
        ("=?utf-8?b?R3L2=?broken", "=?utf-8?b?R3L2=?broken"),
        ("=?x-unknown?q?Order?=", "Order"),
        ("a\r\n b\r\n\tc", "a b c"),
        ("x" * 9000, "x" * 299 + "…"),
    ],
)
def test_subjects_are_shown_as_they_were_meant(subject, shown):
    assert heard(mail(Subject=subject)).subject == shown


@pytest.mark.parametrize(
    ("sender", "key", "name"),
    [
        ("mira@cust.test", "mira@cust.test", ""),
        ('"Novak, Mira" <mira@cust.test>', "mira@cust.test", "Novak, Mira"),
        ("=?utf-8?q?M=C3=AEra?= <MIRA@cust.test>", "mira@cust.test", "Mîra"),
        ("=?utf-8?q?Mira_=3Cmira=40cust=2Etest=3E?=", "mira@cust.test", ""),
        ("Mira", "unknown", ""),
        (None, "unknown", ""),
        ("(" * 5000, "unknown", ""),
        ("a:" * 5000, "unknown", ""),
    ],
)
def test_customers_are_known_by_their_address(sender, key, name):
    customer = heard(mail(From=sender)).customer

    assert (customer.key, customer.name) == (key, name)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied (vacation)"},
        {"Auto_Submitted": "auto-generated; owner-email=x"},
        {"Return_Path": "<>"},
        {"List_Id": "Deals <deals.shop.example>"},
        {"Precedence": "bulk"},
        {"X_Auto_Response_Suppress": "OOF, AutoReply"},
        {"X_Autoreply": "yes"},
        {"Subject": "Automatic reply: My order"},
        {"Subject": "Out of Office: My order"},
        {"From": "MAILER-DAEMON@cust.test"},
        {"From": "Shop <no-reply@shop.example>"},
        {"Content_Type": "multipart/report; report-type=delivery-status; boundary=b"},
    ],
)
def test_what_machines_write_is_told_apart(headers):
    assert heard(mail(**headers)).origin is Origin.AUTOMATED


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "no"},
        {"List_Unsubscribe": "<mailto:x@y>"},
        {"List_Id": "<care.acme.example>", "Precedence": "list"},
        {"Subject": "Out of officially nothing"},
        {"Return_Path": "<mira@cust.test>"},
        {"From": "noreplya@cust.test"},
    ],
)
def test_what_people_write_is_not_taken_for_a_machine_s(headers):
    assert heard(mail(**headers)).origin is Origin.CUSTOMER


def test_a_vacation_answer_stays_in_its_thread():
    away = heard(mail("Back on Monday", Auto_Submitted="auto-replied", In_Reply_To="<k1@x>"))

    assert (away.origin, away.parent) == (Origin.AUTOMATED, "k1@x")


def test_mail_from_our_address_is_our_own():
    assert heard(mail(From="Care <CARE@acme.example>")).origin is Origin.OWN


def test_all_that_lies_in_sent_is_our_own():
    assert heard(mail(From="press@acme.example"), sent=True).origin is Origin.OWN


def test_an_answer_made_here_is_recognised_by_its_id():
    raw = mail(From="alias@acme.example", Message_ID=f"<{own_id('k1', CARE)}>")

    assert heard(raw).origin is Origin.OWN


@pytest.mark.parametrize("sender", ["care@acme.example", "no-reply@acme.example"])
def test_a_web_form_speaks_for_the_customer_it_names(sender):
    mention = heard(mail(From=f"Web form <{sender}>", Reply_To="Mira <mira@cust.test>"))

    assert mention.origin is Origin.CUSTOMER
    assert mention.customer.key == mention.extra["reply_to"] == "mira@cust.test"


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"From": "no-reply@shop.example"}, "Nobody reads mail to no-reply@shop.example."),
        ({"From": "mîra@cust.test"}, "Mail to mîra@cust.test can't be sent from here."),
        ({"From": "Mira"}, "The mail has no address that could be answered."),
    ],
)
def test_it_is_said_why_a_mail_cannot_be_answered(headers, why):
    assert heard(mail(**headers)).no_reply == why


def test_hidden_and_executable_html_is_not_read():
    mention = html(
        "<head><title>x</title><style>p{}</style></head><script>alert(1)</script><!-- c -->"
        '<div style="DISPLAY : none">preheader</div><p hidden>x</p>It is broken.'
    )

    assert mention.text == "It is broken."


def test_html_that_is_hidden_altogether_is_still_read():
    assert html('<div style="display:none">It is broken.</div>').text == "It is broken."


def test_links_say_where_they_lead_unless_their_text_does():
    mention = html(
        '<a href="https://evil.example/x">bank.example</a> '
        '<a href="https://shop.example/">shop.example</a> <a href="javascript:x()">here</a>'
    )

    assert mention.text == "bank.example (https://evil.example/x) shop.example here"


def test_quotations_in_html_are_set_aside():
    mention = html(
        '<div dir="ltr">Still broken!</div><div class="gmail_quote"><div class="gmail_attr">'
        "On Mon, Nov 2, 2026 at 9:14 AM Acme &lt;care@acme.example&gt; wrote:<br></div>"
        "<blockquote>Dear Mira,<blockquote>It is broken.</blockquote></blockquote></div>"
    )

    assert mention.text == "Still broken!"
    assert "> Dear Mira," in mention.extra["full_text"]
    assert "> > It is broken." in mention.extra["full_text"]


def test_outlook_s_html_quotation_is_set_aside():
    mention = html(
        '<p>Still broken!</p><hr><div id="divRplyFwdMsg"><b>From:</b> Acme &lt;c@a.example&gt;<br>'
        "<b>Sent:</b> Monday<br><b>To:</b> Mira<br><b>Subject:</b> Re: x</div><p>Dear Mira</p>"
    )

    assert mention.text == "Still broken!"


def test_lists_and_tables_keep_their_lines():
    text = html("<ul><li>one<li>two</ul><table><tr><td>a</td><td>b</td></tr></table>").text

    assert text.split("\n")[:2] == ["- one", "- two"]
    assert "a b" in text


HOSTILE = {
    "many comments": "<!--" * 50_000,
    "many tags": "<div>" * 40_000,
    "deep, but just sane": "<div>" * 190 + "<b>x</b>" * 7_000,
    "many ends": "</p>" * 50_000,
    "no ends": "<a" * 100_000,
    "many quotations": "<blockquote>" * 15_000,
    "marked sections": "<![" * 60_000,
    "entities": "&#x110000;" * 20_000,
    "attributes": "<a " + "x=1 " * 50_000 + ">",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_html_takes_little_time(text):
    assert spent(lambda: from_html(text)) < 3


TEDIOUS = {
    "quotes": ">" * 200_000,
    "quoted lines": "> x\n" * 50_000,
    "who wrote": "On x\n" * 40_000,
    "who wrote, long": "On " + "x" * 100_000,
    "banners": "-----" * 40_000,
    "heads": "From: x\nSent: x\n" * 10_000,
    "signatures": "-- \n" * 50_000,
    "spaces": " " * 200_000,
    "interleaved": "On x wrote:\n> y\nz\n" * 8_000,
}


@pytest.mark.parametrize("text", TEDIOUS.values(), ids=TEDIOUS)
def test_tedious_text_takes_little_time(text):
    assert spent(lambda: heard(mail(text))) < 2


def test_a_mail_of_too_many_parts_is_not_taken_apart():
    with pytest.raises(TooNested):
        heard(mail("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 50))


@settings(max_examples=150, deadline=2000)
@given(st.binary(max_size=2000))
@pytest.mark.fault(39)
def test_no_bytes_can_break_it(raw):
    mention = heard(raw)

    assert len(mention.text) <= 210_000
    assert mention.posted_at <= NOON
    assert "\0" not in mention.text + mention.subject + mention.key
    assert isinstance((mention.text + mention.subject + mention.customer.name).encode(), bytes)


BITS = [
    "From: ", "Subject: ", "Date: ", "Content-Type: ", "multipart/mixed; boundary=b", "text/html",
    "multipart/alternative", "message/rfc822", "\r\n", "\r\n\r\n", "--b", "--b--", "=?utf-8?b?",
    "=?=", "<", ">", "@", '"', "(", ":", ";", "charset=", "utf-16", "utf-7", "base64", "\0", "é",
    "Content-Transfer-Encoding: ", "quoted-printable", "x-uuencode", "filename*=utf-8''%ff",
    "Content-Disposition: attachment; ", "Message-ID: <a@b>", "References: ", "begin 644 x\r\n",
]  # fmt: skip


@settings(max_examples=300, deadline=2000)
@given(st.lists(st.sampled_from(BITS), max_size=60).map("".join))
@pytest.mark.fault(39)
def test_no_broken_mail_can_break_it(text):
    mention = heard(text.encode())

    assert mention.key
    assert mention.text.encode() is not None


def body(raw: bytes) -> str:
    payload = message_from_bytes(raw).get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode().replace("\r\n", "\n")


def test_an_answer_is_threaded_and_quotes_what_it_answers():
    mention = heard(mail(References="<m0@x>", In_Reply_To="<m0@x>"))

    raw = compose(mention, "On its way — sorry.", sender=CARE, key="k1", at=NOON)
    sent = message_from_bytes(raw)

    assert sent["From"] == "Acme Care <care@acme.example>"
    assert sent["To"] == "Mira Novak <mira@cust.test>"
    assert sent["Subject"] == "Re: My order"
    assert sent["Message-ID"] == "<k1.unanswered@acme.example>"
    assert sent["In-Reply-To"] == "<m1@cust.test>"
    assert sent["References"] == "<m0@x> <m1@cust.test>"
    assert sent["Auto-Submitted"] is None
    assert body(raw) == (
        "On its way — sorry.\n\n"
        "On Tue, 03 Nov 2026 11:59:00 +0000, Mira Novak wrote:\n> It is broken.\n"
    )
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) < 998


def test_very_long_ids_are_passed_on_unchanged():
    long = "AM0PR01MB" + "1234567890ABCDEF" * 6 + "@AM0PR01MB1234.eurprd01.prod.exchangelabs.com"

    sent = message_from_bytes(
        compose(heard(mail(Message_ID=f"<{long}>")), "Yes", sender=CARE, key="k1", at=NOON)
    )

    assert "".join(sent["In-Reply-To"].split()) == f"<{long}>"
    assert "".join(sent["References"].split()) == f"<{long}>"


def test_references_keep_a_sane_length():
    ids = [f"<m{n}@x>" for n in range(100)]

    sent = message_from_bytes(
        compose(heard(mail(References=" ".join(ids))), "Yes", sender=CARE, key="k1", at=NOON)
    )

    kept = sent["References"].split()
    assert len(kept) <= 16
    assert (kept[0], kept[-2:]) == ("<m0@x>", ["<m99@x>", "<m1@cust.test>"])


@pytest.mark.parametrize(
    "headers",
    [
        {"Subject": "=?utf-8?q?x=0D=0ABcc:_victim=40x.test?="},
        {"From": "=?utf-8?q?x=0D=0ABcc:_victim=40x.test?= <mira@cust.test>"},
        {"Message_ID": "<a\rBcc: victim@x.test\r@b>"},
    ],
)
def test_strangers_cannot_add_headers_to_our_answer(headers):
    sent = message_from_bytes(
        compose(heard(mail(**headers)), "Yes", sender=CARE, key="k1", at=NOON)
    )

    assert sent["Bcc"] is None
    assert sent["Message-ID"] == "<k1.unanswered@acme.example>"


def test_keys_that_are_no_part_of_an_address_become_one():
    assert own_id("k 1>\r\nBcc: x", CARE) == own_id("k 1>\r\nBcc: x", CARE)
    assert own_id("k 1", CARE).partition(".")[0].isalnum()


def carried(file: Attachment) -> tuple[Message, Message, bytes]:
    """The mail that carries it, the part that is it, and all bytes."""
    raw = compose(heard(mail()), "See.", sender=CARE, key="k1", at=NOON, files=[file])
    whole = message_from_bytes(raw)
    [_, part] = whole.get_payload()
    return whole, part, raw


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), st.text(max_size=80), st.binary(min_size=1, max_size=2000))
def test_whatever_a_file_is_called_the_mail_stays_whole(name, type, content):
    whole, part, raw = carried(Attachment(name, type, content))

    assert part.get_payload(decode=True) == content
    assert part.get_filename()
    assert not re.search(r"[\r\n/\\\0\u202e]", part.get_filename())
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert not re.search(rb"(?<!\r)\n", raw)
    assert sorted(part.keys()) == [
        "Content-Disposition",
        "Content-Transfer-Encoding",
        "Content-Type",
    ]
    assert len(whole.keys()) == len(set(whole.keys())) == 9


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("crack.png", "crack.png"),
        ("R\u00fcck \u732b \U0001f431.pdf", "R\u00fcck \u732b \U0001f431.pdf"),
        ("/etc/passwd", "_etc_passwd"),
        ("C:\\boot.ini", "C:_boot.ini"),
        ("..", "file"),
        ("", "file"),
        ("half\ud800.png", "half.png"),
        ("bill\u202efdp.exe", "bill_fdp.exe"),
        ("x" * 300 + ".jpeg", "x" * 66 + ".jpeg"),
    ],
)
def test_a_file_s_name_is_kept_as_far_as_it_is_harmless(name, expected):
    assert carried(Attachment(name, "image/png", b"x"))[1].get_filename() == expected


@pytest.mark.parametrize(
    ("type", "expected"),
    [
        ("image/svg+xml", "image/svg+xml"),
        ("text/plain", "text/plain"),
        ("message/rfc822", "application/octet-stream"),
        ("multipart/mixed", "application/octet-stream"),
        ("image/png\r\nBcc: eve@evil.example", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_a_file_s_type_is_kept_as_far_as_a_mail_can_say_it(type, expected):
    assert carried(Attachment("a", type, b"x"))[1].get_content_type() == expected
