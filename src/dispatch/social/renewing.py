"""A new bound token for an old one (atproto.com/specs/oauth): the refresh token is good once, and its successor is kept."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from dispatch import fetching
from dispatch.outcomes import Deferred, Refused
from dispatch.social import dpop
from dispatch.social.networks.base import Renewed

SOON = timedelta(minutes=10)
"""A token lives for about an hour; it is renewed this long before its end."""


def bound(keys: Mapping[str, str]) -> Renewed | Deferred | Refused:
    """Ask the authorization server that gave it."""
    form = {"grant_type": "refresh_token", "refresh_token": keys["refresh_token"], "client_id": keys["client_id"]}
    answer = dpop.post(keys["token_url"], form, keys["dpop_key"], keys["issuer"])
    if isinstance(answer, fetching.Failed) or answer.status >= 500 or answer.status == 429:
        return Deferred(until=None, reason="the account's server cannot be asked for a new token")
    try:
        said = json.loads(answer.body)
        if answer.status >= 400:
            return Refused(reason=f"the server renews nothing: {said.get('error', 'without a reason')}", code="401")
        if said["sub"] != keys["identifier"]:
            return Refused(reason="the server renewed the token of another account", code="401")
        ends = datetime.now(UTC) + timedelta(seconds=int(said["expires_in"]))
        fresh = {"access_token": str(said["access_token"]), "refresh_token": str(said["refresh_token"])}
    except (KeyError, TypeError, ValueError, AttributeError):
        return Deferred(until=None, reason="the account's server answers in a way that is not understood")
    return Renewed({**keys, **fresh, "expires_at": ends.isoformat()}, ends)
