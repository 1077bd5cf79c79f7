"""Forms while they are filled in: what is told at once, what stays, and what can be chosen."""

import pytest

from bot.playground.things import Impossible
from tests.fake_slack import change, close, press_in_view, submit, suggest
from tests.playground.shapes import CARE, actions, button, field, modal, opened, plain, refused

NAMES = ("Mira", "Miriam", "Mirko")


def option(value, text=""):
    return {"text": plain(text or value), "value": value}


def told(block_id="words", **more):
    return field("text", block_id, **more) | {"dispatch_action": True}


def chooser(kind, action_id="it", block_id="pick", **more):
    element = {"type": kind, "action_id": action_id, **more}
    return {"type": "input", "block_id": block_id, "label": plain("Pick"), "element": element}


def updated(workspace, view, *blocks):
    workspace.call("views.update", {"view_id": view["id"], "view": modal(*blocks)})


# --- what is told at once


def test_a_change_is_told_with_the_form_as_it_is_filled_in_now(workspace, bolt):
    heard = []
    bolt.action("text")(lambda ack, body: heard.append(body) or ack())
    note = field("note", "note", initial_value="begun")
    view = opened(workspace, view=modal(told(), note, private_metadata="42"))

    change(bolt, workspace, "U0ANA", view["id"], "words", "text", "Dear Mira")

    [body] = heard
    assert body["container"] == {"type": "view", "view_id": view["id"]}
    assert body["actions"][0]["value"] == "Dear Mira"
    assert body["actions"][0]["block_id"] == "words"
    assert body["trigger_id"]
    shown = body["view"]
    assert (shown["id"], shown["hash"]) == (view["id"], view["hash"])
    assert (shown["root_view_id"], shown["previous_view_id"]) == (view["id"], None)
    assert (shown["private_metadata"], shown["callback_id"]) == ("42", "form")
    assert shown["state"]["values"] == {
        "words": {"text": {"type": "plain_text_input", "value": "Dear Mira"}},
        "note": {"note": {"type": "plain_text_input", "value": "begun"}},
    }


def test_an_input_without_dispatch_action_tells_nothing_before_it_is_sent(workspace, bolt):
    view = opened(workspace)

    with pytest.raises(AssertionError, match="has no dispatch_action"):
        change(bolt, workspace, "U0ANA", view["id"], "words", "text", "x")


def test_what_was_changed_is_there_when_a_button_is_pressed_and_when_it_is_sent(workspace, bolt):
    seen = []
    bolt.action("text")(lambda ack: ack())
    bolt.action("preview")(lambda ack, body: seen.append(body["view"]["state"]["values"]) or ack())
    bolt.view("form")(lambda ack, view: seen.append(view["state"]["values"]) or ack())
    view = opened(workspace, view=modal(told(), actions(button("preview"))))
    change(bolt, workspace, "U0ANA", view["id"], "words", "text", "so far")

    press_in_view(bolt, workspace, "U0ANA", view["id"], "preview")
    submit(bolt, workspace, "U0ANA", view["id"], {})

    assert [values["words"]["text"]["value"] for values in seen] == ["so far", "so far"]


def test_what_was_typed_can_be_taken_out_again(workspace, bolt):
    bolt.action("text")(lambda ack: ack())
    view = opened(workspace, view=modal(told(initial_value="begun")))

    change(bolt, workspace, "U0ANA", view["id"], "words", "text", "")

    with pytest.raises(Impossible, match="has to be filled in"):
        workspace.submit("U0ANA", view["id"], {})


@pytest.mark.parametrize(
    ("again", "value"),
    [
        (told(), "typed"),
        (told(initial_value="new"), "typed"),
        (told("words:2", initial_value="new"), "new"),
        (told() | {"element": {"type": "plain_text_input", "action_id": "other"}}, None),
    ],
    ids=["same", "new value", "new block and value", "other action"],
)
def test_after_an_update_what_was_typed_stays_where_the_names_stay(workspace, bolt, again, value):
    bolt.action("text")(lambda ack: ack())
    view = opened(workspace, view=modal(told(initial_value="begun")))
    change(bolt, workspace, "U0ANA", view["id"], "words", "text", "typed")

    updated(workspace, view, again, actions(button("look")))

    state = workspace.act("U0ANA", view["id"], "look").payload["view"]["state"]["values"]
    block, action = again["block_id"], again["element"]["action_id"]
    assert state[block][action]["value"] == value


def test_a_block_that_was_gone_meanwhile_begins_anew(workspace, bolt):
    bolt.action("text")(lambda ack: ack())
    view = opened(workspace, view=modal(told()))
    change(bolt, workspace, "U0ANA", view["id"], "words", "text", "typed")

    updated(workspace, view, field("other", "other"))
    updated(workspace, view, told(), actions(button("look")))

    state = workspace.act("U0ANA", view["id"], "look").payload["view"]["state"]["values"]
    assert state["words"]["text"]["value"] is None


def test_a_block_without_a_name_of_ours_is_another_one_after_each_update(workspace, bolt):
    bolt.action("text")(lambda ack: ack())
    unnamed = {name: part for name, part in told().items() if name != "block_id"}
    view = opened(workspace, view=modal(unnamed))
    workspace.act("U0ANA", view["id"], "text", value="typed")

    updated(workspace, view, unnamed, actions(button("look")))

    state = workspace.act("U0ANA", view["id"], "look").payload["view"]["state"]["values"]
    assert [one["text"]["value"] for one in state.values()] == [None]


def test_a_choice_that_is_no_longer_offered_is_not_kept(workspace, bolt):
    bolt.action("it")(lambda ack: ack())
    both = chooser("static_select", options=[option("a"), option("b")]) | {"dispatch_action": True}
    view = opened(workspace, view=modal(both))
    change(bolt, workspace, "U0ANA", view["id"], "pick", "it", "b")

    updated(workspace, view, chooser("static_select", options=[option("a")]))

    with pytest.raises(Impossible, match="has to be filled in"):
        workspace.submit("U0ANA", view["id"], {})


def test_the_web_api_does_not_tell_what_is_filled_in(workspace, bolt):
    bolt.action("text")(lambda ack: ack())
    view = opened(workspace, view=modal(told()))
    change(bolt, workspace, "U0ANA", view["id"], "words", "text", "typed")

    answer = workspace.call("views.update", {"view_id": view["id"], "view": modal(told())}).body

    assert answer["view"]["state"] == {"values": {}}


# --- closing


def closings(bolt):
    heard = []
    bolt.view_closed("form")(lambda ack, body: heard.append(body) or ack())
    return heard


def pushed(workspace, **more):
    trigger = workspace.new_trigger("U0ANA", in_view=True)
    answer = workspace.call("views.push", {"trigger_id": trigger, "view": modal(**more)})
    return answer.body["view"]


def test_a_form_that_is_given_up_tells_nothing_of_what_was_in_it(workspace, bolt):
    heard = closings(bolt)
    bolt.action("text")(lambda ack: ack())
    view = opened(workspace, view=modal(told(), notify_on_close=True))
    change(bolt, workspace, "U0ANA", view["id"], "words", "text", "typed")

    close(bolt, workspace, "U0ANA", view["id"])

    assert heard[0]["is_cleared"] is False
    assert heard[0]["view"]["state"]["values"] == {}
    assert "trigger_id" not in heard[0]


def test_the_x_closes_all_that_lie_there_and_is_told_once_with_the_lowest(workspace, bolt):
    heard = closings(bolt)
    root = opened(workspace, view=modal(notify_on_close=True))
    top = pushed(workspace, notify_on_close=True)

    close(bolt, workspace, "U0ANA", top["id"], everything=True)

    assert [(body["view"]["id"], body["is_cleared"]) for body in heard] == [(root["id"], True)]
    assert workspace.stacks["U0ANA"] == []


def test_a_form_may_clear_the_stack_when_it_is_closed(workspace, bolt):
    heard = closings(bolt)
    opened(workspace)
    top = pushed(workspace, notify_on_close=True, clear_on_close=True)

    close(bolt, workspace, "U0ANA", top["id"])

    assert [(body["view"]["id"], body["is_cleared"]) for body in heard] == [(top["id"], True)]
    assert workspace.stacks["U0ANA"] == []


# --- forms on top of one another


def test_a_button_in_a_form_pushes_another_and_sending_it_goes_back_one(workspace, bolt, slack):
    sent = []

    @bolt.action("more")
    def more(ack, body):
        ack()
        slack.views_push(trigger_id=body["trigger_id"], view=modal())

    bolt.view("form")(lambda ack, view: sent.append(view) or ack())
    root = opened(workspace, view=modal(field(), actions(button("more"))))

    press_in_view(bolt, workspace, "U0ANA", root["id"], "more")
    top = slack.views[-1]
    submit(bolt, workspace, "U0ANA", top["id"], {"text": "x"})

    assert (sent[0]["root_view_id"], sent[0]["previous_view_id"]) == (root["id"], root["id"])
    assert [view["id"] for view in slack.views] == [root["id"]]


def test_an_ack_pushes_up_to_three_and_then_says_why_not(workspace, bolt, slack):
    bolt.view("form")(lambda ack: ack(response_action="push", view=modal()))
    opened(workspace)

    for _ in range(3):
        submit(bolt, workspace, "U0ANA", slack.views[-1]["id"], {"text": "x"})

    first, second, third = slack.views
    assert (third["root_view_id"], third["previous_view_id"]) == (first["id"], second["id"])
    assert "push_limit_reached" in workspace.toasts["U0ANA"]


def test_a_pushed_form_that_is_updated_keeps_its_place(workspace, bolt, slack):
    new = modal(title=plain("New"))
    bolt.view("form")(lambda ack: ack(response_action="update", view=new))
    root = opened(workspace)
    top = pushed(workspace)

    submit(bolt, workspace, "U0ANA", top["id"], {"text": "x"})

    now = slack.views[-1]
    assert (now["id"], now["title"]["text"]) == (top["id"], "New")
    assert (now["root_view_id"], now["previous_view_id"]) == (root["id"], root["id"])
    assert now["hash"] != top["hash"]


# --- options that only the bot knows


def finder(**more):
    return chooser("external_select", **more)


@pytest.fixture
def found(bolt):
    asked = []

    @bolt.options("it")
    def it(ack, body):
        asked.append(body)
        ack(options=[option(name) for name in NAMES if body["value"].lower() in name.lower()])

    return asked


def test_typing_in_an_external_select_asks_the_bot(workspace, bolt, found):
    view = opened(workspace, view=modal(finder(min_query_length=2)))

    offered = suggest(bolt, workspace, "U0ANA", view["id"], "it", "miri")

    assert [each["value"] for each in offered] == ["Miriam"]
    [body] = found
    assert (body["type"], body["value"]) == ("block_suggestion", "miri")
    assert (body["action_id"], body["block_id"]) == ("it", "pick")
    assert body["view"]["id"] == body["container"]["view_id"] == view["id"]
    assert "trigger_id" not in body


def test_only_what_was_suggested_can_be_chosen(workspace, bolt, found):
    sent = []
    bolt.view("form")(lambda ack, view: sent.append(view["state"]["values"]) or ack())
    view = opened(workspace, view=modal(finder(min_query_length=0)))

    with pytest.raises(Impossible, match="no option 'Mira'"):
        workspace.submit("U0ANA", view["id"], {"it": "Mira"})
    suggest(bolt, workspace, "U0ANA", view["id"], "it", "mira")
    suggest(bolt, workspace, "U0ANA", view["id"], "it", "mirk")
    with pytest.raises(Impossible, match="no option 'Ada'"):
        workspace.submit("U0ANA", view["id"], {"it": "Ada"})
    submit(bolt, workspace, "U0ANA", view["id"], {"it": "Mira"})

    assert sent[0]["pick"]["it"] == {"type": "external_select", "selected_option": option("Mira")}
    assert workspace.offers == {}


def test_several_may_be_found_and_what_was_there_at_first_stays(workspace, bolt, found):
    begun = [option("Ada")]
    several = chooser("multi_external_select", initial_options=begun, max_selected_items=2)
    view = opened(workspace, view=modal(several))
    suggest(bolt, workspace, "U0ANA", view["id"], "it", "mir")

    with pytest.raises(Impossible, match="no more than 2"):
        workspace.submit("U0ANA", view["id"], {"it": ["Ada", "Mira", "Mirko"]})
    values = {"it": ["Ada", "Mirko"]}
    payload = workspace.submit("U0ANA", view["id"], values).payload

    chosen = payload["view"]["state"]["values"]["pick"]["it"]["selected_options"]
    assert chosen == [option("Ada"), option("Mirko")]


@pytest.mark.parametrize(("least", "typed"), [(None, "mi"), (2, "m"), (1, "")])
def test_nobody_is_asked_before_enough_was_typed(workspace, bolt, found, least, typed):
    more = {} if least is None else {"min_query_length": least}
    view = opened(workspace, view=modal(finder(**more)))

    with pytest.raises(AssertionError, match="Type at least"):
        suggest(bolt, workspace, "U0ANA", view["id"], "it", typed)
    assert found == []


def test_a_select_with_options_of_its_own_asks_nobody(workspace):
    view = opened(workspace, view=modal(chooser("static_select", options=[option("a")])))

    with pytest.raises(Impossible, match="asks nobody"):
        workspace.suggest("U0ANA", view["id"], "it", "abc")


def test_groups_may_be_suggested(workspace, bolt):
    group = {"label": plain("Open"), "options": [option("Mira")]}
    bolt.options("it")(lambda ack: ack(option_groups=[group]))
    view = opened(workspace, view=modal(finder()))

    assert suggest(bolt, workspace, "U0ANA", view["id"], "it", "mir") == [option("Mira")]


@pytest.mark.parametrize(
    "answer",
    [
        {"options": [option(str(number)) for number in range(101)]},
        {"options": [option("x", "x" * 76)]},
        {"options": [{"text": {"type": "mrkdwn", "text": "x"}, "value": "x"}]},
        {"option_groups": [{"label": plain("Empty"), "options": []}]},
        {"text": "Nobody"},
    ],
    ids=["too many", "too long", "markup", "empty group", "none"],
)
def test_suggestions_that_slack_would_not_show(workspace, bolt, answer):
    view = opened(workspace, view=modal(finder()))
    asked = workspace.suggest("U0ANA", view["id"], "it", "mir")

    workspace.acknowledge(asked, answer)

    assert workspace.offered(asked) == {"options": []}
    assert "could not be shown" in workspace.toasts["U0ANA"]


def test_a_message_can_ask_too(slack, workspace):
    select = {"type": "external_select", "action_id": "it", "min_query_length": 1}
    ts = slack.chat_postMessage(channel=CARE, text="x", blocks=[actions(select)])["ts"]

    asked = workspace.suggest_in_message("U0BEN", CARE, ts, "it", "m")
    workspace.acknowledge(asked, {"options": [option("Mira")]})
    payload = workspace.press("U0BEN", CARE, ts, "it", value="Mira").payload

    assert asked.payload["container"]["message_ts"] == asked.payload["message"]["ts"] == ts
    assert asked.payload["channel"]["id"] == CARE
    assert payload["actions"][0]["selected_option"] == option("Mira")
    with pytest.raises(Impossible, match="no option"):
        workspace.press("U0ANA", CARE, ts, "it", value="Mira")  # it was offered to Ben


# --- everything else that can be filled in


CHOSEN = [
    ("users_select", "U0LEA", "selected_user", {}),
    ("multi_users_select", ["U0LEA", "U0EVA"], "selected_users", {}),
    ("channels_select", "C0NEW", "selected_channel", {}),
    ("multi_channels_select", ["C0NEW"], "selected_channels", {}),
    ("conversations_select", "C0CARE", "selected_conversation", {}),
    ("datepicker", "2026-11-30", "selected_date", {}),
    ("timepicker", "09:30", "selected_time", {}),
    ("url_text_input", "https://x.example/1", "value", {}),
    ("email_text_input", "mira@x.example", "value", {}),
    ("number_input", "2.5", "value", {"is_decimal_allowed": True, "max_value": "3"}),
]


@pytest.mark.parametrize(("kind", "value", "name", "more"), CHOSEN, ids=[one[0] for one in CHOSEN])
def test_every_kind_of_input_comes_back_as_slack_tells_it(workspace, kind, value, name, more):
    view = opened(workspace, view=modal(chooser(kind, **more)))

    payload = workspace.submit("U0ANA", view["id"], {"it": value}).payload

    assert payload["view"]["state"]["values"]["pick"]["it"] == {"type": kind, name: value}


ODD = [
    ("users_select", "U0NOBODY", "can't be chosen", {}),
    ("channels_select", "D0ANA", "can't be chosen", {}),
    ("conversations_select", "D0BEN", "can't be chosen", {}),
    ("multi_users_select", ["U0ANA", "U0BEN"], "no more than 1", {"max_selected_items": 1}),
    ("datepicker", "30.11.2026", "no date", {}),
    ("timepicker", "half past", "no time", {}),
    ("url_text_input", "x.example", "no address", {}),
    ("email_text_input", "mira", "no mail address", {}),
    ("number_input", "2.5", "no number", {"is_decimal_allowed": False}),
    ("number_input", "4", "takes 1 to 3", {"is_decimal_allowed": False} | {"min_value": "1"}),
]


@pytest.mark.parametrize(("kind", "value", "why", "more"), ODD)
def test_what_slack_s_window_would_not_send(workspace, kind, value, why, more):
    workspace.direct(workspace.people["U0BEN"])
    more = more | {"max_value": "3"} if kind == "number_input" else more
    view = opened(workspace, view=modal(chooser(kind, **more)))

    with pytest.raises(Impossible, match=why):
        workspace.submit("U0ANA", view["id"], {"it": value})


def test_who_left_cannot_be_chosen(workspace):
    workspace.deactivate("U0BEN")
    view = opened(workspace, view=modal(chooser("users_select")))

    with pytest.raises(Impossible, match="can't be chosen"):
        workspace.submit("U0ANA", view["id"], {"it": "U0BEN"})


def test_a_choice_of_people_begins_as_it_was_asked_to(workspace):
    begun = chooser("multi_users_select", initial_users=["U0LEA"])
    empty = chooser("multi_users_select", "b", "b") | {"optional": True}
    view = opened(workspace, view=modal(begun, empty))
    state = workspace.submit("U0ANA", view["id"], {}).payload["view"]["state"]["values"]

    assert state["pick"]["it"]["selected_users"] == ["U0LEA"]
    assert state["b"]["b"]["selected_users"] == []


@pytest.mark.parametrize(
    "element",
    [
        {"type": "external_select", "options": [option("a")]},
        {"type": "external_select", "min_query_length": -1},
        {"type": "file_input", "max_files": 11},
        {"type": "file_input", "placeholder": plain("x")},
        {"type": "plain_text_input", "dispatch_action_config": {"trigger_actions_on": ["typing"]}},
        {"type": "multi_users_select", "max_selected_items": 0},
        {"type": "conversations_select", "filter": {"include": ["everything"]}},
    ],
)
def test_inputs_that_slack_would_not_show(workspace, element):
    block = {"type": "input", "label": plain("x"), "element": element}
    trigger = workspace.new_trigger("U0ANA")

    error = refused(workspace, "views.open", trigger_id=trigger, view=modal(block))

    assert error == "invalid_arguments"


def test_a_click_on_a_block_that_was_drawn_anew_meanwhile_arrives(slack, workspace):
    block = actions(button("claim", "42"), block_id="card:1")
    ts = slack.chat_postMessage(channel=CARE, text="x", blocks=[block])["ts"]
    slack.chat_update(channel=CARE, ts=ts, text="x", blocks=[block | {"block_id": "card:2"}])

    payload = workspace.press("U0ANA", CARE, ts, "claim", block_id="card:1").payload

    assert payload["actions"][0]["block_id"] == "card:2"
