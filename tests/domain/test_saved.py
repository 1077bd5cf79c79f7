"""Saved replies: filled in, chosen, and carried in and out as a file."""

import csv
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.mention import storable
from bot.domain.saved import (
    CHOICES,
    ROWS,
    Saved,
    Written,
    choose,
    exported,
    fill,
    first_name,
    imported,
    unfilled,
    variables,
)
from tests.spent import spent

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
SORRY = Saved(id=1, team="", language="en", name="Sorry", text="Sorry!", by="U0ANA", at=NOON)


def saved(id: int, name: str, text: str = "x", team: str = "", language: str = "") -> Saved:
    return replace(SORRY, id=id, name=name, text=text, team=team, language=language)


# Places and values


def test_places_are_named_once_whatever_their_case_and_spaces():
    text = "Hi {first_name}, {First_Name}: { order }, {Order Number}, {Straße}. { } {1} {a\nb}"

    assert variables(text) == ("first_name", "order", "order_number", "strasse")


def test_a_reply_is_filled_with_its_values():
    filled = fill("Hi {first_name}, it's {agent}.", {"first_name": "Mira", "agent": "Ana"})

    assert (filled.text, filled.missing) == ("Hi Mira, it's Ana.", ())


def test_what_is_not_known_is_missing_and_stands_there_until_it_is():
    text = "Hi {first_name}, {Order Number} is here."

    filled = fill(text, {"first_name": " ", "agent": "Ana"})

    assert filled.missing == ("first_name", "order_number")
    assert filled.text == "Hi {first_name}, {order_number} is here."
    assert unfilled(filled.text) == filled.missing
    assert fill(text, {"first_name": "Mira", "order_number": "7"}).text == "Hi Mira, 7 is here."


def test_doubled_braces_stand_for_braces():
    filled = fill("{{order}} {{{order}}} }} {{", {"order": "7"})

    assert filled.text == "{order} {7} } {"
    assert unfilled(filled.text, filled.meant) == ()


def test_a_customer_who_is_called_like_a_place_stays_harmless():
    filled = fill("Hi {name}, {order} is here", {"name": "{order} {{agent}}", "order": "{name}"})

    assert filled.text == "Hi {order} {{agent}}, {name} is here"
    assert filled.missing == ()
    assert unfilled(filled.text, filled.meant) == ()
    assert unfilled(filled.text) == ("order", "agent", "name")


def test_a_name_like_a_place_hides_no_place_that_is_still_open():
    filled = fill("Hi {name}, {order} is here", {"name": "{order}"})

    assert unfilled(filled.text, filled.meant) == ("order",)
    unused = fill("Hi!", {"name": "{order}"})
    assert unfilled(unused.text + " {order}", unused.meant) == ("order",)


def test_no_braces_are_published():
    assert unfilled("Hi {first_name}, {{order}} { order no } {}") == (
        "first_name",
        "order",
        "order_no",
    )
    assert unfilled("a {b", ["", " "]) == ()


VALUES = st.dictionaries(st.sampled_from(["name", "order", "agent"]), st.text("{}ordename \n\\1"))


@settings(deadline=None)
@given(st.text("{} order\\gname", max_size=80), VALUES)
def test_values_go_in_as_they_are_and_are_never_looked_at_again(text, values):
    filled = fill(text, values)

    assert set(filled.missing) <= set(variables(text))
    for name in variables(text):
        if name in filled.missing:
            assert f"{{{name}}}" in filled.text
        else:
            assert values[name] in filled.text


def test_a_text_full_of_braces_takes_no_time():
    def fill_in():
        for hostile in ("{", "{a", "{a ", "{a b c ", "{{", "}{a"):
            text = hostile * 20_000
            unfilled(text, [text, "{a}"])
            fill(text, {"a": "x"})

    assert spent(fill_in) < 3


# First names


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Mira Huber", "Mira"),
        ("Dr. Mira Huber", "Mira"),
        ("Prof. Dr.-Ing. Max Huber", "Max"),
        ("Herr Max Huber", "Max"),
        ("Huber, Mira", "Mira"),
        ("Mira Huber, PhD", "Mira"),
        ("mira", "mira"),
        ("✨Mira✨ 🌸", "Mira"),
        ("🌸 Mira", "Mira"),
        ("Mary-Jane O'Neil", "Mary-Jane"),
        ("Rene\u0301 Roux", "René"),
        ("मीरा शर्मा", "मीरा"),
        ("Dr. Huber", ""),
        ("Huber, Dr.", ""),
        ("Frau Huber", ""),
        ("J. Huber", ""),
        ("@mira", ""),
        ("mira_huber92", ""),
        ("Anna & Ben", ""),
        ("Acme GmbH", ""),
        ("山田太郎", ""),
        ("12345", ""),
        ("", ""),
        ("x" * 300, ""),
    ],
)
def test_a_first_name_or_none_rather_than_a_wrong_one(name, first):
    assert first_name(name) == first


@given(st.text())
def test_a_first_name_is_made_of_any_text(name):
    assert len(first_name(name)) <= 30


# Choosing one


def test_the_customers_language_comes_first_and_other_teams_not_at_all():
    replies = [
        saved(1, "b", language="en"),
        saved(2, "a", language="fr"),
        saved(3, "c", language="de"),
        saved(4, "d"),
        saved(5, "e", team="press", language="de"),
        saved(6, "f", team="care", language="de-AT"),
    ]

    assert [one.id for one in choose(replies, "care", ["de-CH", "en"])] == [6, 3, 1, 4, 2]


def test_all_typed_words_are_in_its_name_or_text_and_names_come_first():
    replies = [
        saved(1, "Apology", "Your REFUND is here"),
        saved(2, "Refund, with apology"),
        saved(3, "Refund"),
    ]

    assert [one.id for one in choose(replies, "care", [], "apo refund")] == [2, 1]


def test_no_more_are_offered_than_a_menu_holds():
    replies = [saved(n, f"{n}") for n in range(CHOICES + 5)]

    assert len(choose(replies, "care", ["en"])) == CHOICES


# As a file

HEAD = "team,language,name,text\n"


def problems(text: str, **teams: object) -> list[str]:
    return [str(each) for each in imported(text, **teams)[1]]


def test_a_file_is_read_with_any_delimiter_order_and_bom():
    wanted = (Written("care", "de", "Sorry", "Hi {first_name},\nsorry; really"),)

    assert imported(HEAD + 'care,DE, Sorry ,"Hi {first_name},\nsorry; really"\n') == (wanted, ())
    rows, wrong = imported(
        '\ufeffName;Text;Team;Language\r\nSorry;"Hi {first_name},\r\nsorry; really";care;de\r\n;;;'
    )
    assert (rows, wrong) == (wanted, ())
    tabs = HEAD.replace(",", "\t") + "care\tde\tSorry\t'=1+1\n"
    assert imported(tabs)[0] == (Written("care", "de", "Sorry", "=1+1"),)


def test_what_no_database_keeps_is_replaced():
    [row], _ = imported(HEAD + ',,a\0,"x\rb\ud800"\n')

    assert (row.name, row.text) == ("a\ufffd", "x\nb\ufffd")


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("", "Line 1: The first line must name the columns: team, language, name, text."),
        ("team,name\n", "Line 1: The first line must name the columns:"),
        (HEAD + ",,a\n", "Line 2: There are 3 cells where there should be 4."),
        (HEAD + ",,a,b,c\n", "Line 2: There are 5 cells"),
        (HEAD + '\n,,a,"b\nc"\n,,," x"\n', "Line 5: The reply has no name. Give it one."),
        (HEAD + f",,{'n' * 76},x\n", "Line 2: A name has 75 characters at most; this has 76."),
        (HEAD + ",,a, \n", "Line 2: The reply has no text."),
        (HEAD + f",,a,{'x' * 3001}\n", "A text has 3,000 characters at most; this has 3,001."),
        (HEAD + ",german,a,x\n", "Line 2: “german” is not a language. Write its code, such as de"),
        (HEAD + "<!here>,,a,x\n", "There is no team “&lt;!here&gt;”. Write one of care, press,"),
        (HEAD + ",,A,x\n,,a,y\n", "Line 3: “a” is in the file twice for this team and language."),
        (HEAD + ',,a,"x\n', "Line 2: This can't be read as CSV. A quote may be missing"),
        (HEAD + ',,a,"x"y\n', "Line 2: This can't be read as CSV."),
        (HEAD + f",,a,{'x' * 200_000}\n", "Line 2: This can't be read as CSV."),
    ],
)
def test_a_mistake_is_named_with_its_line(lines, sentence):
    [problem] = problems(lines, teams=["press", "care"])

    assert sentence in problem


def test_all_mistakes_are_named_at_once():
    found = problems(HEAD + ",,,x\n,,a,\n,d,b,y\n")

    assert [each.partition(":")[0] for each in found] == ["Line 2", "Line 3", "Line 4"]


def test_a_file_holds_a_thousand_replies():
    lines = [f",,{n},x\n" for n in range(ROWS)]

    assert len(imported(HEAD + "".join(lines))[0]) == ROWS
    assert problems(HEAD + "".join(lines) + ",,more,x\n") == [
        "Line 1002: A file holds 1,000 replies at most. Split it."
    ]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "'=", "''+"])
def test_a_spreadsheet_runs_nothing_of_what_is_exported(begin):
    text = exported([saved(1, "a", f'{begin}HYPERLINK("x")')])

    [_, row] = csv.reader(StringIO(text, newline=""))
    assert row[3] == f'\'{begin}HYPERLINK("x")'


WORDS = st.text(max_size=40).map(lambda text: " ".join(storable(text).split()))
NAMES = WORDS.filter(bool)
TEXTS = st.tuples(st.sampled_from(["", "=", "+", "'", "'-", "@"]), st.text(min_size=1, max_size=99))


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            WORDS,
            st.sampled_from(["", "de", "pt-br"]),
            NAMES,
            TEXTS.map(lambda made: storable("".join(made)).replace("\r", "\n").strip() or "x"),
        ),
        max_size=5,
        unique_by=lambda row: (row[0], row[1], row[2].casefold()),
    )
)
def test_what_was_exported_comes_back_as_it_was(rows):
    replies = [saved(1, name, text, team, language) for team, language, name, text in rows]

    back, wrong = imported(exported(replies))

    assert wrong == ()
    assert sorted(back) == sorted(Written(*row, holding=False) for row in rows)


def test_a_file_says_which_replies_hold_and_one_from_before_says_nothing_of_it():
    held = replace(saved(1, "We are at it", "Soon"), holding=True)

    [back], _ = imported(exported([held]))
    [old], _ = imported("team,language,name,text\n,,a,b\n")
    _, wrong = imported("team,language,name,text,holding\n,,a,b,perhaps\n")

    assert (back.holding, old.holding) == (True, None)
    assert [str(each) for each in wrong] == ["Line 2: Write yes in the column holding, or nothing."]


@settings(deadline=None)
@given(st.text() | st.text(",;\"'\n\r\t=a", max_size=99).map(lambda text: HEAD + text))
def test_no_file_is_too_strange(text):
    rows, wrong = imported(text)

    assert text.startswith(HEAD) or wrong
    assert all(str(each).startswith("Line ") for each in wrong)
    assert all(len(row.name) <= 75 and row.text for row in rows) or wrong
