"""What must agree with the code: README, the manifest, app.json, the design, the import rules."""

import ast
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import config
from bot.doctor import SCOPES
from bot.domain.mention import Kind
from bot.playground.webapi import METHODS
from bot.playground.workspace import Workspace
from bot.policy.teams import read_teams
from tests import design

ROOT = Path(__file__).parents[1]
LISTS = ("bot", "bot_events", "slash_commands", "shortcuts")  # of the manifest
ROOMS = ("bot", "adapters", "storage")
OURS = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
SPOKEN = "".join(path.read_text() for path in OURS if "playground" not in path.parts)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
VIOLATIONS = {
    "Arrows point down": ("bot/triage/last_words.py", "import bot.desk"),
    "The domain knows nobody": ("bot/domain/case.py", "import structlog"),
    "Only bot.slack speaks Slack": ("bot/courier.py", "import slack_sdk"),
    "Only storage speaks SQL": ("bot/intake.py", "import sqlalchemy"),
    "The playground is the outside world": ("bot/playground/things.py", "import bot.domain.case"),
}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def tracked() -> list[Path]:
    """All files that are, or are about to be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def all_settings() -> Iterator[config.Setting]:
    yield from config.SETTINGS
    for platform in sorted(config.installed()):
        yield from config.installed()[platform]().settings


def manifest() -> dict[str, Any]:
    """slack-manifest.yaml, as far as YAML is needed to write it."""
    root: dict[str, Any] = {}
    open_ones: list[tuple[int, Any]] = [(-1, root)]
    for line in re.sub(
        r"(?m)(^|\s+)#(?![0-9a-f]{6}).*$", "", read("slack-manifest.yaml")
    ).splitlines():
        if not line.strip():
            continue
        indent, words = len(line) - len(line.lstrip()), line.strip()
        while open_ones[-1][0] >= indent:
            open_ones.pop()
        into = open_ones[-1][1]
        if words.startswith("- "):
            words = words[2:]
            if ": " not in words:
                into.append(words)
                continue
            into.append({})
            open_ones.append((indent + 1, into[-1]))
            into = into[-1]
        key, _, value = words.partition(":")
        empty: Any = [] if key in LISTS else {}
        into[key] = {"true": True, "false": False, "": empty}.get(value.strip(), value.strip(' "'))
        if value == "":
            open_ones.append((indent, into[key]))
    return root


def test_readme_names_every_setting_with_its_default():
    rows = re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \| (.*) \| (.*?) ?\|$", read("README.md"), re.M)

    told = {name: (says, default) for name, says, default in rows}
    wanted = {
        each.name: (
            each.help,
            "required" if each.required else each.default and f"`{each.default}`",
        )
        for each in all_settings()
    }
    assert told == wanted
    assert len(rows) == len(told)


def test_the_readme_leads_to_places_that_are_there():
    text = read("README.md")
    headings = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^## (.*)$", text, re.M)
    }

    for link in re.findall(r"\]\(([^)]+)\)", text):
        found = link[1:] in headings if link.startswith("#") else (ROOT / link).exists()
        assert found, link


def test_the_picture_is_small_enough_to_be_looked_at():
    for picture in (ROOT / "docs").glob("*.png"):
        assert picture.stat().st_size < 200_000, picture.name
        assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert (ROOT / "docs" / "card.png").exists()


def test_the_manifest_grants_what_the_code_needs():
    made = manifest()

    assert set(made["oauth_config"]["scopes"]["bot"]) == set(SCOPES)
    asked = {name for name in METHODS if f".{name.replace('.', '_')}" in SPOKEN}
    needed = {METHODS[name].scope for name in asked} - {""}
    assert needed - {"connections:write"} <= set(SCOPES)
    assert len(asked) > 8


def test_the_manifest_makes_an_app_that_works_at_once():
    made = manifest()

    [command] = made["features"]["slash_commands"]
    assert command["command"] == "/unanswered"
    assert f'app.command("{command["command"]}")' in SPOKEN
    assert command["should_escape"] is True
    assert command["usage_hint"]
    events = made["settings"]["event_subscriptions"]["bot_events"]
    assert sorted(events) == sorted(re.findall(r'events=\{\s*"(\w+)"', SPOKEN))
    assert made["settings"]["socket_mode_enabled"] is True
    assert made["settings"]["interactivity"]["is_enabled"] is True
    assert made["settings"]["org_deploy_enabled"] is False
    assert made["settings"]["token_rotation_enabled"] is False
    assert made["features"]["app_home"]["home_tab_enabled"] is True
    assert made["features"]["bot_user"]["display_name"] == "Unanswered"


def test_the_playground_offers_the_shortcuts_of_the_manifest():
    declared = manifest()["features"]["shortcuts"]
    for each in declared:
        assert f'"{each["callback_id"]}": ' in SPOKEN

    offered = Workspace.demo().shortcuts.values()
    assert [(one["name"], one["callback_id"], one["type"]) for one in declared] == [
        (one.name, one.callback_id, one.kind) for one in offered
    ]


def test_slack_takes_the_manifest_s_lengths():
    made = manifest()

    assert len(made["display_information"]["name"]) <= 35
    assert len(made["display_information"]["description"]) <= 140
    assert len(made["features"]["slash_commands"][0]["usage_hint"]) <= 1000
    for shortcut in made["features"]["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
    assert re.fullmatch(r"#[0-9a-f]{6}", made["display_information"]["background_color"])


def test_one_click_asks_for_what_a_start_needs():
    app = json.loads(read("app.json"))

    known = {each.name: each for each in all_settings()}
    variables = set(re.findall(r'(?m)^[^#\n]*= "\$([A-Z_]+)"', read("teams.toml")))
    assert set(app["env"]) <= known.keys() | variables
    assert variables <= set(app["env"])
    required = {each.name for each in config.SETTINGS if each.required}
    assert required <= set(app["env"])
    for name, entry in app["env"].items():
        assert entry["description"].strip(), name
        assert not (name in known and known[name].secret and "value" in entry), name
    one, none = ({"quantity": many, "size": "basic"} for many in (1, 0))
    assert app["formation"] == {"worker": one, "web": none}
    assert app["addons"] == [{"plan": "heroku-postgresql:essential-0"}]


def test_the_procfile_names_commands_that_there_are():
    kinds = dict(line.split(": ", 1) for line in read("Procfile").splitlines())

    assert kinds == {
        "release": "python -m bot migrate",
        "worker": "python -m bot run",
        "web": "python -m bot web",
    }


def test_the_teams_we_ship_need_nothing_but_a_channel():
    given = {"SLACK_CHANNEL": "C0CARE"}

    teams, problems = read_teams(ROOT / "teams.toml", given, ("twitter", "email", "email:press"))

    assert problems == []
    assert [team.channel for team in teams] == ["C0CARE"]


def test_what_is_commented_out_in_the_teams_we_ship_works_too(tmp_path):
    lines = re.sub(r"(?m)^( *)# (?= *[{\[\]]|[a-z_]+ = )", r"\1", read("teams.toml"))
    (tmp_path / "teams.toml").write_text(lines)
    given = {
        "SLACK_CHANNEL": "C0CARE",
        "ONCALL_ICAL": "webcal://oncall.example/",
        "ALERT_WEBHOOK": "https://hooks.example/",
    }

    teams, problems = read_teams(tmp_path / "teams.toml", given, ("email",))

    care = teams["care"]
    assert problems == []
    assert (len(care.ladder), len(care.promise_ladder), len(care.roads)) == (5, 2, 2)
    assert (len(care.sources), len(care.rules), len(care.rota.shifts)) == (1, 1, 7)
    assert care.calendar.zone.key == "Europe/Berlin"
    assert (care.triage.recall, care.triage.unknown) == (0.95, Kind.QUESTION)
    assert teams["press"].hears == ("email:press",)


@pytest.mark.parametrize("file", ["requirements.txt", "tests/requirements.txt"])
def test_every_requirement_is_pinned_with_its_hashes_and_no_address(file):
    text = read(file)

    packages = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n?", "", text).strip())
    assert len(packages) > 20
    for package in packages:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", package), package[:60]
        assert "--hash=sha256:" in package, package[:60]
    assert "://" not in text
    assert "index" not in text.replace("importlib", "")


def test_the_python_that_is_asked_for_is_the_same_everywhere():
    lowest = read(".python-version").strip()

    assert PROJECT["project"]["requires-python"] == f">={lowest}"
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{lowest.replace('.', '')}"
    assert f"sys.version_info < ({lowest.replace('.', ', ')})" in read("Makefile")


def test_ci_asks_for_make_test_and_can_be_run():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert read(".ci/run").rstrip().endswith("make test")
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)


def test_no_file_names_this_machine_or_an_index():
    homes = "|".join(re.escape(str(home)) for home in {ROOT, Path(sys.prefix).parent})
    here = re.compile(rf"(?<![\w.])({homes})(?![\w.-])")
    for path in tracked():
        if path.suffix in (".png", ".ico"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not here.search(text), path
        assert not re.search(r"https?://[^\s\"']*(pypi|/simple)\b", text), path


def test_the_design_shows_a_tree_that_is_there():
    for path, _ in design.tree(read("docs/design.md")):
        assert (ROOT / path).exists(), path


def test_every_file_of_ours_has_a_place_in_the_design():
    named = {path for path, _ in design.tree(read("docs/design.md"))}

    grown_up = [path for path in OURS if design.length(path.relative_to(ROOT)) > 10]
    missing = [
        str(path.relative_to(ROOT))
        for path in grown_up
        if path.relative_to(ROOT) not in named and "versions" not in path.parts
    ]
    assert missing == []


def test_no_file_has_grown_past_twice_its_size_in_the_design():
    grown = [
        f"{path}: {design.length(path)} lines, {planned} in the design"
        for path, planned in design.tree(read("docs/design.md"))
        if planned and design.length(path) > 2 * planned
    ]
    assert grown == []


def test_the_design_quotes_the_code_as_it_is():
    text = read("docs/design.md")

    quotes = list(design.QUOTE.finditer(text))
    assert len(quotes) > 12
    for quote in quotes:
        now = design.quoted(quote["file"], quote["names"])
        assert quote[4] == now, f"{quote['names']} has changed: python -m tests.design"


def test_the_design_draws_the_arrows_that_are_checked():
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    drawn = re.search(r"## 3\. The arrows.*?```\n(.*?)```", read("docs/design.md"), re.S)

    assert drawn
    layers = [re.findall(r"[\w.]+", layer) for layer in contracts[0]["layers"]]
    assert re.findall(r"[\w.]+", drawn[1]) == [name for layer in layers for name in layer]


def test_functions_are_small():
    functions = [
        node.end_lineno - node.lineno + 1
        for path in OURS
        if "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.end_lineno
    ]

    assert statistics.median(functions) <= 7
    assert statistics.quantiles(functions, n=20)[-1] <= 25


def test_every_file_begins_with_what_it_is_for():
    silent = [path.name for path in OURS if not ast.get_docstring(ast.parse(path.read_text()))]

    assert silent == []


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three rooms and their rules, to be spoiled; what was read once is kept."""
    folder = tmp_path_factory.mktemp("copy")
    skip = shutil.ignore_patterns("__pycache__")
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", folder)
    assert linted(folder).returncode == 0
    return folder


def linted(folder: Path) -> subprocess.CompletedProcess[str]:
    lint = [str(Path(sys.prefix) / "bin" / "lint-imports"), "--verbose"]
    here = os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200"}
    return subprocess.run(lint, cwd=folder, env=here, capture_output=True, text=True)


def test_each_import_rule_has_a_violation_here():
    names = [contract["name"] for contract in PROJECT["tool"]["importlinter"]["contracts"]]

    assert len(names) == len(VIOLATIONS)
    assert all(name.startswith(rule) for name, rule in zip(names, VIOLATIONS, strict=True))


@pytest.mark.parametrize("rule", VIOLATIONS)
def test_each_import_rule_can_fail_the_build(copy, rule):
    file, violation = VIOLATIONS[rule]
    spoiled = copy / file
    before = spoiled.read_text()
    spoiled.write_text(f"{before}\n{violation}\n")
    try:
        found = linted(copy)
    finally:
        spoiled.write_text(before)

    assert found.returncode == 1
    verdicts, _, reasons = found.stdout.partition("Broken contracts\n")
    said = " ".join(verdicts.partition("\nAnalyzed ")[2].split())
    assert re.search(rf"{re.escape(rule)}( \([^)]*\))? BROKEN", said), said
    assert violation.split()[1] in reasons
