"""What had better not stand in public is pointed out, and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.warnings import MOST, Warning, What, listed, warnings
from tests.spent import spent


def found(text: str, *watch: str) -> list[tuple[str, str]]:
    return [(one.what.value, one.found) for one in warnings(text, public=True, watch=watch)]


def test_a_private_answer_may_say_anything():
    assert warnings("4111 1111 1111 1111", public=False, watch=["order ####"]) == ()


def test_an_ordinary_answer_gives_no_warning():
    assert found("Hello Mira, we are sorry. It's on its way, e.g. by 3.50 pm! Greetings, Ana") == []


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("See https://acme.example/a?b=(c).", "https://acme.example/a?b=(c"),
        ("See www.acme.example!", "www.acme.example"),
        ("(HTTP://ACME.EXAMPLE)", "HTTP://ACME.EXAMPLE"),
        ("go to acme.de, or", "acme.de"),
        ("go to acme.it/parcels.", "acme.it/parcels"),
        ("shop.acme.co.uk/x", "shop.acme.co.uk/x"),
    ],
)
def test_links_are_always_pointed_out(text, link):
    assert found(text) == [("link", link)]


@pytest.mark.parametrize("text", ["I am sorry.It is here", "z.B. heute", "3.5", "u.s.w.", "a.b"])
def test_what_no_platform_links_is_no_link(text):
    assert found(text) == []


def test_a_mail_address_is_no_link_besides():
    assert found("Write to mira.huber+x@mail.acme.example.") == [
        ("email address", "mira.huber+x@mail.acme.example")
    ]
    assert found("@acme hello @mira.huber") == []


CARDS = [
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111\u00a01111\u00a01111\u00a01111",
    "5555 5555 5555 4444",
    "2223 0031 2200 3222",
    "3782 822463 10005",
    "3056 930902 5904",
    "6011 1111 1111 1117",
    "3530 1113 3330 0000",
    "6200 0000 0000 0005",
    "4222222222222",
    "４１１１ １１１１ １１１１ １１１１",
]


@pytest.mark.parametrize("card", CARDS)
def test_card_numbers_are_known_by_their_check_digit(card):
    assert found(f"Your card {card}, or not") == [("card number", card)]
    assert found(f"On 12 2026 {card} 2027") == [("card number", card)]
    assert found(f"Karte{card}") == [("card number", card)]


@pytest.mark.parametrize(
    "number",
    [
        "4111111111111112",  # a wrong check digit
        "9111111111111119",  # nobody's
        "411111111111",  # too short
        "41111111111111111111",  # too long
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14",
        "00340434161094042557",  # a parcel
    ],
)
def test_other_long_numbers_are_no_cards(number):
    assert "card number" not in dict(found(f"no. {number}"))


@pytest.mark.parametrize(
    "phone",
    [
        "+49 30 1234567",
        "+49 (0)30 / 123 45-67",
        "+1 555 123 4567",
        "+33123456789",
        "+(49) 30 1234567",
        "0049 30 1234567",
        "030/1234567",
        "(030) 123456",
        "0171 - 1234567",
        "0800 123 456",
        "01.23.45.67.89",
        "0301234567",
        "(415) 555-0100",
        "(415) 555 2671",
        "415-555-2671",
        "1-800-555-2671",
    ],
)
def test_phone_numbers_of_many_forms(phone):
    assert found(f"Call us: {phone}.") == [("phone number", phone)]
    assert found(f"Call us on 01.12.2026 {phone}, or later") == [("phone number", phone)]


def test_a_number_that_is_said_to_be_a_phone_s_is_one():
    assert found("Tel.: 612 345 678") == [("phone number", "612 345 678")]
    assert found("Telefon-Nr. 12 34 56 78!") == [("phone number", "12 34 56 78")]


@pytest.mark.parametrize(
    "text",
    [
        "on 22.11.2026 or 2026-11-22 or 22/11/26",
        "01.02.2026, 01-02-2026, 01/02/2026",
        "it costs 1.234,56 € or $1,234,567.89 or 0,99",
        "order 123456789",
        "order 0123456789, Bestellnummer: 0049123456789, Ticket #0123456789",
        "A-0301234567 and #0301234567",
        "from 09:00-17:30, 24/7, 100 000 000 times",
        "section 1.2.3.4 of 2026",
    ],
)
def test_dates_prices_and_orders_are_no_phone_numbers(text):
    assert found(text) == []


def test_what_a_team_lists_is_found_whatever_its_case_and_only_as_whole_words():
    assert found("Your Order  123456 is here", "order ######") == [("listed", "Order  123456")]
    assert found("It's AC-12-X, not AC-123-X", "ac-##-x") == [("listed", "AC-12-X")]
    assert found("order 1234567, reorder 123456", "order ######") == []
    assert found("a refund", "Refund", " ", "refunds") == [("listed", "refund")]
    assert found("item #7", r"\##") == [("listed", "#7")]


def test_a_team_lists_words_and_no_expressions():
    assert found("aaaaaaa", "(a+)+$", "a.*") == []
    assert found("what (a+)+ means", "(a+)+") == [("listed", "(a+)+")]
    assert listed(" ").search("x") is None


def test_each_is_named_once_and_the_gravest_first():
    assert found("a.com a.com +4930123456 4111111111111111") == [
        ("card number", "4111111111111111"),
        ("phone number", "+4930123456"),
        ("link", "a.com"),
    ]
    many = " ".join(f"https://acme.example/{n}" for n in range(50))
    told = found(f"{many} 4111111111111111")
    assert (len(told), told[0][0]) == (MOST, "card number")


HOSTILE = st.text(st.sampled_from("01234 -+()/.@:#aw\u00a0\0\ud800٤h"), max_size=200) | st.text()


@settings(max_examples=300, deadline=None)
@given(HOSTILE, st.lists(HOSTILE, max_size=4))
def test_no_text_and_no_list_is_too_strange(text, watch):
    told = warnings(text, public=True, watch=watch)

    assert len(told) <= MOST
    assert all(isinstance(one, Warning) and one.what in What for one in told)
    assert all(one.found and one.found in text for one in told)


def luhn(digits: str) -> str:
    """The digits with a check digit, counted the long way."""
    for check in "0123456789":
        total = 0
        for n, each in enumerate(reversed(digits + check)):
            value = int(each) * (2 if n % 2 else 1)
            total += value - 9 if value > 9 else value
        if total % 10 == 0:
            return digits + check
    raise AssertionError


@settings(max_examples=200, deadline=None)
@given(st.text("0123456789", min_size=14, max_size=14), st.sampled_from(["", " ", "-"]))
def test_every_card_of_a_kind_is_found_and_none_with_a_wrong_digit(digits, between):
    whole = luhn(f"4{digits}")
    wrong = whole[:-1] + str((int(whole[-1]) + 1) % 10)

    written, spoiled = (
        between.join(n[at : at + 4] for at in range(0, 16, 4)) for n in (whole, wrong)
    )

    assert ("card number", written) in found(f"It is {written}.")
    assert ("card number", spoiled) not in found(f"It is {spoiled}.")


def test_of_two_cards_that_overlap_one_is_named():
    first = luhn("400040000000123")
    second = luhn(f"{first[4:]}123")
    written = " ".join((first + second[12:])[at : at + 4] for at in range(0, 20, 4))

    assert found(second) == [("card number", second)]
    assert found(written) == [("card number", written[:19])]


SHORT = "4 |44 |444 |4|0 |00 |+|+4|(0|a.|a@|@|www.|https://|1.|1-1-|tel |tel 1|-| |()|01/|order |#"


@pytest.mark.parametrize("hostile", [*SHORT.split("|"), "a_a.", "\u00a0", "a-", "1\u00a0"])
def test_a_hostile_text_takes_no_time(hostile):
    text = hostile * (100_000 // len(hostile))
    watch = [
        "order ######",
        "# # # # # # # #",
        "a a a a",
        "#" * 100,
        *(f"word {n}" for n in range(20)),
    ]

    assert spent(lambda: warnings(text + "!", public=True, watch=watch)) < 2
