"""Mastodon, and what speaks its API: mentions and hashtags are heard, answers go out."""

from adapters.mastodon.account import Mastodon

__all__ = ["Mastodon"]
