"""What broke once: each input as small as it became."""

import pytest

from adapters.email.line import Mailroom, Server
from adapters.twitter import posts
from bot.domain.delivery import TryLater
from bot.policy.toml import shown
from bot.slack import whatif
from tests.hostile import wires
from tests.hostile.answers import HEAD
from tests.hostile.targets import TARGETS

ONCE = {
    "webhook_answer: a place that is no UTF-8": (
        "webhook_answer",
        HEAD + b"302 x\r\nLocation: \xa1\r\n\r\n",
    ),
    "mail_server_answer: a challenge that is no base64": (
        "mail_server_answer",
        b"220 a\r\n250-b\r\n250 AUTH CRAM-MD5\r\n334 aaaaaaaaa\r\n",
    ),
    "googleplay: half a character names the next page": (
        "googleplay",
        b"\x05\0\x02\x01\0\0\0\x02\x01\0\0\0\x02\x01\0\0\0\x04\x01\0\0\xaa\x05\x01\x05\x05",
    ),
}


@pytest.mark.parametrize("once", ONCE)
def test_it_is_read_now(once):
    name, raw = ONCE[once]

    TARGETS[name].meet(raw)


def test_errors_of_x_that_are_no_list_are_none():
    assert posts.gone({"errors": 7}) == []


def test_a_mailbox_whose_server_asks_for_nonsense_is_tried_later():
    wires.web().says = b"220 a\r\n250-b\r\n250 AUTH CRAM-MD5\r\n334 aaaaaaaaa\r\n"
    server = Server("127.0.0.1", wires.web().port, tls=False)
    room = Mailroom(server, server, "care", "secret", None, "Check it.", "acme.example")

    with pytest.raises(TryLater, match="makes no sense"), room.smtp():
        pass


# Addresses that are secrets

WRITTEN = """webhook = "https://hooks.example/services/T0/s3cr3t?x=1"
holidays = ["DE", "webcal://me:word@cal.example/s3cr3t.ics", "https://hooks.example/other"]
"""


def test_the_what_if_form_hides_all_but_the_host_and_knows_it_again():
    hidden = whatif.hidden(WRITTEN)

    assert "s3cr3t" not in hidden
    assert "word" not in hidden
    assert "https://hooks.example/…" in hidden
    assert whatif.revealed(hidden, WRITTEN) == WRITTEN
    assert whatif.revealed("https://new.example/…", WRITTEN) == "https://new.example/…"


def test_a_wrong_address_is_not_repeated():
    assert shown("http://cal.example/s3cr3t.ics") == "http://cal.example/…"
