"""The work: what a conversation is, what may happen to it, what Slack shows."""
