"""What people decide teaches triage: a label, kept in the transaction of the decision."""

import pytest
from sqlalchemy import select

from bot import labelling
from bot.domain.mention import Kind
from bot.domain.problems import AlreadyDismissed
from bot.forgetting import Forgetting
from storage import labels, tables
from storage.database import reading
from tests.people import ANA, BEN, LEA


def kept(app):
    """Of each labelled mention: complaint, needs an answer, source, by, flagged, late."""
    la = tables.labels.c
    columns = (la.complaint, la.needs_answer, la.source, la.by, la.flagged, la.late)
    with reading(app.desk.database) as db:
        return [tuple(row) for row in db.execute(select(*columns).order_by(la.mention))]


@pytest.mark.parametrize(
    ("words", "kind", "label"),
    [
        ("My order is broken", Kind.QUESTION, (False, True, "judged", ANA, True, False)),
        ("My order is broken", Kind.PRAISE, (False, None, "judged", ANA, True, False)),
        ("My order is broken", Kind.COMPLAINT, (True, True, "judged", ANA, True, False)),
        ("When do you open?", Kind.COMPLAINT, (True, True, "judged", ANA, False, True)),
    ],
)
def test_who_judges_teaches_what_it_is(app, hear, words, kind, label):
    hear(words)

    app.desk.judge(1, ANA, kind)

    assert kept(app) == [label]


@pytest.mark.parametrize(
    ("because", "label"),
    [
        ("Spam", (False, False, "dismissed", ANA, True, False)),
        ("spam", (False, False, "dismissed", ANA, True, False)),
        ("Not about us: another Acme", (False, False, "dismissed", ANA, True, False)),
        ("No answer needed", (None, False, "dismissed", ANA, True, False)),
        ("Handled elsewhere", None),
        ("a duplicate of #7", None),
        ("", None),
    ],
)
def test_a_dismissal_teaches_where_its_reason_tells_what_it_is(app, hear, because, label):
    hear()

    app.desk.dismiss(1, ANA, because)

    assert kept(app) == ([label] if label else [])


def test_no_answer_needed_says_nothing_of_whether_it_complains(app, hear):
    hear()

    app.desk.no_answer_needed(1, ANA)

    assert kept(app) == [(None, False, "needless", ANA, True, False)]


def test_who_got_an_answer_needed_one_and_what_was_judged_before_still_holds(app, hear):
    hear("When do you open?")
    app.desk.judge(1, ANA, Kind.COMPLAINT)

    asked = app.desk.look(1).latest.id
    app.answering.reply(1, BEN, "At nine.", mention=asked, key="k")
    app.courier.deliver_all()

    assert kept(app) == [(True, True, "answered", BEN, False, True)]


def test_an_undone_dismissal_takes_its_label_back(app, hear):
    hear()
    app.desk.dismiss(1, ANA, "Spam")
    app.desk.undismiss(1, ANA)
    assert kept(app) == []

    app.desk.judge(1, ANA, Kind.QUESTION)
    app.desk.dismiss(1, BEN, "Spam")
    app.desk.undismiss(1, BEN)
    assert kept(app) == [(False, True, "judged", ANA, True, False)]


def test_it_is_the_mention_that_decided_also_when_it_is_judged_again(app, hear):
    first = hear("My order is broken")
    hear("When do you open?", parent=first)
    assert len(app.desk.look(1).mentions) == 2

    for kind in (Kind.QUESTION, Kind.COMPLAINT):
        app.desk.judge(1, ANA, kind)

    assert kept(app) == [(True, True, "judged", ANA, True, False)]
    with reading(app.desk.database) as db:
        assert labels.newest(db, "care", most=9)[0].mention == app.desk.look(1).mentions[0].id


def test_a_deed_that_fails_teaches_nothing_and_a_label_that_fails_undoes_the_deed(
    app, hear, monkeypatch
):
    hear()
    app.desk.dismiss(1, ANA, "a duplicate")
    with pytest.raises(AlreadyDismissed):
        app.desk.dismiss(1, ANA, "Spam")
    assert kept(app) == []

    hear("My other order is broken", by="ken")
    monkeypatch.setattr(labelling.labels, "put", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        app.desk.judge(2, ANA, Kind.PRAISE)
    assert app.desk.look(2).conversation.judged_by is None
    assert kept(app) == []


def test_labels_and_guesses_leave_with_forget(app, hear):
    hear()
    app.desk.judge(1, ANA, Kind.QUESTION)
    hear("My lamp is broken", by="ken")

    customer = app.desk.look(1).conversation.customer
    receipt = Forgetting(app.desk).forget(customer, by=LEA)

    assert kept(app) == []
    assert (receipt.removed["labels"], receipt.removed["guesses"]) == (1, 1)
    assert app.desk.look(1).guess is None
    assert app.desk.look(2).guess is not None
    app.desk.judge(1, ANA, Kind.COMPLAINT)
    assert kept(app) == []
