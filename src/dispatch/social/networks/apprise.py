"""Whatever Apprise can speak to, as plain text: Slack, Discord, Matrix, Signal, ntfy and a hundred more.

Apprise answers only yes or no; `watched` says what its "no" is worth.
"""

from dispatch.outcomes import Outcome
from dispatch.social.networks import checking, watched
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

LONGEST = 2000
"""Characters, until the service was asked for its own number."""


class Apprise:
    """See Network. Credentials: url, an Apprise address such as slack://… or ntfy://…; `{server}` in it stands for the
    channel's server. Services that Apprise speaks to without the requests library can only be told yes or unknown."""

    name = "apprise"

    def replays(self, draft: Draft) -> bool:  # noqa: ARG002 - the contract's shape
        """It only sends."""
        return False

    def limits(self, account: Account) -> Limits:
        """The service's own, as its plug-in knows it."""
        return Limits(longest=int(account.known.get("longest") or LONGEST), unit="characters")

    def count(self, text: str, account: Account) -> int:  # noqa: ARG002 - the contract's shape
        """Characters."""
        return len(text)

    def check(self, draft: Draft, account: Account) -> list[str]:
        """By its limits."""
        return checking.problems(draft, account, self.limits(account), self.count(draft.text, account))

    def prepare(self, draft: Draft, account: Account) -> Prepared:  # noqa: ARG002 - the contract's shape
        """Nothing goes there first."""
        return {}

    def publish(self, draft: Draft, account: Account) -> Outcome:
        """The plug-in's `notify`, once: Apprise's own retries are outside of it."""
        return watched.say(_address(account), draft.text)

    def find(self, draft: Draft, account: Account) -> Look:  # noqa: ARG002 - the contract's shape
        """Apprise only sends."""
        return CannotTell("Apprise only sends; look there and decide")

    def edit(self, remote_id: str, draft: Draft, account: Account) -> Outcome | Unsupported:  # noqa: ARG002
        """Apprise only sends."""
        return Unsupported()

    def delete(self, remote_id: str, account: Account) -> Outcome | Unsupported:  # noqa: ARG002 - the contract's shape
        """Apprise only sends."""
        return Unsupported()

    def probe(self, account: Account) -> Health:
        """Whether Apprise takes the address. Only a message tells more."""
        try:
            plugin = watched.opened(_address(account))
        except watched.Unusable as error:
            return Health(ok=False, words=str(error))
        known = {"longest": int(plugin.body_maxlen or LONGEST), "service": str(plugin.service_name)}
        return Health(
            ok=True, words=f"{known['service']}: the address is complete; only a message tells more", known=known
        )


def _address(account: Account) -> str:
    place = account.server.partition("://")[2].rstrip("/")
    return account.credentials["url"].strip().replace("{server}", place)
