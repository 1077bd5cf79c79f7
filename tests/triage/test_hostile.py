"""Whatever somebody writes, there is an answer in time, and no complaint hides in it."""

import json
import random
import string
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.guess import Guess, Lane
from bot.domain.mention import Kind
from bot.triage import LEXICAL, Triage
from bot.triage.lexical import CONTENT
from bot.triage.mind import Words
from bot.triage.reading import plain
from tests.things import mention

MUCH = 100_000  # bytes
SOON = 1.5  # seconds of the processor
TRIES = 3  # on a machine that has other things to do
FLAGGED = {Lane.SURE, Lane.CHECK}
TOOK: dict[tuple[str, str], float] = {}

CHATTER = (
    "The weather was lovely in the park, and we had a nice walk with the dog before a good lunch. "
)
COMPLAINT = "my order never arrived and nobody answers, I want a refund"
LOOKALIKE = str.maketrans("aeopcxyi", "аеорсхуі")  # Cyrillic
WIDE = str.maketrans({letter: chr(ord(letter) + 0xFEE0) for letter in string.ascii_letters})


def filled(piece: str) -> str:
    """As much of it as goes into the bytes of a long text."""
    return piece * (MUCH // len(piece.encode()))


def letters(seed: int, many: int) -> str:
    return "".join(random.Random(seed).choices(string.ascii_lowercase, k=many))


HOSTILE = {
    "chatter": filled(CHATTER),
    "nothing but NUL": "\0" * MUCH,
    "NUL in words": filled("my\0order\0"),
    "one emoji": filled("😡"),
    "many emoji": filled("😡😭🔥💩"),
    "emoji with skin": filled("👍🏽👩‍👩‍👧 "),
    "mixed scripts": filled("my заказ never 注文 arrived طلب "),
    "zero-width": filled("\u200bs\u200bt\u200bi\u200bl\u200bl waiting "),
    "right to left": filled("\u202emy order never arrived \u200f"),
    "a": "a " * 10_000,
    "a longer": filled("a "),
    "one letter": "a" * MUCH,
    "one word": letters(1, MUCH),
    "long words": " ".join(letters(n, 10_000) for n in range(10)),
    "many words": " ".join(letters(n, 6) for n in range(MUCH // 7)),
    "JSON": filled(json.dumps({"text": "still waiting", "n": [1, 2, 3], "ok": None})),
    "HTML": filled('<div class="x"><b>still waiting</b>&nbsp;<script>alert(1)</script></div>'),
    "entities": filled("&amp;&#x2764;"),
    "ampersands": filled("&amp;"),
    "hearts": filled("❤"),
    "handles": filled("@acme "),
    "dotted handles": filled("@a."),
    "hashtags": filled("#aB1"),
    "links": filled("https://x.example/a?b=c "),
    "accents": "a" + filled("\u0301"),
    "ligatures": filled("ﷺ"),
    "quotes": "'" * MUCH,
    "not": filled("not "),
    "lines": filled("still\r\n\t"),
    "marks": filled("?!"),
    "Zalgo": filled("s\u0335\u0321\u0308t\u0337\u0301i\u0336\u0302l\u0338l\u0334 "),
}


@pytest.fixture(scope="module", params=["model", LEXICAL])
def triage(request: pytest.FixtureRequest) -> Iterator[Triage]:
    made = Triage(request.param)
    made.guess(mention("Is anybody there?"))
    yield made
    slowest = sorted(((t, what) for (way, what), t in TOOK.items() if way == made.way))[-3:]
    print(f"\nslowest with {made.way}: {slowest}")


def timed(triage: Triage, text: str) -> tuple[Guess, float]:
    begun = time.process_time()
    guess = triage.guess(mention(text))
    return guess, time.process_time() - begun


def never_raised(triage: Triage, guess: Guess) -> bool:
    """A guess that came of reading, and not of giving up."""
    return triage.trouble == "" and "does not work" not in guess.because


@pytest.mark.parametrize("what", HOSTILE)
def test_an_answer_comes_in_time(triage, what):
    took = []
    while len(took) < TRIES and not (took and took[-1] < SOON):
        guess, seconds = timed(triage, HOSTILE[what])
        took.append(seconds)
        assert never_raised(triage, guess)
    TOOK[triage.way, what] = min(took)

    assert min(took) < SOON


def test_chatter_is_no_complaint(triage):
    """Or else what is hidden in it would not have been found."""
    assert triage.guess(mention(HOSTILE["chatter"])).lane not in FLAGGED


HIDDEN = {
    "plainly": COMPLAINT,
    "with letters that have no width": "\u200b".join(COMPLAINT),
    "with soft hyphens": "\u00ad".join(COMPLAINT),
    "with letters that look alike": COMPLAINT.translate(LOOKALIKE),
    "with both": "\u200d".join(COMPLAINT.translate(LOOKALIKE)),
    "with wide letters": COMPLAINT.translate(WIDE),
    "with other directions": f"\u202e{COMPLAINT}\u202c",
    "in capitals": COMPLAINT.upper(),
    "with NUL between its words": COMPLAINT.replace(" ", "\0"),
    "with emoji between its words": COMPLAINT.replace(" ", " ☕ "),
}


@pytest.mark.parametrize("how", HIDDEN)
def test_a_complaint_is_found_however_it_is_written(triage, how):
    assert triage.guess(mention(f"@acme {HIDDEN[how]}")).lane in FLAGGED


@pytest.mark.parametrize("how", HIDDEN)
def test_a_complaint_is_found_in_the_middle_of_chatter(triage, how):
    half = HOSTILE["chatter"][: MUCH // 2]
    guess, took = timed(triage, f"{half} {HIDDEN[how]}. {half}")

    assert (guess.kind, guess.lane in FLAGGED) == (Kind.COMPLAINT, True)
    assert never_raised(triage, guess)
    assert took < 2 * SOON


@pytest.mark.parametrize("part", [0.0, 0.1, 0.33, 0.5, 0.77, 0.999, 1.0])
def test_it_is_found_wherever_it_stands(triage, part):
    said = CHATTER.split(" ") * 400
    said.insert(int(part * len(said)), COMPLAINT)

    assert triage.guess(mention(" ".join(said))).lane in FLAGGED


@pytest.mark.parametrize(
    "noise",
    [
        "one word",
        "long words",
        "one emoji",
        "hearts",
        "ampersands",
        "JSON",
        "dotted handles",
        "hashtags",
    ],
)
def test_it_is_found_behind_noise(triage, noise):
    guess = triage.guess(
        mention(f"{HOSTILE[noise][:3000]} @acme {COMPLAINT} {HOSTILE[noise][:3000]}")
    )

    assert guess.lane in FLAGGED


@settings(max_examples=150)
@given(st.text(max_size=600), st.sampled_from([None, "en", "de", "ja", "xx-\0"]))
def test_any_text_has_a_guess(triage, text, told):
    guess = triage.guess(mention(text, language=told))

    for share in (guess.complaint, guess.needs_answer):
        assert share is None or 0 <= share <= 1
    assert guess.because
    assert never_raised(triage, guess)


@settings(max_examples=50)
@given(st.lists(st.sampled_from(["refund", "not", "é", "😡", "ß", "@acme", "\u200b", "#a", "?"])))
def test_any_words_have_a_guess(triage, said):
    guess = triage.guess(mention(" ".join(said), subject=" ".join(said)[:20]))

    assert guess.complaint is None or 0 <= guess.complaint <= 1
    assert never_raised(triage, guess)


def test_a_flood_of_praise_takes_little_of_the_discontent_away():
    lexical = Words().lexical

    assert lexical.weigh(plain("love it, great, lovely! " * 9), "en").discontent == -CONTENT
    assert lexical.weigh("this is broken and useless", "en").discontent > 0
