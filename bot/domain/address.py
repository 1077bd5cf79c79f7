"""Where a post is, in the one way in which every source of it would say so."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

ALIASES = {"twitter.com": "x.com", "youtu.be": "youtube.com/watch"}
BEFORE = re.compile(r"^(?:www|m|mobile|old|new|amp|np)\.")  # of a host: other clothes of one site
TRACKING = re.compile(r"utm_\w+|\w*clid|ref|ref_src|ref_url|si|s|t|igshid|feature|mc_cid|mc_eid")
ANCHOR = re.compile(r"\D*\d[\w.-]*")  # of one comment on a page, not of a heading
POST_ON_X = re.compile(r"/[^/]+/status(?:es)?/(\d+).*")


def address(url: str | None) -> str | None:
    """Without scheme, tracking and other clothes of the same site; None for what is no address."""
    try:
        parts = urlsplit((url or "").strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    bare = BEFORE.sub("", host)
    path = POST_ON_X.sub(r"/status/\1", parts.path).rstrip("/")
    asked = [(k, v) for k, v in parse_qsl(parts.query) if not TRACKING.fullmatch(k)]
    if bare == "youtu.be":
        asked, path = [*asked, ("v", path.strip("/"))], ""
    where = ALIASES.get(bare, bare) + (f":{port}" if port else "") + path
    query = f"?{urlencode(sorted(asked))}" if asked else ""
    anchor = f"#{parts.fragment}" if ANCHOR.fullmatch(parts.fragment) else ""
    return f"{where}{query}{anchor}"
