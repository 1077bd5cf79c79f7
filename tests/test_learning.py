"""What a team's people teach triage: learnt once, judged before it counts, and taken back."""

import random
import zlib
from copy import copy
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.domain.guess import Features, Lesson
from bot.domain.mention import Kind, Mention
from bot.forgetting import Forgetting
from bot.learning import ASKED, FEW, MOST, NEW, Learning, NotAskedAbout, NothingTaught
from storage import labels, tables
from storage.database import reading
from tests.conftest import CARE as TEAM
from tests.people import ANA, BEN, LEA
from tests.things import at_once
from tests.thumbs import ByThumb

np = pytest.importorskip("numpy")

SIZE = 384
A_WEEK = timedelta(weeks=1)


class Model(ByThumb):
    """A stand-in: words hashed into numbers, and a general guess that looks for one word."""

    def __init__(self, version: int = 1) -> None:
        super().__init__()
        self.version = version

    def features(self, mention: Mention) -> Features | None:
        numbers = np.zeros(SIZE, dtype="<f2")
        for word in mention.text.lower().split():
            chance = np.random.default_rng(zlib.crc32(f"{word} {self.version}".encode()))
            numbers += chance.standard_normal(SIZE).astype("<f2")
        numbers /= max(float(np.linalg.norm(numbers.astype("<f4"))), 1e-3)
        odds = 0.4 if "broken" in mention.text else -1.3
        return Features(embedding=numbers.astype("<f2").tobytes(), complaint=odds, needs_answer=0.5)


@pytest.fixture
def learning(app):
    app.desk.triage = Model()
    return Learning(app.desk)


@pytest.fixture
def teach(app, demo, clock, learning):
    """Customers write, all that is new is heard, and Ana says of each whether it complains."""

    def taught(many, *, wrong=False, words=("lid", "cup")):
        chance = random.Random(many)
        with reading(app.desk.database) as db:
            first = db.execute(select(func.max(tables.conversations.c.id))).scalar_one() or 0
        complains = [chance.random() < 0.5 for _ in range(many)]
        for number, bad in enumerate(complains, start=first + 1):
            how = "broken" if (chance.random() < 0.7) is bad else "odd"
            demo.post(f"My {words[0] if bad else words[1]} is {how}", by=f"c{number}")
        clock.pass_(minutes=1)
        app.intake.poll("demo", demo)
        for number, bad in enumerate(complains, start=first + 1):
            app.desk.judge(number, ANA, Kind.COMPLAINT if bad is not wrong else Kind.QUESTION)
            clock.pass_(seconds=1)

    return taught


def made(app, what="complaint"):
    le = tables.lessons.c
    with reading(app.desk.database) as db:
        return list(db.execute(select(tables.lessons).where(le.what == what).order_by(le.id)))


def test_nothing_is_learnt_of_two(app, learning, teach):
    teach(FEW - 1)

    assert not learning.refit_some()
    learning.keep_up()
    assert made(app) == []


def test_the_layer_is_made_of_enough_and_a_few_begin_a_lesson_that_moves_nothing(
    app, learning, teach
):
    teach(FEW)
    assert learning.keep_up()
    teach(NEW - FEW - 1)
    assert not learning.refit_some()
    [few] = made(app)
    assert (few.labels, few.refused) == (FEW, "")
    assert not any(few.weights)
    assert learning.state("care").effect is None

    teach(1)

    assert learning.refit_some()
    assert made(app)[-1].labels == NEW


def test_a_few_are_taken_back_as_well(app, learning, teach):
    teach(FEW)
    learning.keep_up()
    assert "care" in app.desk.triage.lessons

    learning.take_back("care", LEA)

    assert app.desk.triage.lessons == {}
    assert not learning.keep_up()


def test_enough_labels_are_a_lesson_that_every_worker_is_handed(app, learning, teach):
    other = Learning(app.desk)
    teach(60)

    assert learning.refit_some()
    assert not learning.refit_some()

    [lesson] = made(app)
    assert (lesson.labels, lesson.refused) == (60, "")
    assert len(lesson.weights) == 4 * SIZE
    assert 0.05 <= lesson.threshold <= 0.6
    assert other.remember()
    assert not other.remember()
    assert app.desk.triage.lessons["care"]["complaint"] == Lesson(
        weights=lesson.weights, bias=lesson.bias, threshold=lesson.threshold
    )


def test_its_effect_is_counted_on_labels_that_it_had_not_seen(app, learning, teach):
    teach(100)
    learning.refit_some()
    before = learning.state("care").effect
    teach(NEW - 1)
    assert not learning.refit_some()

    after = learning.state("care").effect

    assert before.labels == 20
    assert after.labels == 20 + NEW - 1
    assert after.fewer_alarms >= before.fewer_alarms >= 0
    assert after.more_missed < before.more_missed <= 0
    since = learning.effect("care", app.desk.now() - timedelta(hours=1))
    assert since.labels == 100 + NEW - 1


def test_it_is_made_anew_after_enough_labels_or_a_week(app, learning, teach, clock):
    teach(40)
    assert learning.refit_some()
    teach(NEW - 1)
    assert not learning.refit_some()
    clock.pass_(days=7)
    assert learning.refit_some()
    clock.pass_(days=7)
    assert not learning.refit_some()


def test_another_recall_holds_without_waiting_for_labels(app, learning, teach):
    teach(60)
    learning.refit_some()
    before = made(app)[-1].threshold

    team = app.desk.teams["care"]
    app.desk.teams.change(replace(team, triage=replace(team.triage, recall=0.5)))
    assert learning.keep_up()
    assert not learning.keep_up()

    assert made(app)[-1].threshold > before
    assert [each.recall for each in made(app)] == [0.95, 0.5]


def test_two_workers_at_once_make_one_lesson(app, learning, teach):
    teach(40)

    done = at_once(lambda _: Learning(app.desk).refit_some(), 4)

    assert sum(done) == 1
    assert len(made(app)) == len(made(app, "needs_answer")) == 1


def test_wrong_labels_silence_nothing_and_the_manager_is_told(
    assemble, app, learning, teach, clock
):
    teach(60, wrong=True)

    assert learning.refit_some()

    [lesson] = made(app)
    assert lesson.refused == "contradict"
    learning.remember()
    assert "care" not in {
        team for team, known in app.desk.triage.lessons.items() if "complaint" in known
    }
    with reading(app.desk.database) as db:
        o = tables.outbox.c
        told = db.execute(select(o.detail).where(o.key.contains("taught:care"))).scalars().all()
    assert len(told) == 1
    assert "next to nothing in common" in told[0]


def test_what_is_taken_back_is_out_of_force_until_somebody_brings_it_back(app, learning, teach):
    with pytest.raises(NothingTaught):
        learning.take_back("care", LEA)
    teach(40)
    learning.refit_some()
    teach(40)
    learning.refit_some()
    learning.remember()
    assert app.desk.triage.lessons

    learning.take_back("care", LEA)

    assert app.desk.triage.lessons == {}
    teach(40)
    assert not learning.refit_some()
    with pytest.raises(NothingTaught):
        learning.take_back("care", LEA)

    learning.bring_back("care", BEN)
    assert app.desk.triage.lessons["care"]["complaint"].weights == made(app)[-1].weights
    assert learning.refit_some()
    with reading(app.desk.database) as db:
        a = tables.audit.c
        done = db.execute(select(a.by, a.what).where(a.what.contains("taught")).order_by(a.id))
        assert [tuple(row) for row in done] == [
            (LEA, "take_back_taught"),
            (BEN, "bring_back_taught"),
        ]


def test_without_a_model_labels_are_kept_and_nothing_is_learnt(app, teach):
    app.desk.triage = ByThumb()
    learning = Learning(app.desk)
    teach(40)

    assert not learning.refit_some()

    with reading(app.desk.database) as db:
        kept = labels.newest(db, "care", most=MOST)
    assert len(kept) == 40
    assert {each.features for each in kept} == {None}


# Other weights than before


def test_what_other_weights_were_taught_is_made_anew_from_the_same_labels(
    app, learning, teach, clock
):
    teach(60)
    learning.refit_some()
    learning.remember()
    [old] = made(app)
    clock.pass_(days=2)

    app.desk.triage = Model(version=2)
    restarted = Learning(app.desk)
    assert restarted.state("care").taught is None
    assert restarted.keep_up()

    new = made(app)[-1]
    assert [each.version for each in made(app)] == [1, 2]
    assert (new.labels, new.refused) == (60, "")
    assert new.weights != old.weights
    assert app.desk.triage.lessons["care"]["complaint"].weights == new.weights
    assert {each.version for each in kept(app)} == {2}
    assert restarted.state("care").taught.id == new.id
    assert not restarted.keep_up()


def test_until_then_nothing_that_they_were_taught_counts(app, learning, teach):
    teach(60)
    learning.refit_some()

    app.desk.triage = Model(version=2)
    restarted = Learning(app.desk)
    restarted.remember()

    assert app.desk.triage.lessons == {}
    assert restarted.effect("care", app.desk.now() - A_WEEK).labels == 0


def test_two_versions_at_once_undo_nothing_of_each_other(app, learning, teach):
    teach(60)
    learning.refit_some()
    newer = Learning(replaced_desk(app, Model(version=2)))
    assert newer.refit_some()

    assert not learning.refit_some()
    assert not learning.keep_up() or not learning.keep_up()
    assert {each.version for each in kept(app)} == {2}
    assert [each.version for each in made(app)] == [1, 2]
    learning.remember()
    assert learning.desk.triage.lessons["care"]["complaint"].weights == made(app)[0].weights


def test_what_was_taken_back_stays_so_with_other_weights(app, learning, teach):
    teach(60)
    learning.refit_some()
    learning.take_back("care", LEA)

    app.desk.triage = Model(version=2)
    restarted = Learning(app.desk)
    restarted.keep_up()
    restarted.refit_some()
    assert [each.version for each in made(app)] == [1]
    assert restarted.state("care").taught.taken_back_by == LEA
    assert restarted.state("care").effect is None

    restarted.bring_back("care", LEA)
    assert restarted.keep_up()
    assert [each.version for each in made(app)] == [1, 2]


def test_who_thinks_again_lets_nothing_be_worked_out_again(app, learning, teach):
    teach(1)
    learning.refit_some()
    [before] = kept(app)

    app.desk.judge(1, BEN, Kind.QUESTION if before.complaint else Kind.COMPLAINT)

    [after] = kept(app)
    assert after.complaint is not before.complaint
    assert (after.features, after.version) == (before.features, 1)


def test_only_labels_that_a_lesson_is_made_of_are_worked_out_again(app, learning, teach):
    teach(6)
    learning.refit_some()

    with reading(app.desk.database) as db:
        newest = labels.newest(db, "care", most=2)
        wanted = labels.to_work_out(db, "care", 2, most=9, among=2)
        none = labels.to_work_out(db, "care", 1, most=9, among=9)

    assert list(wanted) == [each.mention for each in reversed(newest)]
    assert none == []


def kept(app):
    with reading(app.desk.database) as db:
        return labels.newest(db, "care", most=MOST)


def replaced_desk(app, triage):
    desk = copy(app.desk)
    desk.triage = triage
    return desk


def test_what_was_labelled_before_there_was_a_model_teaches_it_too(app, learning, teach):
    app.desk.triage = ByThumb()
    teach(40)
    app.desk.triage = Model()

    assert learning.refit_some()


def test_what_is_forgotten_teaches_nothing_any_more(app, learning, teach):
    teach(40)
    customer = app.desk.look(1).conversation.customer

    Forgetting(app.desk).forget(customer, by=LEA)

    assert learning.refit_some()
    assert made(app)[0].labels == 39


def test_an_edited_mention_is_worked_out_anew(app, learning, teach, demo, clock):
    teach(1)
    learning.refit_some()
    before = kept_features(app)
    demo.edit("d1", "My lamp is out")
    clock.pass_(minutes=1)
    app.intake.poll("demo", demo)
    assert kept_features(app) == [None]

    learning.refit_some()

    assert kept_features(app) != before


def kept_features(app):
    with reading(app.desk.database) as db:
        return [each.features for each in labels.newest(db, "care", most=9)]


# What is asked about


@pytest.fixture
def aside(app, demo, clock, learning):
    """Many that triage took for no complaints."""
    for number in range(12):
        demo.post(f"When do you open? {number}", by=f"a{number}")
    clock.pass_(minutes=1)
    app.intake.poll("demo", demo)
    app.courier.deliver_all()
    return learning


def test_a_few_a_week_are_asked_about_once_and_the_same_by_whoever_chooses(app, aside, clock):
    assert sum(at_once(lambda _: Learning(app.desk).ask_some(), 4)) == 1
    asked = aside.to_be_asked("care")
    assert len(asked) == ASKED
    with reading(app.desk.database) as db:
        rates = set(db.execute(select(tables.samples.c.rate)).scalars())
        assert rates == {ASKED / 12}

    clock.pass_(days=8)
    assert not aside.ask_some()  # nothing new came
    assert aside.to_be_asked("care") == asked


def test_complaints_and_what_somebody_judged_are_not_asked_about(app, aside, hear):
    hear("My order is broken")
    for number in range(1, 10):
        app.desk.judge(number, ANA, Kind.QUESTION)

    assert aside.ask_some()

    numbers = {each.conversation for each in aside.to_be_asked("care")}
    assert numbers == {10, 11, 12}


def test_nobody_is_asked_while_nobody_works(app, aside, clock):
    shut = replace(TEAM, calendar=replace(TEAM.calendar, week=((),) * 6 + TEAM.calendar.week[6:]))
    app.desk.teams.change(shut)

    assert not aside.ask_some()


def test_a_complaint_that_is_found_has_its_clock_and_counts_as_missed(app, aside):
    aside.ask_some()
    one, two = aside.to_be_asked("care")[:2]

    aside.verdict(one.mention, ANA, complaint=True)
    aside.verdict(two.mention, ANA, complaint=False)

    found = app.desk.look(one.conversation).conversation
    assert (found.kind, found.judged_by) == (Kind.COMPLAINT, ANA)
    assert app.desk.look(two.conversation).conversation.kind is Kind.QUESTION
    with reading(app.desk.database) as db:
        said = labels.of(db, [one.mention, two.mention])
    told = [(each.source, each.complaint, each.late, each.rate) for each in said.values()]
    rate = ASKED / 12
    assert told == [("sampled", True, True, rate), ("sampled", False, False, rate)]
    assert aside.state("care").late == 1
    assert aside.state("care").asked == 3


def test_what_was_forgotten_meanwhile_is_asked_about_no_more(app, aside):
    aside.ask_some()
    one = aside.to_be_asked("care")[0]
    Forgetting(app.desk).forget(one.customer, by=LEA)

    with pytest.raises(NotAskedAbout):
        aside.verdict(one.mention, ANA, complaint=True)
    assert len(aside.to_be_asked("care")) == ASKED - 1


def test_labels_guesses_and_samples_leave_when_they_are_too_old(app, aside, clock):
    aside.ask_some()
    for each in aside.to_be_asked("care"):
        aside.verdict(each.mention, ANA, complaint=False)
    for number in range(1, 13):
        app.desk.dismiss(number, ANA, "Spam")
    app.desk.teams.change(replace(TEAM, retention=A_WEEK))
    clock.pass_(days=8)

    while app.sweep.let_words_go_one():
        pass

    with reading(app.desk.database) as db:
        for table in (tables.guesses, tables.labels, tables.samples):
            assert db.execute(select(func.count()).select_from(table)).scalar_one() == 0
