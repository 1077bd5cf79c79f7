"""All that is done with a conversation besides answering: by click, by form and by word."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.conversation import State
from bot.domain.mention import Kind
from bot.domain.roles import Right, Roles
from bot.domain.team import Teams
from tests import fake_slack
from tests.conftest import CARE as TEAM
from tests.people import ANA, BEN, CARE, LEA, ask, choose, form, press
from tests.slack.cases import accepted_view, shown

PRESS = "C0PRESS"
GUS = "U0GUS"


def conversation(app, number=1):
    return app.desk.look(number).conversation


def forms_before(slack, by=ANA):
    return slack.workspace.stacks.get(by, [])


def errors(slack, by=ANA):
    return slack.workspace.view_errors.get(form(slack, by)["id"], {})


def send(app, slack, by=ANA, **values):
    """Fill in the topmost form by the names of its blocks, and send it."""
    view = form(slack, by)
    return fake_slack.submit(app.bolt, slack.workspace, by, view["id"], values)


def turn(app, slack, way, by=ANA):
    """Choose another way in the form to hand on."""
    fake_slack.change(app.bolt, slack.workspace, by, form(slack, by)["id"], "way", "way", way)


def direct(slack, who):
    """What somebody was told directly."""
    channels = [c for c in slack.workspace.channels.values() if c.partner == who]
    return [m["text"] for c in channels for m in c.messages.values()]


@pytest.fixture
def two_teams(assemble, slack, demo, clock):
    """care, which hears, and press; with one complaint."""
    slack.workspace.add_channel(PRESS, "press", members=[ANA, BEN, LEA, slack.workspace.bot_user])
    press_team = replace(TEAM, name="press", channel=PRESS, hears=("x",), manager=BEN)
    app = assemble(teams=Teams({"care": TEAM, "press": press_team}, tell=LEA))
    app.intake.poll("demo", demo)
    demo.post("My order is broken")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    app.courier.deliver_all()
    return app


# Hand on


def test_a_colleague_gets_it_by_form_and_is_told(app, slack, hear):
    hear()
    press(app, slack, "claim", 1, by=ANA)
    app.courier.deliver_all()
    choose(app, slack, "hand_on", 1, by=ANA)

    send(app, slack, to={"person": {"type": "users_select", "selected_user": BEN}})
    app.courier.deliver_all()

    assert conversation(app).owner == BEN
    assert forms_before(slack) == []
    assert any("<@U0ANA> gave you #1" in told for told in direct(slack, BEN))


def test_anybody_may_hand_on_what_somebody_else_has_and_they_are_told(app, slack, hear):
    hear()
    press(app, slack, "claim", 1, by=ANA)

    said = ask(app.bolt, slack.workspace, "assign 1 @lea", by=BEN)
    app.courier.deliver_all()

    assert said == "<@U0LEA> has 1 now. Its clock runs on."
    assert conversation(app).owner == LEA
    assert any("which you had" in told for told in direct(slack, ANA))


@pytest.mark.parametrize(("words", "owner"), [("assign 1 me", ANA), ("zuweisen 1 mir", ANA)])
def test_one_can_assign_to_oneself(app, slack, hear, words, owner):
    hear()

    ask(app.bolt, slack.workspace, words)

    assert conversation(app).owner == owner


def test_a_guest_gets_nothing(app, slack, hear):
    hear()
    choose(app, slack, "hand_on", 1)

    send(app, slack, to={"person": {"type": "users_select", "selected_user": GUS}})

    assert errors(slack)["to"].startswith("<@U0GUS> can't take it")
    assert conversation(app).owner is None
    said = ask(app.bolt, slack.workspace, "assign 1 @gus")
    assert said.startswith("<@U0GUS> can't take it")


def test_who_has_left_gets_nothing(app, slack, hear):
    hear()
    slack.workspace.people[BEN].deleted = True

    said = ask(app.bolt, slack.workspace, "assign 1 @ben")

    assert said.startswith("<@U0BEN> can't take it")
    assert conversation(app).owner is None


@pytest.mark.parametrize("words", ["assign 1", "assign 1 ben", "assign 1 @leads"])
def test_assign_wants_somebody(app, slack, hear, words):
    hear()

    assert ask(app.bolt, slack.workspace, words).startswith("Say who, as in `/unanswered assign")


def test_the_form_asks_only_what_the_chosen_way_needs(two_teams, slack):
    app = two_teams
    choose(app, slack, "hand_on", 1)
    blocks = lambda: {block["block_id"] for block in form(slack)["blocks"]}  # noqa: E731
    assert {"way", "to"} <= blocks()

    turn(app, slack, "help")
    assert {"above", "whom", "because"} <= blocks()
    assert "to" not in blocks()
    assert form(slack)["submit"]["text"] == "Escalate"

    turn(app, slack, "team")
    assert "team" in blocks()
    accepted_view(_bare(form(slack)))


def test_only_what_is_possible_is_offered(app, slack, two_teams, hear):
    choose(two_teams, slack, "hand_on", 1)
    [way] = [block for block in form(slack)["blocks"] if block["block_id"] == "way"]
    assert [each["value"] for each in way["element"]["options"]] == ["colleague", "help", "team"]
    two_teams.desk.claim(1, BEN)

    choose(two_teams, slack, "hand_on", 1)

    [way] = [block for block in form(slack)["blocks"] if block["block_id"] == "way"]
    options = [each["value"] for each in way["element"]["options"]]
    assert options == ["colleague", "help", "team", "nobody"]
    assert "Nobody has it then" in shown({"blocks": form(slack)["blocks"]})


def test_letting_go(app, slack, hear):
    hear()
    press(app, slack, "claim", 1)
    app.courier.deliver_all()
    choose(app, slack, "hand_on", 1)
    turn(app, slack, "nobody")

    send(app, slack)

    assert conversation(app).owner is None
    assert ask(app.bolt, slack.workspace, "release 1").startswith("Nobody has this one")


def test_calling_somebody_to_help(app, slack, hear):
    hear()
    choose(app, slack, "hand_on", 1)
    turn(app, slack, "help")

    send(app, slack, above=LEA, because="The press called <!channel>")
    app.courier.deliver_all()

    assert conversation(app).escalated_to == LEA
    note = list(slack.messages.values())[-1]
    assert "<@U0LEA>" in note["text"]
    assert "The press called &lt;!channel&gt;" in note["text"]


def test_who_is_chosen_by_name_goes_before_what_was_offered(app, slack, hear):
    hear()
    choose(app, slack, "hand_on", 1)
    turn(app, slack, "help")

    send(
        app,
        slack,
        above=LEA,
        whom={"person": {"type": "users_select", "selected_user": BEN}},
        because="He knows them",
    )

    assert conversation(app).escalated_to == BEN


def test_help_wants_somebody_and_a_reason(app, slack, hear):
    hear()
    choose(app, slack, "hand_on", 1)
    turn(app, slack, "help")
    send(app, slack, because="Why not")
    assert errors(slack) == {"above": "Choose who is called."}

    send(app, slack, above=LEA, because="   ")

    assert errors(slack) == {"because": "Write why, in a few words."}
    assert conversation(app).escalated_to is None


def test_escalating_by_word(two_teams, slack):
    app = two_teams
    said = ask(app.bolt, slack.workspace, "escalate 1 @lea because the press called")
    assert said == "They are called in the thread of 1."
    assert conversation(app).escalated_to == LEA

    ask(app.bolt, slack.workspace, "escalate 1 Press: they know better")
    app.courier.deliver_all()

    assert conversation(app).escalated_to == BEN
    told = [m["text"] for m in slack.workspace.channels[PRESS].messages.values()]
    assert any("they know better" in each for each in told)
    assert ask(app.bolt, slack.workspace, "escalate 1 nobody").startswith("Say who, as in")


def test_moving_to_another_teams_channel(two_teams, slack):
    app = two_teams
    choose(app, slack, "hand_on", 1)
    turn(app, slack, "team")

    send(app, slack, team="press")
    app.courier.deliver_all()

    assert conversation(app).team == "press"
    assert conversation(app).channel == PRESS
    assert forms_before(slack) == []


def test_moving_by_word_and_by_the_list_of_everything(two_teams, slack):
    app = two_teams
    choose(app, slack, "move", 1)
    [way] = [block for block in form(slack)["blocks"] if block["block_id"] == "way"]
    assert way["element"]["initial_option"]["value"] == "team"
    there = "Say which team, as in `/unanswered move 42 press`. There are: care, press."
    assert ask(app.bolt, slack.workspace, "move 1 sales") == there

    said = ask(app.bolt, slack.workspace, "move 1 to Press")

    assert said == f"1 is press's now. Its card comes in <#{PRESS}>."
    assert conversation(app).team == "press"
    assert ask(app.bolt, slack.workspace, "move 1 press") == "This one is press's already."


def test_with_one_team_there_is_nowhere_to_move(app, slack, hear):
    hear()

    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, "/unanswered move 1")

    assert slack.whispers[-1]["text"].startswith("There is only one team")


def test_what_is_answered_is_not_handed_on(app, slack, hear):
    hear()
    answer_all(app, slack)

    fake_slack.command(app.bolt, slack.workspace, BEN, CARE, "/unanswered hand on 1")

    assert "has already answered this one" in slack.whispers[-1]["text"]


def answer_all(app, slack):
    app.desk.dismiss(1, ANA, "x")
    app.desk.undismiss(1, ANA)
    app.answering.answered_there(1, ANA)
    app.courier.deliver_all()


# Kind and urgency


def test_kind_and_urgency_are_saved_together(app, slack, hear):
    hear()
    choose(app, slack, "more", 1)

    send(app, slack, kind="praise", urgency="urgent")

    assert conversation(app).kind is Kind.PRAISE
    assert conversation(app).urgent
    assert forms_before(slack) == []


def test_what_was_not_changed_is_not_said_anew(app, slack, hear):
    hear()
    before = conversation(app)
    choose(app, slack, "more", 1)

    send(app, slack)

    assert conversation(app) == before


@pytest.mark.parametrize(
    ("words", "kind"),
    [("praise 1", Kind.PRAISE), ("other 1", Kind.OTHER), ("frage 1", Kind.QUESTION)],
)
def test_any_kind_by_word(app, slack, hear, words, kind):
    hear()

    ask(app.bolt, slack.workspace, words)

    assert conversation(app).kind is kind


def test_urgency_by_word(app, slack, hear):
    hear()

    said = ask(app.bolt, slack.workspace, "urgent 1")
    assert said.startswith("1 is urgent now: it counts, and calls, day and night. It is due")
    assert conversation(app).urgent
    said = ask(app.bolt, slack.workspace, "nicht dringend 1")
    assert said.startswith("1 is as urgent as any other now.")
    assert not conversation(app).urgent


# Undo


def test_a_dismissal_is_undone_from_the_card(app, slack, hear):
    hear()
    app.desk.dismiss(1, ANA, "Spam")
    app.courier.deliver_all()

    choose(app, slack, "undo", 1, by=BEN)

    assert conversation(app).state is State.WAITING
    assert slack.whispers == []


def test_undo_by_word(app, slack, hear, clock):
    hear()
    nothing = "This one is neither dismissed nor merged, so there is nothing to undo."
    assert ask(app.bolt, slack.workspace, "undo 1") == nothing
    app.desk.dismiss(1, ANA, "Spam")

    assert ask(app.bolt, slack.workspace, "undo 1").startswith("1 waits again. It is due")

    app.desk.dismiss(1, ANA, "Spam")
    clock.pass_(hours=25)
    said = ask(app.bolt, slack.workspace, "undo 1")
    assert said.startswith("That is too long ago to be undone.")


def test_what_another_has_is_dismissed_by_form_only_by_who_may(assemble, slack, demo, clock):
    roles = Roles(by_right={Right.DISMISS: (LEA,)})
    app = assemble(teams=Teams({"care": replace(TEAM, roles=roles)}, tell=LEA))
    app.intake.poll("demo", demo)
    demo.post("My order is broken")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    app.courier.deliver_all()
    choose(app, slack, "dismiss", 1, by=BEN)
    app.desk.claim(1, ANA)

    send(app, slack, by=BEN, reason="spam")

    assert "Only <@U0LEA> may dismiss what somebody else has." in shown(form(slack, BEN))
    assert conversation(app).state is State.CLAIMED


# Done at once, in the list of everything


def test_no_answer_needed_says_so_where_it_was_pressed(app, slack, hear):
    hear()
    choose(app, slack, "needless", 1)

    assert conversation(app).state is State.DISMISSED
    assert form(slack)["title"]["text"] == "Done"
    assert "1 needs no answer." in shown(form(slack))


# Merge


def test_two_of_one_person_become_one_and_two_again(app, slack, hear):
    hear("My order is broken")
    hear("Where is my invoice?")
    choose(app, slack, "merge", 2)
    assert "#1 · the demo platform · My order is broken" in shown(form(slack))

    send(app, slack, into="1")
    app.courier.deliver_all()

    assert conversation(app, 2).state is State.MERGED
    assert conversation(app, 2).merged_into == 1
    choose(app, slack, "undo", 2, by=BEN)
    assert conversation(app, 2).state is State.WAITING


def test_merging_by_word(app, slack, hear):
    hear("My order is broken")
    hear("Where is my invoice?")

    said = ask(app.bolt, slack.workspace, "merge 2 into 1")
    assert said == "2 goes on in 1 now. `/unanswered unmerge 2` undoes that."
    assert ask(app.bolt, slack.workspace, "undo 2").endswith("of its own again.")
    assert ask(app.bolt, slack.workspace, "merge 2 with that one").startswith("Say which other")
    ask(app.bolt, slack.workspace, "merge 2 #1")
    assert ask(app.bolt, slack.workspace, "unmerge 2").endswith("of its own again.")
    assert "nothing to undo" in ask(app.bolt, slack.workspace, "unmerge 2")


def test_two_customers_are_merged_only_when_they_are_one_person(app, slack, hear):
    hear(by="mira")
    hear(by="tom")
    choose(app, slack, "merge", 2)
    assert "no other conversation" in shown(form(slack))

    said = ask(app.bolt, slack.workspace, "merge 2 into 1")

    assert said.startswith("These are of two customers.")


def test_the_same_person_is_found_and_parted_again(app, slack, hear):
    hear(by="mira")
    hear("Still broken", by="mira_l")
    choose(app, slack, "merge", 2)
    merge = form(slack)["id"]
    fake_slack.act(app.bolt, slack.workspace, ANA, merge, "open_form", "same 2")
    same = form(slack)["id"]
    offered = fake_slack.suggest(app.bolt, slack.workspace, ANA, same, "customer_found", "mira")
    assert len(offered) == 1  # not the one that it is already

    send(app, slack, customer={"customer_found": _selected(offered[0])})

    assert forms_before(slack) == []
    choose(app, slack, "merge", 2)
    assert "Which one does it belong to?" in shown(form(slack))
    fake_slack.act(app.bolt, slack.workspace, ANA, form(slack)["id"], "open_form", "same 2")
    part = [c["value"] for c in _controls(form(slack)) if c["action_id"] == "part"]
    fake_slack.act(app.bolt, slack.workspace, ANA, form(slack)["id"], "part", part[0])
    assert "Two people after all" not in shown(form(slack))


def test_nothing_in_what_is_searched_is_a_pattern(app, slack, hear):
    hear(by="mira")
    hear("Still broken", by="tom")
    choose(app, slack, "merge", 2)
    fake_slack.act(app.bolt, slack.workspace, ANA, form(slack)["id"], "open_form", "same 2")

    found = fake_slack.suggest(
        app.bolt, slack.workspace, ANA, form(slack)["id"], "customer_found", "%%"
    )

    assert found == []


# How


def _selected(option):
    return {"type": "external_select", "selected_option": option}


def _controls(view):
    from bot.playground import blockkit

    return list(blockkit.controls(view["blocks"]))


def _bare(view):
    """As the bot sent it."""
    ours = ("type", "callback_id", "title", "close", "submit", "blocks", "private_metadata")
    return {name: view[name] for name in ours if view.get(name)}


def test_a_long_snooze_is_still_possible_from_the_menu(app, slack, clock, hear):
    hear()
    clock.pass_(minutes=1)
    choose(app, slack, "snooze", 1)
    send(app, slack, because="Waiting", until_at=int((clock() + timedelta(days=2)).timestamp()))

    assert conversation(app).snoozed(clock())
