"""The sentences that triage is taught by, and how they are varied."""

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.guess import Severity
from bot.triage.languages import FIRST
from bot.triage.lexical import SEEDS, entries

SLOT = re.compile(r"\{(\w+)\}")
KINDS = ("complaint", "question", "praise", "other")
SEVERITIES = ("", *Severity)
MANNERS = ("plain", "automated", "promotion", "thanks")
LONG = 160  # characters: longer ones are not joined to others
SLOTS: Mapping[str, Sequence[str]] = {
    "brand": [
        "Acme",
        "Nordwind",
        "Vexa",
        "Lumo",
        "Tindra",
        "Kesto",
        "Orbix",
        "Fennel",
        "Halden",
        "BlueFinch",
        "Maravel",
        "Corvo",
        "Pinnea",
        "Talkto",
        "Greenhop",
        "AirVesta",
        "Railix",
        "Monobank",
        "Novapay",
        "Castor",
        "Tarn",
        "Quill",
        "Marlow",
        "Juno",
        "Ostra",
    ],
    "thing": [
        "headphones",
        "router",
        "jacket",
        "blender",
        "laptop",
        "boots",
        "charger",
        "app",
        "subscription",
        "parcel",
        "tablet",
        "printer",
        "bike",
        "coffee machine",
        "washing machine",
        "phone case",
        "camera",
        "sofa",
        "keyboard",
        "backpack",
    ],
    "place": [
        "Leeds",
        "Porto",
        "Lyon",
        "Vienna",
        "Utrecht",
        "Austin",
        "Dublin",
        "Oslo",
        "Turin",
        "Sevilla",
        "Hamburg",
        "Gent",
    ],
    "day": ["Monday", "Tuesday", "Friday", "yesterday", "Sunday", "Wednesday"],
    "number": ["2", "3", "4", "5", "7", "9", "12", "14", "20", "45", "118"],
    "name": ["Maria", "Tom", "Aisha", "Jonas", "Lena", "Pedro", "Nina", "Omar", "Kate", "Luca"],
    "amount": ["$20", "£35", "€49", "12.99 €", "$150", "€8,50", "R$ 90", "30 euros"],
}


@dataclass(frozen=True)
class Target:
    """What the model is to say of a sentence: two probabilities and three classes, by number."""

    complaint: float
    needs_answer: float
    kind: int
    severity: int
    manner: int


@dataclass(frozen=True)
class Seed:
    """One sentence under its header; `text` may hold slots."""

    language: str
    header: str
    text: str

    @property
    def target(self) -> Target:
        complains = self.header.startswith("complaint")
        wanting = complains or self.header in ("question", "praise answer")
        return Target(
            complaint=1.0 if complains else GRUMBLES.get(self.header, 0.0) * self._foreign,
            needs_answer=1.0 if wanting else IDLE.get(self.header, 0.03),
            kind=KINDS.index(self._kind),
            severity=SEVERITIES.index(self.header.split()[1]) if complains else 0,
            manner=MANNERS.index(self.header) if self.header in MANNERS else 0,
        )

    @property
    def _kind(self) -> str:
        first = self.header.split()[0]
        return {"thanks": "praise"}.get(first, first if first in KINDS else "other")

    @property
    def _foreign(self) -> float:
        """Of what is not English, grumbling counts for more: we know less of those who write it."""
        return 1.0 if self.language == FIRST else FOREIGN


GRUMBLES = {"gripe": 0.25, "praise answer": 0.1}
IDLE = {"praise": 0.15, "gripe": 0.1}
FOREIGN = 4.0
LISTS = ("words.txt", "stakes.txt")  # of words, and not of sentences


def seeds(languages: Sequence[str] = ()) -> Sequence[Seed]:
    """All of them, in the order of the files; of some languages only, where they are named."""
    return [
        seed
        for folder in sorted(SEEDS.iterdir())
        if folder.is_dir() and (not languages or folder.name in languages)
        for file in sorted(folder.glob("*.txt"))
        if file.name not in LISTS
        for seed in _read(folder.name, file.read_text(encoding="utf-8"))
    ]


def _read(language: str, text: str) -> Iterator[Seed]:
    return (Seed(language, header, line) for line, header in entries(text))


class Varied:
    """Each time another: slots filled, handles and links added, letters lost, two joined."""

    def __init__(self, of: Sequence[Seed], luck: random.Random) -> None:
        self.luck = luck
        self.alike: dict[tuple[str, str], list[str]] = defaultdict(list)
        for seed in of:
            if len(seed.text) < LONG:
                self.alike[seed.language, seed.header].append(seed.text)

    def __call__(self, seed: Seed) -> str:
        text = self.filled(seed.text)
        if len(text) < LONG and self.luck.random() < 0.3:
            text = self._joined(seed, text)
        return self._worn(text)

    def filled(self, text: str) -> str:
        lines = text.replace(" // ", "\n")
        return SLOT.sub(lambda slot: self.luck.choice(SLOTS[slot[1]]), lines)

    def _joined(self, seed: Seed, text: str) -> str:
        """With another of its kind, or with one that says nothing."""
        idle = seed.header == "gripe" or self.luck.random() < 0.5
        others = self.alike[seed.language, "other" if idle else seed.header]
        if not others:
            return text
        other = self.filled(self.luck.choice(others))
        return f"{text} {other}" if self.luck.random() < 0.6 else f"{other} {text}"

    def _worn(self, text: str) -> str:
        luck, brand = self.luck, self.luck.choice(SLOTS["brand"])
        if "@" not in text and luck.random() < 0.45:
            text = f"@{brand} {text}"
        elif luck.random() < 0.1:
            text = re.sub(r"^@\w+ ", "", text)
        if luck.random() < 0.12:
            text = re.sub(r"[.,;!'’]", "", text)
        if luck.random() < 0.1 and len(text) > 15:
            at = luck.randrange(1, len(text) - 2)
            swapped = text[at + 1] + text[at] if luck.random() < 0.5 else text[at + 1]
            text = text[:at] + swapped + text[at + 2 :]
        if luck.random() < 0.1:
            text += " https://t.example/x"
        return f"{text} #{brand.lower()}" if luck.random() < 0.05 else text
