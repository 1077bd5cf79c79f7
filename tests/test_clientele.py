"""What colleagues know about a customer."""

import pytest
from sqlalchemy import event, select

from bot.clientele import Clientele
from bot.contacts import Contacts
from bot.domain.conversation import State
from bot.domain.mention import Mention
from bot.domain.problems import CannotNote
from bot.domain.reply import Reply
from bot.merging import Merging
from storage import customers
from storage.database import reading
from storage.rows import as_row
from storage.tables import audit, mentions
from tests.conftest import NOON
from tests.people import ANA, BEN
from tests.things import HOUR, MIRA, SECOND, mention


@pytest.fixture
def clientele(app) -> Clientele:
    return Clientele(app.desk)


def customer(app, number: int = 1) -> int:
    return app.desk.look(number).conversation.customer


def answer(app, number: int, by: str = ANA) -> None:
    asked = app.desk.look(number).latest.id
    app.answering.reply(number, by, "So sorry!", mention=asked, key=f"k{number}")
    app.courier.deliver_all()


def test_a_note_is_kept_with_who_wrote_it_and_can_be_taken_out(app, clientele, clock, hear):
    hear()
    number = clientele.note(1, ANA, "  Likes to be called in the evening ")
    clock.pass_(minutes=1)
    clientele.note(1, BEN, "Deaf in one ear")

    newest, first = clientele.notes(1)
    assert (first.by, first.text, first.at) == (
        ANA,
        "Likes to be called in the evening",
        NOON + SECOND,
    )
    assert newest.by == BEN
    clientele.forget_note(number, BEN)

    assert [each.text for each in clientele.notes(1)] == ["Deaf in one ear"]
    with pytest.raises(CannotNote, match="not there any more"):
        clientele.forget_note(number, BEN)
    with reading(app.desk.database) as db:
        told = [(row.by, row.what, row.about) for row in db.execute(select(audit))]
    assert told == [
        (ANA, "note", {"note": 1}),
        (BEN, "note", {"note": 2}),
        (BEN, "forget_note", {"note": 1}),
    ]


def test_a_note_redraws_the_card_each_time(app, clientele, clock, hear):
    hear()
    for _ in range(3):  # the newest number is given again once it was taken out
        number = clientele.note(1, ANA, "Deaf in one ear")
        app.courier.deliver_all()
        clientele.forget_note(number, ANA)


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
def test_what_is_no_note_says_why(clientele, hear, text):
    hear()

    with pytest.raises(CannotNote):
        clientele.note(1, ANA, text)
    assert clientele.notes(1) == []


def test_language_and_time_zone_are_the_persons(app, clientele, hear):
    hear(by="mira")
    hear(by="mira_at_work")
    Merging(app.desk).join(customer(app, 2), customer(app, 1), ANA)

    clientele.set(2, ANA, language="pt-BR", timezone="America/Sao_Paulo")
    known = clientele.profile(1)
    assert (known.language, known.timezone) == ("pt-BR", "America/Sao_Paulo")

    clientele.set(1, ANA, timezone="")
    known = clientele.profile(2)
    assert (known.language, known.timezone) == ("pt-BR", None)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"timezone": "europe/berlin"}, 'Did you mean "Europe/Berlin"'),
        ({"timezone": "../etc/passwd"}, "There is no time zone"),
        ({"language": "German, I think"}, "no language"),
    ],
)
def test_what_is_no_language_or_time_zone_says_so(clientele, hear, wrong, says):
    hear()

    with pytest.raises(CannotNote, match=says):
        clientele.set(1, ANA, **wrong)


def test_who_answered_last_knows_them(app, clientele, clock, hear):
    for number, by in ((1, BEN), (2, ANA), (3, BEN)):
        hear(f"Broken {number}", by="mira")
        answer(app, number, by)
        clock.pass_(minutes=1)
    hear("Broken again", by="mira")

    assert clientele.known_by(customer(app), 4) == [BEN, ANA]
    assert clientele.known_by(customer(app), 3) == [ANA, BEN]
    case = app.desk.look(4)
    assert (list(case.known_by), case.notes) == ([BEN, ANA], 0)
    clientele.note(1, ANA, "Deaf in one ear")
    assert app.desk.look(4).notes == 1


def test_who_writes_for_the_first_time_is_known_by_nobody(app, clientele, hear):
    hear()

    case = app.desk.look(1)
    assert (case.known_by, case.notes) == ((), 0)
    assert clientele.profile(1).known_by == []


def test_the_profile_tells_everything_over_all_identities(app, clientele, clock, hear):
    contacts = Contacts(app.desk)
    hear("My order is broken", by="mira")
    answer(app, 1)
    clock.pass_(minutes=1)
    hear("Where is it?", by="mira_at_work")
    app.desk.dismiss(2, BEN, "spam")
    clock.pass_(minutes=1)
    hear("Hello?", by="mira_at_work")
    asked = app.desk.look(3).latest.id
    until = clock() + 3 * HOUR
    app.answering.reply(3, ANA, "Soon!", mention=asked, key="k", promised_for=until)
    app.courier.deliver_all()
    Merging(app.desk).join(customer(app, 2), customer(app, 1), ANA)
    app.desk.tag(3, ANA, "VIP")
    clientele.note(1, ANA, "Deaf in one ear")
    contacts.follow_up(1, ANA, clock() + HOUR, "Works?")

    known = clientele.profile(2)

    assert [each.handle for each in known.identities] == ["@mira", "@mira_at_work"]
    assert known.customer.handle == "@mira_at_work"
    assert [(each.number, each.state, each.closed_because) for each in known.chapters] == [
        (3, State.CLAIMED, None),
        (2, State.DISMISSED, "spam"),
        (1, State.ANSWERED, None),
    ]
    assert [(each.number, each.promised_for) for each in known.promises] == [(3, until)]
    assert [each.text for each in known.follow_ups] == ["Works?"]
    assert [each.text for each in known.notes] == ["Deaf in one ear"]
    assert (known.tags, known.known_by) == (("VIP",), [ANA])
    assert [type(each) for each in known.said] == [Reply, Mention, Mention, Reply, Mention]


def test_who_wrote_ten_thousand_times_is_told_of_in_a_few_questions(app, clientele, hear):
    hear(by="mira")
    with app.desk.database.begin() as db:
        mira = customers.meet(db, MIRA)
        rows = [
            as_row(
                mention(f"Hello {number}", key=f"x{number}", posted_at=NOON + number * SECOND),
                mentions,
                customer=mira,
                media=[],
                heard_at=NOON,
                conversation=1,
            )
            for number in range(10_000)
        ]
        db.execute(mentions.insert(), rows)
    asked = []
    event.listen(app.desk.database, "before_cursor_execute", lambda *told: asked.append(told[2]))

    known = clientele.profile(1)

    assert [each.text for each in known.said[:2]] == ["Hello 9999", "Hello 9998"]
    assert len(known.said) == 200
    assert len([each for each in asked if each.startswith("SELECT")]) <= 16
