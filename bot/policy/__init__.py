"""teams.toml and what it names: who answers, how soon, who is called, in which hours."""
