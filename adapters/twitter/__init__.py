"""X: mentions and a search are heard, answers go out as the brand."""

from adapters.twitter.account import Twitter

__all__ = ["Twitter"]
