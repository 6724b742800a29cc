"""What a network calls a post, read from the address at which people see it."""

import re
from collections.abc import Callable

NAMES: dict[str, tuple[str, Callable[[re.Match[str]], str]]] = {
    "x": (r"https://(?:x|twitter)\.com/\w+(?:/\w+)?/status/(\d+)", lambda found: found[1]),
    "mastodon": (r"https?://[^/]+/(?:web/)?(?:@[^/]+|statuses|users/[^/]+/statuses)/(\d+)", lambda found: found[1]),
    "bluesky": (
        r"https://bsky\.app/profile/([^/]+)/post/([a-z2-7]{13})",
        lambda found: f"at://{found[1]}/app.bsky.feed.post/{found[2]}",
    ),
    "facebook": (
        r"https://(?:www\.)?facebook\.com/(\d+_\d+|(\d+)/posts/(\d+))",
        lambda found: f"{found[2]}_{found[3]}" if found[2] else found[1],
    ),
    "linkedin": (
        r"https://www\.linkedin\.com/feed/update/(urn:li:(?:share|ugcPost):\d+)",
        lambda found: found[1],
    ),
    "telegram": (r"https://t\.me/(?:s/|c/)?[^/]+/(\d+)", lambda found: found[1]),
}


def name(network: str, address: str) -> str:
    """Empty where the address says nothing, or the network's addresses do not carry its names."""
    pattern, read = NAMES.get(network, (r"(?!)", lambda _: ""))
    found = re.match(pattern, address.strip())
    return read(found) if found else ""
