"""What is left in place of what was removed: marks, which tell nobody anything."""

from hashlib import sha256

MARK = "forgotten:"  # how a thread, a key or a customer's id on its platform begins from then on
NOBODY = "forgotten"  # a customer's handle from then on
REASON = "Forgotten on request."
BY_AGE = "retention"  # who removed what nobody asked for


def hidden(account: str, key: str) -> str:
    """What a platform's key becomes: we know it again when it comes back, and can't read it."""
    known = sha256(f"{account}\n{key}".encode()).hexdigest()
    return f"{MARK}{known[:40]}"


def both(account: str, key: str) -> tuple[str, str]:
    """The key as it is, and as it is kept after it was forgotten."""
    return key, hidden(account, key)


def thread_of(number: int, by: str) -> str:
    """A forgotten conversation's thread: no two are the same, and it tells who removed it."""
    return f"{MARK}{by}:{number}"


def forgotten(text: str) -> bool:
    return text.startswith(MARK)


def forgotten_by(thread: str) -> str | None:
    """Who had it removed; None where nobody has."""
    return thread.removeprefix(MARK).rpartition(":")[0] if forgotten(thread) else None
