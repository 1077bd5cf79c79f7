"""Bluesky: mentions and a search are heard, answers go out as the brand."""

from adapters.bluesky.account import Bluesky

__all__ = ["Bluesky"]
