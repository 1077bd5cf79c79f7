"""The whole thing as people meet it: real workers, a real browser, a real mailbox."""

import re
from email import message_from_bytes
from email.policy import default

import pytest

from bot.playground.limits import Limits
from bot.playground.server import Playground
from bot.playground.workspace import Workspace
from tests.adapters.place_email import EmailPlace
from tests.browser import PATIENT, chromium, keep_picture, sync_api
from tests.processes import running, until

expect = sync_api.expect
TEAMS = '[teams.care]\nchannel = "C0CARE"\n'


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def visit(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-US")

    def visit(url):
        page = context.new_page()
        page.set_default_timeout(PATIENT)
        page.goto(url)
        page.wait_for_selector(".pill")
        return page

    yield visit
    context.close()


@pytest.mark.xdist_group("browser")
def test_a_mail_becomes_a_card_and_the_answer_arrives_as_a_threaded_mail(visit, tmp_path):
    (tmp_path / "teams.toml").write_text(TEAMS)
    workspace = Workspace.demo(limits=Limits(on=False))
    with EmailPlace() as place, Playground(workspace) as playground:
        slack = {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token,
            "SLACK_API_URL": playground.api_url,
            "ADAPTERS": "email",
            "EMAIL_EVERY": "1",
        }
        with running("run", environment={**slack, **place.environment()}, folder=tmp_path):
            page = visit(playground.url)
            until(lambda: playground.sockets.links)
            asked = place.post("My kettle is broken. Can you send a new one?")

            card = page.locator(".main .message", has_text="My kettle is broken")
            card.get_by_role("button", name="Reply to").click()
            form = page.get_by_role("dialog")
            expect(form).to_contain_text("private")
            form.get_by_label("Your answer").fill("A new kettle is on its way, Mira.")
            keep_picture(page, "mail-form")
            form.get_by_role("button", name="Preview").click()
            expect(page.get_by_role("button", name="Publish")).to_be_visible()
            keep_picture(page, "mail-preview")
            page.get_by_role("button", name="Publish").click()
            expect(card).to_contain_text("A new kettle is on its way, Mira.")
            expect(card).to_contain_text("answered")
            keep_picture(page, "mail-card")

            until(lambda: place.dovecot.mails(place.address("mira")))
            [mail] = place.dovecot.mails(place.address("mira"))
            answer = message_from_bytes(mail.as_bytes(), policy=default)
            assert answer["In-Reply-To"] == f"<{asked}>"
            assert asked in answer["References"]
            assert answer["Subject"] == "Re: My order"
            assert place.answers() == ["A new kettle is on its way, Mira."]


@pytest.mark.xdist_group("browser")
def test_the_demo_shows_customers_a_nag_the_list_and_goes_on_after_a_restart(visit, tmp_path):
    words = ("demo", "--folder", str(tmp_path / "play"), "--port", "0")
    with running(*words, environment={}, folder=tmp_path) as demo:
        said = demo.stdout.readline()
        page = visit(said.split("open ")[1].split()[0])
        first = page.locator(".main .message").first
        expect(first.get_by_role("button", name="Claim")).to_be_visible()
        first.get_by_role("button", name="Claim").click()
        expect(first).to_contain_text("has it")

        page.get_by_label("Message #customer-care").fill("/unanswered")
        page.keyboard.press("Enter")
        expect(page.locator(".main")).to_contain_text("waiting")
        keep_picture(page, "demo-queue")
        page.get_by_text("Unanswered Home").click()
        expect(page.locator(".main")).to_contain_text("Waiting for all teams")
        keep_picture(page, "demo-home")
        page.get_by_text("customer-care").first.click()
        expect(first).to_contain_text("overdue since", timeout=75_000)
        expect(first).to_contain_text(re.compile(r"\d repl(y|ies)"))  # a slow machine sees two
        keep_picture(page, "demo-nag")
        shown = first.locator("blockquote").inner_text()

    with running(*words, environment={}, folder=tmp_path) as demo:
        said = demo.stdout.readline()
        again = visit(said.split("open ")[1].split()[0])
        expect(again.locator(".main .message").first).to_contain_text(shown)
