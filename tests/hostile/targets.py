"""The table: everything that reads what strangers and colleagues wrote."""

from tests.hostile import colleagues, machines, networks

TARGETS = {**machines.TARGETS, **networks.TARGETS, **colleagues.TARGETS}
