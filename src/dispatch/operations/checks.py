"""One line of what Health says."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """What was looked at and seen. `state`: ok, todo (works, but someone should look) or bad."""

    part: str
    state: str
    words: str
    remedy: str = ""
