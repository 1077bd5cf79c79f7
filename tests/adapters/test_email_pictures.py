"""Pictures inside mail, on a real Dovecot: taken alone, bounded, and never from another mail."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from quopri import encodestring

import pytest

from adapters.email.letters import DOT, PICTURES
from bot.domain.delivery import Refused
from bot.domain.mention import Mention
from bot.pictures import MOST
from tests.adapters.place_email import EmailPlace
from tests.adapters.test_email import counted, everything

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9
HEAD = (
    "From: Mira <{by}>\r\nTo: care@acme.example\r\nMessage-ID: <{id}>\r\n"
    "Date: Mon, 30 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n"
)
MIXED = 'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
WORDS = "Content-Type: text/plain\r\n\r\nLook!\r\n"
SHOWN = "Content-Type: image/{kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"


@pytest.fixture
def place() -> Iterator[EmailPlace]:
    with EmailPlace() as place:
        yield place


def image(content: bytes, kind: str = "png", encoding: str = "base64") -> bytes:
    return SHOWN.format(kind=kind, encoding=encoding).encode() + content + b"\r\n"


def coded(content: bytes) -> bytes:
    return b64encode(content)


def arrived(place: EmailPlace, *parts: bytes, id: str = "1@cust.test", by: str = "mira") -> Mention:
    """A mail with these parts after its words, byte for byte, as we have it after reading."""
    before = {mention.key + mention.revision for mention in everything(place.adapter)[0]}
    head = HEAD.format(by=place.address(by), id=id) + MIXED
    whole = b"".join(b"--b\r\n" + part for part in (WORDS.encode(), *parts)) + b"--b--\r\n"
    place.deliver(head.encode() + whole)
    heard = everything(place.adapter)[0]
    return next(m for m in heard if m.key + m.revision not in before)


def brought(place: EmailPlace, mention: Mention, most: int = MOST) -> list[bytes]:
    adapter = place.restarted()
    return [adapter.bring(mention, name, most=most) for name in mention.media]


def test_a_large_mail_with_parts_in_parts_is_read_as_its_words(place):
    place.post_pictures(PNG * 200, PNG)

    [mention] = place.adapter.fetch(None).mentions

    assert mention.text == "Look!\n\n[attachment: image/png, 475 kB]\n[attachment: 2.png, 2 kB]"
    assert brought(place, mention) == [PNG * 200, PNG]


def test_a_picture_of_fifty_megabytes_is_refused_before_it_is_taken(place):
    mention = arrived(place, image(coded(PNG * 21_600)))
    [name] = mention.media

    with counted(place.dovecot.imap) as (port, counts):
        adapter = place.restarted(EMAIL_IMAP=f"imap://127.0.0.1:{port}")
        with pytest.raises(Refused, match=r"is more than 10 MB\.$"):
            adapter.bring(mention, name, most=MOST)

    assert counts[0] < 20_000


def test_of_a_mail_only_the_picture_is_taken(place):
    mention = arrived(place, image(b"x" * 3_000_000, "tiff"), image(coded(PNG * 20)))
    [name] = mention.media

    with counted(place.dovecot.imap) as (port, counts):
        adapter = place.restarted(EMAIL_IMAP=f"imap://127.0.0.1:{port}")
        assert adapter.bring(mention, name, most=MOST) == PNG * 20

    assert counts[0] < 2 * len(PNG) * 20


def test_of_three_hundred_pictures_only_some_have_a_name(place):
    mention = arrived(place, *[image(coded(PNG))] * 300)

    assert len(mention.media) == PICTURES
    assert set(brought(place, mention)) == {PNG}
    assert "more attachments]" in mention.text


def test_what_slack_does_not_show_and_what_is_a_dot_has_no_name(place):
    others = [image(coded(PNG), kind) for kind in ("svg+xml", "heic", "tiff", "vnd.png")]

    mention = arrived(place, *others, image(coded(PNG[: DOT - 1])), image(coded(PNG[:DOT])))

    assert brought(place, mention) == [PNG[:DOT]]


@pytest.mark.parametrize("kind", ["PNG", "x-png", "jpg", "jpeg", "pjpeg", "gif"])
def test_a_picture_is_known_by_all_that_programs_call_it(place, kind):
    assert brought(place, arrived(place, image(coded(PNG), kind))) == [PNG]


@pytest.mark.parametrize(
    ("content", "encoding", "whole"),
    [
        (b"!!" + coded(PNG)[:900] + b"\xff\r\n" + coded(PNG)[900:], "base64", PNG),
        (encodestring(PNG), "quoted-printable", None),
        (b"GIF89a" + b"x" * 2000, "8bit", b"GIF89a" + b"x" * 2000),
        (b"GIF89a" + b"x" * 2000, "no-such-encoding", b"GIF89a" + b"x" * 2000),
    ],
    ids=["base64 with rubbish", "quoted-printable", "as it is", "unknown"],
)
def test_a_picture_is_decoded_as_it_says(place, content, encoding, whole):
    [got] = brought(place, arrived(place, image(content, "gif", encoding)))

    assert got.startswith(whole or b"\x89PNG")


def test_base64_that_is_none_is_refused(place):
    mention = arrived(place, image(coded(PNG)[:-3]))

    with pytest.raises(Refused, match=r"^The picture in the mail is broken\.$"):
        brought(place, mention)


def test_a_mail_that_is_nothing_but_a_picture_has_one(place):
    head = HEAD.format(by=place.address("mira"), id="only@cust.test").encode()
    place.deliver(head + image(coded(PNG)))

    [mention] = place.adapter.fetch(None).mentions

    assert brought(place, mention) == [PNG]


def test_after_the_folder_was_rebuilt_the_same_picture_is_found(place):
    place.post("one")
    mention = arrived(place, image(coded(PNG)))
    place.dovecot.rebuild(place.ours)
    elsewhere = replace(mention, extra={**mention.extra, "uid": 999})

    assert brought(place, mention) == brought(place, elsewhere) == [PNG]
    assert [m.media for m in everything(place.adapter)[0] if m.media] == [mention.media]


def test_a_mail_that_is_deleted_brings_nothing(place):
    mention = arrived(place, image(coded(PNG)))
    with place.dovecot.mailbox(place.ours) as box:
        box.delete(box.uids())

    with pytest.raises(Refused, match=r"^The mail is not in its folder any more\.$"):
        brought(place, mention)


def test_a_stranger_who_uses_somebody_s_message_id_gets_and_gives_only_their_own(place):
    mine = arrived(place, image(coded(PNG + b"mine")), by="mira")
    theirs = arrived(place, image(coded(PNG + b"theirs")), by="eve")
    assert mine.key == theirs.key

    for one, content in ((mine, b"mine"), (theirs, b"theirs")):
        lost = replace(one, extra={**one.extra, "uid": 999})
        swapped = replace(one, extra={**one.extra, "uid": (mine.extra | theirs.extra)["uid"]})
        for told in (one, lost, swapped):
            assert brought(place, told) == [PNG + content]
    assert set(mine.media).isdisjoint(theirs.media)


@pytest.mark.parametrize("id", ['a"b@cust.test', '1" UID 1:* TEXT "', "\\@cust.test", "ü@c.test"])
def test_an_id_that_is_no_search_term_is_not_searched_for(place, id):
    place.post("one")
    mention = arrived(place, image(coded(PNG)), id=id)
    lost = replace(mention, extra={**mention.extra, "uid": 999})

    assert brought(place, mention) == [PNG]
    with pytest.raises(Refused):
        brought(place, lost)


@pytest.mark.parametrize("part", ["1", "3", "1.1", "0", "2.1", "2] BODY[1", "", "1.2" * 50])
def test_no_other_part_of_the_mail_is_brought(place, part):
    mention = arrived(place, image(coded(PNG)))
    [name] = mention.media

    with pytest.raises(Refused):
        place.adapter.bring(mention, name.rpartition("/")[0] + "/" + part, most=MOST)
