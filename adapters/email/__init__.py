"""A mailbox: heard by IMAP, answered by SMTP, in the same thread."""

from adapters.email.account import Email

__all__ = ["Email"]
