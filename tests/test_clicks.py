"""Two browsers, two people, fifty clicks at once on one card."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.conversation import State
from storage import destinations
from tests import office
from tests.browser import PATIENT, chromium, sync_api
from tests.people import ANA, BEN
from tests.processes import until

expect = sync_api.expect
CLICKS = 25  # of each
AT_ONCE = """([what, told, many]) => Promise.all(Array.from({ length: many }, () => fetch(what, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(told),
}).then((answer) => answer.json())))"""  # all at once: the page itself waits for the first


class Person(threading.Thread):
    """One person in a browser of their own; all begin at the same moment."""

    def __init__(self, id, url, start, act):
        super().__init__()
        self.id, self.url, self.start_at, self.act = id, url, start, act
        self.problem = None

    def run(self):
        try:
            with chromium() as browser:
                page = browser.new_page(viewport={"width": 1280, "height": 860})
                page.set_default_timeout(PATIENT)
                page.goto(f"{self.url}?person={self.id}")
                page.wait_for_selector(".pill")
                self.act(self, page)
        except Exception as problem:
            self.problem = problem
            self.start_at.abort()


def at_once(url, act):
    start = threading.Barrier(2, timeout=90)
    people = [Person(id, url, start, act) for id in (ANA, BEN)]
    for person in people:
        person.start()
    for person in people:
        person.join(180)
    problems = [person.problem for person in people if person.problem]
    assert not problems, problems


@pytest.fixture
def busy(tmp_path):
    with office.opened(tmp_path) as opened:
        opened.write("My kettle is broken")
        yield opened


def card_stays_as_it_is(office):
    """However long one browser takes, both press the button that they saw."""
    with office.database.begin() as db:
        destinations.close(db, "C0CARE", datetime.now(UTC) + timedelta(hours=1))


def told(workspace, person):
    return [each["text"] for each in workspace.whispers if each["user"] == person]


@pytest.mark.xdist_group("browser")
def test_of_fifty_clicks_one_is_a_claim_and_the_others_are_explained(busy):
    [card] = busy.workspace.channels["C0CARE"].messages

    def claim(person, page):
        page.locator(".main .message").get_by_role("button", name="Claim").first.wait_for()
        press = {"person": person.id, "channel": "C0CARE", "ts": card, "action_id": "claim"}
        person.start_at.wait()
        answers = page.evaluate(AT_ONCE, ["/page/press", press, CLICKS])
        assert all(answer["ok"] for answer in answers), answers

    card_stays_as_it_is(busy)
    at_once(busy.playground.url, claim)

    conversation = busy.case(1).conversation
    assert conversation.state is State.CLAIMED
    loser = BEN if conversation.owner == ANA else ANA
    until(lambda: len(told(busy.workspace, loser)) == CLICKS)
    explained = told(busy.workspace, loser)
    assert all(f"<@{conversation.owner}> already has this one." in text for text in explained)
    again = CLICKS - 1
    until(lambda: len(told(busy.workspace, conversation.owner)) == again)
    assert set(told(busy.workspace, conversation.owner)) <= {"You have this one already."}


@pytest.mark.xdist_group("browser")
def test_of_two_who_publish_at_once_one_answers_and_the_other_keeps_their_words(busy):
    seen = {}

    def answer(person, page):
        words = f"I am {person.id}, and a new kettle is on its way."
        card = page.locator(".main .message")
        card.get_by_role("button", name="Reply to").first.click()
        page.get_by_role("dialog").get_by_label("Your answer").fill(words)
        page.get_by_role("dialog").get_by_role("button", name="Preview").click()
        preview = page.get_by_role("dialog", name="Preview 1")
        expect(preview).to_contain_text(words)
        form = {"person": person.id, "view_id": preview.get_attribute("data-view"), "values": {}}
        person.start_at.wait()
        page.evaluate(AT_ONCE, ["/page/submit", form, CLICKS])
        expect(preview).to_have_count(0)
        until(lambda: busy.demo.answers())
        if busy.case(1).reply.author != person.id:
            expect(page.get_by_role("dialog")).to_contain_text(words)
        seen[person.id] = page.get_by_role("dialog").all_inner_texts()

    at_once(busy.playground.url, answer)

    [published] = busy.published(1)
    author = busy.case(1).reply.author
    loser = BEN if author == ANA else ANA
    assert published.text == f"I am {author}, and a new kettle is on its way."
    assert seen[author] == []
    [told] = seen[loser]
    assert f"I am {loser}, and a new kettle is on its way." in told
    assert "answer" in told
