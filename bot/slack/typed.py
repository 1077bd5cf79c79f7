"""Times that people type in German, said in English; English passes as it is."""

import re

DAYS = {
    "montag": "monday",
    "dienstag": "tuesday",
    "mittwoch": "wednesday",
    "donnerstag": "thursday",
    "freitag": "friday",
    "samstag": "saturday",
    "sonnabend": "saturday",
    "sonntag": "sunday",
}
SHORT = {"mo": "monday", "di": "tuesday", "mi": "wednesday", "fr": "friday", "sa": "saturday"}
ALSO_ENGLISH = {"do": "thursday", "so": "sunday"}
NEAR = r"heute|morgen|(?:ü|ue)bermorgen"
ANY_DAY = "|".join([NEAR, *DAYS, *SHORT])
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

NUMBERED = re.compile(r"\b(\d\d?)\.(1[0-2]|0?[1-9])\.(20\d\d)?(?=$| )")
LEADING = re.compile(r"^(?:(?:bis|am|zum|zur|ab|gegen|für|fuer|den) )+")
MEANT = [  # in this order
    (r"\bum (\d\d?)$", r"at \1:00"),
    (r"\b(\d\d?)[:.](\d\d) uhr\b", r"\1:\2"),
    (r"\b(\d\d?) uhr\b", r"\1:00"),
    (r"\bum (?=\d)", "at "),
    (rf"^({ANY_DAY}) (\d\d?)$", r"\1 \2:00"),
    (r"\bmittags?\b", "noon"),
    (r"\beine?[mnr]? (?=minute|stunde|std|tag|woche)", "1 "),
    (r"(\d) ?minuten?\b", r"\1 min"),
    (r"(\d) ?(?:stunden?|std)\b", r"\1 h"),
    (r"(\d) ?tage?n?\b", r"\1 days"),
    (r"(\d) ?wochen?\b", r"\1 weeks"),
    (r"\b(?:n(?:ä|ae)chste[nr]? )?öffnung\b", "next opening"),
    (r"\bmorgen früh\b", "tomorrow"),
    (r"\b(?:ü|ue)bermorgen\b", "the day after tomorrow"),
    (r"\bmorgen\b", "tomorrow"),
    (r"\bheute\b", "today"),
    *((rf"\b{german}\b", english) for german, english in DAYS.items()),
    *(  # two letters are a day only where a time follows
        (rf"\b{german}\b\.?(?= (?:\d|at \d|noon))", english)
        for german, english in (SHORT | ALSO_ENGLISH).items()
    ),
    (r"(?<=day) den (?=\d)", " "),
    (r"\bj(?:ä|ae)n(?:ner)?\b", "jan"),
    (r"\b(?:m(?:ä|ae)rz?|mrz)\b", "mar"),
    (r"\bmai\b", "may"),
    (r"\bokt(?:ober)?\b", "oct"),
    (r"\bdez(?:ember)?\b", "dec"),
    (r"(?<=[a-z])\.(?= )", ""),  # 27. nov. 12:00
]
RULES = [(re.compile(german), english) for german, english in MEANT]
THEY_WRITE = re.compile(
    r"(?:(?:bis|wenn|sobald) )?(?:sie|er|(?:der |die )?kund(?:e|in|en))"
    r" (?:(?:sich|wieder) )*(?:zurück ?)?(?:schreib(?:t|en)|antwort(?:et|en)|meld(?:et|en))"
    r"(?: wieder| zurück)?(?![\w'])[\s,;:-]*",
    re.I,
)


def in_english(said: str) -> str:
    """Words for a time, in lower case; what is not German, or no time, stays as it is."""
    said = NUMBERED.sub(_with_a_name, said)
    said = LEADING.sub("", said).rstrip(".;:")
    for german, english in RULES:
        said = german.sub(english, said)
    return said


def they_write(words: str) -> re.Match[str] | None:
    """Whether it begins with "bis sie schreiben", and where that ends."""
    return THEY_WRITE.match(words)


def _with_a_name(found: re.Match[str]) -> str:
    """27.11. is 27 nov, and 27.11.2026 is 2026-11-27."""
    day, month, year = found.groups()
    return f"{year}-{month}-{day}" if year else f"{day} {MONTHS[int(month) - 1]}"
