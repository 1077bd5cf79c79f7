"""What hides a word from a person's eye must not hide it from triage, and the other way round."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.triage.reading import LETTERS, WORDS, plain, windows, words
from tests.spent import spent


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("still\u200b wai\u200bting", "still waiting"),
        ("ＳＴＩＬＬ waiting", "STILL waiting"),
        ("brоken", "broken"),  # with a Cyrillic o
        ("never 😡", "never pouting face"),
        ("👍🏽", "thumbs up"),
        ("@acme @acmehelp still nothing", "@user still nothing"),
        ("me@example.com wrote", "me@example.com wrote"),
        ("look https://x.example/a?b=c here", "look link here"),
        ("#NotHappy #fail2day", "Not Happy fail 2 day"),
        ("sooooooo late!!!!!!", "sooo late!!!"),
        ("gone 😡😡😡😡😡", "gone pouting face pouting face pouting face"),
        ("it’s “gone”", 'it\'s "gone"'),
        ("a\0b\x07c\nd", "a b c d"),
        ("&lt;b&gt; tom &amp; co", "<b> tom & co"),
        ("Заказ не пришёл", "Заказ не пришёл"),
        ("", ""),
    ],
)
def test_a_post_is_read_in_one_spelling(written, read):
    assert plain(written) == read


def test_signs_are_words_of_their_own():
    assert words("It's broken!! Why?") == ["it's", "broken", "!!", "why", "?"]


@given(st.text(alphabet="ab cd", max_size=3000))
def test_windows_leave_nothing_out(text):
    read = plain(text)
    found = list(windows(read))

    assert all(len(window.split()) <= WORDS for window in found)
    assert found[0] == " ".join(read.split()[:WORDS])
    assert [word for word in read.split() if not any(word in window for window in found)] == []
    assert found[-1].split()[-1:] == read.split()[-1:]


def test_what_is_no_word_of_peoples_does_not_push_others_out_of_a_window():
    blob = "".join(map(chr, range(97, 123))) * 200
    found = list(windows(f"{blob} still waiting {blob}"))

    assert all(len(window.replace(" ", "")) <= LETTERS for window in found)
    assert any("still waiting" in window for window in found)
    assert sum(len(window) for window in found) < 3 * len(blob)


@given(st.text(max_size=400))
def test_anything_can_be_read_and_stays_as_it_is_then(text):
    assert plain(plain(text)) == plain(text) or "&" in text or "<" in text


def test_a_hundred_thousand_characters_are_read_at_once():
    hostile = "ﷺ\u200b@a#B1&amp;😡" * 10_000

    assert spent(lambda: plain(hostile)) < 1
