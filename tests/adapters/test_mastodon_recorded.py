"""Our Mastodon adapter with the answers of a real Mastodon 4.7.3: recordings/README.md."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters import make
from adapters.mastodon import Mastodon
from bot.domain.delivery import LockedOut, Refused
from bot.domain.mention import Mention, Origin
from bot.domain.reply import Sent
from tests.adapters.api import Api, Call, Reply
from tests.adapters.places import Clock
from tests.adapters.test_contract import PNG

RECORDED = json.loads((Path(__file__).parent / "recordings" / "mastodon.json").read_text())
OCTOBER = datetime(2026, 10, 14, 20, tzinfo=UTC)
NOTHING = Reply(200, [])


class Player(Api):
    """Answers as was recorded: `plays` says by which recording."""

    def __init__(self) -> None:
        super().__init__()
        empty = ("GET /api/v1/accounts/", "GET /api/v1/notifications")
        self.plays: dict[str, Reply] = dict.fromkeys(empty, NOTHING)
        for cassette in ("test_verify_credentials", "test_instance"):
            self.play(cassette)

    def play(self, cassette: str, method: str = "GET", number: int = 0, on: str = "") -> None:
        found = [
            one for one in RECORDED if one["cassette"] == cassette and one["method"] == method
        ][number]
        path = found["uri"].partition("?")[0].rstrip("/")
        reply = Reply(found["status"], found["answer"], found["headers"])
        name = on or f"{method} {path}"
        self.plays = {name: reply, **{n: one for n, one in self.plays.items() if n != name}}

    def answer(self, call: Call) -> Reply:
        found = (reply for name, reply in self.plays.items() if call.name.startswith(name))
        return next(found, Reply(404, {"error": "Not recorded"}))


@pytest.fixture
def player() -> Iterator[Player]:
    with Player() as player:
        yield player


def adapter(player: Player, **settings: str) -> Mastodon:
    environment = {"MASTODON_URL": player.url, "MASTODON_TOKEN": "t", **settings}
    made = make("mastodon", Mastodon, environment, Clock(OCTOBER), timedelta(days=2))
    assert isinstance(made, Mastodon)
    return made


def heard(player: Player) -> Mention:
    player.play("test_notifications")
    [mention] = adapter(player).fetch(None).mentions
    return mention


def test_a_mention_is_read(player: Player) -> None:
    mention = heard(player)

    assert mention.text == "@mastodonpy_test hello!"
    assert mention.key == "117440821662233205"
    assert (mention.origin, mention.public, mention.subject) == (Origin.CUSTOMER, True, "")
    assert mention.url == "http://localhost:3000/@admin/117440821662233205"
    assert (mention.customer.handle, mention.customer.followers) == ("@admin", 0)
    assert mention.posted_at.isoformat(timespec="seconds") == "2026-10-14T19:05:25+00:00"
    assert mention.language == "en"


def test_who_is_followed_and_writes_is_no_mention(player: Player) -> None:
    player.play("test_follow_with_notify_reblog")

    batch = adapter(player).fetch(None)

    assert (batch.mentions, batch.unreadable) == ([], [])


def test_a_tag_s_list_is_read(player: Player) -> None:
    player.play("test_hashtag_tl", on="GET /api/v1/timelines/tag/hoot")
    mastodon, found = adapter(player, MASTODON_WORDS="#hoot"), list[Mention]()
    batch = mastodon.fetch(None)
    while batch.more and not found:
        batch = mastodon.fetch(batch.cursor)
        found += batch.mentions

    assert [mention.text for mention in found] == ["#hoot (hashtag toot)"]


def test_a_search_that_finds_nothing_is_read(player: Player) -> None:
    player.play("test_search", on="GET /api/v2/search")
    mastodon = adapter(player, MASTODON_WORDS="acme")
    batch = mastodon.fetch(None)
    while batch.more:
        batch = mastodon.fetch(batch.cursor)

    assert "GET /api/v2/search" in player.requests


def test_an_answer_is_published(player: Player) -> None:
    mention = heard(player)
    player.play("test_status_edit", on=f"GET /api/v1/statuses/{mention.key}")
    player.play("test_status_reply", "POST")

    sent = adapter(player).reply(mention, "same!", key="k1", again=False)

    assert sent.key == "117440826677780974"
    assert sent.url == "http://localhost:3000/@admin/117440826677780974"
    said = player.calls[-1].form
    assert said["status"] == ["@admin same!"]
    assert said["visibility"] == ["public"]
    assert player.calls[-1].headers["idempotency-key"] == "k1"


def test_a_file_that_is_worked_on_is_waited_for(player: Player, monkeypatch: Any) -> None:
    monkeypatch.setattr("adapters.mastodon.server.PAUSE", 0.01)
    mention = heard(player)
    player.play("test_status_edit", on=f"GET /api/v1/statuses/{mention.key}")
    player.play("test_status_update_with_media_edit", "POST")
    player.play("test_status_update_with_media_edit", "GET")
    player.play("test_media_post_multiple", "POST")

    gif = replace(PNG, type="image/gif")
    sent = adapter(player).reply(mention, "Look.", key="k1", again=False, files=[gif])

    assert sent.key == "117440821412413892"
    assert player.calls[-1].form["media_ids[]"] == ["117440831452020971"]


def test_what_it_refuses_it_refuses_in_the_account_s_language(player: Player) -> None:
    mention = heard(player)
    player.play("test_status_edit", on=f"GET /api/v1/statuses/{mention.key}")
    player.play("test_status_empty", "POST")

    with pytest.raises(Refused, match="バリデーションに失敗しました"):
        adapter(player).reply(mention, "?", key="k1", again=False)


def test_an_edit_is_seen(player: Player) -> None:
    player.play("test_status_edit")

    [edited] = adapter(player).recheck(["117440831413709748"])

    assert isinstance(edited, Mention)
    assert edited.revision.startswith("2026-10-14T19:07")
    assert "KDE Advanced Text Editor" in edited.text


def test_a_correction_is_made(player: Player) -> None:
    mention = heard(player)
    player.play("test_status_edit")
    player.play("test_status_edit", "PUT")
    sent = Sent(key="117440831413709748")

    corrected = adapter(player).correct(sent, mention, "nano", again=False)

    assert corrected.key == sent.key
    assert player.calls[-1].form["status"] == ["@admin nano"]


def test_what_is_missing_is_gone(player: Player) -> None:
    player.play("test_status_missing")

    assert adapter(player).recheck(["0"]) == ["0"]


def test_an_answer_is_withdrawn_and_being_gone_already_is_fine(player: Player) -> None:
    mention = heard(player)
    player.play("test_notifications", "DELETE")
    adapter(player).withdraw(Sent(key="117440821662233205"), mention, again=False)
    player.play("test_status_delete_media", "DELETE")

    adapter(player).withdraw(Sent(key="117440834327875693"), mention, again=True)

    assert [asked for asked in player.requests if asked.startswith("DELETE")] == [
        "DELETE /api/v1/statuses/117440821662233205",
        "DELETE /api/v1/statuses/117440834327875693",
    ]


def test_check_knows_the_server_the_account_the_scopes_and_the_policy(player: Player) -> None:
    player.play("test_app_verify_credentials")
    player.play("test_notifications_policy")
    mastodon = adapter(player)

    said = mastodon.check()

    assert said == f"Mastodon as @mastodonpy_test@{player.host}"
    assert mastodon.ability.limit == 468
    assert mastodon.ability.files
    assert (mastodon.ability.files.count, mastodon.ability.files.size) == (4, 16_777_216)


def test_a_wrong_token_is_told(player: Player) -> None:
    player.play("test_home_tl_anonymous_throws", on="GET /api/v1/accounts/verify_credentials")

    with pytest.raises(LockedOut, match="does not know MASTODON_TOKEN"):
        adapter(player).check()
