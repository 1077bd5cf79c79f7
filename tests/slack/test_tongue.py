"""What is said in another language: complete, whole, and only to those who speak it."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from string import Formatter
from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, given, settings

from adapters.email import letters
from adapters.email.letters import Party
from adapters.meta import facebook
from adapters.twitter import posts
from adapters.webhook.account import NO_ANSWER
from bot import contacts, desk, hearing
from bot.domain import problems
from bot.domain.conversation import NO_ANSWER_NEEDED
from bot.playground.pings import pings
from bot.policy.made_in_slack import Wanted, WrongTeam
from bot.simulate import HOURLY, Told, tables
from bot.slack import cards, digests, lists, notes, queue, stories, times, tongue, whatif, written
from bot.slack.blocks import BUTTON, count, lasting
from bot.slack.tongue import N_, _, n_, speaking
from bot.slack.whatif import LABEL, LABELS
from bot.slack.words import CAME, apart, judgement, on
from bot.slack.written import (
    DECISIONS,
    GUESSES,
    LOST,
    NO_REPLIES,
    NOTICES,
    ONE_UNREADABLE,
    REFUSALS,
    SETTINGS,
    SILENT_IN,
    TOOK_OVER,
    UNARCHIVE,
    retold,
)
from bot.triage import lanes
from storage.conversations import Waiting
from tests import tongue as kept
from tests.conftest import CARE, NOON
from tests.people import ask
from tests.slack.cases import (
    ANSWERED,
    CLAIMED,
    HELD,
    STATES,
    THERE,
    WAITING,
    accepted,
    accepted_view,
    case,
    shown,
)
from tests.slack.hostile import TEXT, cases_of_all_kinds
from tests.slack.test_times import BERLIN, MIDDAY, NEVER, OFFICE, berlin

LATE = NOON + timedelta(minutes=61)
LINKS = queue.Links("https://acme.slack.com/")
FILES = sorted(kept.TONGUES.glob("*.po"))
TITLE = 24  # characters of a form's title and of its buttons
MARKS = {"_": 1, "N_": 1, "Ours": 1, "n_": 2, "p_": 2, "np_": 3}  # how many texts each takes
LIMITS = {"button": {1: BUTTON}, "option": {0: BUTTON}, "modal": {1: TITLE}}  # of which argument
FILLED = 6  # characters that a place in a label takes, about: a number, a name


def in_every_language():
    return pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def texts(message):
    """The sentences of a message, one with a number as many times as it has forms."""
    ids = (message.id,) if isinstance(message.id, str) else message.id
    said = (message.string,) if isinstance(message.string, str) else message.string
    return ids, said


# The catalogs


def test_german_is_spoken():
    assert "de" in tongue.languages()


@in_every_language()
def test_every_sentence_is_translated(file):
    """If not: python -m tests.tongue, and translate what it prints."""
    now, known = kept.marked(), kept.translated(file)

    assert not [message.id for message in kept.missing(kept.updated(known, now))]


@in_every_language()
def test_a_language_holds_no_sentence_that_is_not_said(file):
    """If so: python -m tests.tongue."""
    said = {(kept._one(each), each.context) for each in kept.marked() if each.id}

    assert not [
        e.id for e in kept.translated(file) if e.id and (kept._one(e), e.context) not in said
    ]


@in_every_language()
def test_a_translation_has_the_places_of_its_sentence(file):
    wrong = []
    for message in kept.translated(file):
        if not tongue.fits(message.id, message.string):
            wrong.append(message.id)

    assert wrong == []


@in_every_language()
def test_a_translation_keeps_the_markup_of_its_sentence(file):
    """Bold comes in pairs, people are called as often, and what is typed stays what it is."""
    wrong = []
    for message in kept.translated(file):
        ids, said = texts(message)
        marks = [(each, mark) for each in said if each for mark in ("*", "`", "<@")]
        if any(each.count(mark) != ids[-1].count(mark) for each, mark in marks):
            wrong.append(message.id)

    assert wrong == []


@in_every_language()
def test_nothing_is_guessed(file):
    assert not [message.id for message in kept.translated(file) if message.fuzzy]


def test_a_sentence_that_is_gone_is_kept_aside_and_comes_back():
    old, now, then = (kept._empty("de") for _n in range(3))
    old.add("Hello", "Hallo")
    old.add("{n} day", "{n} Tage")
    now.add("Bye")
    now.add(("{n} day", "{n} days"))
    then.add("Hello")

    gone = kept.updated(old, now)

    assert [message.id for message in kept.missing(gone)] == ["Bye", ("{n} day", "{n} days")]
    assert [message.string for message in gone.obsolete.values()] == ["Hallo"]
    assert kept.updated(gone, then).get("Hello").string == "Hallo"


# The code


def calls(*names: str) -> Iterator[tuple[str, ast.Call, str]]:
    """Every call of these, and where it stands."""
    for path in sorted(kept.CODE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if name in names:
                yield name, node, f"{path.relative_to(kept.ROOT)}:{node.lineno}"


def test_what_is_marked_is_a_whole_sentence():
    """A text that is filled in before it is looked up is never found."""
    wrong = [
        where
        for name, call, where in calls(*MARKS)
        for text in call.args[: MARKS[name]]
        if isinstance(text, ast.JoinedStr | ast.BinOp) or _filled_in(text)
    ]

    assert wrong == []


def _filled_in(text: ast.expr) -> bool:
    named = text.func if isinstance(text, ast.Call) else text
    return getattr(named, "attr", "") in ("format", "join", "replace") or _name(named) == "fill"


def test_every_problem_is_ours_and_can_be_translated():
    """What a NotPossible says is marked with Ours: in its class, or where it is raised."""
    families = list(_classes())
    names = {"NotPossible"}
    for _more in families:
        names |= {each.name for each, _where in families if names & set(map(_name, each.bases))}
    raised = [(call, where) for _called, call, where in calls(*names)]
    begun = [
        (call, where)
        for each, where in families
        if each.name in names
        for call in ast.walk(each)
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "__init__"
    ]
    own = {each.name for each, _where in families if any(_begins(it) for it in each.body)}
    said = begun + [(call, where) for call, where in raised if _name(call.func) not in own]

    assert len(begun) > 20
    assert [where for call, where in said if call.args and _unmarked(call.args[0])] == []


def _classes() -> Iterator[tuple[ast.ClassDef, str]]:
    for path in sorted(kept.CODE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                yield node, f"{path.relative_to(kept.ROOT)}:{node.lineno}"


def _name(node: ast.AST) -> str:
    return getattr(node, "id", "")


def _begins(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == "__init__"


def _unmarked(text: ast.expr) -> bool:
    """Words by themselves; where there is nothing but places, there is nothing to translate."""
    if isinstance(text, ast.Constant):
        return any(letters for letters, *_place in Formatter().parse(str(text.value)))
    return isinstance(text, ast.JoinedStr | ast.BinOp)


def _mapped() -> list[str]:
    """What the services' mappings say of why nobody can answer."""
    formats = (kept.ROOT / "adapters/webhook/formats").glob("*.toml")
    data = "".join(file.read_text(encoding="utf-8") for file in formats)
    return re.findall(r'no_reply = \{ write = "(.*)" \}', data)


def test_why_platforms_refuse_can_be_translated():
    said = (posts.PROTECTED, posts.CLOSED, posts.NOT_CALLED, letters._no_reply(*[Party()] * 2))

    mapped = _mapped()
    assert len(mapped) == 4
    said = (*said, facebook.ELSEWHERE, NO_ANSWER)
    assert {*said, *mapped, *contacts.WAYS.values()} <= set(NO_REPLIES)


def test_what_people_log_came_by_a_way_that_has_a_name():
    assert set(contacts.WAYS) == set(CAME)
    assert [on(way) for way in CAME][:3] == ["by phone", "at the counter", "in the corridor"]
    assert apart("phone") == ("by ", "phone")
    with speaking("de"):
        assert on("counter") == "am Schalter"
        assert apart("slack") == ("in ", "Slack")


def test_what_the_bot_writes_down_can_be_translated():
    """A guess, and why something was closed: kept in English, said in the language spoken."""
    guessed = {lanes.UNTAUGHT, lanes.NOTHING, lanes.TAUGHT, lanes.WORDLESS, lanes.BROKEN}

    assert guessed == set(GUESSES)
    assert {desk.GONE, desk.NO_REASON, hearing.IMPORTED, NO_ANSWER_NEEDED} <= set(DECISIONS)


@in_every_language()
def test_labels_fit(file):
    with speaking(file.stem):
        long = [
            (where, label)
            for name, call, where in calls(*LIMITS)
            for place, most in LIMITS[name].items()
            for label in _labels(call, place)
            if len(label) > most
        ]

    assert long == []


def _labels(call: ast.Call, place: int) -> Iterator[str]:
    """What a label is, where the call says it, with its places filled."""
    given = call.args[place : place + 1]
    for text in [*given, *(word.value for word in call.keywords if word.arg == "submit")]:
        for marked in ast.walk(text):
            looked_up = isinstance(marked, ast.Call) and getattr(marked.func, "id", "") == "_"
            if looked_up and isinstance(marked.args[0], ast.Constant):
                yield _filled(_(marked.args[0].value))


def _filled(label: str) -> str:
    return "".join(
        text + "x" * (FILLED if name is not None else 0)
        for text, name, _spec, _c in Formatter().parse(label)
    )


@in_every_language()
def test_the_names_of_figures_fit_their_column(file):
    with speaking(file.stem):
        assert [label for label in LABELS if len(_(label)) > LABEL] == []


# What is written down in English


def test_a_notice_is_retold_with_what_was_filled_in():
    lost = ":warning: " + LOST.format(account="email:press", why="X does not answer.")
    silent = SILENT_IN.format(channel="C0CARE", error="is_archived", mend=UNARCHIVE)

    assert retold(lost, NOTICES) == lost
    with speaking("de"):
        assert retold(lost, NOTICES) == (
            ":warning: Ich kann email:press nicht lesen: X does not answer."
            " Ich versuche es weiter, und nichts geht verloren."
        )
        assert retold(silent, NOTICES) == (
            "In <#C0CARE> kann ich nichts sagen (is_archived). Hol den Kanal aus dem Archiv, oder"
            " nenne in teams.toml einen anderen. Nichts geht verloren: Es wartet."
        )


@pytest.mark.parametrize("name", ["{by}", "{", "Mira from you.", "a\nb", "#7 from Tom"])
def test_names_within_what_is_retold_stay_as_they_are(name):
    said = TOOK_OVER.format(by="U0BEN", number=1, customer=name)

    with speaking("de"):
        assert retold(said, NOTICES) == f"<@U0BEN> hat #1 von {name} jetzt statt dir übernommen."


@pytest.mark.parametrize("said", ["", "{", ":wave: Hello", "The customer deleted it all."])
def test_what_is_none_of_our_sentences_is_not_retold(said):
    with speaking("de"):
        assert retold(said, NOTICES + REFUSALS) == said


def test_a_name_that_comes_twice_must_be_the_same():
    said = ONE_UNREADABLE.format(account="twitter")

    with speaking("de"):
        assert retold(said, NOTICES) != said
        other = said.replace("twitter", "email", 1)
        assert retold(other, NOTICES) == other


@pytest.mark.parametrize("known", [NOTICES, REFUSALS, SETTINGS, NO_REPLIES])
def test_each_of_them_is_recognized_among_the_others(known):
    """And no other takes it for its own."""
    for template in known:
        names = [name for _text, name, _form, _c in Formatter().parse(template) if name]
        values = {name: f"<{name}>" for name in names}
        with speaking("de"):
            assert retold(template.format(**values), known) == _(template).format(**values)


@pytest.mark.parametrize("known", [REFUSALS, NO_REPLIES])
def test_what_is_recognized_is_said_somewhere(known):
    """If not, it has other words now, or can go from the list."""
    named = {each for each in vars(written).values() if isinstance(each, str)}
    said = {*_said(), *_mapped()}

    assert [each for each in known if each not in named and _bare(each) not in said] == []


def direct(slack, who):
    """What somebody was told directly."""
    channels = [c for c in slack.workspace.channels.values() if c.partner == who]
    return [m["text"] for c in channels for m in c.messages.values()]


def _said() -> Iterator[str]:
    """Every text in the code, whatever is filled in."""
    rooms = (kept.ROOT / name for name in ("adapters", "bot/domain"))
    for path in [*kept.CODE.glob("*.py"), *(path for room in rooms for path in room.rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                yield "".join(str(getattr(part, "value", "{}")) for part in map(_part, node.values))
            elif isinstance(node, ast.Constant):
                yield str(node.value)


def _part(part: ast.expr) -> ast.expr:
    return part if isinstance(part, ast.Constant) else ast.Constant("{}")


def _bare(template: str) -> str:
    parts = Formatter().parse(template)
    return "".join(text + ("" if name is None else "{}") for text, name, *_more in parts)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Care!"},
        {"channel": "C0CARE"},
        {"timezone": "Europe/berlin"},
        {"timezone": "Europe/Berln"},
        {"hours": "always"},
        {"hours": "mon 9-17"},
        {"hours": "mon 24:00-24:30"},
        {"hours": "mon 25:00-26:00"},
        {"hours": "mon 09:00-09:00"},
        {"hours": "mon 17:00-09:00"},
        {"hours": "mon 09:00-17:00+1"},
        {"hours": "mon 09:00-17:00\nmon 18:00-19:00"},
        {"hours": "mon-fri 09:00-17:00\ntue 18:00-19:00"},
        {"hours": "xyz 09:00-17:00"},
        {"hours": "mon ,"},
        {"hours": "mon 09:00-09:01", "within": {"complaint": "P30D"}},
    ],
    ids=str,
)
def test_what_is_wrong_with_a_team_is_told_in_german(app, wrong):
    wanted = Wanted(name="press", channel="C0PRESS", timezone="Europe/Berlin")
    with pytest.raises(WrongTeam) as told:
        app.team_files.save(replace(wanted, **wrong), "U0ANA")

    with speaking("de"):
        found = [retold(why, SETTINGS) for why in told.value.problems.values()]
    assert not set(found) & set(told.value.problems.values())
    assert not any(why.endswith(("..", "?.")) for why in told.value.problems.values())


def test_who_speaks_german_hears_in_german_what_somebody_else_did(app, slack, hear):
    hear()
    ask(app.bolt, slack.workspace, "assign 1 @eva", by="U0ANA")
    ask(app.bolt, slack.workspace, "assign 1 @lea", by="U0ANA")
    app.courier.deliver_all()

    [given, taken] = direct(slack, "U0EVA")
    assert given.startswith("<@U0ANA> hat dir #1 von ")
    assert "bisher bei dir, an <@U0LEA> gegeben" in taken
    assert direct(slack, "U0LEA")[0].startswith("<@U0ANA> gave you #1 from ")


def test_why_an_answer_did_not_get_through_in_german():
    with speaking("de"):
        said = notes.refused(case(CLAIMED), "The author has blocked us.").text
        other = notes.refused(case(CLAIMED), "Error 1234").text

    assert "Wer das geschrieben hat, hat uns blockiert." in said
    assert "Error 1234." in other


def test_why_something_counts_as_it_does_has_german_quotation_marks():
    with speaking("de"):
        said = judgement(replace(WAITING, because="“broken”, “refund”"))
    assert said == "wegen „broken“, „refund“"


# Which language


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("de", "de"),
        ("de-DE", "de"),
        ("de-AT", "de"),
        ("de_CH", "de"),
        ("DE-de", "de"),
        ("de-Latn-DE-1996", "de"),
        ("en-US", "en"),
        ("en-GB", "en"),
        ("xx-YY", "en"),
        ("deu", "en"),
        ("", "en"),
        (None, "en"),
        ("../de", "en"),
    ],
)
def test_the_nearest_language_is_spoken(locale, language):
    with speaking(locale):
        assert tongue.spoken() == language
    assert tongue.spoken() == "en"


def test_a_language_within_another_gives_it_back():
    with speaking("de"):
        with speaking("en"):
            assert _("answered") == "answered"
        assert _("answered") == "beantwortet"


def test_two_threads_speak_two_languages_at_once():
    said, both = {}, Barrier(2)

    def speak(locale):
        with speaking(locale):
            both.wait(5)
            said[locale] = _("no deadline")
            both.wait(5)

    threads = [Thread(target=speak, args=(locale,)) for locale in ("de-DE", "en-US")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert said == {"de-DE": "keine Frist", "en-US": "no deadline"}


@pytest.fixture
def tongues(tmp_path, monkeypatch):
    """A folder of languages of our own; what was read of others is forgotten before and after."""
    monkeypatch.setattr(tongue, "TONGUES", tmp_path)
    tongue.languages.cache_clear()
    tongue._catalog.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    tongue.languages.cache_clear()
    tongue._catalog.cache_clear()


@pytest.mark.parametrize(
    "broken",
    [
        b"\xff\xfe\x00",
        b'msgid "a"\nnonsense "b"\n',
        None,
    ],
)
def test_a_broken_file_leaves_us_speaking_english(tongues, broken):
    file = tongues / "de.po"
    file.write_bytes(broken) if broken else file.mkdir()

    with speaking("de"):
        assert _("answered") == "answered"
        assert n_("{n} day", "{n} days", 2) == "{n} days"
        assert cards.card(case(), NOON)


def test_a_translation_without_the_places_of_its_sentence_is_not_said(tongues):
    """It would fail in the middle of a card."""
    (tongues / "de.po").write_text(
        'msgid "{hours} h"\nmsgstr "{stunden} Std."\n\n'
        'msgid "{days} day"\nmsgid_plural "{days} days"\nmsgstr[0] "ein Tag"\nmsgstr[1] "Tage"\n\n'
        'msgid "answered"\nmsgstr "beantwortet"\n\n'
        'msgid "{minutes} min"\nmsgstr "{minutes Min."\n',
        encoding="utf-8",
    )

    with speaking("de"):
        assert lasting(timedelta(hours=3)) == "3 h"
        assert lasting(timedelta(minutes=3)) == "3 min"
        assert lasting(timedelta(days=4)) == "4 days"
        assert _("answered") == "beantwortet"


def test_another_language_needs_nothing_but_its_file(tongues):
    (tongues / "pt-BR.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "answered"\nmsgstr "respondido"\n',
        encoding="utf-8",
    )

    with speaking("pt-BR"):
        assert _("answered") == "respondido"
        assert _("no deadline") == "no deadline"
        assert tongue.number(1204) == "1.204"
    with speaking("pt-PT"):
        assert _("answered") == "answered"


def test_who_speaks_english_reads_no_catalog():
    said = (
        "import sys; from bot.slack import cards, tongue; tongue._('answered');"
        " tongue.number(1204); sys.exit('babel' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", said], cwd=kept.ROOT, check=False).returncode == 0


# What is said


def test_no_text_is_no_sentence():
    with speaking("de"):
        assert _("") == ""


@pytest.mark.parametrize(
    ("minutes", "plainly", "away"),
    [
        (0, "weniger als eine Minute", "weniger als einer Minute"),
        (42, "42 Min.", "42 Min."),
        (150, "2 Std. 30 Min.", "2 Std. 30 Min."),
        (180, "3 Std.", "3 Std."),
        (4 * 24 * 60, "4 Tage", "4 Tagen"),
    ],
)
def test_durations_in_german(minutes, plainly, away):
    with speaking("de"):
        assert lasting(timedelta(minutes=minutes)) == plainly
        assert lasting(timedelta(minutes=minutes), away=True) == away


def test_numbers_in_german():
    with speaking("de"):
        assert tongue.number(12345) == "12.345"
        assert tongue.fill("{n:,} von {m}", n=1204, m=1204) == "1.204 von 1204"
    assert tongue.fill("{n:,} of {m}", n=1204, m=1204) == "1,204 of 1204"
    assert count(1204, "follower") == "1,204 followers"


def test_a_card_in_german():
    with speaking("de"):
        drawn = shown(cards.card(case(HELD), NOON))

    assert "Beschwerde #42" in drawn
    assert " auf " in drawn
    assert "fällig " in drawn
    assert "1.204 Follower · schreibt zum ersten Mal" in drawn
    assert "<@U0ANA> kümmert sich darum, bis " in drawn
    assert "Beschwerde wegen „broken“" in drawn


@pytest.mark.parametrize("name", STATES)
def test_every_card_can_be_drawn_in_german(name):
    with speaking("de"):
        accepted(cards.card(case(STATES[name]), NOON))
        accepted(cards.card(case(STATES[name]), LATE))


@given(hostile=cases_of_all_kinds(), why=TEXT)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_slack_takes_all_of_it_in_german_and_no_customer_calls_anybody(hostile, why):
    """Other languages are longer, and hold no more markup."""
    many = [Waiting(conversation=hostile.conversation, customer=hostile.customer, words=why)] * 150
    with speaking("de"):
        said = [
            cards.card(hostile, LATE),
            notes.nag_away(hostile, "U0LEA", LATE, None),
            notes.refused(hostile, why),
            digests.digest(many),
            lists.opening(CARE, many, many, [], LATE, LINKS),
        ]

    for message in filter(None, said):
        assert set(pings(accepted(message))) <= {"U0ANA", "U0BEN", "U0LEA"}


def test_who_answered_and_when_in_german():
    with speaking("de"):
        drawn = cards.card(case(ANSWERED), NOON)
        elsewhere = shown(cards.card(case(THERE), NOON))

    assert "Beantwortet von <@U0ANA>" in drawn.text
    assert "beantwortet nach 12 Min., rechtzeitig" in drawn.text
    assert "Direkt auf X beantwortet" in elsewhere


def test_a_nag_in_german():
    with speaking("de"):
        late = notes.nag(case(CLAIMED), "U0ANA", NOON + timedelta(minutes=90))
        soon = notes.nag(case(CLAIMED), "U0ANA", NOON + timedelta(minutes=45))
        away = notes.nag_away(case(CLAIMED), "channel", NOON + timedelta(days=5), None)

    assert late.text == "<@U0ANA>, das hier hätte vor 30 Min. beantwortet sein sollen."
    assert soon.text == "<@U0ANA>, das hier ist in 15 Min. fällig."
    assert away.text.startswith(
        "<!channel>, die Beschwerde von Mira Lindqvist (@mira) hätte vor 4 T"
    )


def test_a_list_in_german():
    waiting = [Waiting(conversation=WAITING, customer=case().customer, words="My order is broken")]
    with speaking("de-AT"):
        told = lists.opening(CARE, waiting, [], [], NOON, LINKS)
        again = lists.gathered(CARE, waiting, [], LATE, LINKS)

    assert told is not None
    assert "Guten" in told.text
    assert "1 wartet, 1 heute fällig" in told.text
    assert "*Heute fällig*" in told.text
    assert again is None


def test_a_form_in_german():
    with speaking("de"):
        view = whatif.form(CARE)

    accepted_view(view)
    assert view["title"]["text"] == "Was wäre, wenn"
    assert view["submit"]["text"] == "Ausrechnen"
    assert "Das ändert nichts" in str(view)


def test_figures_in_german():
    """Each name that the counting gives them is known here."""
    told = Told(start=NOON, end=NOON, now=NOON)
    named = [label for _title, figures in tables(told, told, BERLIN) for label, *_f in figures]
    titles = [title for title, _figures in tables(told, told, BERLIN)]
    with speaking("de"):
        drawn = shown(whatif.result(told, told, CARE))

    assert {each.strip() for each in [*named, *titles]} - set(LABELS) == {HOURLY, "nags to"}
    assert "zu spät beantwortet" in drawn
    assert "bis 15 Min." in drawn


def test_how_a_deadline_came_about_in_german():
    with speaking("de"):
        view = stories.why(case(), CARE, NOON)
    told = shown(view)

    assert view["title"]["text"] == "Frist von 42"
    assert "*eine erste Antwort* innerhalb von *1 Std.*" in told
    assert "Es gilt als Beschwerde, wegen „broken“." in told
    assert "Di 3. Nov" in told


def test_a_problem_is_told_in_the_language_spoken():
    problem = problems.TooLong(1404, 280, "characters")
    with speaking("de"):
        german = tongue.told(problem)

    assert german == "Das sind 1.404 Zeichen; die Plattform nimmt 280. Kürze um 1.124."
    assert tongue.told(problem) == str(problem)
    assert str(problem) == (
        "That is 1,404 characters; the platform takes 280. Shorten it by 1,124."
    )


def test_customers_words_in_a_problem_stay_quoted_and_are_no_places():
    problem = problems.AlreadyDismissed("U0BEN", "<!channel> {owner} {0}")
    with speaking("de"):
        assert tongue.told(problem) == "<@U0BEN> hat das verworfen: &lt;!channel&gt; {owner} {0}"
    assert tongue.told(problem) == str(problem)


def test_a_problem_without_places_may_have_braces():
    assert str(problems.CannotSnooze("A {strange} one.")) == "A {strange} one."
    assert tongue.told(problems.CannotSnooze("A {strange} one.")) == "A {strange} one."


def test_what_customers_say_is_never_translated():
    """Only what is ours among the values is looked up."""
    with speaking("de"):
        told = tongue.told(problems.NoSuchConversation("answered"))

    assert "Ein Gespräch answered gibt es hier nicht." in told


# Times


def test_what_one_promises_with_one_click_in_german():
    with speaking("de"):
        labels = [label for label, _at in times.promises(OFFICE, MIDDAY)]

    assert labels == [
        "In zwei Arbeitsstunden: Di 24. Nov 15:00",
        "Heute bis Geschäftsschluss: Di 24. Nov 17:00",
        "Morgen Mittag: Mi 25. Nov 12:00",
        "Freitag Mittag: Fr 27. Nov 12:00",
        "In einer Woche: Di 1. Dez 12:00",
    ]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("fr 12:00", berlin(27, "12:00")),
        ("Fr. 12:00", berlin(27, "12:00")),
        ("morgen 9", berlin(25, "09:00")),
        ("morgen um 9", berlin(25, "09:00")),
        ("morgen um 9 Uhr", berlin(25, "09:00")),
        ("morgen", berlin(25, "09:00")),
        ("bis morgen Mittag", berlin(25, "12:00")),
        ("übermorgen 14.30 Uhr", berlin(26, "14:30")),
        ("the day after tomorrow", berlin(26, "09:00")),
        ("Montag", berlin(30, "09:00")),
        ("am Donnerstag um 9", berlin(26, "09:00")),
        ("do 9 Uhr", berlin(26, "09:00")),
        ("so 12:00", berlin(29, "12:00")),
        ("heute 17:00", berlin(24, "17:00")),
        ("2 Std", berlin(24, "14:00")),
        ("2 Std.", berlin(24, "14:00")),
        ("in einer Stunde", berlin(24, "13:00")),
        ("90 Minuten", berlin(24, "13:30")),
        ("in 3 Tagen", berlin(27, "12:00")),
        ("eine Woche", berlin(1, "12:00", 12)),
        ("um 14 Uhr", berlin(24, "14:00")),
        ("zur nächsten Öffnung", berlin(24, "13:30")),
        ("27.11. 12:00", berlin(27, "12:00")),
        ("27.11.2026 12:00", berlin(27, "12:00")),
        ("Fr 27. Nov 12:00", berlin(27, "12:00")),
        ("bis Freitag, den 27. November um 14:30 Uhr", berlin(27, "14:30")),
        ("5. Dez. 9:00", berlin(5, "09:00", 12)),
    ],
)
def test_german_times_are_read_whatever_is_spoken(said, meant):
    assert times.read(said, OFFICE, MIDDAY) == meant
    with speaking("de"):
        assert times.read(said, OFFICE, MIDDAY) == meant


@pytest.mark.parametrize(
    "said", ["so", "do", "so they can look", "di", "27.13.", "morgen 25", "Uhr"]
)
def test_what_is_no_time_in_german(said):
    with speaking("de"), pytest.raises(times.NotATime) as refused:
        times.read(said, NEVER, MIDDAY)

    with speaking("de"):
        assert "Schreib sie als `2 Std`" in tongue.told(refused.value)
    assert "Write it as `2h`" in tongue.told(refused.value)


@pytest.mark.parametrize("file", [None, *FILES], ids=str)
def test_what_is_shown_can_be_typed(file):
    for days in range(1, 60):
        at = berlin(24, "14:30") + timedelta(days=days)
        with speaking(file.stem if file else "en"):
            assert times.read(times.shown(at, BERLIN), OFFICE, MIDDAY) == at


@pytest.mark.parametrize(
    "example", ["`2 Std`", "`90 Min`", "`morgen`", "`fr 12:00`", "`27.11. 12:00`"]
)
def test_the_examples_are_read(example):
    with speaking("de"):
        assert example in _(times.EXAMPLES)
        assert times.read(example.strip("`"), OFFICE, MIDDAY)


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        ("bis sie schreiben: wartet auf Lager", "wartet auf Lager"),
        ("bis sie sich melden", ""),
        ("bis der Kunde antwortet, Foto fehlt", "Foto fehlt"),
        ("bis die Kundin zurückschreibt", ""),
        ("wenn er wieder schreibt", ""),
        ("sie schreibend", None),
        ("bis morgen", None),
    ],
)
def test_until_they_write_in_german(said, rest):
    assert times.until_they_write(said) == rest


@pytest.mark.parametrize(
    "said",
    ["fri 12:00", "2h", "may 5", "in 90 min", "tomorrow", "at 2pm", "so they can", "until noon"],
)
def test_english_stays_english(said):
    from bot.slack.typed import in_english

    assert in_english(said) == said


def test_marks_change_nothing():
    assert N_("{n} text") == "{n} text"
    assert problems.Ours("{n} text") == "{n} text"
