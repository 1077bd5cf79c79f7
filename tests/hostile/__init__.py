"""What strangers write, at its worst: no crash, no markup that lives, no time or memory without end."""
