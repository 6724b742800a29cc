"""What X's posts say, as its API shows them (docs.x.com/x-api/fundamentals/data-dictionary)."""

import html
import unicodedata
from collections.abc import Mapping
from typing import Any

from dispatch.social.networks.base import Draft


def field(post: Mapping[str, Any], name: str) -> list[Any]:
    """X's description calls tweets posts since 2.167; its answers do so field by field."""
    return list(post.get(name) or post.get(name.replace("tweet", "post")) or [])


def says(post: Any, draft: Draft) -> bool:
    """Whether it is the draft: a part of a thread by what it replies to, another by its link, which X keeps behind t.co, or
    by its text."""
    replied = [str(one["id"]) for one in field(post, "referenced_tweets") if one.get("type") == "replied_to"]
    if replied != ([draft.reply_to] if draft.reply_to else []):
        return False
    if draft.link and draft.link in draft.text:
        return draft.link in [link.get("expanded_url", "") for link in post.get("entities", {}).get("urls", [])]
    return text(post) == normal(draft.text)


def text(post: Mapping[str, Any]) -> str:
    """What was written: links as they were, without the one that X adds for pictures."""
    said = str(post["text"])
    for link in post.get("entities", {}).get("urls", []):
        written = "" if "media_key" in link else str(link.get("expanded_url", ""))
        said = said.replace(str(link.get("url", "")), written)
    return normal(html.unescape(said))


def normal(text: str) -> str:
    """As X stores it."""
    return unicodedata.normalize("NFC", text).strip()


def address(number: str) -> str:
    """Where people see it; X finds the account by itself."""
    return f"https://x.com/i/status/{number}"
