"""Files: uploaded by the bot or in a form, shared, shown, fetched and deleted."""

import io
import json

import pytest
from slack_sdk.errors import SlackApiError

from bot.playground.things import Impossible
from bot.playground.workspace import Workspace
from tests.fake_slack import submit
from tests.playground.shapes import CARE, modal, opened, plain, posted, refused

PICTURE = b"\x89PNG\r\n\x1a\n" + b"pixels"


def uploaded(slack, content=PICTURE, name="cup.png", **more):
    return slack.files_upload_v2(file=io.BytesIO(content), filename=name, **more)["file"]


def announced(workspace, length=3, name="a.txt"):
    params = {"filename": name, "length": str(length)}
    return workspace.call("files.getUploadURLExternal", params).body


def shown_in(channel):
    return [message for message in channel.messages.values() if "files" in message]


def file_field(**more):
    element = {"type": "file_input", "action_id": "them", **more}
    return {"type": "input", "block_id": "files", "label": plain("Files"), "element": element}


def image(**slack_file):
    return {"type": "image", "alt_text": "A cup", "slack_file": slack_file}


# --- what the bot uploads


def test_the_sdk_uploads_and_shares_in_a_thread(slack, workspace):
    ts = posted(slack)

    file = uploaded(slack, channel=CARE, thread_ts=ts, title="Cup", initial_comment="From Mira")

    card, message = slack.conversations_replies(channel=CARE, ts=ts)["messages"]
    assert (card["ts"], message["text"]) == (ts, "From Mira")
    assert [one["id"] for one in message["files"]] == [file["id"]]
    assert (file["title"], file["mimetype"], file["size"]) == ("Cup", "image/png", len(PICTURE))
    shares = slack.files_info(file=file["id"])["file"]["shares"]
    assert shares == {"public": {CARE: [{"ts": message["ts"], "thread_ts": ts}]}}


def test_a_file_goes_to_a_person_directly(slack, workspace):
    direct = slack.conversations_open(users="U0LEA")["channel"]["id"]

    file = uploaded(slack, b"a,b\n", "export.csv", channel=direct)

    [message] = workspace.channels["D0LEA"].messages.values()
    assert message["files"] == [file["id"]]
    assert slack.files_info(file=file["id"])["file"]["ims"] == ["D0LEA"]
    assert not slack.files_info(file=file["id"])["file"]["is_public"]


def test_only_channels_take_people_for_channels(slack, workspace):
    file = json.dumps([{"id": announced(workspace)["file_id"]}])
    workspace.receive(json.loads(file)[0]["id"], b"abc")

    by_person = {"files": file, "channel_id": "U0LEA"}
    assert refused(workspace, "files.completeUploadExternal", **by_person) == "channel_not_found"
    slack.files_completeUploadExternal(files=json.loads(file), channels=["U0LEA", CARE])

    assert shown_in(workspace.channels["D0LEA"])
    assert shown_in(workspace.channels[CARE])


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"filename": "a.txt"}, "invalid_arguments"),
        ({"length": "3"}, "invalid_arguments"),
        ({"filename": "a.txt", "length": "0"}, "invalid_arguments"),
        ({"filename": "a.txt", "length": "many"}, "invalid_arguments"),
    ],
)
def test_an_upload_has_a_name_and_a_length(workspace, params, error):
    assert refused(workspace, "files.getUploadURLExternal", **params) == error
    assert workspace.files == {}


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"files": "[]"}, "invalid_arguments"),
        ({"files": "{"}, "invalid_arguments"),
        ({"files": '[{"title": "x"}]'}, "invalid_arguments"),
        ({"files": '[{"id": "F0NONE"}]'}, "file_not_found"),
        ({"channel_id": "C0NONE"}, "channel_not_found"),
        ({"channel_id": "C0NEW"}, "not_in_channel"),
        ({"channel_id": CARE, "thread_ts": "1.0"}, "thread_not_found"),
        ({"channels": f"{CARE},C0PRESS", "thread_ts": "1.0"}, "invalid_arguments"),
    ],
)
def test_what_slack_would_not_complete(workspace, more, error):
    id = announced(workspace)["file_id"]
    workspace.receive(id, b"abc")
    params = {"files": json.dumps([{"id": id}])} | more

    assert refused(workspace, "files.completeUploadExternal", **params) == error
    assert workspace.files[id].stage == "uploaded"
    assert not any(shown_in(channel) for channel in workspace.channels.values())


def test_a_file_is_completed_once_and_after_its_bytes_came(workspace):
    id = announced(workspace)["file_id"]
    params = {"files": json.dumps([{"id": id}]), "channel_id": CARE}

    before = refused(workspace, "files.completeUploadExternal", **params)
    workspace.receive(id, b"abc")
    first = refused(workspace, "files.completeUploadExternal", **params)
    again = refused(workspace, "files.completeUploadExternal", **params)

    assert (before, first, again) == ("file_not_found", None, "file_not_found")
    assert len(shown_in(workspace.channels[CARE])) == 1


def test_as_many_bytes_come_as_were_announced(slack, workspace):
    url = announced(workspace, length=4)["upload_url"]

    assert slack._upload_file(url=url, data=b"abc").status == 400
    assert slack._upload_file(url=url, data=b"abcd").status == 200
    assert slack._upload_file(url=url, data=b"abcd").status == 400


def test_an_upload_that_is_lost_shares_nothing(slack, workspace):
    workspace.faults.add("broken", method="files.completeUploadExternal")

    with pytest.raises(SlackApiError):
        uploaded(slack, channel=CARE)

    assert shown_in(workspace.channels[CARE]) == []

    workspace.faults.add("lost", method="files.completeUploadExternal")
    with pytest.raises(ConnectionError):
        uploaded(slack, channel=CARE)
    assert len(shown_in(workspace.channels[CARE])) == 1


@pytest.mark.parametrize(
    ("method", "scope"),
    [
        ("files.getUploadURLExternal", "files:write"),
        ("files.completeUploadExternal", "files:write"),
        ("files.delete", "files:write"),
        ("files.info", "files:read"),
        ("usergroups.users.list", "usergroups:read"),
    ],
)
def test_each_needs_its_scope(workspace, method, scope):
    workspace.scopes.discard(scope)

    assert workspace.call(method, {}).body["needed"] == scope


# --- who may read it


def test_only_the_bots_token_opens_a_file(slack, workspace):
    file = slack.files_info(file=uploaded(slack, channel=CARE)["id"])["file"]

    assert slack.download(file["url_private"]) == PICTURE
    assert slack.download(file["url_private_download"]) == PICTURE
    assert slack.download(file["url_private"], token="") is None
    assert slack.download(file["url_private"], token=workspace.app_token) is None
    workspace.scopes.discard("files:read")
    assert slack.download(file["url_private"]) is None


def test_a_deleted_file_leaves_a_stone_and_no_content(slack, workspace):
    file = uploaded(slack, channel=CARE, initial_comment="Look", title="A secret title")

    slack.files_delete(file=file["id"])

    [message] = slack.conversations_history(channel=CARE)["messages"]
    assert message["files"] == [{"id": file["id"], "mode": "tombstone"}]
    assert slack.download(file["url_private"]) is None
    assert refused(workspace, "files.info", file=file["id"]) == "file_deleted"
    assert "secret" not in json.dumps(workspace.dump())
    assert workspace.files[file["id"]].content == ""


def test_only_the_bots_own_files_can_be_deleted(workspace):
    view = opened(workspace, view=modal(file_field()))
    theirs = workspace.upload("U0ANA", "a.txt", b"abc")
    assert refused(workspace, "files.info", file=theirs.id) == "file_not_found"

    workspace.submit("U0ANA", view["id"], {"them": [theirs.id]})

    assert refused(workspace, "files.info", file=theirs.id) is None
    assert refused(workspace, "files.delete", file=theirs.id) == "cant_delete_file"
    assert refused(workspace, "files.delete", file="F0NONE") == "file_not_found"


# --- pictures in blocks


def test_a_private_picture_can_be_shown_in_a_block(slack, workspace):
    file = uploaded(slack)
    assert not any(shown_in(channel) for channel in workspace.channels.values())

    by_id = posted(slack, blocks=[image(id=file["id"])])
    by_url = posted(slack, blocks=[image(url=file["url_private"])])
    opened(workspace, view=modal(image(id=file["id"])))

    assert {by_id, by_url} <= slack.messages.keys()


@pytest.mark.parametrize(
    ("name", "content"),
    [("notes.txt", b"words"), ("cup.png", b"<script>"), ("cup.svg", b"<svg/>")],
)
def test_only_a_picture_is_shown_as_one(slack, workspace, name, content):
    file = uploaded(slack, content, name)

    blocks = [{"type": "divider"}, image(id=file["id"])]
    answer = workspace.call("chat.postMessage", {"channel": CARE, "text": "x", "blocks": blocks})

    assert answer.body["error"] == "invalid_blocks"
    assert answer.body["response_metadata"]["messages"] == [
        "[ERROR] invalid slack file [json-pointer:/blocks/1]"
    ]


def test_a_picture_is_shown_from_its_completion_to_its_end(slack, workspace):
    begun = announced(workspace, len(PICTURE), "cup.png")["file_id"]
    workspace.receive(begun, PICTURE)
    blocks = [image(id=begun)]

    assert refused(workspace, "chat.postMessage", channel=CARE, blocks=blocks) == "invalid_blocks"
    slack.files_completeUploadExternal(files=[{"id": begun}])
    assert refused(workspace, "chat.postMessage", channel=CARE, blocks=blocks) is None
    slack.files_delete(file=begun)
    assert refused(workspace, "chat.postMessage", channel=CARE, blocks=blocks) == "invalid_blocks"


@pytest.mark.parametrize("wanted", [{"id": "F0NONE"}, {"url": "https://x.example/cup.png"}, {}])
def test_a_picture_that_is_not_there_is_refused_everywhere(workspace, wanted):
    trigger = workspace.new_trigger("U0ANA")
    home = {"type": "home", "blocks": [image(**wanted)]}

    assert refused(workspace, "chat.postMessage", channel=CARE, blocks=[image(**wanted)]) == (
        "invalid_blocks"
    )
    assert refused(workspace, "views.open", trigger_id=trigger, view=modal(image(**wanted))) == (
        "invalid_arguments"
    )
    assert refused(workspace, "views.publish", user_id="U0ANA", view=home) == "invalid_arguments"


# --- what comes with a form


def test_a_form_hands_over_the_files_that_were_chosen_in_it(workspace, bolt, slack):
    seen = []
    bolt.view("form")(lambda ack, view: seen.append(view["state"]["values"]) or ack())
    view = opened(workspace, view=modal(file_field(filetypes=["jpg", "png"], max_files=2)))
    files = [workspace.upload("U0ANA", name, PICTURE) for name in ("Ein Bild.PNG", "two.jpeg")]

    submit(bolt, workspace, "U0ANA", view["id"], {"them": [file.id for file in files]})

    first, second = seen[0]["files"]["them"]["files"]
    assert (first["id"], first["name"], first["size"]) == (files[0].id, "Ein Bild.PNG", 14)
    assert (first["mimetype"], second["filetype"]) == ("image/png", "jpg")
    assert slack.download(first["url_private_download"]) == PICTURE


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["a.png"] * 3, "no more than 2, not 3"),
        (["a.pdf"], "none of these: png"),
        ([], "has to be filled in"),
    ],
)
def test_files_that_slack_s_window_would_not_send(workspace, names, why):
    view = opened(workspace, view=modal(file_field(filetypes=["png"], max_files=2)))
    files = [workspace.upload("U0ANA", name, PICTURE).id for name in names]

    with pytest.raises(Impossible, match=why):
        workspace.submit("U0ANA", view["id"], {"them": files})


def test_nobody_sends_another_s_file(workspace):
    view = opened(workspace, view=modal(file_field()))
    theirs = workspace.upload("U0BEN", "a.png", PICTURE)

    with pytest.raises(Impossible, match="uploaded no file"):
        workspace.submit("U0ANA", view["id"], {"them": [theirs.id]})


def test_files_outlive_a_restart(slack, workspace, clock):
    file = uploaded(slack, channel=CARE)

    again = Workspace.demo(clock)
    again.load(json.loads(json.dumps(workspace.dump())))

    assert again.files == workspace.files
    again.url = "http://127.0.0.1:8/"
    [told] = again.call("conversations.history", {"channel": CARE}).body["messages"][0]["files"]
    assert told["url_private"].startswith("http://127.0.0.1:8/files-pri/")
    assert again.read(file["id"], again.bot_token).content
