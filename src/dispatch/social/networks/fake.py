"""A network that goes nowhere, for tests and dry runs; it answers what it is told to and keeps what it took."""

from typing import TYPE_CHECKING

from dispatch.outcomes import Outcome, Sent
from dispatch.social.networks import checking
from dispatch.social.networks.base import (
    Account,
    Counts,
    Draft,
    Found,
    Health,
    Limits,
    Look,
    NotFound,
    Prepared,
    Unsupported,
)

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = Limits(
    longest=500,
    unit="characters",
    pictures=4,
    alt_longest=1000,
    threads=True,
    comments=True,
    warnings=True,
    edits=True,
    deletes=True,
)


class Fake:
    """See Network. `answer` may be replaced; `out` holds what was published, by key."""

    name = "fake"

    def __init__(self) -> None:
        self.out: dict[str, Draft] = {}
        self.answer: Callable[[Draft], Outcome] | None = None

    def replays(self, draft: Draft) -> bool:  # noqa: ARG002 - the contract's shape
        """It forgets."""
        return False

    def limits(self, account: Account) -> Limits:  # noqa: ARG002 - the contract's shape
        """500 characters, four pictures, threads."""
        return LIMITS

    def count(self, text: str, account: Account) -> int:  # noqa: ARG002 - the contract's shape
        """Code points."""
        return len(text)

    def check(self, draft: Draft, account: Account) -> list[str]:
        """By its limits."""
        return checking.problems(draft, account, self.limits(account), self.count(draft.text, account))

    def prepare(self, draft: Draft, account: Account) -> Prepared:  # noqa: ARG002 - the contract's shape
        """One name for each picture."""
        return {"media": [str(number) for number, _ in enumerate(draft.media)]} if draft.media else {}

    def publish(self, draft: Draft, account: Account) -> Outcome:  # noqa: ARG002 - the contract's shape
        """What `answer` says, else it is out."""
        outcome = (
            self.answer(draft) if self.answer else Sent(remote_id=draft.key, url=f"https://fake.example/{draft.key}")
        )
        if isinstance(outcome, Sent):
            self.out[draft.key] = draft
        return outcome

    def find(self, draft: Draft, account: Account) -> Look:  # noqa: ARG002 - the contract's shape
        """By key."""
        return Found(draft.key, f"https://fake.example/{draft.key}") if draft.key in self.out else NotFound()

    def edit(self, remote_id: str, draft: Draft, account: Account) -> Outcome | Unsupported:  # noqa: ARG002
        """Says something else from now on."""
        self.out[remote_id] = draft
        return Sent(remote_id=remote_id)

    def delete(self, remote_id: str, account: Account) -> Outcome | Unsupported:  # noqa: ARG002
        """Forgets it."""
        self.out.pop(remote_id, None)
        return Sent(remote_id=remote_id)

    def counts(self, remote_id: str, account: Account) -> Counts:  # noqa: ARG002 - the contract's shape
        """Nobody sees it."""
        return Counts(0, 0, 0)

    def probe(self, account: Account) -> Health:  # noqa: ARG002 - the contract's shape
        """Always well."""
        return Health(ok=True)
