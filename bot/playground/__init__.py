"""A small, strict Slack on this machine: the outside world, to try the bot in and to test it."""
