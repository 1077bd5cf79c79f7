"""Forms on the page in a real browser: every input, what is told at once, files, shortcuts."""

import re
import threading
import zlib

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.playground.limits import Limits
from bot.playground.server import Playground
from bot.playground.workspace import Workspace
from tests.browser import PATIENT, keep_picture, sync_api
from tests.playground.test_page import (
    CARE,
    actions,
    box,
    browser,
    button,
    field,
    option,
    plain,
    typed,
    visit,
)

__all__ = ["browser", "visit"]  # fixtures
expect = sync_api.expect
FEW = [option("One", "1"), option("Two", "2"), option("Three", "3")]
MANY = [option(f"Answer {number}", str(number)) for number in range(1, 13)]


def told(name, element, **more):
    return field(name, element, dispatch_action=True, **more)


def characters(name, **more):
    config = {"trigger_actions_on": ["on_character_entered"]}
    return typed(name, dispatch_action_config=config, **more)


def png():
    """A small picture that a browser can really show."""

    def part(kind, data):
        packed = kind + data
        return len(data).to_bytes(4) + packed + zlib.crc32(packed).to_bytes(4)

    head = part(b"IHDR", (8).to_bytes(4) * 2 + bytes([8, 2, 0, 0, 0]))
    body = part(b"IDAT", zlib.compress((b"\0" + b"\x15\x75\x6a" * 8) * 8))
    return b"\x89PNG\r\n\x1a\n" + head + body + part(b"IEND", b"")


class Ears:
    """A bot that acks whatever it hears, and suggests names."""

    def __init__(self, playground):
        self.heard = []
        self.typed = []
        self.free = threading.Event()  # while it is not set, the bot is at work
        self.workspace = playground.workspace
        self.slack = WebClient("xoxb-playground", base_url=playground.api_url)
        self.app = App(client=self.slack)
        web = WebClient(base_url=playground.api_url)
        self.handler = SocketModeHandler(self.app, "xapp-1-playground", web_client=web)
        anything = re.compile(".*")
        for listen in (self.app.action, self.app.view, self.app.view_closed, self.app.shortcut):
            listen(anything)(self.hear)
        self.app.event("member_joined_channel")(self.hear)
        self.app.options("who")(self.suggest)

    def hear(self, ack, body):
        self.heard.append(body)  # before the ack: whoever waits for the page looks here then
        self.free.wait(2)
        ack()

    def suggest(self, ack, body):
        self.typed.append(body["value"])
        names = [name for name in ("Mira", "Miriam", "Ada") if body["value"] in name.lower()]
        ack(options=[option(name, name) for name in names])

    def open(self, *blocks, **more):
        """A form before Ana; its id."""
        titles = {"title": plain("A form"), "submit": plain("Send"), "callback_id": "form"}
        view = {"type": "modal", "blocks": list(blocks), **titles, **more}
        trigger = self.workspace.new_trigger("U0ANA")
        return self.slack.views_open(trigger_id=trigger, view=view)["view"]["id"]

    def push(self, *blocks, **more):
        titles = {"title": plain("Another"), "submit": plain("Send"), "callback_id": "form"}
        view = {"type": "modal", "blocks": list(blocks), **titles, **more}
        trigger = self.workspace.new_trigger("U0ANA", in_view=True)
        return self.slack.views_push(trigger_id=trigger, view=view)["view"]["id"]

    def update(self, id, *blocks):
        titles = {"title": plain("A form"), "submit": plain("Send"), "callback_id": "form"}
        self.slack.views_update(
            view_id=id, view={"type": "modal", "blocks": list(blocks), **titles}
        )


@pytest.fixture(scope="module")
def playground():
    with Playground(Workspace.demo()) as playground:
        yield playground


@pytest.fixture(scope="module")
def connected(playground):
    ears = Ears(playground)
    ears.handler.connect()
    yield ears
    ears.handler.close()


@pytest.fixture
def ears(connected, playground):
    workspace = playground.workspace
    for memory in (workspace.stacks, workspace.homes, workspace.toasts):
        memory.clear()
    for channel in workspace.channels.values():
        channel.messages.clear()
    workspace.limits = Limits(on=False)
    connected.heard.clear()
    connected.free.set()
    connected.typed.clear()
    return connected


def until(page, true):
    for _ in range(PATIENT // 30):
        if true():
            return
        page.wait_for_timeout(30)
    pytest.fail("It did not happen in time.")


def types(field, words, *, giving_up=False):
    """Key by key without a pause, however busy the machine is; then, perhaps, close the form."""
    field.evaluate(
        """(field, [words, givingUp]) => {
            field.focus();
            for (const key of words) {
                field.value += key;
                field.dispatchEvent(new InputEvent("input", { bubbles: true, data: key }));
            }
            const cancel = new Event("cancel", { cancelable: true });
            if (givingUp) field.closest("dialog").dispatchEvent(cancel);
        }""",
        [words, giving_up],
    )


def rest(page):
    """Longer than the page waits after a key, by its own clock; and its word has had an answer."""
    for _ in range(2):
        page.evaluate("new Promise((done) => setTimeout(done, 400))")


def sent(page, ears):
    """Send the form; what the bot is told that is in it."""
    page.get_by_role("dialog").get_by_role("button", name="Send").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    found = {}
    for fields in ears.heard[-1]["view"]["state"]["values"].values():
        found |= {name: next(v for k, v in f.items() if k != "type") for name, f in fields.items()}
    return found


# --- what is told at once


def test_typing_is_told_when_it_pauses_with_all_that_is_filled_in(ears, visit):
    ears.open(told("answer", characters("text", multiline=True)), field("note", typed("note")))
    dialog = visit().get_by_role("dialog", name="A form")

    dialog.get_by_label("note").fill("a note")
    types(dialog.get_by_label("answer"), "Dear Mira")
    until(dialog.page, lambda: ears.heard)
    rest(dialog.page)

    [body] = ears.heard  # one for all nine keys
    assert body["actions"][0]["value"] == "Dear Mira"
    values = body["view"]["state"]["values"]
    assert values["answer"]["text"]["value"] == "Dear Mira"
    assert values["note"]["note"]["value"] == "a note"


def test_the_last_key_is_told_although_the_bot_still_works_on_those_before(ears, visit):
    ears.open(told("answer", characters("text")))
    page = visit()
    answer = page.get_by_role("dialog").get_by_label("answer")

    ears.free.clear()
    for number, words in enumerate(("a", "ab", "abc"), 1):
        answer.fill(words)
        until(page, lambda so_far=number: len(ears.heard) == so_far)
    ears.free.set()

    assert [body["actions"][0]["value"] for body in ears.heard] == ["a", "ab", "abc"]
    answer.fill("")
    until(page, lambda: len(ears.heard) == 4)
    assert ears.heard[-1]["actions"][0]["value"] is None


def test_enter_tells_where_a_form_asks_for_it(ears, visit):
    ears.open(told("search", typed("text")))  # as Slack does without any config
    page = visit()
    search = page.get_by_role("dialog").get_by_label("search")

    search.fill("refund")
    rest(page)
    assert ears.heard == []
    search.press("Enter")

    until(page, lambda: ears.heard)
    assert ears.heard[0]["actions"][0]["value"] == "refund"
    expect(page.get_by_role("dialog")).to_be_visible()


def test_what_was_typed_stays_when_the_form_changes_around_it(ears, visit):
    answer = told("answer", characters("text", multiline=True))
    menu = {"type": "static_select", "action_id": "template", "options": FEW}
    view = ears.open(answer, told("template", menu))
    page = visit()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("answer").fill("half a sen")
    dialog.get_by_label("template").select_option("2")
    until(page, lambda: len(ears.heard) == 2)

    hint = {"type": "context", "elements": [plain("Ben began an answer two minutes ago")]}
    ears.update(view, hint, answer, told("template", menu))
    expect(dialog).to_contain_text("Ben began")
    expect(dialog.get_by_label("answer")).to_have_value("half a sen")
    expect(dialog.get_by_label("template")).to_have_value("2")

    template = told("answer:2", characters("text", multiline=True, initial_value="Dear Mira,"))
    ears.update(view, {**template, "label": plain("answer")}, told("template", menu))
    expect(dialog.get_by_label("answer")).to_have_value("Dear Mira,")
    found = sent(page, ears)

    assert found["text"] == "Dear Mira,"
    assert found["template"]["value"] == "2"


# --- every input


def test_every_kind_of_input_can_be_filled_in_by_its_label(ears, visit):
    groups = [{"label": plain("Care"), "options": FEW}, {"label": plain("Press"), "options": MANY}]
    ears.open(
        field("Assign to", {"type": "users_select", "action_id": "user"}),
        field("Tell", {"type": "multi_users_select", "action_id": "users"}),
        field("Move to", {"type": "channels_select", "action_id": "channel"}),
        field("Post in", {"type": "conversations_select", "action_id": "place"}),
        field("Which", {"type": "multi_static_select", "action_id": "many", "options": MANY}),
        field("Grouped", {"type": "static_select", "action_id": "one", "option_groups": groups}),
        field("Tags", {"type": "checkboxes", "action_id": "tags", "options": FEW}),
        field("Kind", {"type": "radio_buttons", "action_id": "kind", "options": FEW}),
        field("Day", {"type": "datepicker", "action_id": "day"}),
        field("Time", {"type": "timepicker", "action_id": "time"}),
        field("Link", {"type": "url_text_input", "action_id": "link"}),
        field("Mail", {"type": "email_text_input", "action_id": "mail"}),
        field("Days", {"type": "number_input", "action_id": "days", "is_decimal_allowed": False}),
    )
    page = visit()
    dialog = page.get_by_role("dialog", name="A form")

    dialog.get_by_label("Assign to").select_option(label="Eva Huber")
    tell = dialog.get_by_role("group", name="Tell")
    tell.get_by_label("Ben Okafor").check()
    tell.get_by_label("Lea Brandt").check()
    dialog.get_by_label("Move to").select_option(label="#new")
    dialog.get_by_label("Post in").select_option("C0PRESS")
    which = dialog.get_by_role("group", name="Which")
    which.get_by_label("Search in these").fill("answer 1")
    expect(which.get_by_role("checkbox")).to_have_count(4)
    which.get_by_label("Answer 12").check()
    which.get_by_label("Search in these").fill("")
    which.get_by_label("Answer 3").check()
    dialog.get_by_label("Grouped").select_option("12")
    dialog.get_by_role("group", name="Tags").get_by_label("Two").check()
    dialog.get_by_role("radiogroup", name="Kind").get_by_label("Three").check()
    dialog.get_by_label("Day", exact=True).fill("2026-11-30")
    dialog.get_by_label("Time").fill("09:30")
    dialog.get_by_label("Link").fill("x.example/1")
    dialog.get_by_label("Mail").fill("mira@x.example")
    dialog.get_by_label("Days").fill("7")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_role("alert")).to_contain_text("This is no web address")
    dialog.get_by_label("Link").fill("https://x.example/1")
    keep_picture(page, "form-with-everything")
    found = sent(page, ears)

    assert (found["user"], found["users"]) == ("U0EVA", ["U0BEN", "U0LEA"])
    assert (found["channel"], found["place"]) == ("C0NEW", "C0PRESS")
    assert [each["value"] for each in found["many"]] == ["3", "12"]
    assert (found["one"]["value"], found["kind"]["value"]) == ("12", "3")
    assert [each["value"] for each in found["tags"]] == ["2"]
    assert (found["day"], found["time"]) == ("2026-11-30", "09:30")
    assert (found["link"], found["mail"]) == ("https://x.example/1", "mira@x.example")
    assert found["days"] == "7"


def test_no_more_are_chosen_than_may_be(ears, visit):
    element = {"type": "multi_static_select", "action_id": "a", "options": FEW}
    ears.open(field("Some", {**element, "max_selected_items": 2}))
    some = visit().get_by_role("dialog").get_by_role("group", name="Some")

    some.get_by_label("One").check()
    some.get_by_label("Three").check()

    expect(some.get_by_label("Two")).to_be_disabled()
    some.get_by_label("One").uncheck()
    expect(some.get_by_label("Two")).to_be_enabled()


def test_an_external_select_is_searched(ears, visit):
    who = {"type": "external_select", "action_id": "who", "min_query_length": 2}
    ears.open(field("Customer", who))
    page = visit()
    customer = page.get_by_role("dialog").get_by_role("combobox", name="Customer")

    customer.fill("m")
    expect(page.get_by_role("dialog")).to_contain_text("Type at least 2 characters.")
    customer.fill("xx")
    expect(page.get_by_role("dialog")).to_contain_text("Nothing fits.")
    customer.fill("mir")
    expect(page.get_by_role("option")).to_have_count(2)
    page.get_by_role("option", name="Miriam").click()

    expect(customer).to_have_value("Miriam")
    expect(page.get_by_role("option")).to_have_count(0)
    assert ears.typed == ["xx", "mir"]
    assert sent(page, ears)["who"]["value"] == "Miriam"


def test_several_are_found_one_after_the_other_and_escape_closes_the_list_only(ears, visit):
    who = {"type": "multi_external_select", "action_id": "who", "min_query_length": 0}
    ears.open(field("Customers", who), field("words", typed("words"), optional=True))
    page = visit()
    customers = page.get_by_role("dialog").get_by_label("Customers")

    customers.click()
    page.get_by_role("option", name="Ada").click()
    customers.fill("mira")
    expect(page.get_by_role("option")).to_have_count(1)
    customers.press("Enter")
    expect(page.get_by_role("button", name="Remove Mira")).to_be_visible()
    page.get_by_role("button", name="Remove Ada").click()
    customers.fill("ada")
    expect(page.get_by_role("option", name="Ada")).to_be_visible()
    customers.press("Escape")

    expect(page.get_by_role("option")).to_have_count(0)
    assert [each["value"] for each in sent(page, ears)["who"]] == ["Mira"]


def test_files_are_brought_and_handed_over(ears, visit):
    element = {"type": "file_input", "action_id": "files", "filetypes": ["png"], "max_files": 2}
    ears.open(field("Pictures", element))
    page = visit()
    dialog = page.get_by_role("dialog")
    picture = {"name": "cup.png", "mimeType": "image/png", "buffer": png()}

    dialog.get_by_label("Pictures").set_input_files([picture, {**picture, "name": "two.png"}])
    expect(dialog.get_by_role("button", name="Remove two.png")).to_be_visible()
    expect(dialog.get_by_label("Pictures")).to_be_disabled()
    dialog.get_by_role("button", name="Remove two.png").click()
    [file] = sent(page, ears)["files"]

    assert (file["name"], file["mimetype"], file["size"]) == ("cup.png", "image/png", len(png()))


def test_selects_in_a_message_tell_what_was_chosen(ears, visit):
    pick = {"type": "users_select", "action_id": "user", "placeholder": plain("Somebody")}
    who = {"type": "external_select", "action_id": "who", "min_query_length": 1}
    who |= {"placeholder": plain("A customer")}
    ears.slack.chat_postMessage(channel=CARE, text="x", blocks=[actions(pick, who)])
    page = visit()

    page.get_by_label("Somebody").select_option(label="Lea Brandt")
    until(page, lambda: len(ears.heard) == 1)
    page.get_by_label("A customer").fill("ada")
    page.get_by_role("option", name="Ada").click()
    until(page, lambda: len(ears.heard) == 2)

    assert ears.heard[0]["actions"][0]["selected_user"] == "U0LEA"
    assert ears.heard[1]["actions"][0]["selected_option"]["value"] == "Ada"


# --- closing


@pytest.mark.parametrize("how", ["Cancel", "Escape"])
def test_giving_up_a_form_goes_back_one_and_is_told(ears, visit, how):
    ears.open(field("below", typed("a")), notify_on_close=True)
    top = ears.push(field("above", typed("a")), notify_on_close=True)
    page = visit()
    dialog = page.get_by_role("dialog", name="Another")
    expect(dialog).to_be_visible()

    if how == "Escape":
        page.keyboard.press("Escape")
    else:
        dialog.get_by_role("button", name="Cancel").click()

    expect(page.get_by_role("dialog", name="A form")).to_be_visible()
    until(page, lambda: ears.heard)
    assert [(body["view"]["id"], body["is_cleared"]) for body in ears.heard] == [(top, False)]


def test_the_x_takes_the_whole_stack(ears, visit):
    root = ears.open(field("below", typed("a")), notify_on_close=True)
    ears.push(field("above", typed("a")), notify_on_close=True)
    page = visit()

    page.get_by_role("dialog", name="Another").get_by_role("button", name="Close").click()

    expect(page.locator("dialog")).to_have_count(0)
    until(page, lambda: ears.heard)
    assert [(body["view"]["id"], body["is_cleared"]) for body in ears.heard] == [(root, True)]


def test_what_was_typed_just_before_a_form_is_closed_makes_no_trouble(ears, visit):
    ears.open(told("answer", characters("text")))
    page = visit()
    types(page.get_by_role("dialog").get_by_label("answer"), "x", giving_up=True)
    expect(page.locator("dialog")).to_have_count(0)

    rest(page)

    assert not page.locator(".toast").is_visible()
    assert ears.heard == []


# --- pictures, shortcuts, invitations, people


def test_pictures_are_shown_from_files_and_in_direct_messages(ears, visit):
    file = ears.slack.files_upload_v2(content=png(), filename="cup.png")["file"]
    image = {"type": "image", "alt_text": "A cup", "slack_file": {"id": file["id"]}}
    ears.slack.chat_postMessage(channel=CARE, text="x", blocks=[image])
    direct = ears.slack.conversations_open(users="U0EVA")["channel"]["id"]
    ears.slack.files_upload_v2(
        channel=direct, content=png(), filename="two.png", title="Another", initial_comment="Look"
    )
    ears.slack.files_upload_v2(channel=direct, content=b"a,b", filename="export.csv")
    page = visit(width=390)

    def is_drawn(name):
        shown = page.get_by_role("img", name=name)
        expect(shown).to_be_visible()
        until(page, lambda: shown.evaluate("(one) => one.naturalWidth === 8"))

    is_drawn("A cup")
    page.get_by_role("button", name="Channels and people").click()
    page.get_by_role("radio", name="Be Eva Huber").click()
    page.get_by_role("button", name="Channels and people").click()
    page.locator(".side nav").get_by_role("button", name="Unanswered 2 new").click()
    is_drawn("Another")
    expect(page.get_by_role("link", name="export.csv")).to_be_visible()


def test_shortcuts_are_offered_beside_the_box_and_at_each_message(ears, visit):
    ears.slack.chat_postMessage(channel=CARE, text="He is angry")
    page = visit(width=390)

    page.get_by_role("button", name="Shortcuts").click()
    page.get_by_role("menuitem", name="Log a contact").click()
    until(page, lambda: len(ears.heard) == 1)
    page.get_by_role("button", name="Message actions").click()
    page.get_by_role("menuitem", name="Make this a case").click()
    until(page, lambda: len(ears.heard) == 2)

    assert [body["callback_id"] for body in ears.heard] == ["log_contact", "make_case"]
    assert ears.heard[1]["message"]["text"] == "He is angry"


def test_the_bot_is_invited_from_the_head_of_a_channel(ears, visit):
    page = visit()

    page.get_by_role("button", name="new", exact=True).click()
    page.get_by_role("button", name="Invite").click()
    page.get_by_role("menuitem", name="Invite Unanswered").click()

    until(page, lambda: ears.heard)
    assert ears.heard[0]["event"]["user"] == "U0BOT"
    expect(page.locator(".main .message")).to_contain_text("has joined the channel")


def test_each_of_the_people_sees_their_own_channels(ears, visit):
    page = visit("U0OTTO")

    expect(page.locator(".who p")).to_contain_text("Otto Lund")
    expect(page.locator(".side nav")).to_contain_text("customer-care")
    expect(page.locator(".side nav")).not_to_contain_text("press")
    page.get_by_role("radio", name="Be Gus Meyer").click()
    expect(page.locator(".who p")).to_contain_text("Gus Meyer · Guest")
    expect(box(page)).to_be_visible()


def test_forms_with_everything_fit_on_a_phone(ears, visit):
    long = [option("Donaudampfschifffahrtsgesellschaftskapitänskajütentür" + "x" * 15, "1")]
    who = {"type": "multi_external_select", "action_id": "who", "min_query_length": 0}
    ears.open(
        field("Tell", {"type": "multi_users_select", "action_id": "users"}),
        field("Long", {"type": "multi_static_select", "action_id": "l", "options": long}),
        field("Customers", who),
        field("Pictures", {"type": "file_input", "action_id": "files"}),
        field("Day", {"type": "datepicker", "action_id": "day"}),
        actions(button("more", "More")),
    )
    page = visit(width=390)
    page.get_by_role("dialog").get_by_label("Customers").click()
    page.get_by_role("option", name="Ada").click()
    keep_picture(page, "form-on-a-phone")

    script = "[...document.querySelectorAll('html, .log, dialog .blocks')].every((one) => "
    assert page.evaluate(script + "one.scrollWidth <= one.clientWidth)")
    expect(page.get_by_role("dialog").get_by_role("button", name="Send")).to_be_in_viewport()
