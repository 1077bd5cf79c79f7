"""YouTube: comments on the brand's videos are heard and answered."""

from adapters.youtube.account import YouTube

__all__ = ["YouTube"]
