"""A network that this Dispatch does not know, as a channel of another version of it may name one. Pages show its channel and
what is to be done; nothing is posted there, and nothing breaks over it."""

from dispatch.outcomes import Outcome, Refused
from dispatch.social.networks.base import (
    Account,
    CannotTell,
    Draft,
    Health,
    Limits,
    Look,
    Prepared,
    Unsupported,
)

LONGEST = 20_000
"""Characters: nothing is cut for a network of which nobody knows what fits."""


class Absent:
    """See Network. Every act is refused in the same words, and none asks anybody."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.words = f"this Dispatch knows no network “{name}”: bring back the version that did, or remove the channel"

    def replays(self, draft: Draft) -> bool:  # noqa: ARG002 - the contract's shape
        """Nothing is published."""
        return False

    def limits(self, account: Account) -> Limits:  # noqa: ARG002 - the contract's shape
        """Nobody knows."""
        return Limits(longest=LONGEST, unit="characters")

    def count(self, text: str, account: Account) -> int:  # noqa: ARG002 - the contract's shape
        """Characters."""
        return len(text)

    def check(self, draft: Draft, account: Account) -> list[str]:  # noqa: ARG002 - the contract's shape
        """That it is unknown."""
        return [self.words]

    def prepare(self, draft: Draft, account: Account) -> Prepared:  # noqa: ARG002 - the contract's shape
        """Refused."""
        return Refused(reason=self.words)

    def publish(self, draft: Draft, account: Account) -> Outcome:  # noqa: ARG002 - the contract's shape
        """Refused."""
        return Refused(reason=self.words)

    def find(self, draft: Draft, account: Account) -> Look:  # noqa: ARG002 - the contract's shape
        """Nobody can look."""
        return CannotTell(self.words)

    def edit(self, remote_id: str, draft: Draft, account: Account) -> Outcome | Unsupported:  # noqa: ARG002
        """There is nobody to ask."""
        return Unsupported()

    def delete(self, remote_id: str, account: Account) -> Outcome | Unsupported:  # noqa: ARG002 - the contract's shape
        """There is nobody to ask."""
        return Unsupported()

    def probe(self, account: Account) -> Health:  # noqa: ARG002 - the contract's shape
        """Not well."""
        return Health(ok=False, words=self.words)
