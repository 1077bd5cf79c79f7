"""Webhooks of anything that can send one: docs/webhook.md tells how."""

from adapters.webhook.account import Webhook

__all__ = ["Webhook"]
