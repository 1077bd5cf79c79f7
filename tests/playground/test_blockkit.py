import pytest

from bot.playground.blockkit import is_metadata, message_problems, view_problems, with_ids


def plain(text="words"):
    return {"type": "plain_text", "text": text}


def mrkdwn(text="words"):
    return {"type": "mrkdwn", "text": text}


def option(value="v", text="words", **more):
    return {"text": plain(text), "value": value, **more}


def options(count):
    return [option(str(number)) for number in range(count)]


def button(**more):
    return {"type": "button", "text": plain(), **more}


def select(**more):
    return {"type": "static_select", "action_id": "s", **more}


def section(**more):
    return {"type": "section", **more}


def actions(*elements):
    return {"type": "actions", "elements": list(elements)}


def field(**more):
    return {"type": "input", "label": plain(), "element": {"type": "plain_text_input", **more}}


def rich(*elements, kind="rich_text_section", **more):
    line = {"type": kind, "elements": list(elements), **more}
    return {"type": "rich_text", "elements": [line]}


def table(rows, columns=2):
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * columns] * rows}


def modal(*blocks, **more):
    titles = {"title": plain(), "submit": plain()}
    return {"type": "modal", "blocks": list(blocks), **titles, **more}


IMAGE = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "A cup"}
CARD = {"type": "card", "title": plain()}
CONFIRM = {"title": plain(), "text": mrkdwn(), "confirm": plain(), "deny": plain()}
GOOD = [
    section(text=mrkdwn("x" * 3000), block_id="x" * 255),
    section(fields=[plain("x" * 2000)] * 10),
    section(text=mrkdwn(), accessory=button(value="x" * 2000, url="https://example.com")),
    section(text=mrkdwn(), accessory=IMAGE),
    {"type": "header", "text": plain("x" * 150)},
    {"type": "divider"},
    IMAGE,
    {"type": "context", "elements": [mrkdwn(), IMAGE] * 5},
    actions(*[button(action_id=str(n), style="danger") for n in range(25)]),
    actions(button(confirm=CONFIRM, accessibility_label="x" * 75)),
    actions(select(options=options(100), initial_option=option("7"), placeholder=plain())),
    actions({"type": "overflow", "action_id": "o", "options": options(5)}),
    actions({"type": "radio_buttons", "action_id": "r", "options": options(10)}),
    actions({"type": "datetimepicker", "action_id": "d", "initial_date_time": 1628633820}),
    field(multiline=True, max_length=3000, initial_value=""),
    field(type="datetimepicker", focus_on_load=True),
    field(type="static_select", action_id="s", options=options(100), initial_option=option("7")),
    field(type="radio_buttons", action_id="r", options=options(10), initial_option=option("7")),
    rich({"type": "text", "text": "<!channel>", "style": {"bold": True}}),
    rich({"type": "link", "url": "https://example.com"}, {"type": "emoji", "name": "tea"}),
    rich({"type": "text", "text": "x"}, kind="rich_text_quote"),
    rich(
        {"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]},
        kind="rich_text_list",
        style="bullet",
    ),
    {"type": "markdown", "text": "x" * 12_000},
    table(100, 20),
    CARD,
    {"type": "carousel", "elements": [CARD] * 10},
    {"type": "container", "title": plain(), "child_blocks": [{"type": "divider"}] * 10},
    {"type": "data_table", "rows": [["x"] * 20] * 101},
    {"type": "data_visualization", "title": "x" * 50},
]


@pytest.mark.parametrize("block", GOOD, ids=lambda block: block["type"])
def test_what_slack_shows(block):
    assert message_problems([block]) == []


TOO_MUCH = [
    (section(), "/blocks/0"),
    (section(text=mrkdwn("x" * 3001)), "/blocks/0/text/text"),
    (section(text=mrkdwn("")), "/blocks/0/text/text"),
    (section(text="words"), "/blocks/0/text"),
    (section(text={"type": "html", "text": "x"}), "/blocks/0/text/type"),
    (section(text=mrkdwn() | {"emoji": True}), "/blocks/0/text"),
    (section(fields=[plain()] * 11), "/blocks/0/fields"),
    (section(fields=[plain("x" * 2001)]), "/blocks/0/fields/0/text"),
    (section(text=mrkdwn(), block_id="x" * 256), "/blocks/0/block_id"),
    (section(text=mrkdwn(), colour="red"), "/blocks/0"),
    (section(text=mrkdwn(), accessory={"type": "plain_text_input"}), "/blocks/0/accessory/type"),
    ({"type": "header", "text": plain("x" * 151)}, "/blocks/0/text/text"),
    ({"type": "header", "text": mrkdwn()}, "/blocks/0/text/type"),
    ({"type": "header"}, "/blocks/0"),
    (IMAGE | {"alt_text": "x" * 2001}, "/blocks/0/alt_text"),
    (IMAGE | {"image_url": "ftp://example.com"}, "/blocks/0/image_url"),
    ({"type": "image", "alt_text": "x"}, "/blocks/0"),
    ({"type": "context", "elements": [mrkdwn()] * 11}, "/blocks/0/elements"),
    ({"type": "context", "elements": []}, "/blocks/0/elements"),
    ({"type": "context", "elements": [button()]}, "/blocks/0/elements/0/type"),
    (actions(*[button(action_id=str(n)) for n in range(26)]), "/blocks/0/elements"),
    (actions(button(action_id="a"), button(action_id="a")), "/blocks/0"),
    (actions(button(text=plain("x" * 76))), "/blocks/0/elements/0/text/text"),
    (actions(button(text=mrkdwn())), "/blocks/0/elements/0/text/type"),
    (actions(button(value="x" * 2001)), "/blocks/0/elements/0/value"),
    (actions(button(value=42)), "/blocks/0/elements/0/value"),
    (actions(button(action_id="x" * 256)), "/blocks/0/elements/0/action_id"),
    (actions(button(url="javascript:alert(1)")), "/blocks/0/elements/0/url"),
    (actions(button(url="https://x/" + "x" * 3000)), "/blocks/0/elements/0/url"),
    (actions(button(style="loud")), "/blocks/0/elements/0/style"),
    (actions(button(accessibility_label="x" * 76)), "/blocks/0/elements/0/accessibility_label"),
    (
        actions(button(confirm=CONFIRM | {"title": plain("x" * 101)})),
        "/blocks/0/elements/0/confirm/title/text",
    ),
    (
        actions(button(confirm=CONFIRM | {"text": plain("x" * 301)})),
        "/blocks/0/elements/0/confirm/text/text",
    ),
    (
        actions(button(confirm=CONFIRM | {"deny": plain("x" * 31)})),
        "/blocks/0/elements/0/confirm/deny/text",
    ),
    (actions(select()), "/blocks/0/elements/0"),
    (actions(select(options=options(101))), "/blocks/0/elements/0/options"),
    (
        actions(select(options=options(2), initial_option=option("9"))),
        "/blocks/0/elements/0/initial_option",
    ),
    (
        actions(select(options=options(2), placeholder=plain("x" * 151))),
        "/blocks/0/elements/0/placeholder/text",
    ),
    (
        actions(select(options=[option("x" * 151)])),
        "/blocks/0/elements/0/options/0/value",
    ),
    (
        actions(select(options=[option(text="x" * 76)])),
        "/blocks/0/elements/0/options/0/text/text",
    ),
    (
        actions(select(options=[option(description=plain("x" * 76))])),
        "/blocks/0/elements/0/options/0/description/text",
    ),
    (
        actions({"type": "overflow", "action_id": "o", "options": options(6)}),
        "/blocks/0/elements/0/options",
    ),
    (
        actions({"type": "checkboxes", "action_id": "c", "options": options(11)}),
        "/blocks/0/elements/0/options",
    ),
    (
        actions(
            {"type": "overflow", "action_id": "o", "options": options(5), "placeholder": plain()}
        ),
        "/blocks/0/elements/0",
    ),
    (field(type="datetimepicker", initial_date_time=999), "/blocks/0/element/initial_date_time"),
    (field(type="datetimepicker", initial_date_time="1"), "/blocks/0/element/initial_date_time"),
    (field(type="datetimepicker", placeholder=plain()), "/blocks/0/element"),
    (field(type="radio_buttons", options=options(11)), "/blocks/0/element/options"),
    (field(type="radio_buttons", options=options(2), placeholder=plain()), "/blocks/0/element"),
    (section(text=mrkdwn(), accessory={"type": "datetimepicker"}), "/blocks/0/accessory/type"),
    (field(max_length=3001), "/blocks/0/element/max_length"),
    (field(initial_value="x" * 3001), "/blocks/0/element/initial_value"),
    (field() | {"label": plain("x" * 2001)}, "/blocks/0/label/text"),
    (field() | {"hint": plain("x" * 2001)}, "/blocks/0/hint/text"),
    (rich({"type": "text", "text": ""}), "/blocks/0/elements/0/elements/0/text"),
    (rich({"type": "mrkdwn", "text": "x"}), "/blocks/0/elements/0/elements/0/type"),
    (
        rich({"type": "text", "text": "x", "style": {"loud": True}}),
        "/blocks/0/elements/0/elements/0/style",
    ),
    (rich({"type": "broadcast", "range": "all"}), "/blocks/0/elements/0/elements/0/range"),
    ({"type": "markdown", "text": "x" * 12_001}, "/blocks/0/text"),
    (table(101), "/blocks/0/rows"),
    (table(1, 21), "/blocks/0/rows/0"),
    ({"type": "data_table", "rows": [["x"]]}, "/blocks/0/rows"),
    ({"type": "data_visualization", "title": "x" * 51}, "/blocks/0/title"),
    (CARD | {"title": plain("x" * 151)}, "/blocks/0/title/text"),
    (CARD | {"body": plain("x" * 201)}, "/blocks/0/body/text"),
    (CARD | {"actions": [button()] * 4}, "/blocks/0/actions"),
    ({"type": "card", "icon": IMAGE}, "/blocks/0"),
    ({"type": "carousel", "elements": [CARD] * 11}, "/blocks/0/elements"),
    (
        {"type": "container", "title": plain(), "child_blocks": [CARD] * 11},
        "/blocks/0/child_blocks",
    ),
    ({"type": "container", "child_blocks": [CARD]}, "/blocks/0"),
    ({"type": "alert", "text": plain()}, "/blocks/0/type"),
    ({"type": "poem"}, "/blocks/0/type"),
    ("words", "/blocks/0"),
    ({"text": plain()}, "/blocks/0"),
]


@pytest.mark.parametrize(("block", "where"), TOO_MUCH, ids=[where for _, where in TOO_MUCH])
def test_what_slack_refuses_and_where(block, where):
    problems = message_problems([block])

    assert any(problem.endswith(f"[json-pointer:{where}]") for problem in problems), problems
    assert all(problem.startswith("[ERROR] ") for problem in problems)


@pytest.mark.parametrize(
    "blocks",
    [
        [{"type": "divider"}] * 51,
        [{"type": "divider", "block_id": "a"}] * 2,
        [{"type": "markdown", "text": "x" * 6001}] * 2,
        [table(1)] * 2,
        [{"type": "data_visualization"}] * 3,
        {"type": "divider"},
        "[]",
    ],
    ids=["too many", "same names", "much markdown", "two tables", "three charts", "one", "text"],
)
def test_blocks_that_do_not_go_together(blocks):
    assert message_problems(blocks)


def test_ten_rows_may_each_have_a_button_of_the_same_name():
    assert message_problems([actions(button(action_id="claim"))] * 10) == []


@pytest.mark.parametrize(
    "view",
    [
        modal(),
        modal({"type": "alert", "text": plain(), "level": "warning"}),
        modal(*[{"type": "divider"}] * 100, private_metadata="x" * 3000),
        modal(field(), callback_id="x" * 255, external_id="x" * 255, clear_on_close=True),
        {"type": "modal", "title": plain("x" * 24), "blocks": []},
    ],
)
def test_forms_that_slack_opens(view):
    assert view_problems(view) == []


@pytest.mark.parametrize(
    ("view", "where"),
    [
        (modal(*[{"type": "divider"}] * 101), "/view/blocks"),
        (modal(title=plain("x" * 25)), "/view/title/text"),
        (modal(submit=plain("x" * 25)), "/view/submit/text"),
        (modal(close=plain("x" * 25)), "/view/close/text"),
        (modal(private_metadata="x" * 3001), "/view/private_metadata"),
        (modal(callback_id="x" * 256), "/view/callback_id"),
        (modal(external_id="x" * 256), "/view/external_id"),
        (modal(colour="red"), "/view"),
        (modal(table(1)), "/view/blocks/0/type"),
        (modal({"type": "markdown", "text": "x"}), "/view/blocks/0/type"),
        (modal({"type": "carousel", "elements": [CARD]}), "/view/blocks/0/type"),
        (modal(*[field(focus_on_load=True, action_id=id) for id in "ab"]), "/view/blocks"),
        (modal({"type": "alert", "text": plain("x" * 201)}), "/view/blocks/0/text/text"),
        ({"type": "modal", "title": plain(), "blocks": [field()]}, "/view/submit"),
        ({"type": "modal", "blocks": []}, "/view"),
        ({"type": "modal", "title": plain()}, "/view"),
        ({"type": "poem", "blocks": []}, "/view/type"),
        ([], "/view/type"),
    ],
)
def test_forms_that_slack_does_not_open(view, where):
    problems = view_problems(view)

    assert any(problem.endswith(f"[json-pointer:{where}]") for problem in problems), problems


@pytest.mark.parametrize("block", [{"type": "markdown", "text": "x"}, {"type": "alert"}])
def test_a_home_does_not_show_everything(block):
    home = {"type": "home", "blocks": [block]}

    assert view_problems(home, "home")
    assert view_problems({"type": "home", "blocks": [CARD]}, "home") == []


def test_a_home_has_no_datetime_picker():
    picker = {"type": "datetimepicker", "action_id": "d"}

    assert view_problems({"type": "home", "blocks": [actions(picker)]}, "home")
    assert view_problems(modal(actions(picker))) == []


def test_every_control_gets_a_name_and_keeps_the_one_it_has():
    bare = section(text=mrkdwn(), accessory=button(), block_id="mine")

    row, accessory, form = with_ids([actions(button(), button(action_id="b")), bare, field()])

    assert [element["action_id"] for element in row["elements"]] == ["a0", "b"]
    assert (accessory["block_id"], accessory["accessory"]["action_id"]) == ("mine", "a0")
    assert (form["block_id"], form["element"]["action_id"]) == ("b2", "a0")


@pytest.mark.parametrize(
    ("metadata", "good"),
    [
        ({"event_type": "delivery", "event_payload": {"key": "card:1:1", "n": 1}}, True),
        ({"event_type": "x", "event_payload": {"ids": [1, 2], "of": {"a": None}}}, True),
        ({"event_type": "x", "event_payload": {"deep": [[1]]}}, False),
        ({"event_type": "x", "event_payload": "card"}, False),
        ({"event_type": "", "event_payload": {}}, False),
        ({"event_payload": {}}, False),
        ({"event_type": "x", "event_payload": {}, "more": 1}, False),
        ("card", False),
    ],
)
def test_metadata_is_flat(metadata, good):
    assert is_metadata(metadata) is good
