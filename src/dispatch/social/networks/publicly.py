"""How a post is taken, as networks show it to everybody."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from dispatch.social.networks.base import TIMEOUT, Account, CannotTell, Counts, NotAllowed

APPVIEW = "https://public.api.bsky.app"
"""docs.bsky.app/docs/advanced-guides/api-directory: what the public sees, for anyone who asks."""
COSTS = "X takes money for each answer: its channel's settings do not allow that"
NOTHING = CannotTell("the network has no numbers of it")
FEW = NotAllowed("LinkedIn tells the numbers of a person’s posts to few programs only")
"""`r_member_social` is "granted to select developers only" (…/community-management/shares/posts-api#permissions)."""
ON_LINKEDIN = {"share": "shares", "ugcPost": "ugcPosts"}
"""What a post is there, by its name; and the list in which one is asked for."""


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


def linkedin(remote_id: str, account: Account, find: Callable[[str], httpx.Response]) -> Counts | CannotTell:
    """organizationalEntityShareStatistics of one post of an organization (learn.microsoft.com/linkedin/marketing/
    community-management/organizations/share-statistics). How often it was shown and clicked comes along and is not read."""
    author = account.credentials["author"]
    if not author.startswith("urn:li:organization:"):
        return FEW
    listed = ON_LINKEDIN.get(remote_id.removeprefix("urn:li:").partition(":")[0])
    if listed is None:
        return NOTHING  # a comment
    asked = f"organizationalEntity={quote(author, safe='')}&{listed}=List({quote(remote_id, safe='')})"
    rows = find(f"organizationalEntityShareStatistics?q=organizationalEntity&{asked}").json()["elements"]
    mine = [row["totalShareStatistics"] for row in rows if remote_id in {row.get("share"), row.get("ugcPost")}]
    return of(mine[0], replies="commentCount", likes="likeCount", reposts="shareCount") if mine else NOTHING


def untold(error: Exception, *, is_refused: bool) -> CannotTell:
    """Why there are no numbers, in the network's words. `is_refused`: the account may see none of any post."""
    words = str(error)[:200] or type(error).__name__
    return NotAllowed(words) if is_refused else CannotTell(words)


def of(said: Mapping[str, Any], **names: str) -> Counts:
    """The numbers under a network's own names; what is no number is not said."""
    found = {ours: said.get(theirs) for ours, theirs in names.items()}
    return Counts(**{ours: value for ours, value in found.items() if type(value) is int and value >= 0})
