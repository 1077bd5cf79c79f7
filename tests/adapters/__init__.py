"""Every platform: the contract they share, and what is special about each."""
