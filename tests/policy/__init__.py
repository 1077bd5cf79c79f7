"""What a team may write into teams.toml, and what is said of what it may not."""
