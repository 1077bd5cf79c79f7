"""All that speaks Slack: what people see, and what they press."""
