"""What people say and do, one line each."""

from typing import Any

from slack_bolt import App, BoltResponse

from bot.app import Bot
from bot.playground import blockkit
from bot.playground.workspace import Workspace
from tests import fake_slack
from tests.fake_slack import FakeSlack

ANA, BEN, LEA = "U0ANA", "U0BEN", "U0LEA"
CARE = "C0CARE"


def press(app: Bot, slack: FakeSlack, action: str, number: int, by: str = ANA) -> BoltResponse:
    """Press a button on a conversation's card."""
    card = app.desk.look(number).conversation.card
    assert card, "it has no card yet"
    return fake_slack.press(app.bolt, slack.workspace, by, CARE, card, action)


def choose(app: Bot, slack: FakeSlack, verb: str, number: int, by: str = ANA) -> BoltResponse:
    """Choose from the menu of a card, or from all that is behind its "More…"."""
    card = app.desk.look(number).conversation.card
    assert card, "it has no card yet"
    value = f"{verb} {number}"
    if value in _offered(slack, card):
        return fake_slack.press(app.bolt, slack.workspace, by, CARE, card, "menu", value)
    fake_slack.press(app.bolt, slack.workspace, by, CARE, card, "menu", f"more {number}")
    more = form(slack, by)["id"]
    return fake_slack.act(app.bolt, slack.workspace, by, more, "open_form", value)


def _offered(slack: FakeSlack, card: str) -> list[str]:
    """What the menu of a card has."""
    drawn = blockkit.controls(slack.messages[card]["blocks"])
    menus = [each for each in drawn if each["type"] == "overflow"]
    return [option["value"] for menu in menus for option in menu["options"]]


def form(slack: FakeSlack, by: str = ANA) -> dict[str, Any]:
    """The form that is open before this person."""
    return slack.workspace.stacks[by][-1]


def preview(app: Bot, slack: FakeSlack, text: str, by: str = ANA, **fields: Any) -> BoltResponse:
    """Fill in the open reply form and look at its preview."""
    values = {"answer": {"type": "plain_text_input", "value": text}, **fields}
    return fake_slack.submit(app.bolt, slack.workspace, by, form(slack, by)["id"], values)


def publish(app: Bot, slack: FakeSlack, by: str = ANA, *, looked: bool = False) -> BoltResponse:
    """Say in the preview that it may go."""
    values = {"looked": ["yes"]} if looked else {}
    return fake_slack.submit(app.bolt, slack.workspace, by, form(slack, by)["id"], values)


def write(app: Bot, slack: FakeSlack, text: str, by: str = ANA, **fields: Any) -> BoltResponse:
    """Fill in the open reply form, and send what its preview shows."""
    shown = preview(app, slack, text, by, **fields)
    if form(slack, by)["callback_id"] != "publish":
        return shown  # it said why not
    return publish(app, slack, by)


def answer(app: Bot, slack: FakeSlack, number: int, text: str, by: str = ANA) -> None:
    """The whole way: press Reply, write, send, and the courier carries it."""
    press(app, slack, "reply", number, by)
    write(app, slack, text, by)
    app.courier.deliver_all()


def ask(bolt: App, workspace: Workspace, words: str = "", by: str = ANA, where: str = CARE) -> str:
    """Type `/unanswered …`; what it says, as text."""
    fake_slack.command(bolt, workspace, by, where, f"/unanswered {words}".strip())
    return str(workspace.whispers[-1]["text"])


def nag_all(app: Bot) -> None:
    """The sweep, and the courier after it."""
    while app.sweep.nag_some():
        pass
    app.courier.deliver_all()
