"""Dispatch takes a published article to the people who asked for it."""

__version__ = "0.1.0"
