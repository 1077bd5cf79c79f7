"""The table: everything that reads what strangers and colleagues wrote."""

from tests.hostile import colleagues, machines

TARGETS = {**machines.TARGETS, **colleagues.TARGETS}
