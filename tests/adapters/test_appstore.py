"""The App Store: signatures, roles, pages, and answers that can be taken back."""

from collections.abc import Iterator
from datetime import UTC

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.domain.delivery import LockedOut, Refused, TryLater
from bot.domain.mention import Origin
from tests.adapters.place_appstore import AppStorePlace, error, key
from tests.adapters.test_contract import answered, asked, begun, new, pages, read


@pytest.fixture
def place() -> Iterator[AppStorePlace]:
    with AppStorePlace() as place:
        yield place


def test_a_review_has_a_title_stars_and_a_territory(place):
    id = place.post("It leaks")
    place.reviews[id].title = "Oh no"

    [mention] = new(place, None)

    assert mention.text == "Oh no\n\nIt leaks"
    assert (mention.rating, mention.customer.place) == (2, "USA")
    assert mention.posted_at == place.clock()
    assert mention.posted_at.tzinfo is UTC


def test_only_the_place_in_the_list_is_taken_of_the_next_page_s_address(place):
    """The stand-in gives an address elsewhere: nobody may get our signature."""
    place.page = 2
    keys = {place.post(f"Message {number}") for number in range(5)}

    batches = list(pages(place.adapter, None))

    assert {m.key for batch in batches for m in batch.mentions} == keys
    assert len(batches) == 3


def test_a_walk_whose_page_is_lost_begins_anew(place):
    place.page = 2
    keys = {place.post(f"Message {number}") for number in range(5)}
    first = place.adapter.fetch(None)
    place.broken_cursor = True
    lost = place.adapter.fetch(first.cursor)
    place.broken_cursor = False

    assert not lost.more
    assert {m.key for m in [*first.mentions, *new(place, lost.cursor)]} == keys


def test_where_an_edit_moves_the_date_it_is_news_after_our_answer_only(place):
    place.dates_move = True
    mention = asked(place)
    place.pass_(minutes=1)
    place.edit(mention.key, "It leaks")
    [edited] = new(place, None)
    place.pass_(minutes=1)
    answered(place, edited)
    place.pass_(minutes=1)
    place.edit(mention.key, "It leaks again")

    [anew] = [m for m in new(place, None) if m.origin is Origin.CUSTOMER]

    assert edited.key == mention.key
    assert anew.key.startswith(f"{mention.key}@")


def test_words_that_are_edited_without_a_date_are_found_by_looking_again(place):
    mention = asked(place)
    place.edit(mention.key, "It leaks")

    [edited] = place.adapter.recheck([mention.key])

    assert (edited.key, edited.text) == (mention.key, "It leaks")
    assert edited.revision != mention.revision


def test_a_look_again_tells_an_answer_that_is_gone_from_one_that_is_not(place):
    mention = asked(place)
    sent = answered(place, mention)
    [there] = place.adapter.recheck([sent.key])
    place.delete(sent.key)

    assert there.origin is Origin.OWN
    assert place.adapter.recheck([sent.key]) == [sent.key]
    assert [m.key for m in place.adapter.recheck([mention.key])] == [mention.key]


def test_what_was_written_anew_is_found_by_its_own_key(place):
    sent = answered(place, asked(place))
    key = place.post("It broke again!", parent=sent.key)

    [anew] = place.adapter.recheck([key])

    assert (anew.key, anew.text) == (key, "It broke again!")


def test_a_look_again_ends_in_time_and_goes_on_later(place, monkeypatch):
    keys = [place.post("Hello?") for _ in range(3)]
    monkeypatch.setattr("adapters.appstore.PATIENCE", 0.0)

    assert place.adapter.recheck(keys) == []


def test_an_answer_to_newer_words_is_not_taken_back_with_the_first(place):
    mention = asked(place)
    first = answered(place, mention)
    key = place.post("It broke again!", parent=first.key)
    place.pass_(minutes=1)
    place.answer_elsewhere(key, "Sorry!")

    with pytest.raises(Refused, match="written anew"):
        place.adapter.withdraw(first, mention, again=False)

    assert place.answers() == ["Sorry!"]


def test_an_answer_that_is_gone_is_not_corrected_but_said_to_be(place):
    mention = asked(place)
    sent = answered(place, mention)
    place.delete(sent.key)

    with pytest.raises(Refused, match="somebody has deleted it"):
        place.adapter.correct(sent, mention, "On Friday.", again=False)


def test_the_longest_answer_goes_out(place):
    answered(place, asked(place), "x" * 5970)

    assert place.answers() == ["x" * 5970]


def test_what_apple_says_of_an_answer_is_told(place):
    mention = asked(place)
    place.says = error(409, "STATE_ERROR", "The app is not for sale.")

    with pytest.raises(Refused, match=r"would not do it: The app is not for sale\."):
        answered(place, mention)


def test_a_limit_is_obeyed(place):
    mention = asked(place)
    place.says = error(429, "RATE_LIMIT_EXCEEDED", "Slow down")

    with pytest.raises(TryLater, match="wants us to wait") as later:
        answered(place, mention)

    assert later.value.surely_not_done


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"data": 7}', b'{"data": [], "links": 7}'])
def test_an_answer_that_makes_no_sense_is_tried_again(place, body):
    place.says = (200, {}, body)

    with pytest.raises(TryLater, match="makes no sense"):
        place.adapter.fetch(None)


def test_check_names_the_app(place):
    assert place.adapter.check() == "App Store, reviews of Acme"
    assert place.adapter.ability.speaks_as == "the developer of Acme"


@pytest.mark.parametrize(
    "wrong",
    [
        {"APPSTORE_KEY": key(7)},
        {"APPSTORE_KEY_ID": "AAAAAAAAAA"},
        {"APPSTORE_ISSUER": "00000000-0000-0000-0000-000000000000"},
    ],
)
def test_a_key_that_apple_does_not_take_is_told_with_all_that_may_be_wrong(place, wrong):
    """Apple gives the same answer to all of them."""
    with pytest.raises(LockedOut, match="does not accept our signature") as locked:
        place.restarted(**wrong).check()

    assert str(locked.value).endswith("Look at APPSTORE_KEY_ID, APPSTORE_ISSUER, APPSTORE_KEY.")


def test_an_app_of_somebody_else_is_named(place):
    with pytest.raises(LockedOut, match="knows no app 99999999 of this team"):
        place.restarted(APPSTORE_APP="99999999").check()


def test_a_role_that_may_not_see_reviews_is_told_by_check(place):
    place.role_allows = False

    with pytest.raises(LockedOut, match="role Customer Support"):
        place.adapter.check()


def google_s() -> str:
    return pem(rsa.generate_private_key(65537, 2048))


def longer() -> str:
    return pem(ec.generate_private_key(ec.SECP384R1()))


def pem(made) -> str:
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    ("setting", "value", "why"),
    [
        ("APPSTORE_APP", "com.acme.kettle", "a number such as 1234567890"),
        ("APPSTORE_KEY_ID", "key", "ten letters and digits"),
        ("APPSTORE_ISSUER", "Acme Inc.", "like 57246542"),
        ("APPSTORE_KEY", "AuthKey_2X9R4HXF34.p8", "the whole text of a .p8 file"),
        ("APPSTORE_KEY", "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----", "damaged"),
        ("APPSTORE_KEY", google_s, "of another kind"),
        ("APPSTORE_KEY", longer, "of another kind"),
        ("APPSTORE_API_URL", "http://example.com", "https://"),
        ("APPSTORE_EVERY", "1", "a number of seconds"),
    ],
)
def test_settings_that_can_t_be_right_are_told_before_any_call(place, setting, value, why):
    with pytest.raises(ValueError, match=why) as wrong:
        place.restarted(**{setting: value() if callable(value) else value})

    assert setting in str(wrong.value)
    assert not place.called


def test_a_key_whose_lines_were_joined_is_read_all_the_same(place):
    joined = place.restarted(APPSTORE_KEY=key().replace("\n", "\\n"))

    assert joined.check()


def test_a_signature_lasts_no_longer_than_apple_allows(place):
    place.adapter.check()
    token = place.asked[-1]["authorization"].removeprefix("Bearer ")
    told = jwt.decode(token, options={"verify_signature": False})

    assert told["exp"] - told["iat"] == 600
    assert told["aud"] == "appstoreconnect-v1"


def test_an_answer_without_its_text_on_the_page_does_not_spoil_the_review(place):
    mention = asked(place)
    answered(place, mention)
    cursor = begun(place)
    told = place._list({})[2]
    place.says = (200, {}, told)

    assert [m.key for m in read(place.adapter, cursor)[0]] == [mention.key]
