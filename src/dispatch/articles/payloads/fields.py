"""Reading a JSON object field by field, each fault named by its path."""

import re
from datetime import UTC, datetime
from typing import Any

from dispatch.articles.incoming import Malformed

URL = re.compile(r"https?://(\[[0-9a-fA-F:.]+\]|[^\s/?#@:\[\]<>\"']+)(:\d{1,5})?([/?#][^\s<>\"]*)?")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
YEARS = range(1970, 2200)


def text(value: dict[str, Any], name: str, *, at: str = "", longest: int = 500, required: bool = True) -> str:
    """A string, trimmed, without NUL; empty only where it is not required."""
    found = value.get(name)
    if found is None:
        found = ""
    if not isinstance(found, str):
        raise Malformed(at + name, "must be text")
    found = found.replace("\0", "").strip()
    if required and not found:
        raise Malformed(at + name, "is missing")
    if len(found) > longest:
        raise Malformed(at + name, f"is longer than {longest} characters")
    return found


def url(value: dict[str, Any], name: str, *, at: str = "") -> str:
    """An http(s) address, or nothing. A host without a dot is fine: a CMS may live on one."""
    found = text(value, name, at=at, longest=1000, required=False)
    if not found:
        return ""
    if not found.startswith(("http://", "https://")):
        raise Malformed(at + name, "must begin with https:// or http://")
    if not URL.fullmatch(found):
        raise Malformed(at + name, "is not an address")
    return found


def moment(value: dict[str, Any], name: str, *, at: str = "", default: datetime | None = None) -> datetime:
    """An ISO 8601 moment with a zone; one without is taken as UTC."""
    found = text(value, name, at=at, required=default is None)
    if not found:
        assert default is not None
        return default
    try:
        parsed = datetime.fromisoformat(found)
    except ValueError as error:
        raise Malformed(at + name, "is not a moment like 2024-03-20T10:00:00Z") from error
    if parsed.year not in YEARS:
        raise Malformed(at + name, f"is outside the years {YEARS.start} to {YEARS.stop - 1}")
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def words(value: dict[str, Any], name: str, *, at: str = "") -> tuple[str, ...]:
    """A list of short texts."""
    found = value.get(name, [])
    if not isinstance(found, list) or not all(isinstance(word, str) and len(word) <= 80 for word in found):
        raise Malformed(at + name, "must be a list of texts of up to 80 characters")
    return tuple(clean for word in found if (clean := word.replace("\0", "").strip()))


def thing(value: dict[str, Any], name: str, *, at: str = "") -> dict[str, Any]:
    """An object; an empty one where it is missing."""
    found = value.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Malformed(at + name, "must be an object")
    return found
