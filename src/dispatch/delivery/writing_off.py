"""The way out of a send that does not add up, for a person who has looked: it is counted again, and whoever is unaccounted
for becomes unknown. Nobody is written to for it."""

from dataclasses import dataclass

from django.db import transaction

from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.delivery import closing, statements
from dispatch.delivery.models import Send


@dataclass(frozen=True)
class Settled:
    """How it stands now, and how many readers became unknown."""

    state: str  # finished; or unbalanced, where something else is wrong than that readers are missing
    unknown: int


@transaction.atomic
def settle(send: int, by: User | None, reason: str) -> Settled | None:
    """Close it as the clock would. None: it is not one that does not add up."""
    one = Send.objects.select_for_update().filter(pk=send, state=Send.State.UNBALANCED).first()
    if one is None:
        return None
    unknown = int(statements.row("write_off", send=send)[0])
    audit.record(by, "send.settle", f"send:{send}", f"{unknown} unknown: {reason}"[:300])
    one.state = Send.State.SENDING
    one.save(update_fields=["state"])
    return Settled(closing.close(one), unknown)
