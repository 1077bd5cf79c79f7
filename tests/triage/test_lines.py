"""Asking for guesses on the command line: a text a line, and a line of JSON for each."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.__main__ import WRONG, main
from bot.domain.mention import Kind
from bot.triage import LEXICAL, Triage
from bot.triage.lines import answers
from tests.triage.test_hostile import COMPLAINT

FIELDS = {
    "kind", "lane", "complaint", "needs_answer", "severity", "manner", "language", "because",
    "similar",
}  # fmt: skip
LABELLED = [
    ("@acme my order never arrived and nobody answers", 1),
    ("@acme still waiting for my refund, third time I write", 1),
    ("@acme broken again, worst service ever", 1),
    ("What a lovely morning", 0),
    ("@acme thank you, that was quick, great service", 0),
    ("@acme do you ship to Iceland?", 0),
]
Run = Callable[..., tuple[int, list[str], str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any) -> Run:
    """`python -m bot triage` in this process: its exit code, lines and troubles."""
    monkeypatch.chdir(tmp_path)  # where no .env is
    monkeypatch.setenv("TRIAGE", LEXICAL)

    def act(asked: str, *words: str) -> tuple[int, list[str], str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(asked))
        code = main(["triage", *words])
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err

    return act


def labelled(pairs: list[tuple[str, int]]) -> str:
    return "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in pairs)


@pytest.mark.parametrize("way", ["", "model", "MODEL", "lexical"])
def test_each_text_is_answered_with_a_guess(run, monkeypatch, way):
    monkeypatch.setenv("TRIAGE", way)
    code, told, trouble = run(f"@acme {COMPLAINT}\n\n  \nMerci beaucoup, ça marche !\n")

    first, second = map(json.loads, told)
    assert (code, trouble) == (0, "")
    assert set(first) == set(second) == FIELDS
    assert first["kind"] == "complaint"
    assert first["lane"] in ("sure", "check")
    assert 0.25 < first["complaint"] <= first["needs_answer"] <= 1
    assert first["language"] == "en"
    assert first["because"]
    assert all(isinstance(word, str) and "“" not in word for word in first["because"])
    assert (second["kind"], second["complaint"]) == ("praise", None)


def test_json_may_tell_more_than_the_text(run):
    asked = [
        {"text": "nice", "rating": 1},
        {"text": "see below", "subject": "My machine is broken, I want a refund"},
        {"text": "kaputt", "language": "de"},
        {"text": "Мой заказ так и не пришёл", "language": "ru", "label": 1},
        {"text": f"@acme {COMPLAINT}", "label": True, "what": "else"},
        {"text": ""},
    ]
    code, told, _ = run("\n".join(map(json.dumps, asked)))
    stars, subject, german, russian, labelled_, nothing = map(json.loads, told)

    assert code == 0
    assert stars["because"] == ["★"]
    assert subject["kind"] == labelled_["kind"] == "complaint"
    assert german["language"] == "de"
    assert (russian["lane"], russian["complaint"], russian["language"]) == ("check", None, "ru")
    assert nothing["lane"] == "question"


@pytest.mark.parametrize(
    "line",
    [
        "{",
        '{"text": "a"',
        '{"label": 1}',
        '{"text": 5}',
        '{"text": null}',
        '{"text": ["a"]}',
        '{"text": "a", "label": 2}',
        '{"text": "a", "label": "1"}',
        '{"text": "a", "label": 1.0}',
        '{"text": "a", "label": []}',
        '{"text": "a", "rating": 9}',
        '{"text": "a", "rating": "five"}',
        '{"text": "a", "rating": []}',
        '{"text": "a", "subject": 5}',
        '{"text": "a", "language": {}}',
        '{"a": ' * 50_000,
        '{"text": "a", "label": ' + "9" * 5000 + "}",
    ],
    ids=lambda line: line[:40],
)
def test_a_bad_line_is_a_sentence_and_the_rest_goes_on(run, line):
    code, told, _ = run(f"It is broken\n{line}\nIt is broken\n")
    before, wrong, after = map(json.loads, told)

    assert code == 0
    assert before == after
    assert before["kind"] == "complaint"
    assert list(wrong) == ["error"]
    assert wrong["error"].endswith(".")
    assert len(wrong["error"]) < 300
    assert "Traceback" not in wrong["error"]


def test_answers_are_lines_whatever_stands_in_them():
    asked = [
        "broken\u2028and\x85late\x0cagain",
        '{"text": "bro\\nken \\ud800 \\u0000 late"}',
        "\ufeffbroken",
    ]
    told = list(answers(asked, Triage(LEXICAL)))

    assert len(told) == 3
    for each in told:
        assert len(each.splitlines()) == 1
        each.encode()
        assert json.loads(each)["kind"] in set(Kind)


def test_each_line_is_answered_before_the_next_is_read():
    read = []

    def asked() -> Iterator[str]:
        for text in ("broken", "late"):
            read.append(text)
            yield text

    told = answers(asked(), Triage(LEXICAL))
    next(told)

    assert read == ["broken"]


# Reports


def test_with_labels_a_report_says_how_good_guesses_are(run):
    code, told, trouble = run(labelled(LABELLED), "--report")

    assert (code, trouble) == (0, "")
    assert told[0] == "6 texts, 3 of them complaints"
    assert told[1].split() == ["AUC", "1.000"]
    assert told[2].startswith("calibration error")
    assert told[3].split() == ["threshold", "recall", "precision", "macro-F1"]
    assert told[-1].endswith("for a recall of 0.95")


def test_a_report_is_for_the_recall_that_is_wanted(run):
    _, usual, _ = run(labelled(LABELLED), "--report")
    _, more, _ = run(labelled(LABELLED), "--report", "--recall", "0.99")

    assert more[-1].endswith("for a recall of 0.99")
    as_set = [next(line for line in each if "as it is set" in line) for each in (usual, more)]
    assert float(as_set[1].split()[0]) < float(as_set[0].split()[0])


def test_without_labels_there_is_no_report(run):
    code, told, trouble = run(labelled(LABELLED[:1]) + "It is broken\n", "--report")

    assert (code, told) == (WRONG, [])
    assert trouble.startswith("Line 2 has no label. Write lines such as {")


@pytest.mark.parametrize("asked", ["", labelled(LABELLED[:3]), labelled(LABELLED[3:])])
def test_a_report_needs_both_kinds(run, asked):
    code, told, trouble = run(asked, "--report")

    assert (code, told) == (WRONG, [])
    assert trouble == "A report needs lines that are complaints and lines that are none.\n"


def test_a_report_names_the_line_that_is_wrong(run):
    code, told, trouble = run(labelled(LABELLED) + "\n{\n", "--report")

    assert (code, told) == (WRONG, [])
    assert trouble.startswith("Line 8: This is not JSON")


# What is asked for


@pytest.mark.parametrize("share", ["0.49", "1", "0.991", "-1", "nan", "much"])
def test_a_recall_that_can_not_be_is_refused(run, share, capsys):
    with pytest.raises(SystemExit) as left:
        run("", "--recall", share)

    assert left.value.code == 2
    assert "--recall" in capsys.readouterr().err


def test_who_wants_more_found_gets_more(run):
    asked = "".join(f"{text}\n" for text, _ in LABELLED)
    few, many = (
        [json.loads(line)["kind"] for line in run(asked, "--recall", share)[1]]
        for share in ("0.5", "0.99")
    )

    assert few.count("complaint") <= many.count("complaint")
    assert many[:3] == ["complaint"] * 3


def test_a_model_that_is_none_is_refused(run, monkeypatch):
    monkeypatch.setenv("TRIAGE", "nonsense")
    code, told, trouble = run("It is broken\n")

    assert (code, told) == (WRONG, [])
    assert "TRIAGE" in trouble
    assert "nonsense" in trouble
    assert "lexical" in trouble


def test_a_team_that_is_none_is_refused(run, tmp_path):
    (tmp_path / "teams.toml").write_text('[teams.care]\nchannel = "C0CARE"\n')
    code, told, trouble = run("It is broken\n", "--team", "press")

    assert (code, told) == (WRONG, [])
    assert "There is no team “press”. Teams: care." in trouble


def test_what_is_missing_is_said_beside_the_answers(run, monkeypatch):
    monkeypatch.setenv("TRIAGE", "model")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    code, told, trouble = run(f"@acme {COMPLAINT}\n")

    assert code == 0
    assert json.loads(told[0])["kind"] == "complaint"
    assert "onnxruntime is not installed, so the lexical model serves" in trouble
