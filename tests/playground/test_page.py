"""The page in a real browser, the real server behind it, and a small bot of our own."""

import re

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.playground.limits import Limits
from bot.playground.server import Playground
from bot.playground.workspace import Workspace
from tests.browser import PATIENT, chromium, keep_picture, sync_api

expect = sync_api.expect

CARE = "C0CARE"
HOSTILE = (
    '<!channel> <@U0ANA> <https://evil.example|acme.example> *bold* :tada: <b id="pwned">x</b>'
    " <script>window.pwned = 1</script> <img src=x onerror=window.pwned=1>"
)


def plain(text):
    return {"type": "plain_text", "text": text}


def words(text):
    return {"type": "mrkdwn", "text": text}


def option(text, value):
    return {"text": plain(text), "value": value}


def button(action, text, **more):
    return {"type": "button", "action_id": action, "text": plain(text), "value": "1", **more}


def overflow(action, *options):
    return {"type": "overflow", "action_id": action, "options": [option(o, o) for o in options]}


def field(name, element, **more):
    return {"type": "input", "block_id": name, "label": plain(name), "element": element, **more}


def typed(name, **more):
    return {"type": "plain_text_input", "action_id": name, **more}


def quote(text):
    said = {"type": "rich_text_quote", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [said]}


def actions(*elements):
    return {"type": "actions", "block_id": "do", "elements": list(elements)}


def card(text="My order is broken", owner=None):
    standing = f"<@{owner}> has it" if owner else "Nobody has it"
    return [
        {"type": "section", "text": words(f"*Complaint* from Mira · {standing}")},
        quote(text),
        actions(
            button("reply", "Reply", style="primary"),
            *([] if owner else [button("claim", "Claim")]),
            overflow("more", "snooze", "history"),
        ),
    ]


def form(kind="reply", title="Answer Mira", **more):
    blocks = [
        quote("My order is broken"),
        field("answer", typed("text", multiline=True, max_length=40), hint=plain("In public")),
        field("note", typed("note"), optional=True),
        actions(button("explain", "Explain"), button("redraw", "Redraw")),
    ]
    view = {"type": "modal", "callback_id": kind, "title": plain(title), "submit": plain("Send")}
    return {**view, "blocks": blocks, **more}


class Bot:
    """What the page needs from a bot, and what it heard."""

    def __init__(self, playground):
        self.heard = []
        self.owner = None
        self.slack = WebClient("xoxb-playground", base_url=playground.api_url)
        self.app = App(client=self.slack)
        self.handler = SocketModeHandler(
            self.app, "xapp-1-playground", web_client=WebClient(base_url=playground.api_url)
        )
        for action in ("claim", "reply", "explain", "redraw", "times"):
            self.app.action(action)(getattr(self, action))
        self.app.action(re.compile(".*"))(self.anything)
        self.app.view("reply")(self.send)
        self.app.command("/unanswered")(self.command)
        self.app.event("app_home_opened")(self.home)

    def say(self, text="said", blocks=None, **more):
        return self.slack.chat_postMessage(channel=CARE, text=text, blocks=blocks, **more)["ts"]

    def change(self, ts, blocks):
        self.slack.chat_update(channel=CARE, ts=ts, text="changed", blocks=blocks)

    def claim(self, ack, body):
        ack()
        who, ts = body["user"]["id"], body["message"]["ts"]
        if self.owner:
            note = f"<@{self.owner}> already has this one."
            self.slack.chat_postEphemeral(channel=CARE, user=who, text=note)
        else:
            self.owner = who
            self.change(ts, card(owner=who))

    def reply(self, ack, body):
        ack()
        view = form(private_metadata=body["message"]["ts"])
        self.slack.views_open(trigger_id=body["trigger_id"], view=view)

    def send(self, ack, body, view):
        text = view["state"]["values"]["answer"]["text"]["value"]
        if "!" in text:
            return ack(response_action="errors", errors={"answer": "Without shouting."})
        ack()
        self.say(f"<@{body['user']['id']}> answered", thread_ts=view["private_metadata"])
        self.heard.append(("sent", body["user"]["id"], text))
        return None

    def explain(self, ack, body):
        ack()
        self.slack.views_push(trigger_id=body["trigger_id"], view=form("why", "Why?"))

    def redraw(self, ack, body):
        ack()
        self.slack.views_update(view_id=body["view"]["id"], view=form(title="Answer Mira now"))

    def times(self, ack, body):
        ack()
        self.slack.views_open(trigger_id=body["trigger_id"], view=self.view)

    def anything(self, ack, action):
        ack()
        chosen = action.get("selected_options", [action.get("selected_option")])
        values = [one["value"] for one in chosen if one] or action.get("value")
        values = action.get("selected_date_time", values)
        self.heard.append((action["action_id"], values))

    def command(self, ack, command):
        ack(f"Nothing waits for {command['text'] or 'anyone'}.")

    def home(self, ack, event):
        ack()
        blocks = [{"type": "header", "text": plain("Good morning")}, actions(button("x", "Tidy"))]
        self.slack.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def playground():
    with Playground(Workspace.demo()) as playground:
        yield playground


@pytest.fixture(scope="module")
def everyone(playground):
    bot = Bot(playground)
    bot.handler.connect()
    yield bot
    bot.handler.close()


@pytest.fixture
def bot(everyone, playground):
    everyone.heard.clear()
    everyone.owner = None
    workspace = playground.workspace
    for memory in (workspace.stacks, workspace.whispers, workspace.homes, workspace.toasts):
        memory.clear()
    workspace.channels[CARE].messages.clear()
    workspace.limits = Limits()  # nobody sleeps between two tests
    return everyone


@pytest.fixture
def visit(browser, playground):
    contexts = []

    def visit(person="U0ANA", width=1280, **more):
        viewport = {"width": width, "height": 860}
        contexts.append(browser.new_context(viewport=viewport, locale="en-US", **more))
        page = contexts[-1].new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.set_default_timeout(PATIENT)
        page.goto(f"{playground.url}?person={person}")
        page.wait_for_selector(".pill")
        return page

    yield visit
    problems = [problem for c in contexts for page in c.pages for problem in page.problems]
    for context in contexts:
        context.close()
    assert problems == []


def heard(page, bot, *expected):
    """Wait until the bot has heard all of it."""
    for _ in range(PATIENT // 30):
        if len(bot.heard) >= len(expected):
            break
        page.wait_for_timeout(30)
    assert bot.heard == list(expected)


def box(page):
    return page.get_by_label("Message #customer-care")


def press(page, name):
    page.locator(".main .message").get_by_role("button", name=name, exact=True).click()


def test_people_write_and_the_page_can_become_any_of_them(bot, visit):
    page = visit()

    box(page).fill("Morning @ben, *coffee*? <b>x</b>")
    box(page).press("Enter")
    page.get_by_role("radio", name="Be Ben Okafor").click()

    said = page.locator(".message")
    expect(said).to_have_count(1)
    expect(said.locator(".by b")).to_have_text("Ana Silva")
    expect(said.locator(".mention.ping")).to_have_text("@Ben Okafor")
    expect(said.locator("strong")).to_have_text("coffee")
    expect(said).to_contain_text("<b>x</b>")
    expect(page.locator(".who p")).to_contain_text("You are Ben Okafor")
    expect(box(page)).to_have_value("")


def test_a_press_reaches_the_bot_and_changes_the_card_before_everybody(bot, visit):
    bot.say(blocks=card())
    ana, ben = visit("U0ANA"), visit("U0BEN")

    press(ana, "Claim")

    for page in (ana, ben):
        expect(page.locator(".card")).to_contain_text("@Ana Silva has it")
        expect(page.get_by_role("button", name="Claim")).to_have_count(0)
    expect(ana.locator(".tag")).to_have_text("APP")


def test_a_whisper_is_seen_by_one_person_only(bot, visit):
    bot.say(blocks=card())
    bot.owner = "U0ANA"
    ana, ben = visit("U0ANA"), visit("U0BEN")

    press(ben, "Claim")

    whisper = ben.locator(".message.ephemeral")
    expect(whisper).to_contain_text("Only visible to you")
    expect(whisper).to_contain_text("@Ana Silva already has this one.")
    expect(ana.locator(".message")).to_have_count(1)


def test_every_kind_of_element_tells_what_was_chosen(bot, visit):
    pick = {"type": "static_select", "action_id": "pick", "placeholder": plain("Pick")}
    groups = [{"label": plain("Fruit"), "options": [option("Pear", "pear"), option("Fig", "fig")]}]
    few = [option("One", "1"), option("Two", "2")]
    sure = {"title": plain("Sure?"), "text": words("*Really*?"), "confirm": plain("Do it")}
    confirm = {**sure, "deny": plain("Leave it"), "style": "danger"}
    everything = [
        {"type": "section", "text": words("x"), "accessory": {**pick, "option_groups": groups}},
        actions(
            {"type": "radio_buttons", "action_id": "one", "options": few},
            {"type": "checkboxes", "action_id": "some", "options": few, "initial_options": few[:1]},
            overflow("more", "snooze", "history"),
            button("gone", "Delete", style="danger", confirm=confirm),
            button("plain", "Go", accessibility_label="Go on"),
            {"type": "datetimepicker", "action_id": "when", "initial_date_time": 1628633820},
        ),
    ]
    bot.say(blocks=everything)
    page = visit(timezone_id="Europe/Berlin")
    expected = []

    def done(*what):
        expected.append(what)
        heard(page, bot, *expected)

    page.get_by_label("Pick").select_option("fig")
    done("pick", ["fig"])
    page.get_by_label("Two").first.check()
    done("one", ["2"])
    page.get_by_role("checkbox", name="Two").check()
    done("some", ["1", "2"])
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="history").click()
    done("more", ["history"])
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave it").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog").locator("strong")).to_have_text("Really")
    page.get_by_role("dialog").get_by_role("button", name="Do it").click()
    done("gone", "1")
    page.get_by_role("button", name="Go on").click()
    done("plain", "1")
    expect(page.get_by_label("when")).to_have_value("2021-08-11T00:17")
    page.get_by_label("when").fill("2026-11-27T12:00")
    done("when", 1795777200)


def test_a_form_takes_choices_and_moments(bot, visit):
    few = [option("In an hour", "1"), option("Tomorrow", "2")]
    picker = {"type": "datetimepicker", "action_id": "at"}
    radio = {"type": "radio_buttons", "action_id": "until", "options": few}
    menu = {"type": "static_select", "action_id": "promise", "options": few}
    blocks = [
        field("until", radio | {"initial_option": few[0]}),
        field("promise", menu | {"initial_option": few[1]}),
        field("other", picker, optional=True),
        field("needed", picker),
    ]
    seen = []
    bot.app.view("times")(lambda ack, view: seen.append(view["state"]["values"]) or ack())
    bot.view = form("times", "Times", blocks=blocks)
    bot.say(blocks=[actions(button("times", "Times"))])
    page = visit(timezone_id="Europe/Berlin")
    press(page, "Times")
    dialog = page.get_by_role("dialog", name="Times")

    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_role("alert")).to_have_text("This is needed.")
    dialog.get_by_label("Tomorrow").check()
    dialog.get_by_label("other").fill("2026-11-27T12:00")
    dialog.get_by_label("needed").fill("2026-11-27T13:00")
    dialog.get_by_label("other").fill("")
    keep_picture(page, "form-with-times")
    dialog.get_by_role("button", name="Send").click()

    expect(dialog).to_have_count(0)
    [values] = seen
    assert values["until"]["until"]["selected_option"]["value"] == "2"
    assert values["promise"]["promise"]["selected_option"]["value"] == "2"
    assert values["other"]["at"] == {"type": "datetimepicker", "selected_date_time": None}
    assert values["needed"]["at"]["selected_date_time"] == 1795780800


def test_a_form_says_at_its_fields_what_is_wrong(bot, visit):
    bot.say(blocks=card())
    page = visit()
    press(page, "Reply")
    dialog = page.get_by_role("dialog", name="Answer Mira")
    answer = dialog.get_by_label("answer")
    expect(answer).to_be_focused()
    send = dialog.get_by_role("button", name="Send")

    send.click()
    expect(dialog.get_by_role("alert")).to_have_text("This is needed.")
    answer.fill("x" * 42)
    expect(dialog.locator(".left")).to_have_text("42 / 40")
    send.click()
    expect(dialog.get_by_role("alert")).to_have_text("This is 2 characters too long.")
    for _ in range(2):  # the same answer again is an answer, too
        answer.fill("Sorry!")
        send.click()
        expect(dialog.get_by_role("alert")).to_have_text("Without shouting.")
        expect(send).to_be_enabled(timeout=2000)
    expect(answer).to_be_focused()
    expect(answer).to_have_attribute("aria-invalid", "true")
    answer.fill("Sorry 😀")
    send.click()

    expect(dialog).to_have_count(0)
    heard(page, bot, ("sent", "U0ANA", "Sorry 😀"))
    page.get_by_role("button", name="1 reply").click()
    expect(page.locator(".thread .message").last).to_contain_text("@Ana Silva answered")


def test_forms_lie_on_one_another_and_escape_takes_the_top_one(bot, visit):
    bot.say(blocks=card())
    page = visit()
    press(page, "Reply")
    page.get_by_role("dialog").get_by_label("answer").fill("half a sent")
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_role("dialog", name="Why?")).to_be_visible()
    assert page.locator("dialog").count() == 2

    page.keyboard.press("Escape")

    expect(page.locator("dialog")).to_have_count(1)
    expect(page.get_by_role("dialog").get_by_label("answer")).to_have_value("half a sent")
    page.get_by_role("button", name="Redraw").click()
    expect(page.get_by_role("dialog", name="Answer Mira now")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_label("answer")).to_have_value("half a sent")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("dialog")).to_have_count(0)


def test_a_slash_command_is_completed_and_answered(bot, visit):
    page = visit()

    box(page).press_sequentially("/una")
    expect(page.locator(".suggest")).to_contain_text("/unanswered")
    box(page).press("Tab")
    box(page).press_sequentially("mine")
    box(page).press("Enter")

    expect(page.locator(".message.ephemeral")).to_contain_text("Nothing waits for mine.")


def test_what_is_no_command_is_said_in_a_toast_and_stays_in_the_box(bot, visit):
    page = visit()

    box(page).fill("/nonsense")
    box(page).press("Enter")

    expect(page.locator(".toast")).to_contain_text("/nonsense is not a command here")
    expect(box(page)).to_have_value("/nonsense")


def test_home_is_drawn_when_it_is_opened(bot, visit):
    page = visit()

    page.get_by_role("button", name="Unanswered Home").click()
    expect(page.get_by_role("heading", name="Good morning")).to_be_visible()
    page.get_by_role("button", name="Tidy").click()

    heard(page, bot, ("x", "1"))


def test_what_is_half_done_survives_news(bot, visit):
    bot.say("a long story\n" * 60)
    ts = bot.say(blocks=card())
    page = visit()
    expect(page.locator(".card")).to_be_visible()
    box(page).fill("half a sent")
    page.evaluate("document.activeElement.setSelectionRange(2, 4)")
    page.evaluate("document.querySelector('.main .log').scrollTop = 120")

    bot.change(ts, card("It is worse now"))
    bot.say("one more")

    expect(page.locator(".card")).to_contain_text("It is worse now")
    expect(page.get_by_role("button", name="1 new")).to_be_visible()
    expect(box(page)).to_have_value("half a sent")
    expect(box(page)).to_be_focused()
    assert page.evaluate("document.activeElement.selectionStart") == 2
    assert page.evaluate("document.querySelector('.main .log').scrollTop") == 120
    expect(page.locator("#announcer")).to_have_text("Unanswered: one more")


def test_whoever_speaks_sees_what_comes_of_it(bot, visit):
    bot.say("a long story\n" * 60)
    bot.say("another\n" * 60)
    page = visit()
    expect(page.locator(".message")).to_have_count(2)
    page.evaluate("document.querySelector('.main .log').scrollTop = 0")

    box(page).fill("Anything new?")
    box(page).press("Enter")

    expect(page.get_by_text("Anything new?", exact=True)).to_be_in_viewport()


def test_an_open_menu_and_an_open_form_survive_news(bot, visit):
    ts = bot.say(blocks=card())
    page = visit()
    page.get_by_role("button", name="More actions").click()
    expect(page.get_by_role("menuitem", name="snooze")).to_be_focused()
    bot.change(ts, card("It is worse now", owner="U0BEN"))
    expect(page.locator(".card")).to_contain_text("It is worse now")
    expect(page.get_by_role("menuitem", name="snooze")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menuitem")).to_have_count(0)
    expect(page.get_by_role("button", name="More actions")).to_be_focused()

    press(page, "Reply")
    page.get_by_role("dialog").get_by_label("answer").press_sequentially("half a ")
    bot.change(ts, card("And worse"))
    bot.say("one more")
    expect(page.locator(".message")).to_have_count(2)
    page.keyboard.type("sentence")

    expect(page.get_by_role("dialog").get_by_label("answer")).to_have_value("half a sentence")


def test_the_words_of_strangers_make_nothing_but_text(bot, visit):
    escaped = HOSTILE.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    fields = [plain(HOSTILE), words(escaped)]
    link = {"type": "link", "url": "javascript:window.pwned=1", "text": "click"}
    bot.say(blocks=[quote(HOSTILE), {"type": "section", "fields": fields}])
    bot.say("<javascript:window.pwned=1|click> <data:text/html,x|me>")
    page = visit()
    message = page.locator(".message").first
    drawn = f"flat(richWords({link}))"

    expect(message.locator("blockquote")).to_have_text(HOSTILE)
    assert message.locator("blockquote *").count() == 0
    for kind in (".mention", "script", ".text img", "#pwned"):
        assert message.locator(kind).count() == 0
    bare = message.locator("a")  # an address is a link, and nothing but what it says
    assert [bare.inner_text(), bare.get_attribute("href")] == ["https://evil.example"] * 2
    assert bare.get_attribute("rel") == "noopener noreferrer"
    assert page.locator(".message").last.locator("a").count() == 0
    assert page.evaluate(f"{FLAT} {drawn}") == "click"
    assert page.evaluate("window.pwned") is None


def test_the_policy_of_the_page_forbids_scripts_and_markup_from_strings(bot, visit):
    page = visit()

    page.evaluate(
        """() => {
            const script = document.createElement("script");
            try { script.text = "window.pwned = 1"; document.body.append(script); } catch {}
            try { document.body.setAttribute("onclick", "window.pwned = 1"); } catch {}
            document.body.click();
        }"""
    )

    assert page.evaluate("window.pwned") is None
    with pytest.raises(sync_api.Error, match="TrustedHTML"):
        page.evaluate("document.body.innerHTML = '<b>x</b>'")


FLAT = """const flat = (one) => Array.isArray(one) ? one.map(flat).join("")
    : typeof one !== "object" ? String(one)
    : `[${one.tag}${one.has.href ? " " + one.has.href : ""}${
        one.has.class ? "." + one.has.class : ""}|${flat(one.inside)}]`;"""

MARKUP = {
    "*bold* _italic_ ~gone~ `a *b*`": "[strong|bold] [em|italic] [s|gone] [code|a *b*]",
    "2*3*4 snake_case_name a ~ b": "2*3*4 snake_case_name a ~ b",
    "*so _very_ <@U0ANA>!*": "[strong|so [em|very] [span.mention ping|@Ana Silva]!]",
    "<@U0BEN|ben>, <!here> <!channel|x>": "[span.mention|@Ben Okafor], "
    "[span.mention ping|@here] [span.mention ping|@channel]",
    "<https://a.example/?a=1&amp;b=2|A &lt;b&gt;>": "[a https://a.example/?a=1&b=2|A <b>]",
    "see https://a.example/x. ok": "see [a https://a.example/x|https://a.example/x]. ok",
    "&lt;https://a.example&gt;": "<[a https://a.example|https://a.example]>",
    "<mailto:a@b.example|mail> <ftp://x|no>": "[a mailto:a@b.example|mail] no",
    "&lt;!channel&gt; &amp;amp;": "<!channel> &amp;",
    "&gt; one\n&gt; *two*\nthree": "[blockquote|one\n[strong|two]]three",
    "```a *b* <@U0ANA>```": "[pre|a *b* <@U0ANA>]",
    ":tada: :nonsense: 10:30:45": "[span.emoji|🎉] :nonsense: 10:30:45",
    "<#C0CARE>": "[span.mention|#customer-care]",
    "*not\nbold* * no *": "*not\nbold* * no *",
}


def test_mrkdwn_is_read_as_slack_reads_it(bot, visit):
    page = visit()

    drawn = page.evaluate(f"(all) => {{ {FLAT} return all.map((one) => flat(mrkdwn(one))) }}", [
        *MARKUP
    ])  # fmt: skip

    assert dict(zip(MARKUP, drawn, strict=True)) == MARKUP


def test_dates_are_told_in_the_readers_zone(bot, visit):
    page = visit(timezone_id="America/New_York")
    patterns = {
        "{date_num}": "2014-02-18",
        "{date}": "February 18th, 2014",
        "{date_short}": "Feb 18, 2014",
        "{date_long} at {time}": "Tuesday, February 18th, 2014 at 9:39 AM",
        "{time_secs}": "9:39:42 AM",
        "{date_pretty}": "February 18th, 2014",
    }

    told = page.evaluate("(all) => all.map((one) => formatted(at(1392734382), one))", [*patterns])
    near = page.evaluate(
        "() => [-864e5, 0, 864e5].map((away) =>"
        " formatted(new Date(now() + away), 'due {date_short_pretty}'))"
    )
    ago = page.evaluate("() => [-7300, -5, -60, 300].map((s) => ago(new Date(now() + s * 1000)))")

    assert (
        dict(zip(patterns, [one.replace("\u202f", " ") for one in told], strict=True)) == patterns
    )
    assert near == ["due yesterday", "due today", "due tomorrow"]
    assert ago == ["2 hours ago", "just now", "1 minute ago", "in 5 minutes"]


def test_on_a_phone_nothing_is_wider_than_the_screen(bot, visit):
    long = "Donaudampfschifffahrtsgesellschaftskapitänskajüte" * 4
    ts = bot.say(blocks=card(f"{long} https://a.example/{'x' * 200}"))
    bot.say("under it", thread_ts=ts)
    page = visit(width=390)

    def fits():
        script = "[...document.querySelectorAll('html, .log, dialog .blocks')].every((one) => "
        return page.evaluate(script + "one.scrollWidth <= one.clientWidth)")

    expect(page.locator(".card")).to_be_visible()
    assert fits()
    expect(page.get_by_role("button", name="customer-care")).to_be_hidden()
    page.get_by_role("button", name="Channels and people").click()
    page.get_by_role("radio", name="Be Lea Brandt").click()
    expect(page.locator(".who p")).to_contain_text("Lea Brandt")
    page.get_by_role("button", name="1 reply").click()
    expect(page.locator(".thread")).to_be_visible()
    assert fits()
    page.get_by_role("button", name="Close the thread").click()
    press(page, "Reply")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert fits()


def test_a_keyboard_is_enough_to_claim_and_to_reply(bot, visit):
    bot.say(blocks=card())
    page = visit()
    expect(page.locator(".card")).to_be_visible()

    def tab_to(name):
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent.trim()") == name:
                return
        pytest.fail(f"Tab never comes to {name!r}")

    tab_to("Claim")
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_contain_text("@Ana Silva has it")
    expect(page.locator(".main .message")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("dialog").get_by_label("answer")).to_be_focused()
    page.keyboard.type("We are on it")
    tab_to("Send")
    page.keyboard.press("Enter")

    heard(page, bot, ("sent", "U0ANA", "We are on it"))
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".main .card .primary")).to_be_focused()


def test_a_thread_opens_takes_words_and_closes(bot, visit):
    ts = bot.say("root")
    bot.say("under it", thread_ts=ts)
    page = visit()

    page.get_by_role("button", name="1 reply").click()
    page.get_by_label("Reply in thread").last.fill("me too")
    page.keyboard.press("Enter")
    expect(page.locator(".thread .message")).to_have_count(3)
    expect(page.locator(".main .message")).to_have_count(1)
    page.keyboard.press("Escape")

    expect(page.locator(".thread")).to_have_count(0)
    expect(page.get_by_role("button", name="2 replies")).to_be_focused()


def test_it_shows_whether_the_bot_is_there(bot, visit):
    page = visit()

    expect(page.locator(".pill")).to_have_text("bot connected · 1 socket")


def test_what_nobody_hears_is_told_each_time(browser):
    with Playground(Workspace.demo()) as deserted:
        page = browser.new_page()
        page.goto(deserted.url)
        expect(page.locator(".pill")).to_have_text("bot is away")
        for _ in range(2):
            box(page).fill("/unanswered")
            box(page).press("Enter")
            expect(page.locator(".toast")).to_contain_text("/unanswered failed")
            page.get_by_role("button", name="OK").click()
            expect(page.locator(".toast")).to_be_hidden(timeout=5000)  # by itself it goes later
        page.close()
