"""What nobody should be able to write: for names, handles, words, addresses, reasons, answers."""

import re
from dataclasses import replace

from hypothesis import strategies as st

from bot.domain.case import Past
from bot.domain.conversation import State
from bot.domain.guess import Guess, Lane, Manner, Severity
from bot.domain.mention import Kind
from bot.playground.pings import pings
from tests.conftest import NOON
from tests.slack.cases import MIRA, POST, REPLY, SENT, STATES, accepted, accepted_view, case
from tests.things import HOUR

EVIL = [
    "<!channel>",
    "<!here|here>",
    "<@U0EVIL>",
    "<!subteam^S0EVIL>",
    "<https://evil.example|your bank>",
    "<!date^0^{date}|evil>",
    "&lt;!channel&gt;",
    "*bold* _it_ ~no~ `code`",
    "```",
    "\n> quote\n",
    ":tada:",
    "@channel @here",
    "\0\x1b[31m",
    "\u202egnp.exe\u2066",
    "\u200b\u200d\ufeff",
    "👨‍👩‍👧‍👦🏳️‍🌈🇩🇪",
    "e" + "\u0301" * 60,
    "\ud83d",
    '"\\\n',
    "&<>",
    "https://evil.example/|x",
    "\u3164",
    "",
]
PIECE = st.one_of(st.sampled_from(EVIL), st.text(max_size=30))
REPEATED = st.sampled_from([1, 1, 1, 7, 400, 20_000])
TEXT = st.builds(
    lambda pieces, times: ("".join(pieces) * times)[:100_000],
    st.lists(PIECE, max_size=6),
    REPEATED,
)
URL = st.one_of(
    st.none(),
    TEXT,
    TEXT.map(lambda rest: f"https://evil.example/{rest}"),
    st.integers(1, 4000).map(lambda n: "https://evil.example/" + "&" * n),
)
CUSTOMER = st.builds(
    lambda name, handle, url, followers, told: replace(
        MIRA, name=name, handle=handle, url=url, followers=followers, **told
    ),
    TEXT,
    TEXT,
    URL,
    st.none() | st.integers(0, 10**12),
    st.fixed_dictionaries(
        {},
        optional={
            "verified": st.booleans(),
            "since": st.just(NOON),
            "seen_at": st.just(NOON),
            **dict.fromkeys(("place", "speaks", "website"), TEXT),
        },
    ),
)
MENTION = st.builds(
    lambda text, subject, url, media, no_reply, public, more: replace(
        POST,
        text=text,
        subject=subject,
        url=url,
        media=tuple(each for each in media if each),
        no_reply=no_reply,
        public=public,
        **more,
    ),
    TEXT,
    TEXT,
    URL,
    st.lists(URL, max_size=8),
    st.just("") | TEXT,
    st.booleans(),
    st.fixed_dictionaries(
        {}, optional={"reply_by": st.just(NOON + HOUR), "rating": st.integers(1, 5)}
    ),
)
SHARE = st.none() | st.floats(0, 1)
GUESS = st.none() | st.builds(
    Guess,
    kind=st.sampled_from(Kind),
    lane=st.sampled_from(Lane),
    because=TEXT,
    complaint=SHARE,
    needs_answer=SHARE,
    severity=st.none() | st.sampled_from(Severity),
    manner=st.sampled_from(Manner),
    language=st.none() | TEXT | st.sampled_from(["pl", "de-AT"]),
    similar=TEXT,
)
PAST = st.builds(
    Past,
    times=st.integers(0, 10**6),
    last_state=st.sampled_from([None, *State]),
    last_closed_at=st.sampled_from([None, NOON]),
)
LIVE = re.compile(r"<[^>]*>")
OURS = re.compile(
    r"<(?:@U0(?:ANA|BEN|LEA)|!here|!channel|!date\^\d+\^\{date_short_pretty\} \{time\}\|[\d: -]+UTC"
    r"|https://[!-;=?-{}~]*\|[^<>]*)>"
)
ANYBODY = {"U0ANA", "U0BEN", "U0LEA", "S0LEADS"}
ALSO_OURS = ("<#C0CARE>", "<!subteam^S0LEADS>")


def live_markup(message):
    """All markup that is not our own, wherever Slack reads markup."""
    read = [message["text"], *_in_markup(message["blocks"])]
    return [found for text in read for found in LIVE.findall(text) if not OURS.fullmatch(found)]


def must_be_good(shown):
    """Slack takes this message or view; nobody but us writes markup in it or calls anybody."""
    is_view = isinstance(shown, dict)
    message = accepted_view(shown, shown["type"]) if is_view else accepted(shown)
    live = live_markup({"blocks": [], **message})
    assert [each for each in live if each not in ALSO_OURS] == []
    assert set(pings(message)) <= ANYBODY


def _in_markup(part):
    if isinstance(part, list):
        for one in part:
            yield from _in_markup(one)
    elif isinstance(part, dict):
        if part.get("type") == "mrkdwn":
            yield part["text"]
        for value in part.values():
            yield from _in_markup(value)


@st.composite
def cases_of_all_kinds(draw):
    """Any state, with anything in it."""
    conversation = replace(
        draw(st.sampled_from(list(STATES.values()))),
        kind=draw(st.sampled_from(Kind)),
        because=draw(TEXT),
        judged_by=draw(st.sampled_from([None, "U0BEN"])),
        lane=draw(st.sampled_from(["", *Lane])),
        severity=draw(st.sampled_from(["", *Severity])),
        aside=draw(st.sampled_from(["", *Manner])),
        tags=draw(st.just(()) | st.lists(TEXT, max_size=3)),
    )
    if conversation.pauses:
        paused = replace(conversation.pauses[-1], why=draw(TEXT))
        conversation = replace(conversation, pauses=[paused])
    if conversation.closed_because:
        conversation = replace(conversation, closed_because=draw(TEXT))
    if conversation.state is State.REPLYING:
        reply = replace(REPLY, text=draw(TEXT))
    elif conversation.answered_at:
        reply = replace(SENT, text=draw(TEXT), url=draw(URL))
    else:
        reply = replace(REPLY, text=draw(TEXT), refused=draw(TEXT))
    mentions = draw(st.lists(MENTION, min_size=1, max_size=3))
    return case(
        conversation,
        mentions=mentions,
        customer=draw(CUSTOMER),
        reply=reply,
        past=draw(PAST),
        guess=draw(GUESS),
    )
