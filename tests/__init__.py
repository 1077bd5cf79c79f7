"""A package, so that `adapters` and `storage` are the rooms and not the folders beside this."""
