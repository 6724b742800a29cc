"""A mail by day or by night, whatever the device that shows it prefers: a frame does not take that choice from its page."""

import re

ASKED = re.compile(r"\(prefers-color-scheme:\s*(light|dark)\)")
SPOKEN = re.compile(r"(color-scheme(?:\"\s+content=\"|:\s*))light dark")
HOLDS, DOES_NOT = "(min-width: 0)", "(max-width: 0)"
"""Media conditions that are always and never true; unlike `all` they may stand beside others."""
SCHEMES = ("light", "dark")


def lit(page: str, scheme: str) -> str:
    """The page as a device set to `scheme` shows it."""
    assert scheme in SCHEMES
    page = ASKED.sub(lambda asked: HOLDS if asked[1] == scheme else DOES_NOT, page)
    return SPOKEN.sub(rf"\g<1>{scheme}", page)
