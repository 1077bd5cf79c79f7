"""How close the bot comes to what the machine and Slack allow: each figure beside its limit."""
