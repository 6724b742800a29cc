"""Pages of a list, the newest first, that do not shift when something new comes: a cursor names the row before them."""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from ninja import Schema

from dispatch.api.problems import Problem

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item")


class Page(Schema, Generic[Item]):
    """A page of a list; `next` is the address of the one after it, null on the last."""

    items: list[Item]
    next: str | None


def page(
    request: HttpRequest, rows: "QuerySet[Row]", told: Callable[[Row], Item], *, cursor: str, limit: int
) -> dict[str, Any]:
    """The rows after `cursor`. Raises Problem where that is none of ours."""
    if cursor:
        rows = rows.filter(pk__lt=_opened(cursor))
    found = list(rows.order_by("-pk")[: limit + 1])
    shown = found[:limit]
    more = f"{settings.PUBLIC_URL}{_with(request, _sealed(shown[-1].pk))}" if len(found) > limit else None
    return {"items": [told(row) for row in shown], "next": more}


def _with(request: HttpRequest, cursor: str) -> str:
    asked = request.GET.copy()
    asked["cursor"] = cursor
    return f"{request.path}?{asked.urlencode()}"


def _sealed(number: int) -> str:
    return base64.urlsafe_b64encode(f"after {number}".encode()).decode().rstrip("=")


def _opened(cursor: str) -> int:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        text = ""
    found = re.fullmatch(r"after ([0-9]{1,18})", text)
    if not found:
        raise Problem("invalid", errors={"cursor": "take it from `next` of the page before"})
    return int(found[1])
