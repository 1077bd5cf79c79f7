"""Files, suggestions and shortcuts over the wire, with the real SDK on the other side."""

import json
import urllib.error
import urllib.request

import pytest
from slack_bolt import App

from bot.playground.limits import Limits
from bot.playground.server import Playground
from bot.playground.workspace import Workspace
from tests.playground.shapes import CARE, modal, plain
from tests.playground.test_server import client_of, connected, post, raw, silent, until

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
FORM = {"Content-Type": "multipart/form-data; boundary=part"}


@pytest.fixture
def playground():
    with Playground(Workspace.demo(limits=Limits(on=False))) as playground:
        yield playground


@pytest.fixture
def client(playground):
    return client_of(playground)


@pytest.fixture
def bolt(client):
    return App(client=client, logger=silent(), token_verification_enabled=False)


def form(**parts):
    """A form as a browser sends it; a file is a pair of a name and what is in it."""
    lines = []
    for name, value in parts.items():
        file, content = value if isinstance(value, tuple) else ("", value.encode())
        ending = f'; filename="{file}"' if file else ""
        lines += [
            f'--part\r\nContent-Disposition: form-data; name="{name}"{ending}\r\n\r\n'.encode()
        ]
        lines += [content, b"\r\n"]
    return b"".join(lines) + b"--part--\r\n"


def fetch(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5) as answer:
        return answer.url, answer.headers, answer.read()


def test_the_real_client_uploads_shares_and_fetches_a_file(client):
    answer = client.files_upload_v2(channel=CARE, content=PICTURE, filename="cup.png", title="Cup")
    file = answer["file"]

    [message] = client.conversations_history(channel=CARE)["messages"]
    url, headers, content = fetch(
        message["files"][0]["url_private_download"], Authorization=f"Bearer {client.token}"
    )

    assert message["files"][0]["title"] == "Cup"
    assert (url, content) == (file["url_private_download"], PICTURE)
    assert headers["Content-Type"] == "image/png"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("token", ["", "Bearer xoxb-stolen", "Bearer xapp-1-playground"])
def test_without_the_bots_token_a_file_is_a_door(client, token):
    file = client.files_upload_v2(content=PICTURE, filename="cup.png")["file"]

    url, headers, content = fetch(file["url_private"], Authorization=token)

    assert "/signin" in url
    assert headers["Content-Type"].startswith("text/html")
    assert PICTURE not in content


def test_an_upload_may_come_as_a_form_and_comes_once(playground, client):
    answer = client.files_getUploadURLExternal(filename="cup.png", length=len(PICTURE))
    path = "/" + answer["upload_url"].removeprefix(playground.url)

    first = raw(playground, "POST", path, FORM, form(file=("cup.png", PICTURE)))
    again = raw(playground, "POST", path, {}, PICTURE)
    unknown = raw(playground, "POST", "/upload/F0NONE", {}, PICTURE)

    assert first == (200, f"OK - {len(PICTURE)}".encode())
    assert (again[0], unknown[0]) == (400, 400)


def test_the_page_shows_pictures_without_a_token(playground, client):
    file = client.files_upload_v2(content=PICTURE, filename="cup.png")["file"]

    _, _, content = fetch(f"{playground.url}page/file/{file['id']}")
    client.files_delete(file=file["id"])

    assert content == PICTURE
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetch(f"{playground.url}page/file/{file['id']}")


def test_a_person_brings_a_file(playground):
    body = form(person="U0ANA", file=("cup.png", PICTURE))

    _, brought = raw(playground, "POST", "/page/upload", FORM, body)
    _, none = raw(playground, "POST", "/page/upload", FORM, form(person="U0ANA"))
    _, nobody = raw(playground, "POST", "/page/upload", FORM, form(person="U0X", file=("a", b"a")))

    file = json.loads(brought)["file"]
    assert (file["name"], file["size"]) == ("cup.png", len(PICTURE))
    assert playground.workspace.files[file["id"]].user == "U0ANA"
    assert json.loads(none)["error"] == "There is no file in it."
    assert "nobody here" in json.loads(nobody)["error"]


def test_files_are_there_after_a_restart(tmp_path):
    file = tmp_path / "acme.json"
    with Playground(Workspace.demo(), file=file) as playground:
        client_of(playground).files_upload_v2(channel=CARE, content=PICTURE, filename="cup.png")

    with Playground(Workspace.demo(), file=file) as playground:
        client = client_of(playground)
        [message] = client.conversations_history(channel=CARE)["messages"]
        address = message["files"][0]["url_private"]
        _, _, content = fetch(address, Authorization=f"Bearer {client.token}")

    assert content == PICTURE


def test_the_page_waits_for_what_the_bot_suggests(playground, client, bolt):
    bolt.options("who")(
        lambda ack, body: ack(options=[{"text": plain(body["value"]), "value": "1"}])
    )
    element = {"type": "external_select", "action_id": "who"}
    block = {"type": "input", "block_id": "b", "label": plain("Who"), "element": element}
    trigger = playground.workspace.new_trigger("U0ANA")
    view = client.views_open(trigger_id=trigger, view=modal(block))["view"]
    asked = {"person": "U0ANA", "view_id": view["id"], "action_id": "who"}

    nobody = post(playground, "page/suggest", **asked, typed="mira")
    with connected(bolt, playground):
        found = post(playground, "page/suggest", **asked, typed="mira")
        early = post(playground, "page/suggest", **asked, typed="mi")
    missing = post(playground, "page/suggest", **asked)

    assert nobody == {"ok": False, "error": "The options could not be loaded."}
    assert found == {"ok": True, "options": [{"text": plain("mira"), "value": "1"}]}
    assert early["error"] == "Type at least 3 characters."
    assert missing["error"] == "This is missing: typed."
    assert "U0ANA" not in playground.workspace.toasts


def test_shortcuts_and_invitations_reach_the_bot(playground, client, bolt):
    heard = []
    bolt.shortcut("log_contact")(lambda ack, body: heard.append(body["type"]) or ack())
    bolt.shortcut("make_case")(lambda ack, body: heard.append(body["message"]["text"]) or ack())
    bolt.event("member_joined_channel")(lambda event: heard.append(event["user"]))
    ts = client.chat_postMessage(channel=CARE, text="He is angry")["ts"]

    with connected(bolt, playground):
        ana = {"person": "U0ANA"}
        post(playground, "page/shortcut", **ana, callback_id="log_contact")
        until(lambda: len(heard) == 1)
        where = {"channel": CARE, "ts": ts}
        post(playground, "page/message_shortcut", **ana, **where, callback_id="make_case")
        until(lambda: len(heard) == 2)
        post(playground, "page/invite", **ana, channel="C0NEW", who="U0BOT")
        until(lambda: len(heard) == 3)

    assert heard == ["shortcut", "He is angry", "U0BOT"]
