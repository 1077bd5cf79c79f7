"""A manager's Monday, in a real browser: what waits, who holds it, who may do what."""

import base64
import csv
import io

import pytest
from sqlalchemy import text

from bot.domain.mention import Kind
from tests import office
from tests.browser import chromium, keep_picture
from tests.office import expect
from tests.people import ANA, BEN, LEA
from tests.processes import until

pytestmark = pytest.mark.xdist_group("monday")
GUS, NEW = "U0GUS", "C0NEW"
TEAMS = (
    office.TEAMS
    + """
language = "en"

[teams.press]
channel = "C0PRESS"
manager = "U0LEA"
hears = ["demo:press"]
"""
)
WEEKEND = (  # who, called, what, how many hours ago, followers
    ("mira", "Mira Costa", "My kettle leaks, and nobody answers. I want a refund.", 3, 18_400),
    ("jonas", "Jonas Weber", "Where is my parcel? It was promised for Friday.", 2.5, 212),
    ("aisha", "Aisha Khan", "The new lid broke after one day. This is a joke.", 1.6, 5_300),
    ("tom", "Tom Baker", "Could you tell me whether the filter fits the small jug?", 2, 40),
    ("lucia", "Lucía Ramos", "Still no refund after two weeks. Really disappointed.", 0.7, 980),
    ("pierre", "Pierre Martin", "Is the blue one coming back in stock?", 1, 77),
    ("yuki", "Yuki Tanaka", "I love the new kettle, thank you!", 5, 1_200),
    ("olga", "Olga Petrova", "The invoice has the wrong address. Can you change it?", 0.5, 15),
    ("sam", "Sam Green", "Do you ship to Norway?", 3.4, 63),
    ("nina", "Nina Berg", "The app crashes when I open my orders.", 0.4, 350),
    ("david", "David Cohen", "Your competitor answered in five minutes, by the way.", 6, 2_100),
    ("emma", "Emma Rossi", "Does the warranty cover the handle?", 0.2, 8),
)


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def acme(tmp_path_factory):
    """Monday morning: the weekend's customers wait, and two colleagues have begun."""
    folder = tmp_path_factory.mktemp("monday")
    with office.opened(folder, TEAMS, names=("demo", "demo:press")) as acme:
        posts = [
            acme.post(words, by=by, name=name, hours_ago=hours_ago, followers=followers)
            for by, name, words, hours_ago, followers in WEEKEND
        ]
        for post in posts:
            acme.shown(post)
        for who, customers in ((ANA, ("mira", "jonas", "yuki")), (BEN, ("tom", "lucia"))):
            for customer in customers:
                acme.bot.desk.claim(acme.of(customer), who)
        acme.bot.desk.tag(acme.of("mira"), ANA, "VIP")
        yield acme


@pytest.fixture
def come(browser, acme):
    """Somebody opens Slack in a browser of their own."""
    with office.door(browser, acme) as come:
        yield come


def test_the_bot_says_once_what_it_will_do_in_a_channel_and_setup_makes_a_team_there(come, acme):
    lea = come(LEA)
    lea.go_to("new")

    lea.press(lea.room, "Invite")
    lea.page.get_by_role("menuitem", name="Invite Unanswered").click()
    lea.sees(lea.room, "no team answers in this channel yet", "/unanswered setup")

    form = lea.opens("setup", "This channel's team")
    form.get_by_label("Name of the team").fill("shop")
    form.get_by_label("Complaint: answered within").select_option(label="30 minutes")
    form.get_by_label("On duty from Monday to Friday").select_option(label="Ben Okafor")
    keep_picture(lea.page, "setup")
    lea.send("Save")
    lea.sees(lea.form, "shop answers in", "#new")
    lea.close()
    lea.sees(lea.room, "I look after customers here, for the team shop", "Complaint 30 min")
    assert sum(message.count("no team answers") for message in acme.said_in(NEW)) < 3
    assert acme.bot.desk.teams["shop"].answer_within[Kind.COMPLAINT].total_seconds() == 1800


def test_app_home_shows_a_manager_every_team_who_holds_how_much_and_what_is_due(come, acme):
    lea = come(LEA)

    lea.go_to("Unanswered Home")

    lea.sees(lea.home, "Your teams", "care: 12 open", "waits longest")
    lea.sees(lea.home, "Due next", "within 1 h", "Who holds how much", "@Ana Silva", "3 open")
    lea.sees(
        lea.home, "Health", "The demo platform: all of it until", "2 connections to Slack live"
    )
    lea.picture(lea.home, "manager", above=lea.home.get_by_role("separator").nth(2))


def test_menus_on_app_home_combine_and_what_is_chosen_can_be_kept_as_a_view(come):
    lea = come(LEA)
    lea.go_to("Unanswered Home")

    lea.home.get_by_label("Kind").select_option(label="Complaint")
    lea.sees(lea.home, "Waiting for all teams · complaints")
    lea.home.get_by_label("State").select_option(label="Overdue")
    lea.sees(lea.home, "complaints · overdue", "2 waiting, 2 overdue")
    lea.press(lea.home, "Save this view…")
    lea.sees_form("Save this view").get_by_label("Name").fill("Late complaints")
    lea.send("Save")
    expect(lea.home.get_by_label("Saved view")).to_have_value("view Late complaints")

    lea.go_to("customer-care")
    lea.sees(lea.ask("view late complaints"), "complaints · overdue", "Mira Costa", "Aisha Khan")
    lea.sees(lea.ask("save Ana: all teams sort:oldest"), "/unanswered view Ana")
    views = lea.ask("views")
    lea.sees(views, "2 saved views", "Late complaints")
    views.get_by_label("Delete…").select_option(label="Ana")
    lea.sees(lea.whisper, "1 saved view")


def test_filters_combine_and_lists_are_sorted_and_have_pages(come, acme):
    lea = come(LEA)

    found = lea.ask('complaint since:7d tag:vip "refund"')
    lea.sees(found, "tagged “vip”", "with the words “refund”", "1 waiting", "Mira Costa")
    lea.sees(lea.ask("@ana sort:oldest"), "with @Ana Silva", "oldest first", "3 waiting")

    everything = lea.ask("all teams sort:customer")
    lea.sees(everything, "by customer", "12 waiting")
    names = everything.get_by_role("listitem").get_by_role("link").all_inner_texts()
    assert len(names) == 10
    assert names == sorted(names)
    lea.press(everything, "Next 2 of 2")
    lea.sees(lea.whisper, "11 to 12")
    lea.press(lea.whisper, "Back")
    expect(lea.whisper.get_by_role("listitem")).to_have_count(10)

    lea.sees(lea.ask("complant"), "Did you mean complaint?")
    lea.picture(lea.ask("complaint since:7d sort:oldest"), "queue")
    lea.picture(lea.card(acme.of("mira")).locator(".card"), "card")


def test_an_export_is_a_file_in_the_direct_message_and_holds_what_was_asked_for(come, acme):
    lea = come(LEA)

    lea.sees(lea.ask("export complaint since:7d"), "I am sending it to you")
    lea.go_to("Unanswered")

    lea.sees(lea.room, "conversations", "unanswered-", ".csv")
    rows = exported(acme, "unanswered-")
    assert {row["kind"] for row in rows} == {"complaint"}
    [mira] = [row for row in rows if row["handle"] == "mira"]
    assert mira["words"].startswith("My kettle leaks")
    assert (mira["team"], mira["owner"], mira["tags"]) == ("care", ANA, "VIP")


def test_who_may_not_hears_who_may(come, acme):
    ben, gus = come(BEN), come(GUS)

    ben.sees(ben.ask("export"), "Only @Lea Brandt may export. Ask them.")
    ben.sees(ben.ask("forget @mira"), "Only @Lea Brandt may erase")
    gus.press(gus.card(acme.of("aisha")), "Claim")
    gus.sees(gus.whisper, "Guests and people from elsewhere may do nothing here. Ask ")

    assert acme.case(acme.of("aisha")).conversation.owner is None


def test_the_audit_tells_who_did_what_when_and_from_which_button(come, acme):
    ana, lea = come(ANA), come(LEA)
    number = acme.of("emma")
    ana.press(ana.card(number), "Claim")
    ana.sees(ana.card(number), "@Ana Silva has it")

    form = lea.opens(f"audit {number}", f"Audit of {number}")
    lea.sees(form, "@Ana Silva", "claimed", "button Claim")
    lea.close()
    lea.sees(lea.ask("export praise since:7d"), "I am sending it to you")
    exported(acme, "unanswered-")
    lea.sees(lea.ask("export audit since:7d"), "I am sending it to you")
    lea.go_to("Unanswered")
    lea.sees(lea.room, "audit-")

    done = [(row["by"], row["via"], row["what"]) for row in exported(acme, "audit-")]
    assert (ANA, "button claim", "claim") in done
    assert (LEA, "command", "export") in done


def test_who_is_forgotten_leaves_a_receipt_and_a_card_without_words(come, acme):
    lea = come(LEA)
    number = acme.of("david")

    form = lea.opens("forget @david", "Forget a customer")
    lea.sees(form, "David Cohen", "1 conversation", "Nobody can undo it")
    form.get_by_label("Yes, remove all this for good").check()
    lea.send("Forget")
    lea.sees(lea.form, "Receipt 1", "Removed from the database")
    keep_picture(lea.page, "receipt")
    lea.close()

    expect(lea.card(number)).not_to_contain_text("competitor")
    expect(lea.card(number)).not_to_contain_text("David")
    lea.sees(lea.ask('is:any "competitor"'), "nobody")
    lea.go_to("Unanswered")
    lea.sees(lea.room, "Receipt 1", "a customer was forgotten")
    with acme.database.connect() as db:
        kept = db.execute(text("SELECT count(*) FROM mentions WHERE text LIKE '%competitor%'"))
        assert kept.scalar_one() == 0


def exported(acme, named):
    """The last file of that name, as rows."""

    def files():
        everything = acme.workspace.files.values()
        return [one for one in everything if one.name.startswith(named) and one.stage == "kept"]

    until(files)
    content = base64.b64decode(files()[-1].content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))
