import pytest

from bot.playground.things import Impossible, Refusal
from tests.fake_slack import act, close, command, open_home, press, submit
from tests.playground.shapes import CARE, actions, button, field, modal, opened, plain, posted

# --- what people do


def test_a_press_carries_the_button_as_it_is(slack, workspace):
    ts = posted(slack, blocks=[actions(button("claim", "42", style="primary"))])

    payload = workspace.press("U0ANA", CARE, ts, "claim").payload

    [pressed] = payload["actions"]
    assert (pressed["value"], pressed["style"]) == ("42", "primary")
    assert payload["message"]["ts"] == ts
    assert payload["user"]["id"] == "U0ANA"


def test_only_what_is_there_can_be_pressed(slack, bolt, workspace):
    ts = posted(slack, blocks=[actions(button("claim"), button("claim_all", "2"))])

    with pytest.raises(AssertionError, match=r"nothing that fits 'reply'.*'claim_all'"):
        press(bolt, workspace, "U0ANA", CARE, ts, "reply")
    with pytest.raises(AssertionError, match="nothing that fits"):
        press(bolt, workspace, "U0ANA", CARE, ts, "claim", value="3")
    with pytest.raises(AssertionError, match="sees no message"):
        press(bolt, workspace, "U0ANA", CARE, "1.0", "claim")
    with pytest.raises(AssertionError, match="not in a channel"):
        press(bolt, workspace, "U0ANA", "C0NONE", ts, "claim")
    with pytest.raises(AssertionError, match="nobody here"):
        press(bolt, workspace, "U0NOBODY", CARE, ts, "claim")


def test_of_several_buttons_with_one_name_the_value_says_which(slack, workspace):
    rows = [actions(button("claim", "1")), actions(button("claim", "2"))]
    ts = posted(slack, blocks=rows)

    with pytest.raises(Impossible, match="several that fit"):
        workspace.press("U0ANA", CARE, ts, "claim")
    payload = workspace.press("U0ANA", CARE, ts, "claim", value="2").payload

    assert payload["actions"][0]["value"] == "2"


def test_an_option_is_chosen_by_its_value(slack, workspace):
    options = [{"text": plain(text), "value": text} for text in ("snooze", "dismiss")]
    ts = posted(slack, blocks=[actions({"type": "overflow", "action_id": "m", "options": options})])

    payload = workspace.press("U0ANA", CARE, ts, "m", value="dismiss").payload

    assert payload["actions"][0]["selected_option"] == options[1]
    with pytest.raises(Impossible, match="nothing that fits"):
        workspace.press("U0ANA", CARE, ts, "m", value="explode")


def test_a_whisper_can_be_pressed_by_its_reader_only(slack, workspace):
    blocks = [actions(button("undo"))]
    slack.chat_postEphemeral(channel=CARE, user="U0ANA", text="Done.", blocks=blocks)
    [whisper] = slack.whispers

    payload = workspace.press("U0ANA", CARE, whisper["ts"], "undo").payload

    assert payload["container"]["is_ephemeral"]
    assert "message" not in payload
    with pytest.raises(Impossible):
        workspace.press("U0BEN", CARE, whisper["ts"], "undo")


def test_a_form_is_sent_with_all_that_is_filled_in(workspace, bolt):
    seen = {}
    bolt.view("form")(lambda ack, view: seen.update(view["state"]["values"]) or ack())
    options = [{"text": plain(text), "value": text} for text in ("spam", "duplicate")]
    choice = {"type": "static_select", "action_id": "why", "options": options}
    why = {"type": "input", "block_id": "reason", "label": plain("Why"), "element": choice}
    view = opened(workspace, view=modal(field(), why, field("note", "note", initial_value="n")))

    submit(bolt, workspace, "U0ANA", view["id"], {"text": "Hello", "reason": {"why": "spam"}})

    assert seen["words"]["text"] == {"type": "plain_text_input", "value": "Hello"}
    assert seen["reason"]["why"]["selected_option"] == options[0]
    assert seen["note"]["note"]["value"] == "n"
    assert workspace.stacks["U0ANA"] == []


def moment(**more):
    picker = {"type": "datetimepicker", "action_id": "at", **more}
    return {"type": "input", "block_id": "when", "label": plain("When"), "element": picker}


@pytest.mark.parametrize(
    ("begun", "given", "chosen"),
    [
        ({}, {"at": 1628633820}, 1628633820),
        (
            {},
            {"when": {"at": {"type": "datetimepicker", "selected_date_time": 1628633820}}},
            1628633820,
        ),
        ({"initial_date_time": 1628630000}, {}, 1628630000),
        ({}, {}, None),
    ],
)
def test_a_moment_comes_back_in_seconds(workspace, bolt, begun, given, chosen):
    seen = {}
    bolt.view("form")(lambda ack, view: seen.update(view["state"]["values"]) or ack())
    view = opened(workspace, view=modal(moment(**begun) | {"optional": True}))

    submit(bolt, workspace, "U0ANA", view["id"], given)

    assert seen["when"]["at"] == {"type": "datetimepicker", "selected_date_time": chosen}


@pytest.mark.parametrize("given", ["2021-08-10", 12, 1628633820.5, True])
def test_what_is_no_moment_can_not_be_sent(workspace, given):
    view = opened(workspace, view=modal(moment()))

    with pytest.raises(Impossible, match="no UNIX time"):
        workspace.submit("U0ANA", view["id"], {"at": given})
    with pytest.raises(Impossible, match="has to be filled in"):
        workspace.submit("U0ANA", view["id"], {})


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, "has to be filled in"),
        ({"text": ""}, "has to be filled in"),
        ({"text": "x" * 11}, "takes 2 to 10 characters"),
        ({"text": "x"}, "takes 2 to 10 characters"),
        ({"mood": "x"}, r"no \['mood'\] here"),
    ],
)
def test_slack_does_not_send_a_form_that_is_not_complete(workspace, bolt, values, why):
    view = opened(workspace, view=modal(field(min_length=2, max_length=10)))

    with pytest.raises(AssertionError, match=why):
        submit(bolt, workspace, "U0ANA", view["id"], values)


def test_an_option_that_is_not_offered_cannot_be_sent(workspace):
    options = [{"text": plain("spam"), "value": "spam"}]
    choice = {"type": "static_select", "action_id": "why", "options": options}
    view = opened(workspace, view=modal(field() | {"element": choice}))

    with pytest.raises(Impossible, match="no option 'rude'"):
        workspace.submit("U0ANA", view["id"], {"why": "rude"})


@pytest.mark.parametrize(
    ("answer", "titles"),
    [
        ({}, []),
        ({"response_action": "errors", "errors": {"words": "No."}}, ["A form"]),
        ({"response_action": "update", "view": modal(title=plain("New"))}, ["New"]),
        ({"response_action": "push", "view": modal(title=plain("New"))}, ["A form", "New"]),
        ({"response_action": "clear"}, []),
    ],
)
def test_an_ack_says_what_becomes_of_the_form(workspace, bolt, slack, answer, titles):
    bolt.view("form")(lambda ack: ack(**answer))
    view = opened(workspace)

    submit(bolt, workspace, "U0ANA", view["id"], {"text": "Hello"})

    assert [view["title"]["text"] for view in slack.views] == titles
    assert workspace.view_errors.get(view["id"], {}) == answer.get("errors", {})


def test_only_the_form_on_top_can_be_sent(workspace):
    below = opened(workspace)
    trigger = workspace.new_trigger("U0ANA", in_view=True)
    workspace.call("views.push", {"trigger_id": trigger, "view": modal()})

    with pytest.raises(Impossible, match="on top"):
        workspace.submit("U0ANA", below["id"], {"text": "x"})
    with pytest.raises(Impossible, match="has no view"):
        workspace.submit("U0BEN", below["id"], {"text": "x"})


def test_errors_for_what_is_not_an_input_are_shown_as_trouble(workspace, bolt):
    bolt.view("form")(lambda ack: ack(response_action="errors", errors={"mood": "No."}))
    view = opened(workspace)

    submit(bolt, workspace, "U0ANA", view["id"], {"text": "x"})

    assert "could not be shown" in workspace.toasts["U0ANA"]
    assert workspace.view_errors == {}


def test_a_closed_form_is_told_of_only_when_asked_for(workspace, bolt):
    closed = []
    bolt.view_closed("form")(lambda ack, view: closed.append(view["id"]) or ack())
    quiet = opened(workspace)
    assert close(bolt, workspace, "U0ANA", quiet["id"]) is None
    loud = opened(workspace, view=modal(notify_on_close=True))

    close(bolt, workspace, "U0ANA", loud["id"])

    assert closed == [loud["id"]]
    assert workspace.stacks["U0ANA"] == []


def test_a_press_in_a_form_knows_what_is_filled_in(workspace):
    view = opened(workspace, view=modal(field(), actions(button("draft"))))

    payload = workspace.act("U0ANA", view["id"], "draft", values={"text": "so far"}).payload

    assert payload["view"]["state"]["values"]["words"]["text"]["value"] == "so far"


def test_a_home_can_be_opened_and_pressed(workspace, bolt, slack):
    home = {"type": "home", "blocks": [actions(button("refresh"))]}
    pressed = []
    bolt.event("app_home_opened")(
        lambda event: slack.views_publish(user_id=event["user"], view=home)
    )
    bolt.action("refresh")(lambda ack, body: pressed.append(body["user"]["id"]) or ack())

    open_home(bolt, workspace, "U0LEA")
    act(bolt, workspace, "U0LEA", workspace.homes["U0LEA"]["id"], "refresh")

    assert pressed == ["U0LEA"]


def test_names_in_a_command_become_ids(workspace, bolt):
    heard = []
    bolt.command("/unanswered")(lambda ack, command: heard.append(command["text"]) or ack())

    command(bolt, workspace, "U0ANA", CARE, "/unanswered @ana in #customer-care <b>")

    assert heard == ["<@U0ANA|ana> in <#C0CARE|customer-care> &lt;b&gt;"]
    with pytest.raises(AssertionError, match="/answered is not a command"):
        command(bolt, workspace, "U0ANA", CARE, "/answered")


@pytest.mark.parametrize(
    ("kind", "messages", "whispers"), [("ephemeral", 0, 1), ("in_channel", 1, 0)]
)
def test_a_commands_answer_is_for_one_or_for_all(workspace, bolt, slack, kind, messages, whispers):
    bolt.command("/unanswered")(lambda ack: ack(text="Three wait.", response_type=kind))

    command(bolt, workspace, "U0ANA", CARE, "/unanswered")

    assert (len(slack.messages), len(slack.whispers)) == (messages, whispers)


def test_an_answer_that_slack_cannot_show_is_shown_as_trouble(workspace, bolt):
    bolt.command("/unanswered")(lambda ack: ack(blocks=[{"type": "poem"}]))

    command(bolt, workspace, "U0ANA", CARE, "/unanswered")

    assert "invalid_blocks" in workspace.toasts["U0ANA"]


def test_what_is_not_acked_did_not_work(workspace, slack, bolt):
    ts = posted(slack, blocks=[actions(button("claim"))])

    press(bolt, workspace, "U0ANA", CARE, ts, "claim")
    assert workspace.toasts == {"U0ANA": "This didn’t work. Try again."}

    command(bolt, workspace, "U0ANA", CARE, "/unanswered")
    assert workspace.toasts == {"U0ANA": "/unanswered failed with the error “operation_timeout”."}


def test_the_bot_hears_messages_only_when_it_subscribed(workspace):
    unheard = workspace.say("U0ANA", CARE, "hello")
    workspace.subscriptions.add("message.channels")
    heard = workspace.say("U0ANA", CARE, "hello again")

    assert unheard is None
    assert heard.payload["event"]["text"] == "hello again"


def test_a_person_replies_only_to_what_is_there(workspace):
    with pytest.raises(Refusal, match="thread_not_found"):
        workspace.say("U0ANA", CARE, "hello", thread_ts="1.0")


# --- response_url


def url_of(workspace, envelope):
    return envelope.payload["response_url"].rpartition("/")[2]


def test_a_later_word_may_replace_or_delete_what_was_pressed(workspace, slack):
    ts = posted(slack, blocks=[actions(button("claim"))])
    url = url_of(workspace, workspace.press("U0ANA", CARE, ts, "claim"))

    workspace.respond(url, {"text": "Replaced", "replace_original": True})
    assert slack.messages[ts]["text"] == "Replaced"

    workspace.respond(url, {"delete_original": True})
    assert slack.messages == {}


def test_a_whisper_is_replaced_by_response_url(workspace, slack):
    blocks = [actions(button("undo"))]
    slack.chat_postEphemeral(channel=CARE, user="U0ANA", text="Done.", blocks=blocks)
    pressed = workspace.press("U0ANA", CARE, slack.whispers[0]["ts"], "undo")

    workspace.respond(url_of(workspace, pressed), {"text": "Undone.", "replace_original": True})

    assert [whisper["text"] for whisper in slack.whispers] == ["Undone."]


def test_a_response_url_dies_after_half_an_hour_or_five_uses(workspace, clock):
    used = url_of(workspace, workspace.command("U0ANA", CARE, "/unanswered"))
    old = url_of(workspace, workspace.command("U0ANA", CARE, "/unanswered"))
    for _ in range(5):
        workspace.respond(used, {"text": "x"})

    with pytest.raises(Refusal, match="used_url"):
        workspace.respond(used, {"text": "x"})
    clock.at += 1801
    with pytest.raises(Refusal, match="expired_url"):
        workspace.respond(old, {"text": "x"})
    with pytest.raises(Refusal, match="invalid_url"):
        workspace.respond("R0", {"text": "x"})
