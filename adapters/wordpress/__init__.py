"""WordPress: the comments of one site, heard and answered."""

from adapters.wordpress.account import WordPress

__all__ = ["WordPress"]
