"""Where a mail's links lead: asked one by one, within limits of time and number, by the client that reaches no inside."""

import re
import time
from collections.abc import Iterable
from concurrent import futures
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urldefrag

from django.conf import settings
from lxml import html

from dispatch import fetching

MOST = 80
AT_ONCE = 6
EACH_SECONDS, ALL_SECONDS = 8.0, 60.0
LARGEST = 256 * 1024
"""Bytes; a page that is larger is there."""
GONE = {404, 410}
SLOT = re.compile(r"x[0-9a-f]{16}(leave|preferences)x")


class Fate(StrEnum):
    """What is known of a link. Hosts that turn programs away say nothing about what people see."""

    ALIVE = "alive"
    DEAD = "dead"
    UNSURE = "could not tell"


@dataclass(frozen=True)
class Link:
    """An address and what became of asking."""

    url: str
    fate: Fate
    why: str = ""


def addresses(documents: Iterable[str]) -> list[str]:
    """Those that these mails lead to, each once, without our own pages: an edition's is there once it has left."""
    found: dict[str, None] = {}
    for document in documents:
        for link in html.document_fromstring(document).iter("a") if document else []:
            url = urldefrag(link.get("href", "").strip()).url
            is_ours = url.startswith((settings.PUBLIC_URL, settings.DISCREET_URL or settings.PUBLIC_URL))
            if url.startswith(("https://", "http://")) and not is_ours and not SLOT.search(url):
                found[url] = None
    return list(found)


def check(urls: list[str]) -> list[Link]:
    """Ask each; those beyond the limits stay unsure."""
    deadline = time.monotonic() + ALL_SECONDS
    with futures.ThreadPoolExecutor(AT_ONCE) as threads:
        asked = list(threads.map(lambda url: _ask(url, deadline), urls[:MOST]))
    return asked + [Link(url, Fate.UNSURE, f"only the first {MOST} links are looked at") for url in urls[MOST:]]


def _ask(url: str, deadline: float) -> Link:
    seconds = min(EACH_SECONDS, deadline - time.monotonic())
    if seconds <= 0:
        return Link(url, Fate.UNSURE, "there was no time left")
    answer = fetching.fetch(url, seconds=seconds, largest=LARGEST)
    if isinstance(answer, fetching.Failed):
        if answer.reason.startswith("larger than"):
            return Link(url, Fate.ALIVE)
        return Link(url, Fate.DEAD if answer.reason.endswith("is not known") else Fate.UNSURE, answer.reason)
    if answer.status < 400:
        return Link(url, Fate.ALIVE)
    return Link(url, Fate.DEAD if answer.status in GONE else Fate.UNSURE, f"it answers {answer.status}")
