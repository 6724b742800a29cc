"""What the demo publishes: the samples beside this folder, or the files of a directory, through the ways in that a CMS
and an editor use."""

import json
import re
import time
import uuid
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx

from dispatch.local.demo import newsroom

SAMPLES = Path(__file__).parents[1] / "samples"
LANGUAGE = re.compile(r"\.([a-z]{2,3})$")


class Unusable(ValueError):
    """A directory holds nothing to publish, or something was not taken; the text says what."""


class Way(StrEnum):
    """How a story comes in."""

    NATIVE = "signed webhook"
    GHOST = "Ghost's webhook"
    PASTED = "pasted text"


@dataclass(frozen=True)
class Story:
    """One story to publish."""

    way: Way
    key: str  # articles.Story.key once it is in
    title: str
    languages: tuple[str, ...]
    body: bytes


def load(folder: Path) -> list[Story]:
    """Each .txt (pasted; `name.be.txt` is in Belarusian, no mark is English) and each .json that is a payload of Dispatch's
    own, one of Ghost's, or a capture of a Ghost request. Other files are left alone. Raises Unusable."""
    if not folder.is_dir():
        raise Unusable(f"{folder} is not a directory.")
    found = [_from_json(path) for path in sorted(folder.glob("*.json"))]
    stories = [story for story in found if story] + [_from_text(path) for path in sorted(folder.glob("*.txt"))]
    if not stories:
        raise Unusable(f"{folder} holds no .txt and no webhook's .json.")
    return stories


def publish(story: Story, site: str) -> None:
    """Bring it in as its newsroom would, signed now. Raises Unusable."""
    if story.way is Way.PASTED:
        _paste(story)
        return
    slug, headers = (
        ("native", sign_native(story.body)) if story.way is Way.NATIVE else ("ghost", sign_ghost(story.body))
    )
    headers["Content-Type"] = "application/json"
    answer = httpx.post(f"{site}/hooks/{slug}", content=story.body, headers=headers, timeout=10, trust_env=False)
    if answer.status_code != 202:
        raise Unusable(f"“{story.title}” was answered {answer.status_code}: {answer.text.strip()[:300]}")


def sign_native(body: bytes) -> dict[str, str]:
    from dispatch.articles import signatures

    number, moment = f"msg_{uuid.uuid4().hex}", int(time.time())
    signature = signatures.sign_standard(newsroom.NATIVE_SECRET, number, moment, body)
    return {"webhook-id": number, "webhook-timestamp": str(moment), "webhook-signature": signature}


def sign_ghost(body: bytes) -> dict[str, str]:
    from dispatch.articles import signatures

    return {"X-Ghost-Signature": signatures.sign_ghost(newsroom.GHOST_SECRET, int(time.time() * 1000), body)}


def _paste(story: Story) -> None:
    from dispatch import queue
    from dispatch.articles import bringing, extraction

    try:
        bringing.bring(story.body.decode(), language=story.languages[0], story=story.key)
    except extraction.Nothing as problem:
        raise Unusable(f"“{story.title}”: {problem}") from problem
    queue.flush()


def _from_json(path: Path) -> Story | None:
    content = path.read_bytes()
    try:
        value = json.loads(content)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    request = value.get("request")
    if isinstance(request, dict) and isinstance(request.get("raw_body"), str):
        content = request["raw_body"].encode()
        value = json.loads(content)
    return _ghosts(value, content) or _native(value, content)


def _ghosts(value: dict[str, Any], body: bytes) -> Story | None:
    post = value.get("post")
    current = post.get("current") if isinstance(post, dict) else None
    if not isinstance(current, dict) or "title" not in current:
        return None
    return Story(Way.GHOST, f"ghost:{current.get('id', '')}", str(current["title"]), ("en",), body)


def _native(value: dict[str, Any], body: bytes) -> Story | None:
    data = value.get("data")
    if value.get("type") != "article.published" or not isinstance(data, dict):
        return None
    languages = (data["language"], *(one["language"] for one in data.get("translations", [])))
    return Story(Way.NATIVE, f"native:{data['story']}", str(data["title"]), languages, body)


def _from_text(path: Path) -> Story:
    marked = LANGUAGE.search(path.stem)
    body = path.read_bytes()
    return Story(Way.PASTED, f"pasted:{path.stem}"[:120], path.name, (marked[1] if marked else "en",), body)
