"""Reddit: mentions, subreddits and searches are heard, answers go out as comments."""

from adapters.reddit.account import Reddit

__all__ = ["Reddit"]
