"""Mastodon: what its API hides, what its servers do differently, and who may read an answer."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters import make
from adapters.mastodon import Mastodon, statuses
from adapters.mastodon.statuses import Limits
from adapters.mastodon.walk import LATENESS
from bot.domain.delivery import LockedOut, Refused, TryLater, Unsure
from bot.domain.mention import Mention, Origin
from bot.domain.reply import Attachment, Sent, follow
from tests.adapters.mastodon_server import BRAND, SCOPES, TOKEN
from tests.adapters.place_mastodon import CROW, MastodonPlace
from tests.adapters.places import HISTORY, Clock
from tests.adapters.test_contract import PNG, asked, begun, changes, new, pages, read

MIRA = "mira@far.example"
GIF = Attachment("wave.gif", "image/gif", b"GIF89a" + bytes(99))


@pytest.fixture
def place() -> Iterator[MastodonPlace]:
    with MastodonPlace() as place:
        yield place


def opened(place: MastodonPlace, visibility: str, **more: str) -> Mention:
    """A customer's mention that not everybody can read, as we have it after reading."""
    cursor = begun(place)
    key = place.server.post("@acme Order 4711?", by=MIRA, visibility=visibility, **more)
    return next(m for m in new(place, cursor) if m.key == key)


def answer(place: MastodonPlace, mention: Mention, text: str = "On its way.", **how) -> Sent:
    return place.adapter.reply(mention, text, **{"key": "k1", "again": False, **how})


def published(place: MastodonPlace):
    return place.server.answers()[-1]


# Reading


def test_fifty_that_came_at_once_are_read_oldest_first(place):
    place.post("Before")
    cursor = begun(place)
    keys = [place.post(f"Message {number}") for number in range(50)]

    read = [[m.key for m in batch.mentions] for batch in pages(place.adapter, cursor)]

    assert [key for page in read for key in page] == keys
    assert read[0] == keys[:40]


def test_notifications_of_new_accounts_are_not_hidden(place):
    cursor = begun(place)
    key = place.server.post("@acme I am new here", by="novice@far.example", filtered=True)

    assert [m.key for m in new(place, cursor)] == [key]


@pytest.mark.parametrize("before", [0, 1])
def test_what_is_listed_late_below_newer_ones_is_found(place, before):
    for _ in range(before):
        place.post("Before")
        place.pass_(minutes=60)
    cursor = begun(place)
    late = place.server.post("@acme late", by=MIRA, late=timedelta(minutes=5))
    soon = place.post("soon")
    first, cursor = read(place.adapter, cursor)
    place.pass_(minutes=6)
    second, cursor = read(place.adapter, cursor)
    place.pass_(minutes=LATENESS.total_seconds() / 60)

    third, cursor = read(place.adapter, cursor)

    assert [m.key for m in first] == [soon]
    assert second == []
    assert late in [m.key for m in third]
    for _ in range(2):
        place.pass_(minutes=60)
        found, cursor = read(place.adapter, cursor)
    assert found == []


def test_in_a_quiet_time_each_list_is_asked_for_once(place):
    cursor = begun(place)
    place.pass_(minutes=60)
    _, cursor = read(place.adapter, cursor)
    place.pass_(minutes=60)
    place.server.requests.clear()

    read(place.adapter, cursor)

    assert len(place.server.requests) == 2


def test_an_account_that_nobody_knew_is_read_from_its_first_mention_on(place):
    cursor = begun(place)
    place.pass_(minutes=HISTORY.total_seconds() / 60 - 1)
    key = place.post("The very first")
    place.pass_(minutes=5)

    assert [m.key for m in new(place, cursor)] == [key]


def test_ids_are_letters_as_well(place):
    status = place.server._status(_post(place))
    ulid = "01JF3ZQ8ZB8QHV6Y3SEXAMPLE1"

    [one], [] = statuses.read([{**status, "id": ulid}], "mastodon", _us(place))

    assert (one.key, one.thread) == (ulid, ulid)


def _post(place):
    return place.server.statuses[int(place.post("Hello"))]


def _us(place):
    place.adapter.check()
    return place.adapter._us


def test_a_notification_whose_post_is_gone_says_nothing(place):
    cursor = begun(place)
    place.server.notify("mention", MIRA, None)
    key = place.post("Still here")

    batches = list(pages(place.adapter, cursor))

    assert [m.key for batch in batches for m in batch.mentions] == [key]
    assert [item for batch in batches for item in batch.unreadable] == []


def test_favourites_and_reposts_of_ours_are_nobody_s_words(place):
    place.server.ignores_types = True
    cursor = begun(place)
    ours = place.server.post("News!", by=BRAND)
    theirs = place.server.post("I had tea", by=MIRA)
    for kind in ("favourite", "reblog", "poll"):
        place.server.notify(kind, MIRA, int(ours))
    for kind in ("status", "update"):
        place.server.notify(kind, MIRA, int(theirs))

    assert new(place, cursor) == []


def test_a_quote_of_ours_is_a_mention(place):
    cursor = begun(place)
    key = place.server.post("Look at them", by=MIRA)
    place.server.notify("quote", MIRA, int(key))

    [quote] = new(place, cursor)
    assert (quote.key, quote.quotes_us) == (key, True)


def test_a_robot_is_automated_and_a_repost_is_told_apart(place):
    cursor = begun(place)
    place.automated("Beep")
    [robot] = new(place, cursor)
    status = place.server._status(_post(place))

    [passed_on], [] = statuses.read([{**status, "reblog": {"id": "1"}}], "mastodon", _us(place))

    assert (robot.origin, robot.customer.handle) == (Origin.AUTOMATED, f"@{CROW}")
    assert passed_on.origin is Origin.REPOST


def test_a_mention_has_words_a_warning_and_a_profile(place):
    proven = {"name": "Web", "value": '<a href="https://mira.example">m</a>', "verified_at": "x"}
    place.server.account(MIRA, fields=({"value": "?", "verified_at": None}, proven))

    mention = opened(place, "unlisted", spoiler="food, broken plates")

    assert mention.text == "@acme Order 4711?"
    assert mention.subject == "food, broken plates"
    assert mention.public
    who = mention.customer
    assert (who.handle, who.name, who.followers) == (f"@{MIRA}", "Mira", 12)
    assert (who.url, who.website) == ("https://far.example/@mira", "https://mira.example")
    assert str(who.since)[:10] == "2024-02-01"


def test_tags_and_names_are_read_without_their_addresses(place):
    cursor = begun(place)
    place.post("Look, @ola@birds.example: #acme")

    [mention] = new(place, cursor)

    assert mention.text == "@acme Look, @ola: #acme"


def test_a_long_thread_has_one_beginning_though_its_middle_is_not_ours(place):
    cursor = begun(place)
    root = place.server.post("Has anybody a kettle?", by=MIRA)
    between = place.server.post("I have", by="ola@birds.example", parent=root)
    key = place.post("help us", parent=between)

    [mention] = new(place, cursor)

    assert (mention.key, mention.parent, mention.thread) == (key, between, root)


def test_our_news_is_no_answer(place):
    cursor = begun(place)
    place.server.post("We are open on Sunday", by=BRAND)

    assert new(place, cursor) == []


# Words


def test_a_tag_is_heard_and_whoever_also_names_us_is_heard_once(place):
    adapter = place.restarted(MASTODON_WORDS="#kettle")
    _, cursor = read(adapter, None)
    key = place.server.post("My #kettle leaks", by=MIRA)
    both = place.post("my #kettle leaks")
    place.server.post("Buy a #kettle", by=BRAND)

    found, cursor = read(adapter, cursor)

    assert {m.key for m in found} == {key, both}
    assert len(found) == 2
    assert read(adapter, cursor)[0] == []


def test_words_are_searched_page_by_page_down_to_what_is_known(place):
    adapter = place.restarted(MASTODON_WORDS="akme")
    old = place.server.post("akme was nice", by=MIRA)
    _, cursor = read(adapter, None)
    keys = [place.server.post(f"akme {number}", by=MIRA) for number in range(90)]

    found, cursor = read(adapter, cursor)

    assert {m.key for m in found} == set(keys)
    assert old not in keys
    assert read(adapter, cursor)[0] == []


def test_trouble_with_words_is_told_once_and_holds_up_nothing(place):
    adapter = place.restarted(MASTODON_WORDS="#kettle")
    _, cursor = read(adapter, None)
    tag = "GET /api/v1/timelines/tag/kettle"
    place.server.fail(422, {"error": "This is disabled"}, on=tag, times=2)
    key = place.post("Hello?")

    first = list(pages(adapter, cursor))
    second = list(pages(adapter, first[-1].cursor))

    gaps = [batch.gap for batch in [*first, *second] if batch.gap]
    assert gaps == [
        f"{place.server.host} does not show us what it has for #kettle: This is disabled"
    ]
    assert key in {m.key for batch in first for m in batch.mentions}
    place.server.fail(503, on=tag)
    assert [batch.gap for batch in pages(adapter, second[-1].cursor) if batch.gap] == []


# Who may read it


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("public", "public"), ("unlisted", "unlisted"), ("private", "direct"), ("direct", "direct")],
)
def test_an_answer_is_read_by_nobody_more(place, asked, answered):
    mention = opened(place, asked)

    answer(place, mention)

    assert published(place).visibility == answered
    assert mention.public is (asked in ("public", "unlisted"))


def test_what_a_server_calls_otherwise_is_answered_in_private(place):
    mention = replace(opened(place, "public"), extra={"visibility": "mutuals_only"})

    assert statuses.openness(mention) == "direct"
    assert statuses.openness(replace(mention, extra={})) == "direct"


def test_each_part_of_a_private_answer_is_private_and_calls_the_customer(place):
    mention = opened(place, "direct")

    first = answer(place, mention, "First this.")
    answer(place, follow(mention, first), "Then that.", key="k2")

    assert [s.visibility for s in place.server.answers()] == ["direct", "direct"]
    assert [who for who, _ in place.server.called] == [MIRA, MIRA]


def test_whoever_is_answered_is_called_by_name_once(place):
    mention = asked(place)

    answer(place, mention, f"@{MIRA.upper()} on its way.")
    answer(place, mention, "@ola is at it.", key="k2")

    said = [status.text for status in place.server.answers()]
    assert said == [f"@{MIRA.upper()} on its way.", f"@{MIRA} @ola is at it."]
    assert mention.extra["begins_with"] == f"@{MIRA}"


def test_a_content_warning_is_kept(place):
    mention = opened(place, "public", spoiler="food")

    sent = answer(place, mention)
    place.adapter.correct(sent, mention, "It comes on Friday.", again=False)

    assert published(place).spoiler == "food"


# Once


def test_a_key_is_sent_and_a_server_that_knows_it_publishes_once(place):
    place.server.keeps_keys = True
    mention = asked(place)

    first = answer(place, mention, key="k7")
    second = answer(place, mention, key="k7")

    assert first == second
    assert list(place.server.keys) == ["k7"]


def test_an_answer_is_found_though_names_and_lines_are_shown_otherwise(place):
    text = (
        "Hi @ola@birds.example,\r\n\r\nit is <here> & there: https://acme.example/a?b=1&c=2 #kettle"
    )
    mention = asked(place)
    place.lose_next_answer()
    with pytest.raises(TryLater):
        answer(place, mention, text)

    sent = place.restarted().reply(mention, text, key="k1", again=True)

    assert sent.key == str(published(place).id)
    assert len(place.server.answers()) == 1


def test_too_many_posts_of_ours_are_left_to_a_person(place):
    mention = asked(place)
    for number in range(200):
        place.server.post(f"News {number}", by=BRAND)

    with pytest.raises(Unsure, match="too many posts"):
        answer(place, mention, again=True)


def test_what_is_gone_is_found_out_before_it_is_answered(place):
    mention = asked(place)
    place.delete(mention.key)

    with pytest.raises(Refused, match="deleted"):
        answer(place, mention)

    assert place.calls() == 0


def test_a_correction_keeps_the_files_and_the_name(place):
    mention = asked(place)
    sent = answer(place, mention, files=[PNG])

    place.adapter.correct(sent, mention, "It comes on Friday.", again=False)

    assert published(place).text == f"@{MIRA} It comes on Friday."
    assert place.files() == [(PNG.type, PNG.content)]


# How long


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("hello", 5),
        ("a\r\nb", 3),
        ("\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea", 3),
        ("see https://acme.com/a/very/long/way/to/somewhere/else", 27),
        ("http://a.de", 23),
        ("acme.com/a/very/long/way/to/somewhere/else", 42),
        ("@ola@birds.example hi", 7),
        ("@ola hi", 7),
        ("mail ola@birds.example", 22),
    ],
)
def test_length_is_counted_as_mastodon_counts(place, text, length):
    assert place.adapter.length(text) == length


def test_the_longest_answer_goes_out_with_the_name_in_front(place):
    mention = asked(place)
    whole = "x" * place.adapter.ability.limit

    answer(place, mention, whole)

    assert place.answers() == [whole]
    with pytest.raises(Refused, match="469 characters long for Mastodon"):
        answer(place, mention, whole + "x")


def test_a_content_warning_counts(place):
    mention = opened(place, "public", spoiler="w" * 40)

    with pytest.raises(Refused, match="content warning"):
        answer(place, mention, "x" * place.adapter.ability.limit)

    assert place.calls() == 0


def test_the_server_says_how_long_an_answer_may_be_and_how_large_a_file(place):
    place.server.characters, place.server.file_size = 5000, 1000
    mention = asked(place)

    answer(place, mention, "y" * 4968)

    assert place.adapter.ability.limit == 4968
    with pytest.raises(Refused, match="too large"):
        answer(place, mention, files=[PNG])


def test_an_older_server_is_asked_in_the_older_way(place):
    place.server.characters = 700
    place.server.fail(404, {"error": "Not Found"}, on="GET /api/v2/instance")

    place.adapter.check()

    assert place.adapter.ability.limit == 668


@pytest.mark.parametrize(
    "odd", [None, [], {}, {"configuration": 7}, {"configuration": {"statuses": {"x": 1}}}]
)
def test_a_server_that_says_nothing_of_its_limits_has_the_usual_ones(odd):
    assert Limits.told(odd) == Limits()


def test_what_the_server_still_refuses_comes_back_in_its_own_words(place):
    mention = asked(place)
    place.server.fail(422, {"error": "Nö."}, on="POST /api/v1/statuses")

    with pytest.raises(Refused, match=r"would not publish it: Nö\."):
        answer(place, mention)


# Files


def test_an_animation_goes_alone_and_is_waited_for(place, monkeypatch):
    monkeypatch.setattr("adapters.mastodon.server.PAUSE", 0.01)
    place.server.waits = 2
    mention = asked(place)

    with pytest.raises(Refused, match="one GIF alone"):
        answer(place, mention, files=[GIF, PNG])
    answer(place, mention, files=[GIF])

    assert place.files() == [(GIF.type, GIF.content)]


def test_a_file_that_is_refused_is_named(place):
    mention = asked(place)

    with pytest.raises(Refused, match=r"does not take crack\.png: File content type is invalid"):
        answer(place, mention, files=[replace(PNG, content=b"not a picture")])

    assert place.answers() == []


def test_while_a_file_is_sent_nothing_has_happened(place):
    mention = asked(place)
    place.server.fail(503, on="POST /api/v2/media")

    with pytest.raises(TryLater) as later:
        answer(place, mention, files=[PNG])

    assert later.value.surely_not_done


# Afterwards


def test_edits_and_deletions_are_told_by_servers_new_and_old(place):
    kept, edited, gone = (asked(place, words).key for words in ("one", "two", "three"))
    place.edit(edited, "two and a half")
    place.delete(gone)

    for knows_many in (True, False):
        place.server.knows_many = knows_many
        changed, deleted = place.adapter.recheck([kept, edited, gone])
        assert isinstance(changed, Mention)
        assert (changed.key, changed.text) == (edited, "@acme two and a half")
        assert deleted == gone


def test_a_page_of_an_outage_deletes_nothing(place):
    mention = asked(place)
    place.server.knows_many = False
    place.server.fail(404, "<html>not here</html>", on=f"GET /api/v1/statuses/{mention.key}")

    with pytest.raises(TryLater):
        place.adapter.recheck([mention.key])


def test_hundred_that_are_watched_take_few_requests(place):
    keys = [place.post(f"Message {number}") for number in range(100)]
    place.adapter.check()
    place.server.requests.clear()

    assert place.adapter.recheck(keys) == []
    assert len(place.server.requests) == 5


def test_an_edit_that_names_us_is_a_mention(place):
    cursor = begun(place)
    key = place.server.post("A kettle leaks", by=MIRA)
    assert new(place, cursor) == []
    place.edit(key, "A kettle leaks")
    place.server.notify("mention", MIRA, int(key))

    [mention] = new(place, cursor)

    assert mention.key == key
    assert mention.revision


def test_our_answer_is_shown_without_the_name_in_front(place):
    mention = asked(place)
    cursor = begun(place)
    answer(place, mention)

    [own] = [m for m in new(place, cursor) if m.origin is Origin.OWN]

    assert (own.text, own.extra["begins_with"]) == ("On its way.", "")


@pytest.mark.parametrize("form", ["/@acme/{}", "/users/acme/statuses/{}", "/@acme/statuses/{}/"])
def test_our_post_is_found_in_whatever_form_its_address_comes(place, form):
    mention = asked(place)
    sent = answer(place, mention)

    found = place.adapter.find(place.server.url + form.format(sent.key))

    assert found
    assert found.key == sent.key


@pytest.mark.parametrize("address", ["http://[", "https://far.example/@acme/1", "\x00", "/@acme/1"])
def test_an_address_elsewhere_is_not_asked_for(place, address):
    place.adapter.check()
    place.server.requests.clear()

    assert place.adapter.find(address) is None
    assert place.server.requests == []


# Limits and outages


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [
        ("2026-11-03T12:02:00.000000Z", 120),
        ("1793707320", 120),
        ("2026-11-03T11:00:00Z", 1),
        ("soon", 900),
        ("", 900),
    ],
)
def test_a_limit_says_until_when(place, reset, seconds):
    mention = asked(place)
    place.server.limit(reset, on="POST")

    with pytest.raises(TryLater) as later:
        answer(place, mention)

    assert later.value.after == timedelta(seconds=seconds)
    assert later.value.surely_not_done


def test_a_limit_that_can_t_be_read_undoes_nothing_that_was_done(place):
    """Mastodon.py would say that the limit is used up, though the answer is published."""
    mention = asked(place)
    told = {"id": "7", "url": "https://here.example/@acme/7"}
    headers = {"x_ratelimit_reset": "soon", "x_ratelimit_remaining": "1"}
    place.server.fail(200, told, on="POST /api/v1/statuses", done=True, **headers)

    assert answer(place, mention).key == "7"


@pytest.mark.parametrize("body", ["", "<html>", "[]", "7", {}, {"id": None}])
def test_an_answer_that_makes_no_sense_may_have_been_published(place, body):
    mention = asked(place)
    place.server.fail(200, body, on="POST /api/v1/statuses", done=True)

    with pytest.raises(TryLater) as later:
        answer(place, mention)

    assert not later.value.surely_not_done
    answer(place, mention, again=True)
    assert place.answers() == ["On its way."]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 403, 404, 422])
def test_an_outage_in_whatever_words_is_tried_again(place, status):
    cursor = begun(place)
    key = place.post("Hello?")
    place.server.fail(status, "<html>Back soon</html>")

    with pytest.raises(TryLater):
        place.adapter.fetch(cursor)

    assert [m.key for m in new(place, cursor)] == [key]


@pytest.mark.parametrize("trouble", ["hang", "drip"])
def test_no_call_waits_longer_than_its_patience(place, trouble):
    cursor = begun(place)
    place.adapter.server.line.patience = 0.3
    getattr(place.server, trouble)()

    with pytest.raises(TryLater):
        place.adapter.fetch(cursor)


def test_a_refused_connection_surely_did_nothing(place):
    mention = asked(place)
    adapter = place.restarted(MASTODON_URL="http://127.0.0.1:9")

    with pytest.raises(TryLater, match=r"127\.0\.0\.1:9 can't be reached") as later:
        adapter.reply(mention, "Hello", key="k1", again=False)
    assert later.value.surely_not_done

    with pytest.raises(TryLater) as later:
        adapter.reply(mention, "Hello", key="k1", again=True)
    assert not later.value.surely_not_done


# Check


def test_check_names_the_account_and_its_server(place):
    assert place.adapter.check() == f"Mastodon as @acme@{place.server.host}"


def test_check_tells_what_the_account_s_own_settings_throw_away(place):
    place.server.policy["for_new_accounts"] = "drop"

    said = place.adapter.check()

    assert said.endswith(
        "whose notification settings ignore mentions of new accounts: nobody hears them"
    )


def test_check_names_the_scopes_that_are_missing(place):
    place.server.scopes = ("read", "write:media")

    with pytest.raises(LockedOut, match=r"MASTODON_TOKEN lacks the scopes write:statuses\. Tick"):
        place.adapter.check()

    place.server.scopes = tuple(
        f"{scope}:{what}" for scope in SCOPES for what in ("accounts", "notifications", "statuses")
    )
    place.server.scopes += ("write:media",)
    place.adapter.check()
    with pytest.raises(LockedOut, match="lacks the scopes read:search"):
        place.restarted(MASTODON_WORDS="akme").check()


def test_a_scope_that_is_missing_is_named_when_it_is_needed(place):
    mention = asked(place)
    place.server.scopes = ("read",)

    with pytest.raises(LockedOut, match="MASTODON_TOKEN have the scope write:statuses"):
        answer(place, mention)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, {"error": "The access token was revoked"}, "MASTODON_TOKEN has been revoked. Make"),
        (401, {"error": "The access token expired"}, "MASTODON_TOKEN has expired. Make a new one"),
        (
            401,
            {"error": "The access token is invalid"},
            "does not know MASTODON_TOKEN. Was it made on",
        ),
        (422, {"error": "This method requires an authenticated user"}, "and to no account"),
        (403, {"error": "Your login is currently disabled"}, "Your login is currently disabled"),
    ],
)
def test_each_wrong_token_is_told_apart(place, status, body, said):
    place.server.fail(status, body, on="verify_credentials")

    with pytest.raises(LockedOut, match=said):
        place.adapter.check()


def test_a_token_is_in_no_error(place):
    with pytest.raises(LockedOut) as no:
        place.locked_out().check()

    assert "stolen" not in repr(no.value)


@pytest.mark.parametrize("status", [403, 422])
def test_a_server_that_repeats_our_token_gives_it_away_to_nobody(place, status):
    cursor = begun(place)
    place.server.fail(status, {"error": f"Bad token {TOKEN}!"}, on="GET /api/v1/notifications")

    with pytest.raises((LockedOut, TryLater), match="Bad token …!") as no:
        place.adapter.fetch(cursor)

    assert TOKEN not in str(no.value)


def test_what_is_no_mastodon_is_told(place):
    for status, body in [(404, {"error": "?"}), (200, "<html>A shop</html>"), (200, [])]:
        place.server.fail(status, body, on="/instance", times=2)

        with pytest.raises(LockedOut, match=r"There is no Mastodon at http.* Look at MASTODON_URL"):
            place.adapter.check()


def test_a_server_that_is_elsewhere_says_where(place):
    place.server.fail(301, "", location="https://social.acme.example/api/v2/instance")

    with pytest.raises(LockedOut, match=r"sends us to social\.acme\.example\. Set MASTODON_URL"):
        place.adapter.check()


def test_a_second_account_s_settings_have_its_name(place):
    environment = place.server.environment("mastodon:de") | {"MASTODON_DE_TOKEN": "wrong"}
    adapter = make("mastodon:de", Mastodon, environment, Clock(), HISTORY)

    with pytest.raises(LockedOut, match="MASTODON_DE_TOKEN"):
        adapter.check()


@pytest.mark.parametrize(
    "address",
    ["mastodon.example", "ftp://a.example", "https://a.example/@acme", "http://a.example"],
)
def test_an_address_that_is_no_server_s_is_told_at_once(address):
    settings = {"MASTODON_URL": address, "MASTODON_TOKEN": "t"}

    with pytest.raises(ValueError, match="MASTODON_URL must be a site's address"):
        make("mastodon", Mastodon, settings, Clock(), HISTORY)


@pytest.mark.parametrize(
    "cursor",
    [
        "[]",
        "7",
        '{"trails": []}',
        '{"turn": 7, "trails": {}}',
        '{"turn": "", "trails": {"own": {"start": "x"}}}',
        '{"turn": "", "trails": {"own": {"start": 1e99}}}',
        '{"turn": "", "trails": {"own": {"start": 1, "seen": 7}}}',
        '{"turn": "", "trails": {"own": {"start": 1, "seen": "../x"}}}',
        '{"turn": "", "trails": {"own": {"start": 1, "walk": {"since": "1", "down": "no"}}}}',
    ],
)
def test_a_cursor_that_no_walk_leaves_is_damaged(place, cursor):
    assert "damaged" in place.adapter.fetch(cursor).gap


def test_changes_of_ours_are_heard(place):
    mention = asked(place)
    cursor = begun(place)
    sent = answer(place, mention)
    place.adapter.withdraw(sent, mention, again=False)

    assert changes(place, cursor, sent.key) == [sent.key]
