"""Long answers become several posts, and no word of them is lost."""

import re
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.graphemes import inside
from bot.domain.parts import URL, NoRoom, TooManyParts, signed, split
from bot.domain.problems import NotPossible, TooLong
from tests.spent import spent


def weighed(text: str) -> int:
    """As X measures: an address counts 23, an ideograph two."""
    addresses = re.findall(r"https?://[!-~]+", text)
    others = re.sub(r"https?://[!-~]+", "", text)
    return 23 * len(addresses) + sum(2 if each > "\u1100" else 1 for each in others)


def cut(text: str, limit: int = 40, most: int = 25, sign: str = "") -> list[str]:
    return split(text, limit=limit, most=most, length=len, sign=sign)


def test_what_fits_is_one_part():
    assert cut("Hello Mira!") == ["Hello Mira!"]
    assert cut("Hello Mira!", sign="^AN") == ["Hello Mira! ^AN"]
    assert cut("x" * 40) == ["x" * 40]


def test_nothing_written_is_no_part_and_no_lonely_signature():
    assert cut(" \n ") == []
    assert cut("", sign="^AN") == []


def test_it_is_cut_at_a_paragraph_then_a_sentence_then_a_word():
    assert (
        cut("We are sorry, Mira.\n\nIt is here. It leaves today with the van.")
        == [
            "We are sorry, Mira.",
            "It is here. It leaves today with the van.",
        ]
        or len("It is here. It leaves today with the van.") > 40
    )
    assert cut("So sorry. Really, we are.\n\nYour parcel is here now") == [
        "So sorry. Really, we are.",
        "Your parcel is here now",
    ]
    assert cut("We are sorry! Your parcel leaves today, with the van") == [
        "We are sorry!",
        "Your parcel leaves today, with the van",
    ]
    assert cut("your parcel leaves today with the van and it arrives soon") == [
        "your parcel leaves today with the van",
        "and it arrives soon",
    ]


def test_lines_are_kept_together_like_sentences():
    assert cut("what we need from you\n- a picture\n- your number") == [
        "what we need from you\n- a picture",
        "- your number",
    ]


@pytest.mark.parametrize(
    "short",
    ["z.B. heute", "Dr. Huber", "e.g. today", "am 3. Mai", "3.50 EUR", "J. Huber", "i.d.R. so"],
)
def test_a_short_form_is_no_end_of_a_sentence(short):
    first, second = cut(f"Wir fragen jetzt {short} noch einmal nach und sagen es")

    assert not re.search(r"(z\.B\.|Dr\.|e\.g\.|3\.|J\.|R\.)$", first)
    assert f"{first} {second}".count(short) == 1


def test_a_sentence_that_ends_with_an_order_number_ends_there():
    assert cut("It is order 123456. We send it today, promised") == [
        "It is order 123456.",
        "We send it today, promised",
    ]


def test_dots_before_a_small_letter_go_on():
    assert cut("Well, let me see... maybe it is still in the house") == [
        "Well, let me see... maybe it is still in",
        "the house",
    ]


def test_chinese_is_cut_at_its_own_full_stops_and_between_its_characters():
    assert split("我们很抱歉。您的包裹今天发出,明天到达", limit=24, most=9, length=weighed) == [
        "我们很抱歉。",
        "您的包裹今天发出,明天到",
        "达",
    ]


def test_no_part_is_nearly_empty_for_the_sake_of_a_sentence_or_paragraph():
    assert cut("Hi! Your parcel leaves today with the van and arrives")[0] != "Hi!"
    assert cut("Hi Mira\n\nSo sorry for this. We send it all again")[0] == (
        "Hi Mira\n\nSo sorry for this."
    )


def test_niceties_are_given_up_before_there_are_too_many_parts():
    text = "We are so sorry! Your parcel leaves the house today with the van of our own."

    assert len(cut(text, most=3)) == 3
    assert cut(text, most=2) == [
        "We are so sorry! Your parcel leaves the",
        "house today with the van of our own.",
    ]


def test_an_address_is_never_cut_if_it_fits_a_part():
    link = "https://acme.example/parcels/1234567890"

    assert cut(f"See {link} for more") == ["See", link, "for more"]
    assert cut(f"看{link}看看看", limit=39) == ["看", link, "看看看"]
    assert cut("x" * 10 + link) == ["x" * 10, link]
    assert cut("https://acme.example/" + "x" * 60)[0] == "https://acme.example/" + "x" * 19


def test_an_address_is_measured_as_the_platform_measures_it():
    link = "https://acme.example/" + "x" * 200

    assert split(f"{link}看看{link}", limit=30, most=3, length=weighed) == [f"{link}看看", link]


def test_an_address_that_is_short_only_as_a_whole_stays_whole():
    link = "https://acme.example/" + "x" * 100 + "/end"

    def measure(text: str) -> int:
        return len(text.replace(link, "https://t.example/1"))

    assert split(f'{link}">{"y" * 20}', limit=25, most=9, length=measure) == [
        link,
        '">' + "y" * 20,
    ]


def test_a_long_word_is_cut_but_never_a_character():
    family = "👨‍👩‍👧‍👦"

    parts = cut(family * 12, limit=16)

    assert "".join(parts) == family * 12
    assert set(parts) == {family * 2}
    assert set(cut("看\u0301" * 30, limit=7)) == {"看\u0301" * 3}


def test_a_character_that_no_post_holds_is_refused():
    with pytest.raises(NoRoom, match="longer than a post"):
        cut("👨‍👩‍👧‍👦" * 3, limit=5)


def test_the_signature_is_counted_and_stands_only_at_the_end():
    parts = cut("Your parcel is here. It leaves the house today", sign="^AN")

    assert parts == ["Your parcel is here.", "It leaves the house today ^AN"]
    assert cut("x" * 37, sign="^AN") == ["x" * 36, "x ^AN"]


def test_a_signature_that_is_there_already_is_not_repeated():
    assert cut("Hello Mira ^AN", sign="^AN") == ["Hello Mira ^AN"]
    assert cut("Ask ANNA", sign="A") == ["Ask ANNA A"]


def test_a_signature_may_stand_on_a_line_of_its_own():
    assert signed("Hello", "\n\nAna, Acme") == "Hello\n\nAna, Acme"
    assert signed("Hello", " \n") == "Hello"


def test_a_signature_without_room_for_an_answer_is_refused():
    with pytest.raises(NoRoom, match="Shorten the signature"):
        cut("Hello", limit=4, sign="^AN!")


def test_what_is_too_long_says_by_how_much():
    with pytest.raises(TooLong, match=r"That is 44 characters; the platform takes 40. Shorten it"):
        cut("x" * 44, most=1)
    with pytest.raises(TooManyParts, match=r"Even 2 posts don't hold it. Shorten it by about 4."):
        cut("x" * 80, most=2, sign="^AN")


# What holds for every text

OFTEN = settings(max_examples=200, deadline=None)
WORDS = st.sampled_from(
    [
        "Dr.",
        "z.B.",
        "sorry!",
        "ok.",
        "\n",
        "\n\n",
        "e\u0301",
        "👨‍👩‍👧",
        "🇩🇪",
        "您的包裹。",
        "x" * 50,
        "https://acme.example/a?b=c.d",
        "www.acme.example",
        "(see",
        "it).",
        "\u200d",
        " \u0301",
    ]
)
TEXTS = st.lists(WORDS | st.text(max_size=12), max_size=60).flatmap(
    lambda words: st.sampled_from([" ", "", "\n"]).map(lambda between: between.join(words))
)
SIGNS = st.sampled_from(["", "^AN", "\n\nAna"])
MEASURES = st.sampled_from([len, weighed, lambda text: len(text.encode("utf-8", "replace"))])


def bare(text: str) -> str:
    return "".join(text.split())


@OFTEN
@example("Dr. Dr. Dr. 您的包裹。", "\n\nAna", lambda text: len(text.encode()), 30, 2)
@given(TEXTS, SIGNS, MEASURES, st.integers(30, 300), st.integers(1, 30))
def test_the_parts_are_the_text_and_each_fits(text, sign, length, limit, most):
    try:
        parts = split(text, limit=limit, most=most, length=length, sign=sign)
    except NotPossible:
        assert length(signed(text.strip(), sign)) > limit
        return

    assert len(parts) <= most
    assert all(part and length(part) <= limit for part in parts)
    said = bare("".join(parts))
    assert said in (bare(text), bare(text) + bare(sign))
    assert said.endswith(bare(sign)) or not parts


@OFTEN
@given(TEXTS, st.integers(60, 300))
def test_no_character_and_no_address_is_cut(text, limit):
    parts = split(text, limit=limit, most=500, length=len)

    place = 0
    for part in parts:
        place = text.index(part, place)
        assert not inside(text, place)
        assert not inside(text, place + len(part))
        place += len(part)
    for url in URL.findall(text):
        if len(url) <= limit:
            assert any(url in part for part in parts)


@OFTEN
@given(TEXTS, st.integers(60, 300))
def test_a_part_is_not_cut_again(text, limit):
    for part in split(text, limit=limit, most=500, length=len):
        assert split(part, limit=limit, most=1, length=len) == [part]


@pytest.mark.parametrize(
    "hostile", [".", "\n", " .", "!)", "z.", "https://", "。", "\n ", "\u0301"]
)
def test_hostile_texts_take_no_time(hostile):
    def cut():
        with suppress(NotPossible):
            split("x" + hostile * 20_000 + "x", limit=500, most=4, length=len)

    assert spent(cut) < 2
