"""App Home: a colleague's day and a manager's Monday."""

import json
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_bolt import BoltRequest

from bot.domain.account import Account
from bot.domain.health import Books, Connections, Health
from bot.domain.roles import Right, Roles
from bot.domain.team import Teams
from bot.playground import files
from bot.playground.pings import pings
from bot.slack import home as drawing
from bot.slack.counter import Visit
from bot.slack.home import ANY, Choice, Chosen, Led, Own, chosen_in, home, overview, read
from bot.slack.managing import Managing
from bot.slack.members import Members
from bot.slack.queue import Links, Listing
from bot.slack.roster import Roster
from bot.slack.tongue import speaking
from storage import replies
from storage.conversations import Waiting
from storage.overview import (
    Due,
    Figures,
    Holder,
    Jotting,
    OfTeam,
)
from storage.search import Page, Totals
from tests import fake_slack
from tests.conftest import CARE, NOON
from tests.many import counted, fill
from tests.people import ANA, BEN, LEA, ask, form, press
from tests.slack.cases import HOUR, MIRA, WAITING, accepted, accepted_view, controls, shown
from tests.slack.hostile import CUSTOMER, TEXT, live_markup

LINKS = Links("https://acme.slack.com/")
QUERIES = 25  # for everything that App Home shows, the health of the bot and of its door included
EMPTY = Own()


def entry(conversation=WAITING, customer=MIRA, words="My order is broken"):
    return Waiting(conversation=conversation, customer=customer, words=words)


def page(*found, many=None):
    return Page(found=found, many=len(found) if many is None else many)


def found(*waiting, query="", skipped=0, many=None):
    totals = Totals(waiting=len(waiting) if many is None else many, late=0, claimed=0)
    return Listing(
        title="Waiting for care", query=query, found=waiting, totals=totals, skipped=skipped
    )


def draw(own=EMPTY, listing=None, chosen=None, choices=(), led=None, **more):
    view = home(own, listing or found(), chosen or Chosen(), choices, NOON, LINKS, led, **more)
    accepted_view(view, "home")
    return view


def opened(app, workspace, by=ANA):
    """What this person sees after opening App Home."""
    fake_slack.open_home(app.bolt, workspace, by)
    return shown(workspace.homes[by])


def choose(app, workspace, action, value=None, by=ANA):
    """Choose or press something on one's App Home; what is seen then."""
    fake_slack.act(app.bolt, workspace, by, workspace.homes[by]["id"], action, value)
    return shown(workspace.homes[by])


def drafted(app, number, text, by=ANA):
    with app.desk.database.begin() as db:
        replies.keep_draft(db, number, by, text, app.desk.now())


@pytest.fixture
def app(assemble, demo):
    """Where Lea leads the team."""
    led = replace(CARE, roles=Roles({Right.SETTINGS: (LEA,)}))
    bot = assemble(teams=Teams({"care": led}))
    bot.intake.poll("demo", demo)
    return bot


# A colleague's


def test_home_shows_mine_first_and_then_what_nobody_has(app, slack, workspace, hear):
    hear("My order is broken", by="mira")
    hear("Where is my invoice?", by="ken")
    press(app, slack, "claim", 1, by=ANA)

    seen = opened(app, workspace)

    assert "*Yours*: 1" in seen
    assert "*Nobody has these yet*: 1" in seen
    assert "*Waiting for all teams*: 2 waiting, 0 overdue, 1 unclaimed" in seen
    assert seen.index("*Yours*") < seen.index("*Nobody") < seen.index("*Waiting for all teams*")
    assert "Your teams" not in seen


def test_everybody_has_a_home_of_their_own(app, slack, workspace, hear):
    hear()
    press(app, slack, "claim", 1, by=ANA)

    assert "*Yours*: nobody." in opened(app, workspace, BEN)
    assert "*Yours*: 1" in opened(app, workspace, ANA)


def test_what_is_snoozed_promised_or_begun_has_a_place(app, slack, workspace, clock, hear):
    for by in ("mira", "ken"):
        hear(by=by)
    for number in (1, 2):
        press(app, slack, "claim", number, by=ANA)
    ask(app.bolt, workspace, "snooze 1 2h the parcel")
    drafted(app, 2, "Dear Ken, <!channel>")

    seen = opened(app, workspace)

    assert "*Yours, snoozed*: 1" in seen
    assert "*Answers you began*: 1" in seen
    assert "“Dear Ken, &lt;!channel&gt;”" in seen


def test_go_on_opens_the_form_of_a_draft(app, slack, workspace, hear):
    hear()
    drafted(app, 1, "Dear Mira")
    opened(app, workspace)

    places = {block.get("accessory", {}).get("value"): block for block in _blocks(workspace)}
    go_on = places["reply 1"]
    view = workspace.homes[ANA]["id"]
    fake_slack.act(app.bolt, workspace, ANA, view, "open_form", block_id=go_on["block_id"])

    assert "Dear Mira" in json.dumps(form(slack)["blocks"])


def test_the_week_is_told_in_sentences():
    assert drawing.figures(Figures(), 0) == "You gave 0 answers. 0 are open with you."
    done = Figures(answered=1, response=timedelta(minutes=42), kept=1, broken=0)
    assert drawing.figures(done, 1) == (
        "You gave 1 answer. The median of your first answers: 42 min of working time."
        " 100 % were in time. 1 is open with you."
    )


def test_ones_own_figures_come_from_what_was_answered(app, workspace, clock, hear):
    hear()
    clock.pass_(minutes=30)
    ask(app.bolt, workspace, "answered 1")

    seen = opened(app, workspace)

    assert "You gave 1 answer. The median of your first answers: 30 min" in seen
    assert "100 % were in time. 0 are open with you." in seen


def test_a_long_list_says_how_to_see_the_rest():
    view = draw(Own(mine=page(*[entry()] * 5, many=12)))

    assert "*Yours*: 12" in shown(view)
    assert "And 7 more: `/unanswered all teams mine`" in shown(view)


def test_the_list_offers_to_say_why_then():
    undated = replace(WAITING, due_at=None, id=43)

    view = draw(listing=found(entry(), entry(undated)))

    rows = [block["elements"] for block in view["blocks"] if block["type"] == "actions"]
    [menu] = [each for row in rows for each in row if each["type"] == "static_select"]
    assert (menu["type"], menu["action_id"]) == ("static_select", "open_form")
    assert menu["placeholder"]["text"] == "Why then?"
    assert [option["value"] for option in menu["options"]] == ["why 42"]
    assert "Why then?" not in str(draw(listing=found(entry(undated))))


def test_opening_the_messages_tab_publishes_nothing(app, slack):
    event = {"type": "app_home_opened", "user": ANA, "tab": "messages"}
    body = {"type": "event_callback", "event": event, "team_id": "T", "event_id": "Ev1"}

    app.bolt.dispatch(BoltRequest(body=body, mode="socket_mode"))

    assert "views.publish" not in [method for method, _ in slack.calls]


# With menus


def test_menus_narrow_the_list_and_are_remembered(app, slack, workspace, clock, hear):
    hear("My order is broken", by="mira")
    hear("Where is my invoice?", by="ken")
    opened(app, workspace)

    assert "*Waiting for care*: 2 waiting" in choose(app, workspace, "home_team", 'team:"care"')
    assert "`/unanswered all teams`" in opened(app, workspace, BEN)
    seen = choose(app, workspace, "home_kind", "question")
    assert "*Waiting for care · questions*: 1 waiting" in seen
    assert '`/unanswered team:"care" question`' in seen
    seen = choose(app, workspace, "home_sort", "sort:newest")
    assert "*Waiting for care · questions · newest first*: 1 waiting" in seen
    assert "*Waiting for care · questions · newest first*" in opened(app, workspace)
    seen = choose(app, workspace, "home_kind", ANY)
    assert "*Waiting for care · newest first*: 2 waiting" in seen


def test_each_state_and_platform_can_be_chosen(app, workspace, hear):
    hear()
    opened(app, workspace)
    [states] = [c for c in _menus(workspace) if c["action_id"] == "home_state"]

    for option in states["options"]:
        choose(app, workspace, "home_state", option["value"])

    assert "*All of all teams*" in shown(workspace.homes[ANA])
    seen = choose(app, workspace, "home_platform", "demo")
    assert "on the demo platform" in seen


def _blocks(workspace, by=ANA):
    return workspace.homes[by]["blocks"]


def _menus(workspace, by=ANA):
    return _selects(workspace.homes[by])


def _selects(view):
    rows = [block["elements"] for block in view["blocks"] if "elements" in block]
    return [element for row in rows for element in row if element["type"] == "static_select"]


def test_pages_turn_and_a_new_choice_begins_on_the_first(app, workspace, clock, hear):
    for number in range(23):
        hear("My order is broken", by=f"customer{number:02}")
        clock.pass_(seconds=10)
    opened(app, workspace)

    assert " · 11 to 20" in choose(app, workspace, "home_more")
    assert " · 21 to 23" in choose(app, workspace, "home_more")
    assert " · 11 to 20" in choose(app, workspace, "home_back")
    assert " to " not in choose(app, workspace, "home_kind", "complaint").partition("*Waiting")[2]


def test_a_saved_view_is_chosen_from_a_menu(app, workspace, hear):
    hear("My order is broken", by="mira")
    ask(app.bolt, workspace, "save Refunds: complaint “refund”")
    opened(app, workspace)

    seen = choose(app, workspace, "home_view", "view Refunds")

    assert "complaints · with the words “refund”*: nobody." in seen
    assert "home_view" not in controls(workspace.homes.get(BEN) or draw())


def test_a_view_may_be_called_what_a_menu_calls_nothing_in_particular(app, workspace, hear):
    hear()
    ask(app.bolt, workspace, f"save {ANY}: complaint")
    opened(app, workspace)

    assert "*Waiting for all teams · complaints*" in choose(
        app, workspace, "home_view", f"view {ANY}"
    )


def test_what_is_chosen_is_saved_under_a_name(app, slack, workspace, hear):
    hear("My order is broken", by="mira")
    opened(app, workspace)
    assert "home_save" not in controls(workspace.homes[ANA])
    choose(app, workspace, "home_kind", "question")
    choose(app, workspace, "home_sort", "sort:newest")

    choose(app, workspace, "home_save")
    fake_slack.submit(app.bolt, workspace, ANA, form(slack)["id"], {"name": {"text": "Q & <A>"}})

    assert ask(app.bolt, workspace, "views").splitlines()[1] == (
        "Q &amp; &lt;A&gt;: /unanswered question sort:newest"
    )
    seen = shown(workspace.homes[ANA])
    assert "*Waiting for all teams · questions · newest first*: nobody." in seen
    assert "Save this view" in seen


@pytest.mark.parametrize("name", ["  ", "\u200b"])
def test_a_name_of_nothing_is_refused_in_the_form(app, slack, workspace, hear, name):
    hear()
    opened(app, workspace)
    choose(app, workspace, "home_kind", "question")
    choose(app, workspace, "home_save")

    fake_slack.submit(app.bolt, workspace, ANA, form(slack)["id"], {"name": {"text": name}})

    assert form(slack)["callback_id"] == "save_view"
    assert ask(app.bolt, workspace, "views").startswith("You have saved no view yet.")


def test_what_is_chosen_is_exported_with_a_click(app, slack, workspace, hear):
    hear("My order is broken", by="mira")
    hear("Where is my invoice?", by="ken")
    opened(app, workspace, LEA)
    choose(app, workspace, "home_kind", "question", by=LEA)

    choose(app, workspace, "home_export", by=LEA)

    [file] = workspace.files.values()
    told = files.content(file).decode()
    assert "Where is my invoice?" in told
    assert "My order is broken" not in told


def test_only_who_may_export_is_offered_it(app, workspace, hear):
    app.desk.teams.change(replace(CARE, roles=Roles({Right.EXPORT: (LEA,)})))
    hear()

    opened(app, workspace, ANA)
    opened(app, workspace, LEA)

    assert "home_export" not in controls(workspace.homes[ANA])
    assert "home_export" in controls(workspace.homes[LEA])


def test_a_view_that_means_nothing_any_more_says_so(app, workspace, hear):
    hear()
    ask(app.bolt, workspace, "save Mine: team:care mine")
    opened(app, workspace)
    app.desk.teams.by_name["helpdesk"] = replace(app.desk.teams["care"], name="helpdesk")
    del app.desk.teams.by_name["care"]

    seen = choose(app, workspace, "home_view", "view Mine")

    assert "I don't know “team:care”." in seen
    assert "*Waiting for all teams*: 1 waiting" in seen


def test_each_menu_shows_what_is_chosen_in_it():
    view = draw(chosen=Chosen({"kind": "7"}), choices=CHOICES)

    [menus] = [block for block in view["blocks"] if block.get("block_id")]
    shown_now = {m["action_id"]: m["initial_option"]["value"] for m in menus["elements"]}
    assert shown_now.pop("home_kind") == "7"
    assert set(shown_now.values()) == {ANY}
    gone = draw(chosen=Chosen({"kind": "gone"}), choices=CHOICES)
    assert {m["initial_option"]["value"] for m in _selects(gone)} == {ANY}


def test_menus_are_another_block_once_something_else_is_chosen():
    """Or else Slack keeps showing what was chosen before."""

    def block(**menus):
        drawn = draw(chosen=Chosen(menus), choices=CHOICES)
        return [b["block_id"] for b in drawn["blocks"] if b.get("block_id")]

    assert block(kind="7") == block(kind="7") != block(kind="8")


def test_two_choices_in_one_moment_both_hold():
    view = draw(chosen=Chosen({"kind": "question"}, skip=10))
    menu = {"home_team": {"selected_option": {"value": "team:care"}}}
    view["state"] = {"values": {"b1": menu | {"home_sort": {"selected_option": None}}}}

    assert chosen_in(view) == Chosen({"kind": "question", "team": "team:care"}, skip=0)


def test_what_is_drawn_again_unchanged_stays_on_its_page():
    chosen = Chosen({"kind": "question"}, skip=10)
    view = draw(chosen=chosen)
    any_ = {"home_team": {"selected_option": {"value": ANY}}}
    view["state"] = {"values": {"b1": any_}}

    assert chosen_in(view) == chosen


@pytest.mark.parametrize("memory", ["", "nonsense", "[]", "{}", '{"menus": 1, "skip": 1}', "null"])
def test_what_another_version_remembered_is_forgotten(memory):
    assert read(memory) == Chosen()


# A manager's


def account(name, **how):
    return Account(name=name, cursor=None, started_at=NOON, next_poll_at=NOON, **how)


LED = Led(
    teams=[
        OfTeam(name="calm", open=1),
        OfTeam(name="care", open=12, late=3, unclaimed=4, unchecked=2, oldest=entry()),
    ],
    holders=Page(
        found=[
            Holder(person=ANA, open=9, late=1, relationships=151),
            Holder(person=BEN, open=1, late=0, relationships=1),
        ],
        many=3,
    ),
    due=Due(until=[(NOON + HOUR, 3), (NOON + 4 * HOUR, 9), (NOON + 12 * HOUR, 21)]),
    approvals=page(entry(replace(WAITING, proposed="V1"))),
    health=Health(
        at=NOON,
        books=Books(
            at=NOON,
            accounts=[
                account("twitter", read_to=NOON),
                account("email:press", failing_since=NOON, trouble="The password <!channel> is."),
                account("demo"),
            ],
            waiting=1,
            owed_since=NOON - HOUR,
        ),
        connections=Connections(living=2),
    ),
)


def test_a_manager_sees_teams_what_is_due_who_holds_how_much_and_health():
    seen = shown(draw(led=LED))

    assert seen.index("care") < seen.index("calm")  # the latest first
    assert "12 open, 3 overdue, 4 unclaimed, 2 to be checked" in seen
    assert seen.count("to be checked") == 1, "where there is nothing, nothing is said"
    assert "42 Mira Lindqvist (@mira)  waits longest, for less than a minute" in seen
    assert "3 within 1 h, 9 within 4 h, 21 until <!date^" in seen
    assert "*Waiting for approval*: 1" in seen
    assert "9 open, 1 overdue, 151 people in 90 days: more than the 150 that one can keep" in seen
    assert "1 open, 0 overdue, 1 person in 90 days" in seen
    assert "And 1 more person." in seen
    assert ":white_check_mark: X: all of it until <!date^" in seen
    assert ":warning: Email (press) is not read since <!date^" in seen
    assert "The password &lt;!channel&gt; is." in seen
    assert "The demo platform has not been read to its end yet." in seen
    assert ":warning: Something waits to be delivered since <!date^" in seen
    assert "2 connections to Slack live." in seen


def test_home_speaks_german():
    with speaking("de"):
        seen = shown(draw(led=LED))

    assert "*Deine Teams*" in seen
    assert "wartet am längsten, seit weniger als einer Minute" in seen


def test_only_who_leads_sees_how_the_teams_are(app, workspace, hear):
    hear()

    assert "*Your teams*" in opened(app, workspace, LEA)
    assert "*Your teams*" not in opened(app, workspace, ANA)


def test_a_manager_sees_the_teams_they_lead(app, workspace):
    theirs = replace(CARE, name="press", channel="C0PRESS", roles=Roles({Right.SETTINGS: (BEN,)}))
    app.desk.teams.change(theirs)

    assert [team.name for team in _led(app, LEA)] == ["care"]
    assert [team.name for team in _led(app, BEN)] == ["press"]


def _led(app, by, client=None):
    return Managing(app.desk, app.links, app.watch.fresh)._theirs(_visit(app, by, client)).leads


def _visit(app, by, client=None):
    roster = Roster(Members(client or app.client, app.desk.now))
    return Visit(by=by, channel="", via="", body={}, client=app.client, roster=roster)


class Asked:
    """A roster that notes whether the database is held while it is asked."""

    def __init__(self, pool):
        self.pool, self.held = pool, []

    def may(self, *_):
        self.held.append(self.pool.checkedout())
        return True


def test_slack_is_never_asked_within_a_transaction(app, workspace, hear):
    hear()
    roster = Asked(app.desk.database.pool)
    managing, visit = (
        Managing(app.desk, app.links, app.watch.fresh),
        replace(_visit(app, LEA), roster=roster),
    )

    managing.open_home(visit)
    managing.overview(visit, "")

    assert roster.held
    assert set(roster.held) == {0}
    assert "Your teams" in shown(workspace.homes[LEA])


class Away:
    """Slack, when it does not answer."""

    def users_info(self, **_):
        raise ConnectionResetError(104, "Connection reset by peer")


def test_while_slack_can_not_tell_who_somebody_is_they_lead_nothing(app):
    assert _led(app, LEA, Away()) == []


def test_what_home_shows_is_said_to_who_types(app, workspace, hear):
    hear()

    said = ask(app.bolt, workspace, "overview", by=LEA)

    assert "*Your teams*" in said
    assert "care: 1 open, 0 overdue, 1 unclaimed" in said
    assert "*Nobody has these yet*: 1" in said
    assert "1: demo" not in said


# Within Slack's limits


def full(customer=MIRA, text="x" * 4000, many=10_000, name="care"):
    """As much of everything as the queries bring."""
    one = entry(customer=customer, words=text)
    it = page(*[one] * 5, many=many)
    draft = Jotting(conversation=WAITING, customer=customer, text=text, at=NOON)
    ask_again = Jotting(conversation=WAITING, customer=customer, text=text, at=NOON)
    own = Own(
        mine=it,
        waiting=it,
        promised=it,
        snoozed=it,
        drafts=Page(found=[draft] * 5, many=many),
        follow_ups=Page(found=[ask_again] * 5, many=many),
        figures=Figures(answered=many, response=timedelta(days=9), kept=many, broken=1),
    )
    books = LED.health.books
    ailing = replace(books, accounts=[replace(books.accounts[1], trouble=text)] * 40)
    led = Led(
        teams=[OfTeam(name=name, open=many, oldest=one)] * 200,
        holders=Page(
            found=[Holder(person=ANA, open=many, late=many, relationships=many)] * 15, many=many
        ),
        due=LED.due,
        approvals=it,
        health=replace(LED.health, books=ailing, connections=Connections(living=0)),
    )
    return own, led, found(*[one] * 10, many=many, skipped=10)


CHOICES = [
    Choice(name, "x" * 75, [("Any", ANY), *((f"{number}", f"{number}") for number in range(300))])
    for name in ("team", "platform", "kind", "state", "sort", "view")
]


@given(customer=CUSTOMER, text=TEXT, many=st.sampled_from([0, 1, 10_000]))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_slack_takes_every_home(customer, text, many):
    own, led, listing = full(customer, text, many, name=text)

    message = accepted_view(draw(own, listing, Chosen(), CHOICES, led), "home")

    assert set(pings(message)) <= {ANA}
    assert live_markup(message) == []


@given(customer=CUSTOMER, text=TEXT)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_slack_takes_every_overview(customer, text):
    own, led, _ = full(customer, text, name=text)

    message = accepted(overview(own, NOON, LINKS, led))

    assert len(json.dumps(message["blocks"], ensure_ascii=False)) < 13_200
    assert live_markup(message) == []


def test_what_does_not_fit_gives_way_to_what_comes_after_it():
    part = drawing.Part(blocks=[{"type": "divider"}] * 6)
    small = drawing.Part(blocks=[{"type": "divider"}])

    assert len(list(drawing._fitting([part, part, small], 10, 10_000))) == 7
    assert len(list(drawing._fitting([part, part, small], 100, 250))) == 8 - 1


def test_the_fullest_home_keeps_its_list_its_menus_and_its_end():
    wide = replace(MIRA, name="👍" * 60, handle="👍" * 40)
    own, led, listing = full(wide, "👍" * 4000, name="👍" * 80)

    view = draw(own, listing, Chosen(), CHOICES, led)

    assert len(view["blocks"]) <= 100
    assert len(json.dumps(view)) < 250_000
    assert "Waiting for care" in shown(view)
    assert "home_more" in controls(view)
    assert "home_team" in controls(view)
    assert "The same by a command" in shown(view)


def test_ten_thousand_conversations_are_drawn_in_one_query_each(app, workspace):
    few, _ = _drawn(app)
    fill(app.desk.database, 10_000)
    ask(app.bolt, workspace, "save All: is:any", by=LEA)

    many, seconds = _drawn(app)

    assert len(many) <= len(few) <= QUERIES
    assert len(workspace.homes[LEA]["blocks"]) <= 100
    assert "*Your teams*" in shown(workspace.homes[LEA])
    assert seconds < 3


def _drawn(app):
    begun = time.process_time()
    with counted(app.desk.database) as run:
        Managing(app.desk, app.links, app.watch.fresh).open_home(_visit(app, LEA))
    return [each for each in run if each.startswith("SELECT")], time.process_time() - begun
