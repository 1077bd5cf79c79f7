"""What rich text must look like: nothing in it is parsed, so nothing in it can be smuggled."""

from bot.playground.checks import (
    Check,
    address,
    anything,
    between,
    flag,
    many,
    number,
    one_of,
    shape,
    typed,
    words,
)

NAMES = ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink")
STYLE = shape({}, dict.fromkeys(NAMES, flag))
ID = words(255)


def _styled(**needed: Check) -> Check:
    return shape(needed, {"style": STYLE})


INLINE = typed(
    {
        "text": _styled(text=words(40_000)),
        "link": shape({"url": address}, {"text": words(3000, 0), "unsafe": flag, "style": STYLE}),
        "emoji": shape({"name": ID}, {"unicode": ID, "style": STYLE, "skin_tone": number}),
        "user": _styled(user_id=ID),
        "usergroup": _styled(usergroup_id=ID),
        "channel": _styled(channel_id=ID),
        "team": _styled(team_id=ID),
        "broadcast": _styled(range=one_of("here", "channel", "everyone")),
        "color": _styled(value=ID),
        "date": shape(
            {"timestamp": number, "format": words(255)},
            {"url": address, "fallback": words(3000), "style": STYLE},
        ),
    }
)
LINE = {"elements": many(INLINE, 1000, 0)}
SECTION = shape(LINE)
RICH_TEXT = shape(
    {
        "elements": many(
            typed(
                {
                    "rich_text_section": SECTION,
                    "rich_text_quote": shape(LINE, {"border": anything}),
                    "rich_text_preformatted": shape(LINE, {"border": anything, "language": ID}),
                    "rich_text_list": shape(
                        {
                            "style": one_of("bullet", "ordered"),
                            "elements": many(typed({"rich_text_section": SECTION}), 1000),
                        },
                        {"indent": between(0, 8), "offset": number, "border": anything},
                    ),
                }
            ),
            1000,
        )
    },
    {"block_id": ID},
)
