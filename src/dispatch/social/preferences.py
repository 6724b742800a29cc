"""What a newsroom may want of a channel, by network: one table, from which its page asks, and which judges what is typed.

What else a channel's settings hold (its standing picture) is kept.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dispatch.social import networks, slots
from dispatch.social.networks.base import Account
from dispatch.social.networks.checking import ALT_OPTIONAL

if TYPE_CHECKING:
    from dispatch.social.models import Channel, Post

KEEPERS = {"telegram": {"pin": "Pin it in the channel"}}
"""Settings of single posts that an editor may choose, by network; a channel's own of the same name stands until they do."""
NOBODY = Account(server="", name="", credentials={})
MONTH = re.compile(r"20\d\d(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Preference:
    """One of them. `reads` None: it is on or off; else it is a text, and `reads` says what is wrong with it."""

    key: str  # in Channel.settings
    words: str
    reads: Callable[[str], str] | None = None
    example: str = ""


def _address(text: str) -> str:
    parts = urlsplit(text)
    is_one = parts.scheme in {"https", "http"} and parts.hostname and not (parts.query or parts.fragment or "@" in text)
    return "" if is_one and not re.search(r"\s", text) else f"“{text}” is no address; write one like https://host"


def _month(text: str) -> str:
    return "" if MONTH.fullmatch(text) else f"“{text}” is no version of LinkedIn's; write year and month like 202511"


ALT = Preference(ALT_OPTIONAL, "Pictures may go without a description")
OF_NETWORK: Mapping[str, Sequence[Preference]] = {
    "x": (
        Preference("threads", "Long texts may become threads (X allows replies to few programs)"),
        Preference("edits", "Posts may be edited (for accounts that pay X for it)"),
        # docs.x.com/x-api/getting-started/pricing, “Posts: Read”; feedback.MOMENTS says how often.
        Preference("counts", "Count replies, likes and reposts (X takes $0.005 each time: at most $0.025 a post)"),
    ),
    "telegram": (Preference("pin", "Posts are pinned, unless their editor says otherwise"),),
    "bluesky": (
        Preference(
            "appview", "Where to count likes and reposts", _address, "the public one, https://public.api.bsky.app"
        ),
    ),
    "linkedin": (
        Preference("comments", "As a person, too, first comments may be posted (LinkedIn allows it to few programs)"),
        Preference("version", "Version of LinkedIn’s API", _month, "the one this Dispatch was written for"),
    ),
}


def of(network: str) -> Sequence[Preference]:
    """Those that a channel of this network has."""
    describes = network not in networks.registry or networks.get(network).limits(NOBODY).alt_longest
    return (*OF_NETWORK.get(network, ()), *((ALT,) if describes else ()))


def read(channel: "Channel", on: frozenset[str], texts: Mapping[str, str]) -> dict[str, Any]:
    """A channel's settings as they would be: `on` names the switches that are on, `texts` holds the others. What is empty is
    left to the network. Raises slots.Unclear."""
    known = of(channel.network)
    kept = {key: value for key, value in channel.settings.items() if key not in {one.key for one in known}}
    for one in known:
        text = texts.get(one.key, "").strip()
        if one.reads is None:
            kept |= {one.key: True} if one.key in on else {}
        elif text:
            if wrong := one.reads(text):
                raise slots.Unclear(wrong)
            kept[one.key] = text
    return kept


def of_post(post: "Post") -> dict[str, Any]:
    """A post's settings, its channel's standing in for those that nobody chose; a further part has only its own."""
    own: dict[str, Any] = dict(post.settings)
    if post.place:
        return own
    offered = KEEPERS.get(post.channel.network, {})
    return {name: True for name in offered if post.channel.settings.get(name)} | own
