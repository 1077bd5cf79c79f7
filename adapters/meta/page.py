"""A Page's token: whether it is one, whether it is that Page's, and what it is told by itself."""

from collections.abc import Callable
from datetime import datetime

from adapters import Setting
from adapters.meta.graph import Declined, Graph
from adapters.meta.walk import listed
from bot.domain.delivery import LockedOut, TryLater

PAGE = (
    Setting("FACEBOOK_PAGE_ID", "The Page's number: About, Page transparency.", True),
    Setting("FACEBOOK_PAGE_TOKEN", "The Page's own long-lived access token.", True, secret=True),
)
UNHEARD = "; no webhook brings its news at once: subscribe the Page to {field}"


def check(graph: Graph, id: str, called: Callable[[str], str], now: datetime) -> str:
    """The Page's name. Raises `LockedOut` for each way in which the token is not that Page's."""
    try:
        me = graph.get("me", now=now, metadata=1, fields="id,name")
    except Declined as no:
        raise TryLater(f"{graph.site} does not say who we are: {no.why}") from None
    name, kind = str(me.get("name", "")), (me.get("metadata") or {}).get("type")
    if kind == "user":
        ask = "Ask for me/accounts with it, and set the Page's own."
        raise LockedOut(f"{graph.token} is a person's token. {ask}")
    if str(me.get("id")) != id:
        page = called("FACEBOOK_PAGE_ID")
        raise LockedOut(f"{graph.token} is that of {name} ({me.get('id')}). Look at {page}.")
    return name


def subscribed(graph: Graph, id: str, field: str, now: datetime) -> str:
    """What to add where the Page's news is not brought by itself; "": it is."""
    try:
        apps = listed(graph.get(f"{id}/subscribed_apps", now=now, fields="subscribed_fields"))
    except (Declined, ValueError, LockedOut):
        return "; whether webhooks bring its news, it does not say"
    known = [name for app in apps for name in app.get("subscribed_fields") or ()]
    return "" if field in known else UNHEARD.format(field=field)
