"""Discourse: a forum's posts are heard, answers go into their topics."""

from adapters.discourse.account import Discourse

__all__ = ["Discourse"]
