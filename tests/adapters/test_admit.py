"""What an answer may carry, and what its further parts answer."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters import admit
from bot.domain.delivery import Refused
from bot.domain.mention import Customer, Mention, Origin
from bot.domain.reply import Ability, Attachment, Files, Sent, follow

PHOTO = Attachment("crack.png", "image/png", b"x" * 10)
BILL = Attachment("bill.pdf", "application/pdf", b"x" * 10)


def ability(files: Files | None) -> Ability:
    return Ability(speaks_as="@acme", limit=280, files=files)


@pytest.mark.parametrize(
    ("types", "type", "expected"),
    [
        ((), "anything/at-all", True),
        (("image/",), "image/png", True),
        (("image/",), "imagery/png", False),
        (("image/png",), "image/png", True),
        (("image/png",), "image/png2", False),
        (("image/png", "video/"), "video/mp4", True),
    ],
)
def test_types_are_whole_or_beginnings(types: tuple[str, ...], type: str, expected: bool) -> None:
    assert Files(count=1, size=1, types=types).takes(type) is expected


@pytest.mark.parametrize(
    ("allowed", "files", "said"),
    [
        (None, [PHOTO], "X takes no files with an answer."),
        (Files(1, 100), [PHOTO, BILL], "X takes at most 1 with an answer; these are 2 files."),
        (
            Files(2, 100, ("image/",)),
            [PHOTO, BILL],
            "X does not take bill.pdf: it is application/pdf.",
        ),
        (Files(2, 9), [PHOTO], "crack.png is too large: X takes"),
        (Files(2, 100, total=19), [PHOTO, BILL], "The files are too large: X takes"),
        (Files(2, 100), [Attachment("a", "b/c", b"")], "a is empty."),
    ],
)
def test_what_a_platform_does_not_take_is_refused_in_a_sentence(
    allowed: Files | None, files: list[Attachment], said: str
) -> None:
    with pytest.raises(Refused) as no:
        admit(files, ability(allowed), "X")

    assert str(no.value).startswith(said)


@pytest.mark.parametrize(
    ("allowed", "files"),
    [
        (None, []),
        (Files(1, 10), [PHOTO]),
        (Files(2, 10, ("image/", "application/pdf"), total=20), [PHOTO, BILL]),
    ],
)
def test_what_a_platform_takes_passes(allowed: Files | None, files: list[Attachment]) -> None:
    admit(files, ability(allowed), "X")


def test_a_further_part_answers_our_own_post_in_the_same_place() -> None:
    asked = Mention(
        account="twitter:press",
        key="5",
        thread="3",
        parent="4",
        customer=Customer(platform="twitter", key="1", handle="@mira"),
        text="Where is it?",
        posted_at=datetime(2026, 11, 3, 12, tzinfo=UTC),
        revision="6",
        public=False,
        no_reply="Not from here.",
        media=("https://x.example/1.jpg",),
        extra={"reply_to": "mira@cust.test"},
        id=42,
    )

    ours = follow(asked, Sent(key="7", url="https://x.com/acme/status/7"))

    expected = replace(asked, key="7", parent="5", url="https://x.com/acme/status/7", text="")
    expected = replace(expected, revision="", no_reply="", media=(), origin=Origin.OWN, id=None)
    assert ours == expected
    assert ours.extra == asked.extra
