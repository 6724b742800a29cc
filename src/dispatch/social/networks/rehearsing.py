"""Networks in a rehearsal: they count, check, preview and probe as ever, and nothing is put there, changed or taken back."""

from dispatch import staging
from dispatch.outcomes import Deferred, Refused


class Rehearsed:
    """What a network's class does instead, standing before it; no request is made for any of it."""

    def prepare(self, *_: object) -> Refused:
        """No picture is put there either."""
        return Refused(reason=staging.WHY)

    publish = edit = delete = prepare

    def renew(self, *_: object) -> Deferred:
        """Tokens that can be used once are those of the newsroom this was copied from."""
        return Deferred(until=None, reason=staging.WHY)
