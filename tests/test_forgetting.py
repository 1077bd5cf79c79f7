"""Forgetting a person, and retention by age: nothing of it is left, here and in Slack."""

import json
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.contacts import Contacts
from bot.domain.clock import Rung, Where
from bot.domain.delivery import Errand
from bot.domain.mention import Kind
from bot.domain.problems import NotPossible
from bot.domain.team import Teams
from bot.forgetting import Forgetting, NobodyToForget, StillOnItsWay
from bot.merging import Merging
from bot.playground.workspace import Workspace
from storage import conversations, forgetting, outbox, shown
from storage.database import is_sqlite, reading
from storage.tables import metadata
from tests.conftest import CARE as TEAM
from tests.conftest import NOON
from tests.fake_slack import open_home
from tests.people import ANA, CARE, LEA, nag_all

WORDS = "broken-teapot-77"  # what only the customer would say
WHO = "miranda"
SECRETS = (WORDS, WHO)
AGE = timedelta(days=90)


@pytest.fixture
def forget(app):
    return Forgetting(app.desk)


def in_database(app: Any) -> list[tuple[str, str]]:
    """Where a secret is, in all rows of all tables."""
    found = []
    with reading(app.desk.database) as db:
        for table in metadata.sorted_tables:
            for row in db.execute(select(table)).mappings():
                for name, held in row.items():
                    said = json.dumps(held, default=repr, ensure_ascii=False).lower()
                    found += [(table.name, name) for secret in SECRETS if secret in said]
    return found


def in_file(app: Any, tmp_path: Any) -> list[str]:
    """Which secrets are in the bytes of the SQLite file, its log and its index."""
    files = [path.read_bytes().lower() for path in tmp_path.glob("bot.db*")]
    return [secret for secret in SECRETS if any(secret.encode() in held for held in files)]


def in_slack(workspace: Workspace) -> list[str]:
    """Where a secret is, in all that Slack keeps: not in what one person's screen showed once."""
    places: dict[str, Any] = {
        f"#{channel.name} {ts}": message
        for channel in workspace.channels.values()
        for ts, message in channel.messages.items()
    }
    places |= {f"home of {person}": view for person, view in workspace.homes.items()}
    places |= {f"file {id}": repr(file) for id, file in workspace.files.items()}
    places["dump"] = workspace.dump()
    said = {place: json.dumps(held, default=repr).lower() for place, held in places.items()}
    return [place for place, held in said.items() if any(secret in held for secret in SECRETS)]


def in_playground(workspace: Workspace) -> list[str]:
    """The same in everything that the playground remembers, but its log of calls and screens."""
    passing = {"calls", "whispers", "stacks", "offers", "watchers", "lock", "toasts"}
    held = {name: thing for name, thing in vars(workspace).items() if name not in passing}
    return [n for n, thing in held.items() if any(s in repr(thing).lower() for s in SECRETS)]


def said_by(hear: Any, words: str = f"My {WORDS} is broken!", **more: Any) -> str:
    return str(hear(words, by=WHO, name="Miranda Doe", **more))


def customer(app: Any, number: int = 1) -> int:
    return int(app.desk.look(number).conversation.customer)


def publish(app: Any, number: int, text: str) -> None:
    asked = app.desk.look(number).latest.id
    app.answering.reply(number, ANA, text, mention=asked, key=f"k{number}")


def carry(app: Any) -> None:
    """Until nothing is owed: everything has its pace."""
    for _ in range(20):
        app.courier.deliver_all()
        app.desk.now.pass_(seconds=2)


def all_day(app, slack, hear, clock, assemble) -> Any:
    """A card, further words, nags, an answer, a draft, a list, a direct nag and an App Home."""
    by_hand = Rung(after=timedelta(0), call="manager", say=Where.DIRECT)
    team = replace(TEAM, ladder=(by_hand, *TEAM.ladder[1:]))
    app = assemble(teams=Teams({"care": team}, tell=LEA))
    said_by(hear)
    said_by(hear, f"And my {WORDS} again")
    clock.pass_(minutes=61)
    nag_all(app)
    for n in range(5):
        hear(f"My order {n} is broken", by=f"ken{n}")
    said_by(hear, f"Third {WORDS}")
    clock.pass_(hours=2)
    nag_all(app)
    app.desk.claim(1, ANA)
    app.desk.snooze(1, ANA, clock() + timedelta(hours=1), f"waits for the {WORDS}")
    app.desk.wake(1, ANA)
    app.desk.tag(1, ANA, f"{WORDS}-owner")
    carry(app)
    return app


def test_nothing_is_left_in_the_database_nor_in_slack(
    app, slack, workspace, hear, clock, assemble, tmp_path
):
    app = all_day(app, slack, hear, clock, assemble)
    open_home(app.bolt, workspace, ANA)
    carry(app)
    seen = in_slack(workspace)
    assert any(place.startswith("home") for place in seen)
    assert any(place.startswith("#D0LEA") for place in seen)
    assert len([place for place in seen if place.startswith("#customer-care")]) >= 4

    receipt = Forgetting(app.desk).forget(customer(app), by=LEA)
    carry(app)

    assert in_database(app) == []
    assert in_slack(workspace) == []
    assert in_playground(workspace) == []
    if is_sqlite(app.desk.database):
        assert in_file(app, tmp_path) == []
    assert receipt.done_at == receipt.at
    assert receipt.removed["mentions"] == 3
    assert receipt.removed["conversations"] == 3
    told = Forgetting(app.desk).receipt(receipt.id)
    assert told.messages >= 4
    assert told.homes == 1
    assert told.waiting == []
    assert told.by == LEA


def test_an_answer_a_draft_a_note_and_a_follow_up_go_as_well(
    app, slack, workspace, hear, clock, demo, forget, tmp_path
):
    said_by(hear)
    publish(app, 1, f"Sorry about your {WORDS}, {WHO}!")
    carry(app)
    app.intake.poll("demo", demo)
    said_by(hear, f"Thanks for the {WORDS}")
    with app.desk.database.begin() as db:
        draft = {"conversation": 1, "author": ANA, "text": f"About {WORDS}", "at": clock()}
        db.execute(metadata.tables["drafts"].delete())
        db.execute(metadata.tables["drafts"].insert().values(**draft))
        note = {"customer": customer(app), "by": ANA, "at": clock(), "text": f"Likes {WORDS}"}
        db.execute(metadata.tables["notes"].insert().values(**note))
    Contacts(app.desk).follow_up(1, ANA, clock() + timedelta(days=7), f"How is the {WORDS}?")
    carry(app)

    receipt = forget.forget(customer(app), by=LEA)
    carry(app)

    assert in_database(app) == []
    assert in_slack(workspace) == []
    if is_sqlite(app.desk.database):
        assert in_file(app, tmp_path) == []
    counted = {name: receipt.removed[name] for name in ("replies", "drafts", "notes", "follow_ups")}
    assert counted == {"replies": 1, "drafts": 1, "notes": 1, "follow_ups": 1}
    reply = app.desk.look(1).reply
    assert reply
    assert (reply.author, reply.text) == (ANA, "")
    assert reply.sent_at


def test_the_card_becomes_one_line_that_tells_who_asked(app, slack, hear, forget):
    said_by(hear)

    forget.forget(customer(app), by=LEA)
    carry(app)

    card = slack.messages[str(app.desk.look(1).conversation.card)]
    assert card["text"] == "Conversation 1: its words were removed on request by <@U0LEA>."
    assert [block["type"] for block in card["blocks"]] == ["section"]


def test_what_waits_is_closed_by_name_and_nobody_is_nagged(app, slack, hear, clock, forget):
    said_by(hear)

    forget.forget(customer(app), by=LEA)
    clock.pass_(hours=9)
    nag_all(app)

    conversation = app.desk.look(1).conversation
    assert (conversation.state, conversation.closed_by) == ("dismissed", LEA)
    assert conversation.closed_because == "Forgotten on request."
    assert len(slack.messages) == 1


def test_an_answer_on_its_way_must_arrive_first(app, slack, hear, forget):
    said_by(hear)
    publish(app, 1, "On its way.")

    with pytest.raises(StillOnItsWay, match=r"in 1\. Wait until it has arrived"):
        forget.forget(customer(app), by=LEA)
    assert in_database(app)
    carry(app)

    assert forget.forget(customer(app), by=LEA).done_at


def test_an_answer_in_doubt_must_be_looked_for_first(app, hear, forget):
    said_by(hear)
    with app.desk.database.begin() as db:
        held = metadata.tables["conversations"]
        db.execute(held.update().values(unsure="k", state="claimed", owner=ANA))

    with pytest.raises(StillOnItsWay):
        forget.forget(customer(app), by=LEA)


def test_the_platforms_next_page_does_not_bring_it_back(app, slack, demo, hear, forget):
    said_by(hear)
    forget.forget(customer(app), by=LEA)
    carry(app)

    batch = demo.fetch(None)
    app.intake.receive("demo", batch, read_from=app_cursor(app))
    app.intake.recheck("demo", demo) if hasattr(demo, "recheck") else None
    carry(app)

    assert in_database(app) == []
    assert len(slack.messages) == 1


def app_cursor(app: Any) -> str | None:
    with reading(app.desk.database) as db:
        return db.execute(select(metadata.tables["accounts"].c.cursor)).scalar_one()


def test_an_edit_of_a_forgotten_post_is_not_heard(app, demo, hear, forget):
    key = said_by(hear)
    forget.forget(customer(app), by=LEA)

    carry(app)
    demo.edit(key, f"Now my {WORDS} is worse")
    app.intake.poll("demo", demo)

    assert in_database(app) == []


def test_our_answer_that_comes_from_the_platform_afterwards_is_kept_without_words(
    app, demo, hear, forget
):
    key = said_by(hear)
    forget.forget(customer(app), by=LEA)

    carry(app)
    demo.answer_elsewhere(key, f"Dear {WHO}, sorry about the {WORDS}")
    app.intake.poll("demo", demo)

    assert in_database(app) == []


def test_who_writes_again_is_somebody_new(app, hear, forget, workspace):
    said_by(hear)
    was = customer(app)
    forget.forget(was, by=LEA)

    said_by(hear, "Hello, a new question?")

    case = app.desk.look(2)
    assert case.conversation.customer != was
    assert case.customer.handle == f"@{WHO}"
    assert case.past.times == 0
    assert case.conversation.open


def test_all_identities_of_a_person_are_forgotten_together(app, hear, forget):
    said_by(hear)
    hear(f"The {WORDS} once more", by="second")
    with app.desk.database.begin() as db:
        theirs = metadata.tables["customers"]
        db.execute(theirs.update().where(theirs.c.handle == "@second").values(person=customer(app)))

    [found] = forget.find("@second")
    receipt = forget.forget(found.id, by=LEA)

    assert [each.handle for each in found.identities] == [f"@{WHO}", "@second"]
    assert (found.conversations, found.open) == (2, 2)
    assert receipt.removed["customers"] == 2
    assert in_database(app) == []


def test_what_was_merged_goes_with_all_that_was_before(app, slack, workspace, hear, forget):
    said_by(hear)
    said_by(hear, f"Again my {WORDS} is broken")
    carry(app)
    Merging(app.desk).merge(2, 1, by=ANA)
    carry(app)

    receipt = forget.forget(customer(app), by=LEA)
    carry(app)

    assert in_database(app) == []
    assert in_slack(workspace) == []
    assert receipt.removed["merges"] == 1
    with pytest.raises(NotPossible):
        Merging(app.desk).unmerge(2, by=ANA)


@pytest.mark.parametrize("said", [f"@{WHO}", WHO.upper(), "miranda doe", f" {WHO} "])
def test_people_are_found_by_handle_and_name(app, hear, forget, said):
    said_by(hear)

    [found] = forget.find(said)

    assert found.id == customer(app)
    assert forget.find(said, platform="twitter") == []


def test_nobody_is_found_by_a_part_of_a_name_nor_by_nothing(app, hear, forget):
    said_by(hear)

    assert forget.find("mira") == []
    assert forget.find("  @ ") == []
    with pytest.raises(NobodyToForget):
        forget.forget(99, by=LEA)


def test_forgetting_twice_is_forgetting_once(app, hear, forget):
    said_by(hear)
    who = customer(app)

    first = forget.forget(who, by=LEA)

    assert forget.forget(who, by=ANA) == first
    assert forget.find(WHO) == []


def test_it_is_in_the_audit_with_ids_only(app, hear, forget):
    said_by(hear)
    who = customer(app)

    receipt = forget.forget(who, by=LEA)

    with reading(app.desk.database) as db:
        rows = db.execute(select(metadata.tables["audit"])).all()
    [row] = [row for row in rows if row.what == "forget"]
    assert (row.by, row.about) == (LEA, {"customer": who, "receipt": receipt.id})


class Died(Exception):
    """The process ends here."""


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_crash_in_the_middle_is_made_up_for_by_the_sweep(
    app, slack, workspace, hear, forget, monkeypatch, after, tmp_path
):
    for n in range(3):
        said_by(hear, f"Number {n}: {WORDS}")
    whole, done = forgetting.wipe_conversation, []

    def die(*args: Any) -> Any:
        if len(done) == after:
            raise Died
        done.append(1)
        return whole(*args)

    monkeypatch.setattr(forgetting, "wipe_conversation", die)
    with pytest.raises(Died):
        forget.forget(customer(app), by=LEA)
    monkeypatch.setattr(forgetting, "wipe_conversation", whole)
    assert in_database(app)

    while app.sweep.forget_one():
        pass
    carry(app)

    assert in_database(app) == []
    assert in_slack(workspace) == []
    if is_sqlite(app.desk.database):
        assert in_file(app, tmp_path) == []
    receipt = forget.receipt(1)
    assert receipt.done_at
    assert receipt.removed["conversations"] == 3
    assert receipt.removed["mentions"] == 3


def test_very_much_goes_some_at_a_time(app, demo, hear, forget, monkeypatch):
    monkeypatch.setattr("bot.forgetting.SOME", 2)
    root = said_by(hear)
    for n in range(6):
        said_by(hear, f"More {n} {WORDS}", parent=root, thread=root)

    receipt = forget.forget(customer(app), by=LEA)

    assert receipt.removed["mentions"] == 7
    assert in_database(app) == []


def test_messages_from_before_they_were_kept_are_found_in_the_thread(
    app, slack, workspace, hear, clock, forget
):
    said_by(hear)
    clock.pass_(minutes=61)
    nag_all(app)
    with app.desk.database.begin() as db:
        db.execute(metadata.tables["shown"].delete())

    forget.forget(customer(app), by=LEA)
    carry(app)

    assert in_slack(workspace) == []
    assert forget.receipt(1).messages == 1


def test_what_colleagues_wrote_stays_and_the_receipt_tells_where(
    app, slack, workspace, hear, forget
):
    said_by(hear)
    card = str(app.desk.look(1).conversation.card)
    workspace.say(ANA, CARE, f"I know this {WORDS}", card)

    forget.forget(customer(app), by=LEA)
    carry(app)

    receipt = forget.receipt(1)
    assert receipt.threads == [(CARE, card)]
    assert [m["text"] for m in slack.messages.values()][1:] == [f"I know this {WORDS}"]


def test_where_nothing_may_be_deleted_the_message_says_something_else(
    app, slack, workspace, hear, clock, forget
):
    said_by(hear)
    clock.pass_(minutes=61)
    nag_all(app)
    no = {"error": "compliance_exports_prevent_deletion", "times": 99}
    workspace.faults.add("error", "chat.delete", **no)

    forget.forget(customer(app), by=LEA)
    carry(app)

    assert in_slack(workspace) == []
    assert [m["text"] for m in slack.messages.values()][1:] == [
        "This message was removed on request."
    ]


def test_what_was_being_said_at_that_moment_is_taken_back(app, slack, workspace, hear, forget):
    """Without looking again the card would hang there with all words, for good."""
    app.adapters["demo"].post(f"My {WORDS} is broken", by=WHO)
    app.desk.now.pass_(seconds=1)
    app.intake.poll("demo", app.adapters["demo"])
    said = slack.chat_postMessage

    def slowly(**how: Any) -> Any:
        posted = said(**how)
        slack.chat_postMessage = said
        forget.forget(customer(app), by=LEA)
        return posted

    slack.chat_postMessage = slowly
    carry(app)

    assert in_slack(workspace) == []
    [card] = slack.messages.values()
    assert card["text"].startswith("Conversation 1: its words were removed")
    assert forget.receipt(1).waiting == []


def test_a_list_whose_confirmation_was_lost_is_taken_back(
    app, slack, workspace, hear, clock, forget
):
    for n in range(4):
        said_by(hear, f"Broken {n} {WORDS}")
    carry(app)
    clock.pass_(minutes=61)
    while app.sweep.nag_some():
        pass
    workspace.faults.add("reset", "chat.postMessage")
    app.courier.deliver_all()
    assert len(slack.messages) == 5  # the list is there, and we don't know it

    forget.forget(customer(app), by=LEA)
    clock.pass_(minutes=10)
    carry(app)

    assert in_slack(workspace) == []


def test_a_card_whose_confirmation_was_lost_is_taken_back(
    app, slack, workspace, demo, clock, forget
):
    demo.post(f"My {WORDS} is broken", by=WHO)
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    workspace.faults.add("reset", "chat.postMessage")
    app.courier.deliver_all()
    assert in_slack(workspace)

    forget.forget(customer(app), by=LEA)
    clock.pass_(minutes=10)
    carry(app)

    assert in_slack(workspace) == []
    assert not app.desk.look(1).conversation.card


def test_a_direct_nag_whose_confirmation_was_lost_is_taken_back(
    assemble, app, slack, workspace, hear, clock
):
    by_hand = Rung(after=timedelta(0), call="manager", say=Where.DIRECT)
    app = assemble(teams=Teams({"care": replace(TEAM, ladder=(by_hand,))}, tell=LEA))
    said_by(hear)
    carry(app)
    clock.pass_(minutes=61)
    while app.sweep.nag_some():
        pass
    workspace.faults.add("reset", "chat.postMessage", nth=2)
    app.courier.deliver_all()
    assert any("D0LEA" in place for place in in_slack(workspace))

    Forgetting(app.desk).forget(customer(app), by=LEA)
    clock.pass_(minutes=10)
    carry(app)

    assert in_slack(workspace) == []


def test_a_note_that_was_under_way_is_not_said_any_more(app, slack, workspace, hear, forget):
    said_by(hear)
    carry(app)
    with app.desk.database.begin() as db:
        held = conversations.get(db, 1)
        more = {"to": ANA, "by": LEA, "because": f"knows the {WORDS}"}
        app.desk.ledger.owe_note(db, held, "escalated", "1", app.desk.now(), **more)
    with app.desk.database.begin() as db:
        assert outbox.take(db, app.desk.now(), timedelta(minutes=2))  # and the process dies

    forget.forget(customer(app), by=LEA)
    before = len(slack.calls)
    app.desk.now.pass_(minutes=10)
    carry(app)

    assert in_slack(workspace) == []
    assert in_database(app) == []
    assert WORDS not in repr(slack.calls[before:])


def test_a_picture_that_was_just_taken_in_is_deleted(app, slack, workspace, hear, forget):
    said_by(hear)
    carry(app)
    taking = Errand.PICTURE
    with app.desk.database.begin() as db:
        address = f"https://pictures.example/{WORDS}.png"
        app.desk.ledger.owe_picture(db, conversations.get(db, 1), address, app.desk.now())
    with app.desk.database.begin() as db:
        taken = outbox.take(db, app.desk.now(), timedelta(minutes=2))
    errands = app.courier.run.__self__
    assert taken
    assert taken.errand is taking
    forget.forget(customer(app), by=LEA)

    errands.run(taken)  # looks whether it is still wanted
    file = errands.channel.show(f"{WORDS}.png", b"\x89PNG and more")
    errands.gallery._taken(taken, file=file)  # or has taken it in at that very moment
    carry(app)

    assert in_database(app) == []
    assert in_slack(workspace) == []
    assert forget.receipt(1).files == 1


def test_a_picture_inside_a_message_is_forgotten_with_it(assemble, slack, workspace, demo, clock):
    app = assemble(teams=Teams({"care": replace(TEAM, pictures="upload")}, tell=LEA))
    forget = Forgetting(app.desk)
    app.intake.poll("demo", demo)
    picture = b"\x89PNG\r\n\x1a\n" + WORDS.encode()
    demo.post(f"My {WORDS}", by=WHO, thread=WORDS, inside=[picture])
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    carry(app)
    assert b64encode(picture).decode() in str(workspace.files)
    demo.post(f"Again my {WORDS}", by=WHO, thread=WORDS, inside=[picture])
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    app.courier.deliver_one()  # the card, which asks for the second

    forget.forget(customer(app), by=LEA)
    carry(app)

    assert in_database(app) == []
    assert in_slack(workspace) == []
    assert b64encode(picture).decode() not in str(workspace.files)
    assert forget.receipt(1).files == 1


def test_it_is_not_done_while_something_still_names_them(app, hear, forget):
    said_by(hear)
    carry(app)
    forget.forget(customer(app), by=LEA)
    with app.desk.database.begin() as db:
        shown.record(db, CARE, "1.1", [1])

    assert not forget.all_taken_back(1)
    assert forget.receipt(1).waiting == [1]


def test_a_notice_that_names_them_is_found_and_taken_back(app, slack, workspace, hear, forget):
    said_by(hear)
    app.desk.tell(CARE, f":warning: The answer to @{WHO} came back.", key="bounce")
    app.desk.tell(CARE, ":warning: Mirandas everywhere.", key="other")
    carry(app)

    forget.forget(customer(app), by=LEA)
    carry(app)

    texts = [message["text"] for message in slack.messages.values()]
    assert not [text for text in texts if f"@{WHO}" in text]
    assert ":warning: Mirandas everywhere." in texts


def test_a_digest_goes_on_without_them(app, slack, workspace, demo, clock, forget):
    for n in range(70):
        by = WHO if n == 68 else f"ken{n}"
        demo.post(f"My order {n} is late?", by=by)
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    while app.sweep.gather_one():
        pass
    for _ in range(4):
        carry(app)
    with reading(app.desk.database) as db:
        [number] = [c.id for c in _conversations(db) if app.desk.look(c.id).customer.key == WHO]
        digest = conversations.get(db, number).digest
    assert digest, "the digest has it"
    assert in_slack(workspace)

    forget.forget(customer(app, number), by=LEA)
    carry(app)

    assert in_slack(workspace) == []
    assert any("*14 mentions came at once*" in m["text"] for m in slack.messages.values())


def _conversations(db: Any) -> Any:
    table = metadata.tables["conversations"]
    return [conversations.get(db, row.id) for row in db.execute(select(table.c.id))]


def test_it_can_not_be_undone_nor_opened_again(app, slack, hear, forget):
    said_by(hear)
    forget.forget(customer(app), by=LEA)
    conversation = app.desk.look(1).conversation

    with pytest.raises(Exception, match="not dismissed"):
        conversation.undismiss(LEA, NOON, TEAM)


def test_figures_still_count_what_was_forgotten(app, hear, clock, forget):
    said_by(hear)
    clock.pass_(hours=2)
    forget.forget(customer(app), by=LEA)

    with reading(app.desk.database) as db:
        from storage import verdicts

        [verdict] = verdicts.of_conversation(db, 1)
    assert verdict.kind == Kind.COMPLAINT
    assert verdict.how == "dismissed"


# By age


def keeping(assemble: Any) -> Any:
    return assemble(teams=Teams({"care": replace(TEAM, retention=AGE)}, tell=LEA))


def test_what_ended_long_ago_loses_its_words(
    assemble, app, slack, workspace, hear, clock, tmp_path
):
    app = keeping(assemble)
    said_by(hear)
    app.desk.dismiss(1, ANA, f"no {WORDS}")
    carry(app)
    clock.pass_(days=89)
    assert not app.sweep.let_words_go_one()
    assert in_database(app)
    clock.pass_(days=1, seconds=1)

    while app.sweep.let_words_go_one():
        pass
    while app.sweep.forget_one():
        pass
    carry(app)

    assert in_database(app) == []
    assert in_slack(workspace) == []
    if is_sqlite(app.desk.database):
        assert in_file(app, tmp_path) == []
    receipt = Forgetting(app.desk).receipt(1)
    assert receipt.by_age
    assert receipt.done_at
    assert receipt.removed["conversations"] == 1
    assert receipt.removed["customers"] == 1
    conversation = app.desk.look(1).conversation
    assert conversation.closed_by == ANA
    card = slack.messages[str(conversation.card)]
    assert card["text"] == "Conversation 1: its words were removed, for it ended long ago."


def test_who_still_has_something_open_keeps_their_name(assemble, app, hear, clock):
    app = keeping(assemble)
    said_by(hear)
    app.desk.dismiss(1, ANA, "no")
    clock.pass_(days=91)
    said_by(hear, "And my other order?")

    while app.sweep.let_words_go_one():
        pass

    assert app.desk.look(1).conversation.forgotten
    assert not app.desk.look(2).conversation.forgotten
    assert app.desk.look(2).customer.handle == f"@{WHO}"
    assert app.desk.look(2).conversation.open


def test_open_ones_never_lose_their_words(assemble, app, hear, clock):
    app = keeping(assemble)
    said_by(hear)
    clock.pass_(days=400)

    assert not app.sweep.let_words_go_one()
    assert app.desk.look(1).latest.text == f"My {WORDS} is broken!"


def test_where_somebody_wants_to_ask_again_nothing_goes(assemble, app, hear, clock):
    app = keeping(assemble)
    said_by(hear)
    app.desk.dismiss(1, ANA, "no")
    Contacts(app.desk).follow_up(1, ANA, clock() + timedelta(days=59), "still there?")
    with app.desk.database.begin() as db:
        due = metadata.tables["follow_ups"]
        db.execute(due.update().values(due_at=clock() + timedelta(days=500)))
    clock.pass_(days=91)

    assert not app.sweep.let_words_go_one()


def test_there_is_one_receipt_a_day(assemble, app, hear, clock):
    app = keeping(assemble)
    for n in range(3):
        said_by(hear, f"Broken {n} {WORDS}")
    hear("broken", by="ken")
    for number in (1, 2, 3, 4):
        app.desk.dismiss(number, ANA, "no")
        clock.pass_(hours=8)
    clock.pass_(days=90)

    while app.sweep.let_words_go_one():
        pass

    with reading(app.desk.database) as db:
        rows = db.execute(select(metadata.tables["receipts"])).all()
    assert len(rows) == 1
    assert rows[0].what["removed"]["conversations"] == 4


def test_a_team_that_keeps_everything_keeps_everything(app, hear, clock):
    said_by(hear)
    app.desk.dismiss(1, ANA, "no")
    clock.pass_(days=4000)

    assert not app.sweep.let_words_go_one()


def test_what_belongs_to_no_conversation_goes_by_age_as_well(assemble, app, demo, clock):
    app = keeping(assemble)
    demo.post(f"Out of office: {WORDS}", by=WHO, origin="automated")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    clock.pass_(days=91)

    while app.sweep.let_words_go_one():
        pass

    with reading(app.desk.database) as db:
        [row] = db.execute(select(metadata.tables["mentions"])).all()
    assert row.text == ""
