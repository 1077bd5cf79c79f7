"""The memory: tables, and a named function for every question."""
