"""`dispatch demo`: everything of an instance, an inbox and four stand-in networks, and a newsroom that publishes to them."""

from dispatch.local.demo.command import add_arguments, run

__all__ = ["add_arguments", "run"]
