"""What customers write is kept, whatever is in it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.mention import Customer, storable
from tests.things import MIRA, mention

ANYTHING = st.text(st.characters() | st.just("\0") | st.characters(categories=["Cs"]))


def test_an_account_of_a_platform_knows_its_platform():
    assert mention(account="email:press").platform == "email"
    assert mention(account="twitter").platform == "twitter"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\0b", "a�b"),
        ("a\ud800b", "a�b"),
        ("\udc00", "�"),
        ("\ud83d\ude00", "😀"),
        ("👨‍👩‍👧 Zalgo ̷̢ \u202e", "👨‍👩‍👧 Zalgo ̷̢ \u202e"),
        ("", ""),
    ],
)
def test_only_what_no_database_keeps_is_replaced(text, kept):
    assert storable(text) == kept


@given(ANYTHING)
@pytest.mark.fault(41)
def test_what_is_storable_can_be_encoded_and_never_grows(text):
    kept = storable(text)

    kept.encode()
    assert "\0" not in kept
    assert len(kept) <= len(text)
    assert storable(kept) == kept


def test_every_word_of_a_mention_and_its_author_is_made_storable():
    bad = "a\0"
    by = Customer(platform="demo", key=bad, handle=bad, name=bad, url=bad, followers=3)
    words = {"key", "thread", "text", "parent", "url", "subject", "revision", "no_reply"}
    spoiled = mention(**dict.fromkeys(words, bad), customer=by, media=(bad,), language=bad)

    clean = spoiled.storable()

    assert "\0" not in repr(clean)
    assert clean.customer.followers == 3
    assert clean.origin is spoiled.origin


def test_what_is_storable_already_stays_as_it_is():
    assert mention().storable() == mention()
    assert replace(mention(), customer=MIRA).storable().customer == MIRA
