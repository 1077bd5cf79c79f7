"""Discourse: a forum's lists of posts, who speaks for us, what concerns us, what it refuses."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from adapters import Forged, News, make
from adapters.discourse import Discourse
from adapters.discourse.account import GONE, OURS_GONE, PAGE, PENDING, PERHAPS, RECHECKED
from adapters.discourse.places import LOOKUPS
from adapters.discourse.posts import HIDDEN, Forum
from bot.domain.conversation import State
from bot.domain.delivery import LockedOut, Refused, TryLater, Unsure
from bot.domain.mention import Mention, Origin
from bot.domain.reply import Sent
from storage import inbox
from tests.adapters.discourse_server import KEY, STUB
from tests.adapters.place_discourse import DiscoursePlace
from tests.adapters.places import HISTORY, Clock
from tests.adapters.site import Said, Site


@pytest.fixture
def place() -> Iterator[DiscoursePlace]:
    with DiscoursePlace() as place:
        yield place


def read(adapter: Discourse, cursor: str | None = None) -> tuple[list[Mention], str]:
    batch = adapter.fetch(cursor)
    mentions = list(batch.mentions)
    for _ in range(200):
        if not batch.more:
            return mentions, batch.cursor
        batch = adapter.fetch(batch.cursor)
        mentions += batch.mentions
    raise AssertionError("There is always another page.")


def heard(place: DiscoursePlace, key: str, **settings: str) -> Mention:
    return next(m for m in read(place.restarted(**settings))[0] if m.key == key)


def asked(place: DiscoursePlace, text: str = "Where is my order?") -> Mention:
    return heard(place, place.post(text))


def answered(place: DiscoursePlace, to: Mention, text: str = "On its way.", **more: Any) -> Sent:
    return place.adapter.reply(to, text, **{"key": "k1", "again": False, **more})


def refused(place: DiscoursePlace, to: Mention, text: str = "On its way.") -> str:
    with pytest.raises(Refused) as no:
        answered(place, to, text)
    return str(no.value)


# The walk


def test_what_is_shown_late_is_heard_below_newer_ones(place):
    for number in range(30):
        place.post(f"long known {number}")
    late = place.post("I had to be approved", late=True)
    for number in range(15):
        place.post(f"number {number}")
    _, cursor = read(place.adapter)
    for number in range(45):
        place.post(f"more {number}")

    place.forum.posts[int(late)]["late"] = False

    assert late in {m.key for m in read(place.restarted(), cursor)[0]}


@pytest.mark.parametrize("windowed", [False, True])
def test_posts_that_are_not_for_us_leave_no_hole(place, windowed):
    """Before version 3.1 a page is what there is of fifty ids: perhaps nothing, and more below."""
    place.forum.windowed = windowed
    for number in range(30):
        place.post(f"long known {number}")
    _, cursor = read(place.adapter)
    keys = [place.post(f"before {number}") for number in range(30)]
    place.forum.secret.add(999)
    for number in range(180):
        place.forum.post(f"secret {number}", topic=999)
    keys += [place.post(f"after {number}") for number in range(130)]

    found = {m.key for m in read(place.restarted(), cursor)[0]}

    assert found >= set(keys)


def test_a_quiet_forum_is_read_in_one_call(place):
    for number in range(120):
        place.post(f"number {number}")
    _, cursor = read(place.adapter)
    place.post("one more")
    place.forum.log.clear()

    mentions, _ = read(place.adapter, cursor)

    assert len(mentions) == PAGE
    assert place.forum.log == ["GET /posts.json"]


def test_an_edit_among_the_newest_is_heard_though_its_version_stays(place):
    key = place.post("Where is my order?")
    [first], cursor = read(place.adapter)

    place.edit(key, "Where are my orders?")

    [second], _ = read(place.adapter, cursor)
    assert (second.key, second.text) == (key, "Where are my orders?")
    assert second.revision != first.revision


def test_likes_are_no_edits(place):
    key = place.post("Where is my order?")
    [first], cursor = read(place.adapter)

    place.forum.posts[int(key)] |= {"updated_at": "2026-11-04T00:00:00.000Z", "score": 9}

    assert read(place.adapter, cursor)[0] == [first]


# Who said what to whom


def test_a_post_tells_its_topic_its_author_and_its_address(place):
    mention = asked(place, 'It *leaks* & <b>drips</b>\n\n[quote="ben, post:1"]No[/quote]')

    assert mention.text == 'It *leaks* & <b>drips</b>\n\n[quote="ben, post:1"]No[/quote]'
    assert (mention.subject, mention.thread) == ("Topic 1", "1")
    assert mention.url == f"{place.forum.url}/t/topic-1/1/1"
    assert (mention.customer.handle, mention.customer.name) == ("@mira", "Mira")
    assert mention.customer.url == f"{place.forum.url}/u/mira"
    assert mention.public


def test_who_answers_whom_is_looked_up_once(place):
    first = place.post("My kettle leaks")
    for number in range(80):
        place.post(f"number {number}")
    _, cursor = read(place.adapter)
    answers = [place.post("Mine, too", by="ola", parent=first) for _ in range(3)]
    adapter = place.restarted()
    place.forum.log.clear()

    for _ in range(2):
        mentions, _ = read(adapter, cursor)

    told = {m.key: (m.parent, m.thread) for m in mentions if m.key in answers}
    assert told == dict.fromkeys(answers, (first, "1"))
    assert place.forum.log.count("GET /posts/by_number/1/1.json") == 1


def test_very_many_answers_to_the_unknown_are_looked_up_some_at_a_time(place):
    firsts = [place.post(f"number {number}") for number in range(60)]
    _, cursor = read(place.adapter)
    answers = {place.post("Mine, too", parent=first): first for first in firsts[:25]}
    adapter = place.restarted()
    place.forum.log.clear()

    batch = adapter.fetch(cursor)

    assert (batch.mentions, batch.more, batch.cursor) == ([], True, cursor)
    assert len(place.forum.log) == 1 + LOOKUPS
    parents = {m.key: m.parent for m in read(adapter, batch.cursor)[0]}
    assert {key: parents[key] for key in answers} == answers


def test_what_is_not_there_is_asked_for_once(place):
    first = place.post("My kettle leaks")
    answer = place.post("Mine, too", by="ola", parent=first)
    place.delete(first)

    for _ in range(2):
        [mention], _ = read(place.adapter)

    assert (mention.key, mention.parent) == (answer, None)
    assert sum("by_number" in one for one in place.forum.log) == 1


def test_our_answer_to_a_whole_topic_answers_whoever_began_it(place):
    first = place.post("My kettle leaks")
    ours = place.forum.post("We look into it", by="ben", topic=1)
    theirs = place.forum.post("Mine, too", by="ola", topic=1)

    parents = {m.key: m.parent for m in read(place.adapter)[0]}

    assert parents == {first: None, str(ours): first, str(theirs): None}


def test_a_moved_post_is_answered_where_it_is_now(place):
    mention = asked(place)
    place.post("Another topic")
    place.forum.posts[int(mention.key)] |= {"topic_id": 2, "post_number": 2}

    sent = answered(place, mention)

    made = place.forum.posts[int(sent.key)]
    assert (made["topic_id"], made["reply_to_post_number"]) == (2, 2)


@pytest.mark.parametrize(
    ("settings", "ours"),
    [
        ({}, {"ben", "acme_care"}),
        ({"DISCOURSE_STAFF": "no"}, {"acme_care"}),
        ({"DISCOURSE_STAFF": "no", "DISCOURSE_OURS": "@Ola, ken"}, {"acme_care", "ola"}),
    ],
)
def test_who_speaks_for_us_is_chosen(place, settings, ours):
    for by in ("mira", "ola", "ben", "acme_care"):
        place.post("Hello", by=by)

    mentions, _ = read(place.restarted(**settings))

    own = {m.customer.handle[1:] for m in mentions if m.origin is Origin.OWN}
    assert own == ours


def test_what_no_person_wrote_is_automated(place):
    keys = [place.post("Closed", by="system"), place.post("Hi", by="discobot", user_id=-2)]

    assert {m.key: m.origin for m in read(place.adapter)[0]} == dict.fromkeys(
        keys, Origin.AUTOMATED
    )


# What concerns us


def test_only_chosen_categories_are_heard_and_our_own_posts_anywhere(place):
    place.post("Off topic", category_id=9)
    support = place.post("My kettle leaks", category_id=5)
    own = place.post("Hello", by="ben", category_id=9)

    mentions, _ = read(place.restarted(DISCOURSE_CATEGORIES="5, 6"))

    assert {m.key for m in mentions} == {support, own}


def test_only_what_names_us_or_answers_us_is_heard(place):
    named = place.post("My ACME+ kettle leaks")
    titled = place.post("It leaks", topic_title="Acme+ kettle")
    place.post("My other kettle leaks")
    own = place.post("We look into it", by="acme_care", parent=named)
    thanks = place.post("Thanks", parent=own)

    mentions, _ = read(place.restarted(DISCOURSE_WORDS="acme+, akme"))

    assert {m.key for m in mentions} == {named, titled, own, thanks}


def test_what_can_t_be_read_is_told_whatever_it_names(place):
    spoilt = place.forum.posts[place.forum.post("x")]
    del spoilt["raw"], spoilt["cooked"]

    batch = place.restarted(DISCOURSE_WORDS="acme").fetch(None)

    assert len(batch.unreadable) == 1


def test_private_messages_are_heard_on_demand_and_are_private(place):
    place.post("Hello all")
    private = place.post("My number is 1234", private=True)
    adapter = place.restarted(DISCOURSE_MESSAGES="yes", DISCOURSE_CATEGORIES="5")

    assert [m.public for m in read(place.adapter)[0]] == [True]
    mentions, cursor = read(adapter)
    [mention] = [m for m in mentions if not m.public]
    assert mention.key == private
    assert set(json.loads(cursor)) == {"posts", "private-posts"}
    assert adapter.reply(mention, "We look into it.", key="k1", again=False)
    assert place.forum.posts[max(place.forum.posts)]["private"]


def test_a_post_is_read_from_a_webhook_s_payload_by_the_same_function(place):
    id = place.forum.post("My number is 1234")
    payload = {"post": {**place.forum._shown(place.forum.posts[id]), "raw": None}}
    payload["post"]["topic_archetype"] = "private_message"
    forum: Forum = place.adapter.forum

    mention = forum.mention(payload["post"], None)

    assert (mention.key, mention.text, mention.public) == (str(id), "My number is 1234", False)
    assert forum.concerns(payload["post"])
    payload["post"] |= {"post_type": 4, "topic_archetype": "regular"}
    whisper = forum.mention(payload["post"], None)
    assert (whisper.origin, whisper.public) == (Origin.AUTOMATED, False)


# What is gone


def test_what_its_author_deleted_is_deleted_though_a_stub_is_shown(place):
    mention = asked(place)
    _, cursor = read(place.adapter)
    place.forum.posts[int(mention.key)] |= {"user_deleted": True, "raw": STUB}

    [told] = read(place.adapter, cursor)[0]

    assert (told.key, told.deleted) == (mention.key, True)
    assert place.adapter.recheck([mention.key]) == [mention.key]
    assert refused(place, mention) == GONE
    assert place.answers() == []


def test_what_is_hidden_says_so_and_is_not_answered(place):
    mention = asked(place)
    place.forum.posts[int(mention.key)]["hidden"] = True

    hidden = heard(place, mention.key)

    assert (hidden.no_reply, hidden.revision != mention.revision) == (HIDDEN, True)
    assert refused(place, hidden) == HIDDEN
    assert refused(place, mention) == HIDDEN
    assert place.calls() == 0


def test_a_topic_that_was_closed_to_us_is_not_a_deletion(place):
    mention = asked(place)
    other = place.post("Hello?")
    place.delete(other)
    place.forum.secret.add(1)

    assert place.adapter.recheck([mention.key, other]) == [other]
    with pytest.raises(LockedOut, match="Or this topic is not open to this user"):
        answered(place, mention)
    assert place.answers() == []


def test_a_recheck_keeps_the_title_and_asks_for_some_at_a_time(place):
    keys = [place.post(f"number {number}") for number in range(RECHECKED + 5)]
    mentions, _ = read(place.adapter)
    place.edit(keys[0], "Something else")
    place.forum.log.clear()

    told = place.adapter.recheck(keys)

    assert len(place.forum.log) == len(told) == RECHECKED
    assert isinstance(told[0], Mention)
    assert (told[0].text, told[0].subject) == ("Something else", "Topic 1")
    unchanged = {m.key: m.revision for m in mentions if m.key != keys[0]}
    assert all(unchanged[m.key] == m.revision for m in told[1:] if isinstance(m, Mention))


def test_our_deleted_answer_is_not_corrected(place):
    mention = asked(place)
    sent = answered(place, mention)
    place.adapter.withdraw(sent, mention, again=False)

    with pytest.raises(Refused) as no:
        place.adapter.correct(sent, mention, "Too late.", again=False)
    assert str(no.value) == OURS_GONE


# Answers


def test_an_earlier_answer_is_known_by_its_words_and_its_place(place):
    mention, other = asked(place), asked(place, "And mine?")
    answered(place, other, "On its way.")
    answered(place, mention, "Something else.")
    first = answered(place, mention, "On\tits   way.\n")

    assert answered(place, mention, "On its way.", again=True) == first
    assert len(place.answers()) == 3


def test_an_earlier_answer_is_found_among_very_many(place):
    mention = asked(place)
    for _ in range(45):
        place.post("Mine, too", by="ola", parent=mention.key)
    sent = answered(place, mention)

    assert answered(place, mention, again=True) == sent


def test_where_its_post_is_deleted_meanwhile_a_person_must_look(place):
    mention = asked(place)
    place.lose_next_answer()
    with pytest.raises(TryLater):
        answered(place, mention)
    place.delete(mention.key)

    with pytest.raises(Unsure) as unsure:
        answered(place, mention, again=True)

    assert str(unsure.value) == PERHAPS
    assert len(place.answers()) == 1


def test_an_answer_that_waits_for_approval_is_for_a_person(place):
    place.forum.pending = True

    with pytest.raises(Unsure) as unsure:
        answered(place, asked(place))

    assert str(unsure.value) == PENDING


def test_what_discourse_declines_comes_back_in_its_words(place):
    mention = asked(place)

    assert refused(place, mention, "Yes.") == (
        "Discourse would not do it: Body is too short (minimum is 5 characters)"
    )
    place.forum.closed.add(1)
    assert refused(place, mention).startswith("Discourse would not do it: This topic is closed")


def test_the_limit_is_the_forum_s_own(place):
    mention = asked(place)
    adapter = place.restarted(DISCOURSE_LIMIT="20")

    with pytest.raises(Refused, match="21 characters long; the forum takes 20"):
        adapter.reply(mention, "x" * 21, key="k1", again=False)
    assert adapter.reply(mention, "  " + "x" * 20, key="k1", again=False)


def test_our_post_is_found_by_each_of_its_addresses(place):
    sent = answered(place, asked(place))
    url, key = place.forum.url, sent.key

    for address in (f"{url}/t/1/2", f"{url}/t/any-name/1/2#x", f"{url}/p/{key}", f"{url}/p/{key}/"):
        found = place.restarted().find(address)
        assert found
        assert (found.key, found.parent) == (key, "1001")
    for address in (f"{url}/t/1", f"{url}/t/1/9", f"{url}/u/acme_care", f"{url}/t/x/y/z", url):
        assert place.adapter.find(address) is None


# Who is not let in, and what goes wrong


def shut_out(adapter: Discourse) -> str:
    with pytest.raises(LockedOut) as checked:
        adapter.check()
    with pytest.raises(LockedOut) as fetched:
        adapter.fetch(None)
    assert str(checked.value) == str(fetched.value)
    return str(checked.value)


def test_a_wrong_key_or_user_is_told(place):
    for changed in ({"DISCOURSE_KEY": "s3cr3t"}, {"DISCOURSE_USER": "nobody"}):
        told = shut_out(place.restarted(**changed))
        assert told.startswith("Discourse does not know this key for @")
        assert "Look at DISCOURSE_KEY and DISCOURSE_USER" in told
        assert "s3cr3t" not in told


def test_a_key_that_may_too_little_is_told_its_scope(place):
    place.forum.scoped = True

    assert "its scope must be global" in shut_out(place.adapter)


class Page(Site):
    def answer(self, path: str, headers: dict[str, str]) -> Said:
        return 200, {"Content-Type": "text/html"}, b"<html>"


@pytest.mark.parametrize("status", [200, 403, 404])
def test_what_is_no_discourse_is_told(status):
    with Page() as site:
        site.says = (status, {"Content-Type": "text/html; charset=utf-8"}, b"<html>Hello</html>")
        settings = {"URL": site.url, "USER": "care", "KEY": "k"}
        environment = {f"DISCOURSE_DE_{name}": value for name, value in settings.items()}
        adapter = make("discourse:de", Discourse, environment, Clock(), HISTORY)
        assert isinstance(adapter, Discourse)

        assert (
            shut_out(adapter) == "There is no Discourse at DISCOURSE_DE_URL. Look at this address."
        )


@pytest.mark.parametrize(
    ("headers", "after"),
    [({}, 9), ({"Retry-After": "5"}, 9), ({"Retry-After": "30"}, 30)],
)
def test_who_asks_too_often_waits_as_long_as_headers_and_words_say(place, headers, after):
    mention = asked(place)
    body = {"errors": ["Slow down."], "error_type": "rate_limit", "extras": {"wait_seconds": 9}}
    place.forum.says = (429, headers, json.dumps(body).encode())

    with pytest.raises(TryLater) as later:
        place.adapter.fetch(None)
    with pytest.raises(TryLater) as writing:
        answered(place, mention)

    assert later.value.after == writing.value.after == timedelta(seconds=after)
    assert writing.value.surely_not_done


def test_a_limit_in_the_middle_of_lookups_loses_nothing(place):
    firsts = [place.post(f"number {number}") for number in range(60)]
    _, cursor = read(place.adapter)
    answers = {place.post("Mine, too", parent=first) for first in firsts[:5]}
    adapter = place.restarted()
    place.forum.left = 3
    with pytest.raises(TryLater):
        adapter.fetch(cursor)
    place.forum.left = 60

    assert answers <= {m.key for m in read(adapter, cursor)[0]}


@pytest.mark.parametrize(
    "said",
    [
        (200, {}, b""),
        (200, {}, b"[]"),
        (200, {}, b'{"latest_posts": 7}'),
        (200, {"Content-Type": "application/json"}, b'{"latest_posts": {}}'),
        (503, {}, b'{"errors": ["read only"], "error_type": "read_only"}'),
        (400, {}, b'{"errors": ["No."]}'),
        (422, {}, b"{}"),
    ],
)
def test_what_will_pass_is_tried_again(place, said):
    place.forum.says = said

    with pytest.raises(TryLater):
        place.adapter.fetch(None)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"id": 7}', b'{"success": true}'])
def test_an_answer_of_which_discourse_says_nothing_may_be_published(place, body):
    mention = asked(place)
    place.forum._create = lambda _: (200, {}, body)

    with pytest.raises(TryLater) as later:
        answered(place, mention)

    assert not later.value.surely_not_done


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"URL": "http://forum.example"}, "DISCOURSE_URL must begin with https://: the key would"),
        ({"STAFF": "perhaps"}, "DISCOURSE_STAFF must be yes or no."),
        ({"MESSAGES": "all"}, "DISCOURSE_MESSAGES must be yes or no."),
        ({"CATEGORIES": "support"}, "DISCOURSE_CATEGORIES must be numbers."),
        ({"LIMIT": "0"}, "DISCOURSE_LIMIT must be numbers."),
        ({"EVERY": "1"}, "DISCOURSE_EVERY must be a number of seconds, 10 or more."),
    ],
)
def test_a_wrong_setting_says_what_to_do(settings, why):
    right = {"URL": "https://forum.example", "USER": "care", "KEY": KEY}
    environment = {f"DISCOURSE_{name}": value for name, value in (right | settings).items()}

    with pytest.raises(ValueError, match=why) as wrong:
        make("discourse", Discourse, environment, Clock(), HISTORY)
    assert KEY not in str(wrong.value)


def test_the_key_is_in_no_repr(place):
    assert KEY not in repr(vars(place.adapter))


# Webhooks


SECRET = {"DISCOURSE_WEBHOOK_SECRET": "sesame"}


def signed(body: bytes, secret: str = "sesame", **headers: str) -> dict[str, str]:
    said = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"x-discourse-event-signature": f"sha256={said}", **headers}


def test_only_the_forum_brings_webhooks(place):
    adapter, body = place.restarted(**SECRET), b'{"post": {"id": 7}}'

    headers = signed(body, **{"x-discourse-event-id": "42"})
    assert adapter.vouch(headers, {}, body) == "42"
    assert adapter.vouch(signed(body), {}, body) == adapter.vouch(signed(body), {}, body)
    for headers in ({}, signed(body, "open"), signed(b"{}")):
        with pytest.raises(Forged):
            adapter.vouch(headers, {}, body)


def test_without_a_secret_nobody_brings_any(place):
    with pytest.raises(Forged, match="DISCOURSE_WEBHOOK_SECRET is not set"):
        place.adapter.vouch(signed(b"{}", ""), {}, b"{}")


def test_a_webhook_says_that_there_is_something_to_ask_for(place):
    told = place.adapter.understand

    assert told(b'{"post": {"id": 7, "raw": "Hello"}}') == News(wake=True, gone=[])
    assert told(b'{"post": {"id": 7, "user_deleted": true}}') == News(wake=True, gone=["7"])
    assert told(b'{"topic": {"id": 7}}') == News()
    assert told(b'{"ping": "OK"}') == News()


def test_what_a_webhook_tells_of_is_heard_at_once_with_what_it_answers(place, assemble):
    adapter = assemble.others["discourse"] = place.restarted(**SECRET)
    assemble.clock = place.clock
    bot = assemble()
    bot.intake.poll("discourse", adapter)
    place.pass_(0.1)

    def brought(key: str, **post: Any) -> None:
        body = json.dumps({"post": {"id": int(key), **post}}).encode()
        with bot.desk.database.begin() as db:
            inbox.keep(db, "discourse", adapter.vouch(signed(body), {}, body), body, place.clock())
        bot.intake.listen("discourse", adapter)

    key = place.post("My order is broken")
    brought(key)
    assert bot.desk.look(1).latest.text == "My order is broken"

    place.pass_(0.1)
    brought(place.answer_elsewhere(key, "It is on its way."))
    assert bot.desk.look(1).conversation.state is State.ANSWERED

    place.delete(key)
    brought(key, deleted_at="2026-11-03T12:00:00Z")
    assert bot.desk.look(1).latest.deleted


def test_many_webhooks_at_once_ask_once(place, assemble):
    adapter = assemble.others["discourse"] = place.restarted(**SECRET)
    assemble.clock = place.clock
    bot = assemble()
    looks = []
    bot.intake.poll = lambda *_: looks.append(place.clock())

    for number in range(20):
        body = json.dumps({"post": {"id": number + 1}}).encode()
        with bot.desk.database.begin() as db:
            inbox.keep(db, "discourse", str(number), body, place.clock())
        bot.intake.listen("discourse", adapter)
        place.pass_(1 / 60)
    place.pass_(0.1)
    bot.intake.listen("discourse", adapter)

    assert 4 <= len(looks) <= 5  # each five seconds, and the last is not forgotten
    bot.intake.listen("discourse", adapter)
    assert len(looks) <= 5
