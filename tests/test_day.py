"""A colleague's day, in a real browser: each thing that people do in Slack is done once."""

import re

import pytest

from bot.domain.conversation import State
from bot.domain.mention import Kind
from bot.pictures import Got
from storage import customers
from storage.database import reading
from tests import office
from tests.browser import chromium, keep_picture
from tests.office import PHONE, expect
from tests.people import ANA, BEN, LEA
from tests.playground.test_page_forms import png
from tests.processes import until

pytestmark = pytest.mark.xdist_group("day")
EVA = "U0EVA"
PRESS = "demo:press"
TEAMS = (
    office.TEAMS
    + """
signature = "^{agent_initials}"
watch = ["voucher ####"]
pictures = "upload"

[teams.press]
channel = "C0PRESS"
manager = "U0LEA"
hears = ["demo:press"]

[teams.press.approval]
always = true
"""
)
LONG = " ".join(
    f"Step {step}: open the lid, rinse the filter with warm water, and let it dry for a while."
    for step in range(1, 10)
)


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def acme(tmp_path_factory):
    folder = tmp_path_factory.mktemp("day")
    with office.opened(folder, TEAMS, names=("demo", PRESS)) as acme:
        yield acme


@pytest.fixture
def come(browser, acme):
    """Somebody opens Slack in a browser of their own."""
    with office.door(browser, acme) as come:
        yield come


def writes(form, words):
    form.get_by_label("Your answer").fill(words)


def answers(person, number, words):
    """The whole way, with nothing to be looked at."""
    person.press(person.card(number), "Reply to")
    writes(person.sees_form(f"Answer {number}"), words)
    person.send("Preview")
    person.sees_form(f"Preview {number}")
    person.send("Publish")
    expect(person.card(number).get_by_role("button", name="Reply to")).to_have_count(0)
    expect(person.card(number).get_by_role("button", name="More actions")).to_be_visible()
    assert person.office.case(number).conversation.state is State.ANSWERED


def state(acme, number):
    return acme.case(number).conversation.state


def test_a_draft_survives_and_who_is_writing_is_seen(come, acme):
    number = acme.write("My kettle leaks. I want a refund!", by="mira", name="Mira Costa")
    ana, ben = come(ANA), come(BEN)

    ana.press(ana.card(number), "Reply to")
    writes(ana.sees_form(f"Answer {number}"), "A new lid is on its")
    until(lambda: acme.bot.answering.kept(number, ANA) == "A new lid is on its")
    ben.sees(ben.card(number), "@Ana Silva is writing")
    ben.press(ben.card(number), "Reply to")
    ben.sees(ben.sees_form(f"Answer {number}"), "@Ana Silva has begun an answer")
    ben.close()
    ana.close()
    ana.page.reload()

    ana.press(ana.card(number), "Claim")
    ben.sees(ben.card(number), "@Ana Silva has it")
    ana.press(ana.card(number), "Reply to")
    form = ana.sees_form(f"Answer {number}")
    expect(form.get_by_label("Your answer")).to_have_value("A new lid is on its")
    ana.sees(form, "You wrote this before, and it was not sent.")
    ana.close()


def test_a_saved_reply_asks_for_what_nobody_knows_and_is_signed(come, acme):
    number = acme.write("Where is my parcel?", by="jonas", name="Jonas Weber")
    ana = come(ANA)
    ana.opens("replies", "Saved replies")
    ana.send("Add…")
    form = ana.sees_form("A new saved reply")
    form.get_by_label("Name").fill("Parcel")
    form.get_by_label("Text").fill("Hi {first_name}, parcel {order} arrives tomorrow.")
    ana.send("Save")
    listed = ana.sees_form("Saved replies")
    ana.sees(listed, "Parcel", "every team")
    ana.press(listed, "Export")
    ana.sees(listed, "They are in your direct messages with me.")
    ana.close()
    ana.go_to("Unanswered")
    ana.sees(ana.room, "saved-replies.csv")
    ana.go_to("customer-care")

    ana.press(ana.card(number), "Reply to")
    form = ana.sees_form(f"Answer {number}")
    form.get_by_role("combobox", name="Begin with a saved reply").fill("arr")
    ana.page.get_by_role("option", name="Parcel").click()
    expect(form.get_by_label("Your answer")).to_have_value(
        "Hi Jonas, parcel {order} arrives tomorrow."
    )
    form.get_by_label("Order").fill("4711")
    ana.picture(form, "reply")
    form.get_by_label("Order").fill("")
    ana.send("Preview")
    ana.sees(form, "{order} is not filled in.")
    form.get_by_label("Order").fill("4711")
    ana.send("Preview")

    ana.sees(ana.sees_form(f"Preview {number}"), "Hi Jonas, parcel 4711 arrives tomorrow. ^AS")
    ana.send("Publish")
    ana.sees(ana.card(number), "answered")
    [answer] = acme.published(number)
    assert answer.text == "Hi Jonas, parcel 4711 arrives tomorrow. ^AS"


def test_a_long_answer_is_previewed_as_the_thread_that_it_becomes(come, acme):
    number = acme.write("How do I clean the filter?", by="tom", name="Tom Baker")
    ana = come(ANA)

    ana.press(ana.card(number), "Reply to")
    form = ana.sees_form(f"Answer {number}")
    ana.sees(form, "What is longer becomes a thread of up to 4 posts.")
    writes(form, LONG)
    ana.send("Preview")
    ana.sees(ana.sees_form(f"Preview {number}"), "Post 1 of 2", "Post 2 of 2")
    keep_picture(ana.page, "day-thread")
    ana.send("Publish")

    ana.sees(ana.card(number), "answered")
    first, second = acme.published(number, many=2)
    assert first.text.endswith(".")
    assert second.to == first.key
    assert second.text.endswith("^AS")


def test_what_should_not_be_public_is_shown_before_it_goes(come, acme):
    number = acme.write("Do I get something for the trouble?", by="aisha", name="Aisha Khan")
    ana = come(ANA)

    ana.press(ana.card(number), "Reply to")
    writes(
        ana.sees_form(f"Answer {number}"), "Take voucher 2026 at https://acme.example/sorry, Aisha."
    )
    ana.send("Preview")
    preview = ana.sees_form(f"Preview {number}")
    ana.sees(preview, "Everyone can read this.", "voucher 2026", "a link")
    ana.picture(preview, "preview")
    ana.send("Publish")
    ana.sees(preview, "This is needed.")
    assert acme.published(number, many=0) == []
    preview.get_by_label("I have looked at this").check()
    ana.send("Publish")

    ana.sees(ana.card(number), "answered")
    acme.published(number, many=1)


def test_who_wrote_in_private_is_answered_in_private_unless_one_says_otherwise(come, acme):
    public = acme.post("Your shop lost my order.", by="olga", name="Olga Petrova")
    number = acme.shown(public)
    ana = come(ANA)
    ana.sees(ana.card(number), "lost my order")
    acme.post("It is order 4711.", by="olga", name="Olga Petrova", parent=public, public=False)
    ana.sees(ana.card(number), "It is order 4711.")

    ana.press(ana.card(number), "Reply to")
    form = ana.sees_form(f"Answer {number}")
    where = form.get_by_role("radiogroup", name="Where does it go?")
    expect(where.get_by_label("In private")).to_be_checked()
    where.get_by_label("In public").check()
    writes(form, "We found it.")
    ana.send("Preview")
    ana.sees(
        ana.sees_form(f"Preview {number}"), "The customer wrote in private, and this is public"
    )
    ana.send("Back")
    where.get_by_label("In private").check()
    ana.send("Preview")
    ana.sees(ana.sees_form(f"Preview {number}"), "In private, to", "only they read it")
    ana.send("Publish")

    ana.sees(ana.card(number), "answered")
    [answer] = acme.published(number)
    assert answer.to != public


def test_pictures_are_seen_and_go_out_with_an_answer(come, acme):
    acme.bot.courier.run.__self__.gallery.fetcher = Album()
    number = acme.write(
        "Look at this crack!", by="nina", name="Nina Berg", media=["https://pictures.example/1.png"]
    )
    ana = come(ANA)
    seen = ana.card(number).get_by_role("img", name=re.compile("picture", re.I))
    expect(seen).to_be_visible()

    ana.press(ana.card(number), "Reply to")
    form = ana.sees_form(f"Answer {number}")
    ana.sees(form, "At most 2 files", "pictures")
    writes(form, "This is how the lid goes on, Nina.")
    form.get_by_label("Files").set_input_files(
        [{"name": "lid.png", "mimeType": "image/png", "buffer": png()}]
    )
    expect(form.get_by_role("button", name="Remove lid.png")).to_be_visible()
    ana.send("Preview")
    ana.sees(ana.sees_form(f"Preview {number}"), "with it: lid.png")
    ana.send("Publish")

    ana.sees(ana.card(number), "answered")
    [answer] = acme.published(number)
    assert answer.files == (("lid.png", "image/png", len(png())),)


class Album:
    """What is open on the internet."""

    def fetch(self, _url):
        return Got(png(), "png")


def test_a_second_person_reads_an_answer_changes_it_or_sends_it_back(come, acme):
    number = acme.write("A word for our readers?", by="paper", name="The Paper", to=PRESS)
    ana, lea = come(ANA), come(LEA)
    for each in (ana, lea):
        each.go_to("press")

    ana.press(ana.card(number), "Reply to")
    writes(ana.sees_form(f"Answer {number}"), "No comment.")
    ana.send("Preview")
    ana.sees(ana.sees_form(f"Preview {number}"), "Somebody else looks at it first")
    ana.send("Send for approval")
    lea.sees(lea.card(number), "No comment.")
    ana.press(ana.card(number), "Approve")
    ana.sees(ana.whisper, "You wrote this answer, so somebody else has to approve it.")

    lea.press(lea.card(number), "Send back…")
    lea.sees_form(f"Send back {number}").get_by_label("What should be different?").fill("Kinder.")
    lea.send("Send back")
    ana.sees(ana.open_thread(ana.card(number)), "Kinder.")
    ana.press(ana.card(number), "Reply to")
    writes(ana.sees_form(f"Answer {number}"), "Thank you for asking us.")
    ana.send("Preview")
    ana.sees_form(f"Preview {number}")
    ana.send("Send for approval")

    lea.press(lea.card(number), "Change…")
    writes(lea.sees_form(f"Change {number}"), "Thank you for asking us. We will call you.")
    lea.send("Preview")
    lea.sees(lea.sees_form(f"Preview {number}"), "@Ana Silva stays its author")
    keep_picture(lea.page, "day-approval")
    lea.send("Publish")
    lea.sees(lea.card(number), "answered", "We will call you.")
    [answer] = published_by(acme, PRESS)
    assert answer.text == "Thank you for asking us. We will call you."
    assert acme.case(number).reply.author == ANA


def published_by(acme, account):
    until(acme.bot.adapters[account].answers)
    return acme.bot.adapters[account].answers()


def test_what_is_published_can_be_corrected_and_withdrawn(come, acme):
    number = acme.write("When do you open?", by="sam", name="Sam Green")
    ana = come(ANA)
    answers(ana, number, "At nien.")

    ana.choose(ana.card(number), "Correct…")
    form = ana.sees_form(f"Correct {number}")
    form.get_by_label("The corrected answer").fill("At nine.")
    ana.send("Correct it")
    ana.sees(ana.card(number), "At nine.")
    until(lambda: [each.text for each in acme.published(number)] == ["At nine."])

    ana.choose(ana.card(number), "Withdraw…")
    ana.sees(ana.sees_form(f"Withdraw {number}"), "The customer waits again")
    ana.send("Withdraw it")
    ana.sees(ana.card(number), "@Ana Silva has it")
    acme.published(number, many=0)
    assert state(acme, number) is State.CLAIMED


def test_an_answer_on_the_platform_itself_counts_from_its_own_time(come, acme):
    number = acme.write("Is the shop open on Sunday?", by="emma", hours_ago=3)
    there = acme.demo.post("It is, from ten.", by="acme")
    ana = come(ANA)

    ana.choose(ana.card(number), "I answered there…")
    form = ana.sees_form(f"Answered there: {number}")
    form.get_by_label("The answer’s address").fill(f"https://demo.example/post/{there}")
    ana.send("I answered there")

    ana.sees(ana.card(number), "answered", "It is, from ten.")
    assert state(acme, number) is State.ANSWERED


def test_what_colleagues_say_in_a_thread_never_leaves_slack(come, acme):
    number = acme.write("Hello? Anybody?", by="rude", name="Rude Rudi")
    ana, before = come(ANA), len(acme.demo.events)

    thread = ana.open_thread(ana.card(number))
    thread.get_by_role("textbox", name="Reply in thread").fill("What an idiot. Careful with him.")
    thread.get_by_role("button", name="Send").click()
    ana.sees(thread, "What an idiot.")
    answers(ana, number, "We are here, Rudi.")

    assert [each["text"] for each in acme.demo.events[before:]] == ["We are here, Rudi. ^AS"]


def test_work_is_handed_on(come, acme):
    number = acme.write("The lid broke. I want my money back.", by="david", name="David Cohen")
    ana, ben, lea = come(ANA), come(BEN), come(LEA)

    ana.choose(ana.card(number), "Hand on…")
    form = ana.sees_form(f"Hand on {number}")
    form.get_by_label("Who takes it?").select_option(label="Ben Okafor")
    keep_picture(ana.page, "day-hand-on")
    ana.send("Assign")
    ben.sees(ben.card(number), "@Ben Okafor has it")
    ana.press(ana.card(number), "Take over")
    ana.sees(ana.card(number), "@Ana Silva has it")

    ana.choose(ana.card(number), "Hand on…")
    form = ana.sees_form(f"Hand on {number}")
    form.get_by_label("Somebody is called to help").check()
    form.get_by_label("@Lea Brandt, who leads care").check()
    form.get_by_label("Why?").fill("He is a lawyer.")
    ana.send("Escalate")
    lea.sees(lea.open_thread(lea.card(number)), "@Lea Brandt", "He is a lawyer.")
    assert acme.case(number).conversation.escalated_to == LEA

    ana.choose(ana.card(number), "Hand on…")
    ana.sees_form(f"Hand on {number}").get_by_label("I let go of it").check()
    ana.send("Let go")
    ana.sees(ana.card(number), "nobody has it")

    ana.choose(ana.card(number), "Hand on…")
    form = ana.sees_form(f"Hand on {number}")
    form.get_by_label("Another team takes it").check()
    form.get_by_label("Which team?").select_option(label="press")
    ana.send("Move")
    until(lambda: acme.case(number).conversation.channel == "C0PRESS")
    ana.go_to("press")
    ana.sees(ana.message("The lid broke"), "David Cohen")


def test_a_clock_is_paused_and_goes_on(come, acme):
    number = acme.write("My order came without the cable.", by="pierre", name="Pierre Martin")
    ana = come(ANA)

    ana.choose(ana.card(number), "Snooze…")
    form = ana.sees_form(f"Snooze {number}")
    form.get_by_role("radio").first.check()
    form.get_by_label("Why?").fill("Waiting for the parcel")
    ana.send("Snooze")
    ana.sees(ana.card(number), "paused until", "Waiting for the parcel")

    ana.choose(ana.card(number), "End the snooze")
    expect(ana.card(number)).not_to_contain_text("paused until")


def test_what_needs_no_answer_is_closed_and_can_come_back(come, acme):
    spam = acme.write("Buy followers now!!!", by="spammer")
    kind = acme.write("You are the best!", by="fan")
    ana = come(ANA)

    ana.choose(ana.card(spam), "Dismiss…")
    ana.sees_form(f"Dismiss {spam}").get_by_label("Spam").check()
    ana.send("Dismiss")
    ana.sees(ana.card(spam), "dismissed")
    assert state(acme, spam) is State.DISMISSED
    ana.choose(ana.card(spam), "Undo")
    ana.sees(ana.card(spam), "nobody has it")
    assert state(acme, spam) is State.WAITING

    ana.choose(ana.card(kind), "No answer needed")
    until(lambda: not acme.case(kind).conversation.open)


def test_kind_and_urgency_are_put_right(come, acme):
    number = acme.write("Nice. It arrived in pieces.", by="irony", name="Ida Irony")
    ana = come(ANA)

    ana.press(ana.card(number), "More actions")
    ana.card(number).get_by_role("menuitem", name="More…").click()
    form = ana.sees_form(f"More for {number}")
    keep_picture(ana.page, "day-more")
    form.get_by_label("What is it?").select_option(label="Complaint")
    form.get_by_label("How urgent is it?").select_option(label="Urgent")
    ana.send("Save")

    ana.sees(ana.card(number), "Complaint", "urgent")
    conversation = acme.case(number).conversation
    assert (conversation.kind, conversation.urgent) == (Kind.COMPLAINT, True)


def test_two_conversations_become_one_and_two_again(come, acme):
    first = acme.write("My invoice is wrong.", by="lucia", name="Lucía Ramos")
    second = acme.write("And nobody calls me back!", by="lucia", name="Lucía Ramos")
    ana = come(ANA)

    ana.choose(ana.card(second), "Merge…")
    form = ana.sees_form(f"Merge {second}")
    form.get_by_label("Which one does it belong to?").select_option(str(first))
    ana.send("Merge")
    ana.sees(ana.card(first), "And nobody calls me back!")
    assert state(acme, second) is State.MERGED

    ana.sees(ana.ask(f"unmerge {second}"), "a conversation of its own again")
    until(lambda: state(acme, second) is State.WAITING)
    ana.sees(ana.card(second), "And nobody calls me back!")


def test_two_names_of_one_person_become_one_and_two_again(come, acme):
    shop = acme.write("The shop was closed.", by="otilia_a", name="Otilia A")
    night = acme.write("The shop was closed again.", by="otilia_b", name="Otilia B")
    ana = come(ANA)

    ana.choose(ana.card(night), "Merge…")
    ana.press(ana.sees_form(f"Merge {night}"), "Say that somebody else is the same person")
    form = ana.sees_form(f"Same person as {night}")
    form.get_by_role("combobox", name="Who is the same person?").fill("otilia")
    ana.page.get_by_role("option", name="Otilia A").click()
    ana.send("One person")
    ana.sees_no_form()
    assert len(identities(acme, night)) == 2

    form = ana.opens(f"same {shop}", f"Same person as {shop}")
    ana.press(form, "Two people after all")
    until(lambda: len(identities(acme, night)) == 1)
    ana.close()


def identities(acme, number):
    """As whom the customer of this conversation is known."""
    with reading(acme.database) as db:
        return customers.identities(db, acme.case(number).conversation.customer)


def test_a_customer_is_known_with_tags_notes_and_what_was_said(come, acme):
    number = acme.write("The handle is loose.", by="yuki", name="Yuki Tanaka")
    ana, ben = come(ANA), come(BEN)
    answers(ana, number, "We send you a screw, Yuki.")
    acme.write("The screw does not fit!", by="yuki", name="Yuki Tanaka")
    again = acme.write("Is there another one?", by="yuki", name="Yuki Tanaka")

    ben.sees(ben.card(again), "@Ana Silva knows them")
    ben.choose(ben.card(again), "Customer…")
    form = ben.sees_form(f"Customer of {again}")
    ben.press(form, "Change what is known of the customer")
    known = ben.sees_form(f"What we know of {again}")
    known.get_by_label("Tags").fill("VIP")
    known.get_by_label("A new note").fill("Calls on Mondays.")
    ben.send("Save")
    ben.sees(form, "Tags: VIP", "Calls on Mondays.")
    ben.press(form, "Be reminded to ask the customer later")
    ben.sees_form(f"Follow up {again}").get_by_role("radio").last.check()
    ben.send("Remind me")
    ben.sees(form, "Promises and reminders", "@Ben Okafor asks on", "Does it work?")
    ben.picture(form, "history")
    ben.press(form, "What was said")
    ben.sees(form, "The handle is loose.", "We send you a screw, Yuki.", "The screw does not fit!")
    ben.close()

    ben.sees(ben.card(again), "VIP")
    ben.sees(ben.ask("signature ^Ben"), "Your answers end with ^Ben.")
    answers(ben, again, "There is, Yuki.")
    ben.sees(ben.card(again), "There is, Yuki. ^Ben")


def test_what_came_by_phone_and_a_message_in_slack_get_cards(come, acme):
    ana, ben = come(ANA), come(BEN)
    ana.page.get_by_role("button", name="Shortcuts").first.click()
    ana.page.get_by_role("menuitem", name="Log a contact").click()
    form = ana.sees_form("Log a contact")
    form.get_by_label("How did it come?").select_option(label="At the counter")
    form.get_by_label("Their name").fill("Mrs. Miller")
    form.get_by_label("What did they say?").fill("The new kettle hums.")
    form.get_by_label("For which team?").select_option(label="care")
    ana.send("Log it")
    ana.sees(ana.form, "It is number")
    ana.close()
    ana.sees(ana.message("The new kettle hums."), "Mrs. Miller", "due")

    ben.type("A customer at the fair said: your website is down.")
    said = ben.message("A customer at the fair said")
    said.hover()
    ben.press(said, "Message actions")
    said.get_by_role("menuitem", name="Make this a case").click()
    form = ben.sees_form("Make this a case")
    form.get_by_label("Whose is it?").fill("A man at the fair")
    form.get_by_label("What did they say?").fill("Your website is down.")
    form.get_by_label("For which team?").select_option(label="care")
    ben.send("Make it a case")
    ben.sees(ben.form, "It is number")
    ben.close()
    card = ben.room.get_by_role("article").filter(has_text="A man at the fair")
    ben.sees(card.first, "Your website is down.")


def test_several_are_dismissed_at_once_with_one_reason(come, acme):
    numbers = [acme.write(f"Crypto offer {n}!", by=f"bot{n}") for n in (1, 2, 3)]
    ana = come(ANA)

    form = ana.opens('bulk "crypto"', "Select several")
    for number in numbers[:2]:
        form.get_by_role("group", name="Which ones?").get_by_label(f"#{number}").check()
    form.get_by_label("Why?").fill("Spam")
    keep_picture(ana.page, "day-bulk")
    ana.send("Do it")
    ana.sees(ana.form, "2 are done.")
    ana.close()

    until(lambda: state(acme, numbers[1]) is State.DISMISSED)
    assert [state(acme, number) for number in numbers[::2]] == [State.DISMISSED, State.WAITING]


def test_app_home_shows_a_colleague_what_is_theirs_and_what_they_began(come, acme):
    manual = acme.write("Is there a manual?", by="mina", name="Mina Sato", hours_ago=1)
    cable = acme.write("Which cable do I need?", by="ola", name="Ola Nord", hours_ago=2)
    ana = come(ANA)
    for number in (manual, cable):
        ana.sees(ana.ask(f"claim {number}"), f"{number} is yours.")
    ana.sees(ana.ask(f"snooze {cable} in 2 h the shop looks"), f"{cable} is paused until")
    ana.sees(ana.ask(f"follow up {manual} in a week Did you find it?"), "You are reminded")
    ana.press(ana.card(manual), "Reply to")
    writes(ana.sees_form(f"Answer {manual}"), "There is one, I look for")
    until(lambda: acme.bot.answering.draft(manual, ANA) == "There is one, I look for")
    ana.close()

    ana.go_to("Unanswered Home")
    ana.sees(ana.home, "Your week", "were in time", "Yours", "Mina Sato", "Nobody has these yet")
    ana.sees(ana.home, "Yours, snoozed", "Ola Nord", "To ask again", "Did you find it?")
    ana.sees(ana.home, "Answers you began", "There is one, I look for")
    ana.picture(ana.home, "home", above=ana.home.get_by_role("separator").last)
    ana.press(ana.home, "Go on with the answer to Mina Sato")
    form = ana.sees_form(f"Answer {manual}")
    expect(form.get_by_label("Your answer")).to_have_value("There is one, I look for")


def test_the_day_fits_a_phone(come, acme):
    number = acme.write("Do you repair old kettles?", by="rosa", name="Rosa Lind")
    ana = come(ANA, viewport=PHONE)

    ana.sees(ana.card(number), "Do you repair old kettles?")
    fits(ana, "phone-card")
    ana.press(ana.card(number), "More actions")
    expect(ana.card(number).get_by_role("menuitem", name="Snooze…")).to_be_visible()
    fits(ana, "phone-menu")
    ana.page.keyboard.press("Escape")
    ana.press(ana.card(number), "Reply to")
    writes(ana.sees_form(f"Answer {number}"), "We do, Rosa.")
    fits(ana, "phone-reply")
    ana.send("Preview")
    ana.sees(ana.sees_form(f"Preview {number}"), "We do, Rosa. ^AS")
    fits(ana, "phone-preview")
    ana.send("Publish")

    ana.sees(ana.card(number), "We do, Rosa. ^AS")
    acme.published(number, many=1)


def fits(person, name):
    """Nothing is wider than the screen."""
    keep_picture(person.page, name)
    wide = person.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]


def test_who_has_slack_in_german_reads_german(come, acme):
    number = acme.write("Wo bleibt meine Bestellung?", by="karl", name="Karl Vogt")
    eva = come(EVA, locale="de-DE")

    eva.press(eva.card(number), "Reply to")
    form = eva.sees_form(f"{number} beantworten")
    eva.sees(form, "öffentlich: Alle können es lesen")
    keep_picture(eva.page, "german")
    form.get_by_label("Deine Antwort").fill("Sie ist unterwegs.")
    eva.send("Vorschau")
    eva.sees(eva.form, "Sie ist unterwegs. ^EH")
    eva.send("Veröffentlichen")
    acme.published(number, many=1)

    eva.sees(eva.ask("alle teams"), "warten")
    eva.sees(eva.ask(f"{number + 1000}"), "gibt es hier nicht")
