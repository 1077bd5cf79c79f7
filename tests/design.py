"""docs/design.md quotes code and counts lines: `python -m tests.design` brings both up to date."""

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "design.md"
QUOTE = re.compile(
    r"(<!-- (?P<file>[\w./]+): (?P<names>[\w., ]+) -->\n```python\n)(.*?)(```\n)", re.S
)
TREE = re.compile(r"(?<=## 2\. The tree\n)(.*?)(?=\n## )", re.S)
LINE = re.compile(r"(?P<indent> *)(?P<name>[\w./-]+)(?P<says> {2,}.*?)?(?P<lines> +\d+)?")


def refreshed(text: str) -> str:
    """The document with today's code and today's numbers."""
    text = QUOTE.sub(
        lambda found: found[1] + quoted(found["file"], found["names"]) + found[5], text
    )
    return TREE.sub(lambda found: _recounted(found[1]), text)


def quoted(file: str, names: str) -> str:
    """These functions and classes, as they stand in the file."""
    source = (ROOT / file).read_text(encoding="utf-8")
    parts = [_source(source, name.strip()) for name in names.split(",")]
    return "\n".join(parts)


def tree(text: str) -> Iterator[tuple[Path, int | None]]:
    """Every path in the tree, and the number of lines beside it."""
    section = TREE.search(text)
    assert section, "the document has a tree"
    for path, _, found in _walked(section[1]):
        yield path, int(found["lines"]) if found["lines"] else None


def length(path: Path) -> int:
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


def _recounted(section: str) -> str:
    lines = section.splitlines()
    for path, number, found in _walked(section):
        if found["lines"]:
            kept = lines[number][: found.start("lines")]
            lines[number] = f"{kept}{length(path):>{len(found['lines'])}}"
    return "\n".join(lines) + "\n"


def _walked(section: str) -> Iterator[tuple[Path, int, re.Match[str]]]:
    """Each line of the section's first block of code that names a file or a folder."""
    folders: list[str] = []
    within = False
    for number, line in enumerate(section.splitlines()):
        if line.startswith("```"):
            within = not within
        found = LINE.fullmatch(line) if within and line.strip() else None
        if not found or len(found["indent"]) not in (0, 2, 4, 6):
            continue
        depth = len(found["indent"]) // 2
        folders = [*folders[:depth], found["name"]]
        yield Path(*folders), number, found


def _source(source: str, name: str) -> str:
    node: ast.AST = ast.parse(source)
    for part in name.split("."):
        node = next(
            each for each in ast.iter_child_nodes(node) if getattr(each, "name", "") == part
        )
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    lines = source.splitlines()[first - 1 : node.end_lineno]
    return textwrap.dedent("\n".join(lines)) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(refreshed(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
