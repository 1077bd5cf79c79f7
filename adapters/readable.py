"""From what mail programs make of it to the words a person wrote: charsets, HTML, quotes."""

import codecs
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from html import unescape
from itertools import islice

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PreformattedString, Tag

LONGEST = 200_000  # characters of text that we keep
MARKUP = 200_000  # characters of HTML that we look at
LINK = 500
NAMED = {"mention", "hashtag"}  # classes of links whose text is all that there is to say
LARGE = 50_000  # bytes, beyond which the end may have been cut off
TAGS = 15_000
DEEP = 200

UNTRUE = {"ascii", "iso8859-1", "iso8859-15"}  # declared by programs that send something else
WIDER = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "ks_c_5601": "cp949"}
NOT_WRITING = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"}

TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
EMPTY = {"br", "hr", "img", "input", "link", "meta", "col", "area", "base", "wbr", "embed"}
UNSEEN = ["script", "style", "head", "title", "template", "noscript", "object", "svg"]
HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all"
    r"|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])",
    re.IGNORECASE,
)
LINES = ["p", "div", "tr", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "form"]
INWARD, OUTWARD = "\ue000", "\ue001"  # where a quotation begins and ends

UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200b\ufeff\ue000\ue001\ud800-\udfff]")

WROTE = re.compile(
    r"^[ >]*(?:On|Am|Le|El|Il|Op|Em|Den|Dnia|W dniu)\b[^\n]{3,250}(?:\n[^\n]{1,200})?"
    r"(?:wrote|schrieb|écrit|escribió|scritto|schreef|escreveu|skrev|napisał)\b[^\n]{0,120}:\s*$",
    re.MULTILINE,
)
BANNER = re.compile(
    r"^[ >]*-{2,}\s*(?:Original Message|Original Appointment|Ursprüngliche Nachricht"
    r"|Message d'origine|Mensaje original|Messaggio originale|Oorspronkelijk bericht"
    r"|Mensagem original)\s*-{2,}\s*$",
    re.MULTILINE | re.IGNORECASE,
)
HEADS = re.compile(
    r"^\*?(?:From|Von|De|Da|Van)\s?:\*?[^\n]+\n"
    r"(?:[^\n]{0,200}\n){0,2}?\*?(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado|Inviato|Verzonden)"
    r"\s?:\*?[^\n]+\n(?:[^\n]{0,300}\n){0,3}?"
    r"\*?(?:Subject|Betreff|Objet|Asunto|Oggetto|Onderwerp|Assunto)\s?:",
    re.MULTILINE,
)
SIGNED = re.compile(r"^--[ ]?$", re.MULTILINE)
DEVICE = re.compile(
    r"\n(?:Sent from my |Get Outlook for |Sent from Outlook|Sent from Yahoo|Von meinem "
    r"|Gesendet mit |Envoyé de mon |Enviado desde mi |Inviato da )[^\n]{0,80}\s*$"
)


def decoded(raw: bytes, charset: str | None) -> str:
    """Text in the charset it really has, which is often not the one it claims."""
    texts = (_strictly(raw, name) for name in _candidates(charset))
    return next((text for text in texts if text is not None), raw.decode("cp1252", "replace"))


def tidied(text: str) -> str:
    """Without what can't be shown or stored; at most one empty line in a row."""
    clean = UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = "\n".join(line.rstrip() for line in clean.replace("\xa0", " ").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def cut(text: str, longest: int = LONGEST) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def fingerprint(text: str) -> str:
    """The same for the same words: what an edit changes."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def from_html(html: str) -> str:
    """An HTML mail as its reader sees it; what is hidden only counts if nothing else is there."""
    html = _closed(UNPRINTABLE.sub("", html)[:MARKUP])
    if not _sane(html):
        return _stripped(html)
    try:
        return _rendered(html, hide=True) or _rendered(html, hide=False)
    except Exception:  # bs4 gives up on some broken markup with errors of every kind
        return _stripped(html)


def new_words(text: str) -> str:
    """What was newly written: without earlier mails below it and the signature.

    Everything, if nothing would be left, or if the answers stand between the quoted lines.
    """
    fresh = _without_signature(_without_history(text))
    return fresh.strip() or text


def _strictly(raw: bytes, charset: str) -> str | None:
    """None if it can't be that charset; half a character at the end may have been cut off."""
    try:
        return raw.decode(charset)
    except UnicodeDecodeError as problem:
        nearly = len(raw) > LARGE and len(raw) - 4 < problem.start
        return raw[: problem.start].decode(charset, "replace") if nearly else None
    except (UnicodeError, ValueError, LookupError):
        return None


def _candidates(charset: str | None) -> Iterator[str]:
    name = _known(charset)
    if name is None or name in UNTRUE:
        yield "utf-8"
    if name:
        yield WIDER.get(name, name)
    yield "utf-8"


def _known(charset: str | None) -> str | None:
    try:
        name = codecs.lookup(charset or "").name
    except (LookupError, ValueError):
        return None
    return None if name in NOT_WRITING else name


def _closed(html: str) -> str:
    """Without comments and tags that never end: parsers look for their end again and again."""
    for beginning, end in (("<!--", "-->"), ("<![", "]>"), ("<!", ">")):
        html = "".join(_outside(html, beginning, end))
    complete, bracket, rest = html.rpartition(">")
    return complete + bracket + rest.replace("<", " ")


def _outside(html: str, beginning: str, end: str) -> Iterator[str]:
    start = 0
    while (found := html.find(beginning, start)) >= 0:
        yield html[start:found]
        ended = html.find(end, found)
        if ended < 0:
            yield html[found:].replace(beginning, " ")
            return
        start = ended + len(end)
    yield html[start:]


def _sane(html: str) -> bool:
    """Whether it is as large and as deep as people's mail: building a tree is slow beyond that."""
    depth = deepest = 0
    for match in TAG.finditer(html):
        if match[2].lower() not in EMPTY:
            depth = max(0, depth - 1) if match[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest <= DEEP and html.count("<") <= TAGS


def _stripped(html: str) -> str:
    """The words between the tags, whatever they are."""
    return tidied(unescape(re.sub(r"<[^<>]*>", " ", html)))


def _rendered(html: str, *, hide: bool) -> str:
    soup = BeautifulSoup(html, "html.parser")
    _drop(soup.find_all(UNSEEN))
    if hide:
        _drop(tag for tag in soup.find_all(True) if _hidden(tag))
    _flatten_space(soup)
    _spell_out(soup)
    return tidied("\n".join(_quoted(soup.get_text())))


def _drop(tags: Iterable[Tag]) -> None:
    for tag in list(tags):
        if not tag.decomposed:
            tag.decompose()


def _hidden(tag: Tag) -> bool:
    return tag.has_attr("hidden") or bool(HIDING.search(str(tag.get("style") or "")))


def _flatten_space(soup: BeautifulSoup) -> None:
    """Line breaks in HTML are spaces, except where it is preformatted."""
    for piece in list(soup.find_all(string=True)):
        if isinstance(piece, PreformattedString):  # comments, doctypes
            piece.extract()
        elif all(parent.name != "pre" for parent in piece.parents):
            piece.replace_with(NavigableString(re.sub(r"[ \t\r\n]+", " ", piece)))


def _spell_out(soup: BeautifulSoup) -> None:
    """Put into characters what tags say: links, pictures, lines, quotations."""
    for link in soup.find_all("a"):
        link.append(_address(link))
    for picture in soup.find_all("img"):
        picture.replace_with(str(picture.get("alt") or ""))
    for tag in soup.find_all(["br", "hr"]):
        tag.insert_before("\n")
    for tag in soup.find_all(LINES):
        _enclose(tag, "\n", "\n")
    for tag in soup.find_all("li"):
        tag.insert(0, "\n- ")
    for tag in soup.find_all(["td", "th"]):
        tag.append(" ")
    for tag in soup.find_all("blockquote"):
        _enclose(tag, f"\n{INWARD}\n", f"\n{OUTWARD}\n")


def _enclose(tag: Tag, before: str, after: str) -> None:
    tag.insert(0, before)
    tag.append(after)


def _address(link: Tag) -> str:
    """Where a link leads, when its text doesn't say so."""
    if NAMED.intersection(link.get_attribute_list("class")):
        return ""
    target = str(link.get("href") or "").strip()[:LINK]
    if not re.match(r"(?i)(https?://|mailto:|tel:)", target):
        return ""
    return "" if _bare(link.get_text()) == _bare(target) else f" ({target})"


def _bare(address: str) -> str:
    return re.sub(r"(?i)^(https?://|mailto:|tel:)", "", address.strip()).rstrip("/").lower()


def _quoted(text: str) -> Iterator[str]:
    """The lines, with as many ">" before them as they are quoted deep."""
    depth = 0
    for line in text.split("\n"):
        depth = max(0, depth + line.count(INWARD) - line.count(OUTWARD))
        words = line.replace(INWARD, "").replace(OUTWARD, "").strip()
        yield "> " * min(depth, 5) + words if words else ""


def _without_history(text: str) -> str:
    for start in islice(sorted(_beginnings(text)), 20):
        if not _answered_between(text[start:]):
            return _without_trailing_quote(text[:start])
    return _without_trailing_quote(text)


def _beginnings(text: str) -> Iterator[int]:
    """Where an earlier mail may begin."""
    for sign in (WROTE, BANNER, HEADS):
        yield from (match.start() for match in sign.finditer(text))


def _answered_between(history: str) -> bool:
    """Whether somebody wrote below quoted lines: then the quotes are needed to understand it."""
    below = re.split(r"(?m)^>.*$", history)
    return len(below) > 1 and any(_is_prose(piece) for piece in below[1:])


def _is_prose(piece: str) -> bool:
    own = DEVICE.sub("", "\n" + SIGNED.split(piece)[0])
    return bool(own.strip(" \n_-"))


def _without_trailing_quote(text: str) -> str:
    """Quoted lines at the very end without a line that says whose they are."""
    lines = text.rstrip(" \n_").split("\n")
    while lines and (lines[-1].startswith(">") or not lines[-1].strip()):
        lines.pop()
    return "\n".join(lines)


def _without_signature(text: str) -> str:
    """A short piece below "-- ", and what telephones add."""
    signs = [match.start() for match in SIGNED.finditer(text)]
    if signs and len(text) - signs[-1] < 1000 and text[signs[-1] :].count("\n") <= 12:
        text = text[: signs[-1]]
    return DEVICE.sub("", "\n" + text)
