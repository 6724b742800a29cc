"""How a post is taken, as networks show it to everybody."""

from collections.abc import Mapping
from typing import Any

import httpx

from dispatch.social.networks.base import TIMEOUT, Account, CannotTell, Counts

APPVIEW = "https://public.api.bsky.app"
"""docs.bsky.app/docs/advanced-guides/api-directory: what the public sees, for anyone who asks."""
COSTS = "X takes money for each answer: its channel's settings do not allow that"


def bluesky(remote_id: str, account: Account) -> Counts | CannotTell:
    """app.bsky.feed.getPosts, of a channel's own server where it has one: no other host hears of it. Where that has no view
    of the network for everybody, the channel's setting `appview` names one that has."""
    own = "" if account.server.rstrip("/") in {"", "https://bsky.social"} else account.server
    server = str(account.settings.get("appview") or own or APPVIEW).rstrip("/")
    try:
        answer = httpx.get(f"{server}/xrpc/app.bsky.feed.getPosts", params={"uris": remote_id}, timeout=TIMEOUT)
        answer.raise_for_status()
        posts = answer.json()["posts"]
    except (httpx.HTTPError, KeyError, ValueError, TypeError) as error:
        return CannotTell(f"no answer ({type(error).__name__})")
    if not posts:
        return CannotTell("it is not there any more")
    return of(posts[0], replies="replyCount", likes="likeCount", reposts="repostCount")


def of(said: Mapping[str, Any], **names: str) -> Counts:
    """The numbers under a network's own names; what is no number is not said."""
    found = {ours: said.get(theirs) for ours, theirs in names.items()}
    return Counts(**{ours: value for ours, value in found.items() if type(value) is int and value >= 0})
