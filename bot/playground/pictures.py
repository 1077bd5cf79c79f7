"""Pictures that are files here: found in blocks, and refused where there is none."""

from typing import Any

from bot.playground.checks import problem
from bot.playground.memory import Memory
from bot.playground.things import Json

PICTURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


def problems(memory: Memory, blocks: list[Json], where: str = "/blocks") -> list[str]:
    """Every slack_file must be a picture that was uploaded to the end."""
    return [
        problem("invalid slack file", f"{where}/{place}")
        for place, block in enumerate(blocks)
        for wanted in _pictures(block)
        if not _is_picture(memory, wanted)
    ]


def id_of(wanted: Json) -> str:
    """From `slack_file`, by id or by its private address."""
    address = str(wanted.get("url", "")).partition("/files-pri/")[2]
    return str(wanted.get("id") or address.partition("/")[0].partition("-")[2])


def _pictures(tree: Any) -> list[Json]:
    if isinstance(tree, list):
        return [found for part in tree for found in _pictures(part)]
    if not isinstance(tree, dict):
        return []
    here = [tree["slack_file"]] if isinstance(tree.get("slack_file"), dict) else []
    return here + [found for part in tree.values() for found in _pictures(part)]


def _is_picture(memory: Memory, wanted: Json) -> bool:
    file = memory.files.get(id_of(wanted))
    return file is not None and file.stage == "kept" and file.mimetype in PICTURES.values()
