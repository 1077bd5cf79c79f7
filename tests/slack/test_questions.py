"""The words after /unanswered: what each means, how they combine, and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from bot.domain.calendar import ALWAYS
from bot.domain.conversation import UNSETTLED, State
from bot.domain.mention import Kind
from bot.domain.problems import NotPossible
from bot.domain.team import Teams
from bot.playground.pings import pings
from bot.slack import since
from bot.slack.questions import LONGEST, MOST, QUOTED, Person, Questions, Unknown
from storage.search import CLOSED, EVERY, Asked, Sort
from tests.conftest import CARE, NOON
from tests.slack.hostile import TEXT

ANA = Person("U0ANA", "C0CARE")
ANYWHERE = Person("U0ANA", "")
BERLIN = ZoneInfo("Europe/Berlin")
TEAMS = Teams(
    {
        "care": CARE,
        "press": replace(CARE, name="press", channel="C0PRESS"),
        "Shop Wien": replace(CARE, name="Shop Wien", channel="C0WIEN"),
    }
)
QUESTIONS = Questions(TEAMS, {"twitter": 1, "email:press": 1, "phone": 1}, lambda: NOON)


def read(query, by=ANA):
    return QUESTIONS.read(query, by).asked


def refused(query):
    with pytest.raises(NotPossible) as problem:
        read(query)
    return str(problem.value)


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("", {}),
        ("overdue", {"late_at": NOON}),
        ("LATE überfällig", {"late_at": NOON}),
        ("mine", {"owners": ("U0ANA",)}),
        ("meine", {"owners": ("U0ANA",)}),
        ("unclaimed", {"unclaimed": True}),
        ("frei", {"unclaimed": True}),
        ("<@U0BEN>", {"owners": ("U0BEN",)}),
        ("<@U0BEN|Ben Okafor>", {"owners": ("U0BEN",)}),
        ("<@u0ben|ben>", {"owners": ("U0BEN",)}),
        ("x", {"platforms": ("twitter",)}),
        ("Mail", {"platforms": ("email",)}),
        ("email:press", {"platforms": ("email:press",)}),
        ("phone", {"platforms": ("phone",)}),
        ("telefon", {"platforms": ("phone",)}),
        ("complaint", {"kinds": (Kind.COMPLAINT,)}),
        ("fragen", {"kinds": (Kind.QUESTION,)}),
        ("lob other", {"kinds": (Kind.PRAISE, Kind.OTHER)}),
        ("tag:vip", {"tags": ("vip",)}),
        ("tag:VIP", {"tags": ("vip",)}),
        ('tag:"very important"', {"tags": ("very important",)}),
        ("lang:de", {"languages": ("de",)}),
        ("sprache:de_AT", {"languages": ("de-at",)}),
        ("is:urgent", {"urgent": True}),
        ("ist:dringend", {"urgent": True}),
        ("is:promised", {"promised": True}),
        ("is:snoozed", {"snoozed_at": NOON}),
        ("is:approval", {"approval": True}),
        ("is:unchecked", {"unchecked": True}),
        ("is:ungeprüft", {"unchecked": True}),
        ("is:answered", {"states": (State.ANSWERED,)}),
        ("is:dismissed", {"states": (State.DISMISSED,)}),
        ("is:closed", {"states": CLOSED}),
        ("is:any", {"states": EVERY}),
        ("is:open", {}),
        ("is:answered is:dismissed", {"states": CLOSED}),
        ("is:open is:answered", {"states": (*UNSETTLED, State.ANSWERED)}),
        ("sort:oldest", {"sort": Sort.OLDEST}),
        ("sort:newest", {"sort": Sort.NEWEST}),
        ("sort:due", {"sort": Sort.DUE}),
        ("sortierung:kunde", {"sort": Sort.CUSTOMER}),
        ('"refund"', {"words": ("refund",)}),
        ("“refund now”", {"words": ("refund now",)}),
        ("„Geld zurück“", {"words": ("Geld zurück",)}),
        ('"a &amp; b &lt;c&gt;"', {"words": ("a & b <c>",)}),
        ('"see <https://acme.example/x|acme.example/x>"', {"words": ("see acme.example/x",)}),
        ('"mine"', {"words": ("mine",)}),
        ('"all teams"', {"words": ("all teams",)}),
        ('"unfinished business', {"words": ("unfinished business",)}),
        ('""', {}),
        ('"a" "a" "b"', {"words": ("a", "b")}),
    ],
)
def test_each_word_means_one_thing(query, asked):
    assert read(query) == Asked(teams=("care",), **asked)


@pytest.mark.parametrize(
    ("query", "by", "teams"),
    [
        ("", ANA, ("care",)),
        ("", ANYWHERE, ()),
        ("all teams", ANA, ()),
        ("alle Teams", ANA, ()),
        ("all", ANA, ()),
        ("team:press", ANA, ("press",)),
        ("team:PRESS team:care", ANA, ("press", "care")),
        ('team:"shop wien"', ANYWHERE, ("Shop Wien",)),
        ("<#C0PRESS|press>", ANA, ("press",)),
        ("team:<#C0PRESS|press>", ANA, ("press",)),
    ],
)
def test_teams(query, by, teams):
    assert read(query, by) == Asked(teams=teams)


def test_words_combine():
    query = 'overdue mine <@U0BEN|Ben> x since:monday tag:vip complaint "refund" sort:oldest'

    assert read(query) == Asked(
        teams=("care",),
        late_at=NOON,
        owners=("U0ANA", "U0BEN"),
        platforms=("twitter",),
        since=datetime(2026, 11, 2, tzinfo=UTC),
        tags=("vip",),
        kinds=(Kind.COMPLAINT,),
        words=("refund",),
        sort=Sort.OLDEST,
    )


def test_the_title_says_what_was_asked():
    told = QUESTIONS.read('overdue mine since:monday tag:VIP is:any "<!channel>"', ANA).title

    assert told == (
        "All of care · overdue · yours · since Mon 2 Nov 00:00 · tagged “VIP”"
        " · with the words “&lt;!channel&gt;”"
    )
    assert QUESTIONS.read("team:press team:care is:closed", ANA).title == "Closed by press, care"
    assert QUESTIONS.read("all teams is:answered", ANA).title == "Answered by all teams"


def test_what_is_searched_for_is_no_filter():
    read_ = QUESTIONS.read('overdue tag:"a b" "their words"', ANA)

    assert read_.filters == ["overdue", "tag:a b"]


@pytest.mark.parametrize(
    ("query", "named", "near"),
    [
        ("overdew", "overdew", "overdue"),
        ("complain", "complain", "complaint"),
        ("unclamed", "unclamed", "unclaimed"),
        ("twiter", "twiter", "twitter"),
        ("is:anwsered", "is:anwsered", "is:answered"),
        ("is:mine", "is:mine", "mine"),
        ("sort:newst", "sort:newst", "sort:newest"),
        ("team:pres", "team:pres", "team:press"),
        ("nonsense", "nonsense", ""),
        ("team:nobody", "team:nobody", ""),
        ("<!channel>", "&lt;!channel&gt;", ""),
        ("<#C0NONE|lunch>", "&lt;#c0none&gt;", ""),
        ("from:mars:x", None, None),
    ],
)
def test_what_means_nothing_is_named_with_what_comes_near(query, named, near):
    said = refused(query)

    if named is None:
        assert said.startswith("I don't read a day in “mars:x”.")
        return
    suggestion = f"Did you mean `{near}`? " if near else ""
    assert said.startswith(f"I don't know “{named}”. {suggestion}`/unanswered help` lists")
    assert pings({"text": said}) == []


def test_more_than_one_question_can_hold_is_refused_in_a_sentence():
    assert refused(f'"{"x" * LONGEST}"').startswith("That is 1,902 characters; I take 1,900.")
    assert refused("mine " * (MOST + 1)).startswith("That is 41 words; I combine 40.")
    many = " ".join(f'"{number}"' for number in range(QUOTED + 1))
    assert refused(many) == "I look for 5 texts at once, and that is 6. Leave some out."
    assert read(f'"{"x" * (LONGEST - 2)}"').words == ("x" * (LONGEST - 2),)


def test_a_title_stays_short_enough_for_its_block():
    tags = " ".join(f"tag:{'&' * 40}{number}" for number in range(38))

    title = QUESTIONS.read(tags, ANA).title

    assert len(title) < 800
    assert title.endswith(" · …")


@given(query=TEXT)
@settings(max_examples=200, deadline=None)
def test_whatever_is_typed_is_read_or_refused_in_a_harmless_sentence(query):
    try:
        said = QUESTIONS.read(query, ANA).title
    except NotPossible as problem:
        said = str(problem)

    assert 0 < len(said) < 3000
    assert set(pings({"text": said})) <= {"U0EVIL"}


def test_an_unknown_word_without_a_neighbour_offers_help():
    assert str(Unknown("claims")) == (
        "I don't know “claims”. `/unanswered help` lists what I understand."
    )


# Days that are over: NOON is a Tuesday, in UTC


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("monday", "2026-11-02"),
        ("Montag", "2026-11-02"),
        ("mo", "2026-11-02"),
        ("tuesday", "2026-11-03"),
        ("di", "2026-11-03"),
        ("mi", "2026-10-28"),
        ("wed", "2026-10-28"),
        ("sonnabend", "2026-10-31"),
        ("today", "2026-11-03"),
        ("heute", "2026-11-03"),
        ("gestern", "2026-11-02"),
        ("yesterday", "2026-11-02"),
        ("2026-11-01", "2026-11-01"),
        ("2025-1-5", "2025-01-05"),
        ("1.11.", "2026-11-01"),
        ("24.12.", "2025-12-24"),
        ("24.12.2024", "2024-12-24"),
        ("1 nov", "2026-11-01"),
        ("24-dez", "2025-12-24"),
        ("1. März", "2026-03-01"),
        ("5 may 2025", "2025-05-05"),
    ],
)
def test_a_day_is_its_first_moment_on_the_teams_wall(said, at):
    day = datetime.fromisoformat(at).replace(tzinfo=BERLIN)

    assert since.read(said, BERLIN, NOON) == day.astimezone(UTC)


@pytest.mark.parametrize(
    ("said", "span"),
    [
        ("3d", timedelta(days=3)),
        ("3 days", timedelta(days=3)),
        ("3 Tage", timedelta(days=3)),
        ("2w", timedelta(weeks=2)),
        ("2 wochen", timedelta(weeks=2)),
        ("5h", timedelta(hours=5)),
        ("5std", timedelta(hours=5)),
        ("1 stunde", timedelta(hours=1)),
        ("90min", timedelta(minutes=90)),
        ("30 minuten", timedelta(minutes=30)),
    ],
)
def test_a_span_is_counted_back_from_now(said, span):
    assert since.read(said, BERLIN, NOON) == NOON - span


@pytest.mark.parametrize("said", ["", "soon", "31.11.", "2026-13-01", "99d9", "<!channel>", "m"])
def test_what_is_no_day_says_how_to_write_one(said):
    with pytest.raises(since.NotADay) as problem:
        since.read(said, BERLIN, NOON)

    assert "`since:monday`" in str(problem.value)
    assert pings({"text": str(problem.value)}) == []


def test_days_are_those_of_the_teams_zone():
    teams = Teams({"care": replace(CARE, calendar=replace(ALWAYS, zone=BERLIN))})
    questions = Questions(teams, {}, lambda: NOON)

    asked = questions.read("since:monday before:2026-11-03", ANA).asked

    assert asked.since == datetime(2026, 11, 1, 23, tzinfo=UTC)
    assert asked.before == datetime(2026, 11, 2, 23, tzinfo=UTC)


def test_of_two_days_the_narrower_holds():
    asked = read("since:3d since:1d before:2d before:1d")

    assert (asked.since, asked.before) == (NOON - timedelta(days=1), NOON - timedelta(days=2))
