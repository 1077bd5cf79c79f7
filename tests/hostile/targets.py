"""The table: everything that reads what strangers and colleagues wrote."""

from tests.hostile import (
    colleagues,
    machines,
    meta,
    networks,
    posts,
    sites,
    stores,
    webhooks,
)

ROOMS = (machines, sites, stores, posts, networks, meta, webhooks, colleagues)
TARGETS = {name: target for room in ROOMS for name, target in room.TARGETS.items()}
