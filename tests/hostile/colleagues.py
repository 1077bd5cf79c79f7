"""What is typed into Slack and into files: commands, times, forms, replies, teams, questions."""

import atexit
import json
import re
import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from adapters.demo import Demo
from bot import deadline
from bot.domain.conversation import State
from bot.domain.graphemes import boundary, inside
from bot.domain.mention import storable
from bot.domain.parts import split
from bot.domain.problems import NotPossible
from bot.domain.saved import Saved, exported, fill, first_name, imported, put_in, unfilled
from bot.domain.team import Teams
from bot.domain.warnings import warnings
from bot.playground.workspace import Workspace
from bot.policy.made_in_slack import Wanted, WrongTeam
from bot.policy.teams import read_teams, teams_in
from bot.policy.toml import Wrong
from bot.slack import exports, filled, since, text, times, typed, whatif, written
from bot.slack.blocks import Message, anchor, line, quote, rich, words
from bot.slack.commands import plain
from bot.slack.contacts import ADDRESS as MESSAGE
from bot.slack.questions import Person, Questions
from bot.slack.tongue import speaking
from storage import migrations
from storage.audit import Done
from storage.database import connect
from storage.search import Whole
from tests import fake_slack
from tests.conftest import CARE, NOON, Assembled, Clock
from tests.fake_slack import FakeSlack
from tests.hostile.posts import _x
from tests.hostile.shown import LINKS, good, listed, refused, rows, sentence
from tests.hostile.target import Source, Target
from tests.hostile.target import text as typed_text
from tests.people import ANA
from tests.slack.cases import MIRA, WAITING
from tests.slack.hostile import EVIL, live_markup

TEAMS = Teams({"care": CARE}, tell="U0LEA")
ANYBODY = re.compile(r"<@[UW][A-Z0-9]+>")
ASKING = Person("U0ANA", "C0CARE")
BERLIN = ZoneInfo("Europe/Berlin")
ODD = [each.encode("utf-8", "surrogatepass") for each in EVIL]

# After /unanswered


def question(raw: bytes) -> None:
    said = typed_text(raw)
    questions = Questions(TEAMS, {"twitter": 1, "email:press": 1}, lambda: NOON)
    try:
        found = questions.read(said, ASKING)
    except NotPossible as problem:
        refused(problem)
        raise
    listed(ANYBODY.sub("<@U0ANA>", found.title), said)  # whoever they name, they may


def time_typed(raw: bytes) -> None:
    said = typed_text(raw)
    typed.in_english(said.lower())
    times.until_they_write(said)
    try:
        at, _rest = times.begin(said, CARE.calendar, NOON)
    except NotPossible as problem:
        refused(problem)
        raise
    assert NOON < at <= NOON + times.AHEAD


def day_typed(raw: bytes) -> None:
    try:
        at = since.read(typed_text(raw), BERLIN, NOON)
    except NotPossible as problem:
        refused(problem)
        raise
    times.shown(at, BERLIN)


def command(raw: bytes) -> None:
    """The whole bot: a customer's words, a colleague's, and all that the bot shows of them."""
    said, office = Source(raw), _office()
    typed, post, handle = said.piece(), said.piece(), said.piece()
    before = set(office.slack.messages)
    office.demo.post(post, by=handle[:40] or "mira")
    office.clock.pass_(seconds=1)
    office.bot.intake.poll("demo", office.demo)
    office.bot.courier.deliver_all()
    workspace = office.slack.workspace
    fake_slack.command(office.bot.bolt, workspace, ANA, "C0CARE", f"/unanswered {typed}".strip())
    now = office.slack.messages
    for shown in (*office.slack.whispers, *(now[ts] for ts in now.keys() - before)):
        good(_message(shown))
        assert "went wrong on my side" not in shown["text"]
    for view in office.slack.views:
        assert live_markup({"text": "", "blocks": view["blocks"]}) == []
        assert "went wrong on my side" not in str(view)
    office.slack.whispers.clear()
    office.slack.workspace.stacks.clear()


def _message(message: Mapping[str, Any]) -> Message:
    return Message(message["text"] or " ", message.get("blocks"))


class Office:
    """A whole bot on SQLite, over a platform in memory."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        engine = connect(f"sqlite:///{folder}/bot.db")
        migrations.upgrade(engine)
        self.slack = FakeSlack(Workspace.demo(now=lambda: self.clock().timestamp()))
        self.demo = Demo("demo", {}, self.clock, timedelta(days=7))
        self.bot = Assembled(engine, self.slack, self.demo, self.clock)()
        self.bot.intake.poll("demo", self.demo)
        atexit.register(engine.dispose)


@cache
def _office() -> Office:
    folder = tempfile.mkdtemp(prefix="hostile-")
    atexit.register(shutil.rmtree, folder)
    return Office(Path(folder))


# Forms


def form(raw: bytes) -> None:
    """Fields that are there or not, with anything typed into them."""
    said = Source(raw)
    values = said.spoiled({"answer": {"answer": {"value": "x"}}, "more": {"text": {"value": "y"}}})
    about = {"missing": [said.piece()], "mention": 7, "round": 0}
    view = {
        "private_metadata": json.dumps(about),
        "state": {"values": _as_slack_has_it(values, said)},
    }
    read = [filled.answer_in(view), filled.reason_in(view), filled.typed_in(view, "more")]
    read += filled.variables_in(view).values()
    read += [filled.text_in(view, "more"), filled.chosen_in(view, "reason")]
    read += [each["name"] for each in filled.files_in(view)]
    assert all(isinstance(each, str) and "\0" not in each for each in read)
    for each in read:
        each.encode()
    filled.looked_in(view)
    filled.person_in(view, "who")
    filled.several_in(view, "which")


def _as_slack_has_it(values: Any, said: Source) -> dict[str, dict[str, dict[str, Any]]]:
    """Blocks of fields of values, whatever those are: no other shape comes from Slack."""
    blocks = values if isinstance(values, dict) else {}
    fields = {
        str(block): {str(name): _field(each) for name, each in found.items()}
        for block, found in blocks.items()
        if isinstance(found, dict)
    }
    name, kind = said.piece(), said.piece()
    return {
        **fields,
        "files": {"files": {"files": [{"id": "F1", "name": name, "mimetype": kind, "size": 1}]}},
        "reason": {"reason": {"selected_option": {"value": said.pick(["other", "spam"])}}},
    }


def _field(given: Any) -> dict[str, Any]:
    value = given.get("value") if isinstance(given, dict) else given
    return {"value": value if isinstance(value, str) else None}


def answer(raw: bytes) -> None:
    """An answer in parts, measured as X and as mail do, warned of, and with its places filled."""
    said = Source(raw)
    sign, whole = storable(said.piece()), storable(typed_text(said.raw[said.at :]))
    for length, limit in ((len, 300), (_x().length, 280)):
        for part in split(whole, limit=limit, most=50, length=length, sign=sign.strip()[:20]):
            assert length(part) <= limit
            assert part.strip()
    warnings(whole, public=True, watch=[sign[:80]])


def places(raw: bytes) -> None:
    """Saved replies with places, and customers' names in them."""
    said = Source(raw)
    name, template = said.piece(), said.piece()
    got = fill(template, {"name": name, "first_name": first_name(name)})
    assert set(got.missing) <= set(unfilled(got.text, got.meant))
    put_in(got.text, {"order": name})


def graphemes(raw: bytes) -> None:
    said = typed_text(raw)
    for end in {0, 1, len(said) // 2, len(said)}:
        assert 0 <= boundary(said, end) <= end
        inside(said, end)


def clean_text(raw: bytes) -> None:
    """Words, names and addresses wherever they can stand."""
    said = typed_text(raw)
    sentence("- " + text.harmless(said, 200))
    sentence("- " + anchor(said, text.harmless(said, 50)))
    good(_message({"text": "x", "blocks": [quote(said), rich(line(words(text.clip(said, 500))))]}))
    assert "\n" not in text.one_line(said)
    plain(said)
    MESSAGE.search(said)


def retold(raw: bytes) -> None:
    """What platforms say of themselves, looked for among our own sentences."""
    said = typed_text(raw)
    with speaking("de"):
        for known in (written.REFUSALS, written.NOTICES, written.SETTINGS, written.NO_REPLIES):
            written.retold(said, known)


# Files


def replies_file(raw: bytes) -> None:
    try:
        said = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        said = raw.decode("latin-1")
    found, problems = imported(said, ["care"])
    for problem in problems:
        refused(problem)
    if not problems:
        kept = [Saved(id=1, by="U0ANA", at=NOON, **each._asdict()) for each in found]
        again, wrong = imported(exported(kept), ["care"])
        marked = {each._replace(holding=bool(each.holding)) for each in found}
        assert (set(again), wrong) == (marked, ())


def export(raw: bytes) -> None:
    said = Source(raw)
    name, post, ours, because = (said.piece() for _ in range(4))
    who = replace(MIRA, handle=f"@{name}", name=name, url=post)
    it = replace(WAITING, state=State.DISMISSED, closed_because=because)
    whole = Whole(conversation=it, customer=who, tags=[name], words=post, answer=ours, url=post)
    rows(exports.csv_of([exports.row(whole, LINKS)] * 2), len(exports.COLUMNS))
    done = Done(at=NOON, by=name, via=post, what=ours, conversation=1, about={name: because})
    rows(exports.csv_of([exports.audited(done)], exports.AUDITED), len(exports.AUDITED))


def deadline_line(raw: bytes) -> None:
    said = typed_text(raw).replace("\n", " ")
    for with_text in (False, True):
        for answered in deadline.answers([said], CARE.calendar, text=with_text):
            assert answered.splitlines() == [answered]
            assert isinstance(json.loads(answered), dict)
            answered.encode()


def teams_file(raw: bytes) -> None:
    """As a file, and as somebody tries it in Slack's what-if."""
    said = typed_text(raw)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "teams.toml"
        file.write_bytes(raw)
        _found, problems = read_teams(file, {"SECRET": "s3cr3t"}, ["twitter"], NOON)
    assert all(each.strip() for each in problems)
    good(whatif.wrong(problems, CARE, said))


def team_form(raw: bytes) -> None:
    said = Source(raw)
    wanted = Wanted(
        name=said.piece() or "care",
        channel="C0CARE",
        hears=("twitter",),
        within={"complaint": said.piece() or "PT1H"},
        timezone=said.piece() or "Europe/Berlin",
        hours=said.piece(),
        manager=said.piece(),
    )
    teams_in(Path("teams.toml"), wanted.text, {}, (), NOON)


TOML = b"""
tell = "U0LEA"
[teams.care]
channel = "C0CARE"
hears = ["twitter"]
timezone = "Europe/Berlin"
hours = { mon-fri = ["09:00-12:30", "13:30-18:00"], sat = "10:00-14:00" }
holidays = ["DE-BW"]
closed = { "2026-12-24" = "Christmas Eve" }
answer_within = { complaint = "PT1H", question = "P1D" }
nag = [{ after = "-PT15M", call = "owner" }, { after = "PT30M", call = "channel" }]
on_duty = [{ days = "mon-fri", who = "U0ANA" }]
manager = "$SECRET"
email = ["lead@acme.example"]
webhook = "https://hooks.example/s3cr3t"
[[teams.care.rules]]
when = { kind = "complaint", tag = "vip" }
first = "PT15M"
"""
ASKED = (
    b'{"calendar": {"timezone": "Europe/Berlin", "hours": {"mon": [["09:00", "17:00"]]}, "days": \
{"2026-12-24": []}, "holidays": ["2026-12-25"]}, "start": "2026-11-21T15:30:00Z", "minutes": 60, \
"pauses": [["2026-11-23T09:00:00Z", "2026-11-23T12:00:00Z", "sick"]]}'
)
CSV = b'\xef\xbb\xbfteam,language,name,text\r\ncare,de,Hallo,"Hallo {name},\r\nwir sehen nach"\r\n'

TARGETS = {
    "question": Target(
        question,
        allowed=(NotPossible,),
        seeds=[b'overdue mine tag:vip since:monday "my order" <@U0ANA|ana> team:care sort:oldest'],
        tokens=[
            b"tag:",
            b"is:",
            b"lang:",
            b"since:",
            b"before:",
            b"sort:",
            b'"',
            b"<#C0CARE|a>",
            b"&lt;",
            b"&amp;",
            b"<mailto:a@b.c|a@b.c>",
            b"all teams",
            b"seit:",
        ],
    ),
    "time_typed": Target(
        time_typed,
        allowed=(NotPossible,),
        seeds=[
            b"bis freitag den 27. november um 14:30 uhr call them",
            b"in 2 h",
            b"2026-11-27 12:00",
        ],
        tokens=[
            b"morgen ",
            b"um ",
            b"uhr",
            b"fri ",
            b"noon",
            b"pm",
            b"27.11.2026",
            b"until they write",
        ],
    ),
    "day_typed": Target(
        day_typed,
        allowed=(NotPossible,),
        seeds=[b"monday", b"2026-11-01", b"3d", b"31.12.2025", b"1. nov 2026", "5 März".encode()],
        tokens=[b"00", b"2000", b"99w", b"29.2."],
    ),
    "command": Target(
        command,
        seeds=[
            b"overdue\x1eMy order is broken\x1emira",
            b"snooze 1 fri 12:00 x\x1e<!channel>\x1eb",
            b"note 1 calls\x1ea\x1ec",
            b"tag 1 VIP\x1ea\x1ed",
            b"why 1",
            b"log phone Mira",
            b"customer 1",
            b"dismiss 1 &lt;spam&gt;",
            b"forget @ana",
            b"merge 1 into 1",
            b"case https://a/archives/C0/p1",
            b"export is:any",
            b"what-if",
            b"follow up 1 in a week x",
            b"escalate 1 @ana because x",
        ],
        tokens=[b" 1 ", b"\x1e", b"@ana", b"<@U0BEN>", *ODD],
        slow=True,
    ),
    "form": Target(
        form, seeds=[b"\0a\x1eb\x1ec", b"\x03\0\x01\x03x\x1e\0"], tokens=[*ODD, b"\x1e"]
    ),
    "answer": Target(
        answer,
        allowed=(NotPossible,),
        largest=3000,  # as forms take them
        slow=True,
        seeds=["^AN\x1eWe are sorry. See https://a.example/x. 漢字。 z.B. Dr. X".encode() * 9],
        tokens=[
            b"https://",
            b". ",
            b"\n\n",
            "👩\u200d👩\u200d👧".encode(),
            "。".encode(),
            b"4111 1111 1111 1111",
            b"+49 171 2345678",
            b"a@b.example",
            b"###",
            "é".encode(),
            "🇩🇪".encode(),
        ],
    ),
    "places": Target(
        places,
        seeds=[b"Dr. Mira {name} Huber\x1eHello {first_name}, {{x}} {order number} {name}"],
        tokens=[
            b"{",
            b"}",
            b"{{",
            b"}}",
            b"{name}",
            b"{ name }",
            b"{first_name}",
            b"\x1e",
            b"Dr. ",
        ],
    ),
    "graphemes": Target(
        graphemes, seeds=["👩‍👩‍👧🇩🇪é한".encode()], tokens=["\u200d".encode(), "🇩".encode()]
    ),
    "clean_text": Target(clean_text, seeds=ODD, tokens=[*ODD, b"https://a.example/", b"|", b"&"]),
    "retold": Target(
        retold,
        seeds=[
            b"Mail to a can't be sent from here.",
            b":warning: I can't read x: y I will go on trying",
        ],
        tokens=[
            b"X would not publish it: ",
            b" takes ",
            b" with an answer",
            b"The mail server refused",
            b"I could not deliver `",
            b"` after ",
            b" tries: ",
            b" gave #",
            b" from ",
            b", <@",
            b" files.",
        ],
    ),
    "replies_file": Target(
        replies_file,
        seeds=[CSV, b"team;language;name;text\n;;A;=1+1\n"],
        tokens=[b'"', b'""', b";", b"\t", b"\r", b"\n", b"'=", b"\0", b"care,", b",,"],
    ),
    "export": Target(
        export,
        seeds=[
            b"=cmd|' /C calc'!A0\x1e-1+1\x1e@SUM(1)\x1e+1",
            b"'=1\x1e \t=1\x1e\xef\xbc\x9d1\x1e;=1",
        ],
        tokens=[
            b"=",
            b"+",
            b"-",
            b"@",
            b"\t",
            b"\r",
            b"\n",
            b'"',
            b"\x1e",
            "\u2003=".encode(),
            b"\0=",
        ],
    ),
    "deadline_line": Target(
        deadline_line,
        seeds=[ASKED, b'{"start": "2026-11-21T15:30:00Z", "end": "2027-01-01T00:00:00+14:00"}'],
        tokens=[
            b'"pauses"',
            b"[[",
            b"]]",
            b"1e999",
            b"-0",
            b"9999-12-31T23:59:59Z",
            b"0001-01-01",
            b"24:00",
            b"00:00-24:00",
            b'"always"',
            b"Pacific/Apia",
            b"\\ud800",
            b'"minutes": 5259600',
        ],
    ),
    "teams_file": Target(
        teams_file,
        seeds=[TOML, b'[teams.a]\nchannel = "C0AAAA"\n'],
        tokens=[
            b"[teams.care.",
            b"[[",
            b"'''",
            b" = ",
            b"P9999D",
            b"PT0S",
            b"1979-05-27T07:32:00Z",
            b"inf",
            b"nan",
            b'"$SECRET"',
            b"{ ",
            b" }",
            b"mon-fri",
            b"24:00",
        ],
    ),
    "team_form": Target(
        team_form,
        allowed=(WrongTeam, Wrong, tomllib.TOMLDecodeError),
        seeds=[b"press\x1ePT2H\x1eEurope/Vienna\x1emon-fri 09:00-12:30, 13:30-18:00\x1eU0LEA"],
        tokens=[b"\x1e", b"sat ", b"09:00-17:00", b"\n", b'"', b"]", b"mon-sun", b"22:00-06:00+1"],
    ),
}
