"""Telegram: a bot is written to in private, and called in groups; it answers as itself."""

from adapters.telegram.account import Telegram

__all__ = ["Telegram"]
