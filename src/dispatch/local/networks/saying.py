"""What stand-ins read in a post."""

import re

LINK = re.compile(r"https?://\S+")


def link(text: str) -> str:
    """The last one; empty for none."""
    found = LINK.findall(text)
    return found[-1] if found else ""
