"""What programs ask Dispatch: does this process live, can it serve, and its figures. No page, no session, no secret."""

import hmac
import time
from ipaddress import ip_address

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from dispatch import queue
from dispatch.operations import figures

FRESH = {"Cache-Control": "no-store"}
ASKED_EVERY = 2.0
"""Seconds that an answer about the world serves, since anyone may ask."""


@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """This process answers; nothing else is asked."""
    return JsonResponse({"alive": True}, headers=FRESH)


@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """Whether pages and webhooks can be served: 200 or 503, and in words what is missing. Without its broker it can."""
    found = _looked()
    ready = all(found[part] == "ok" for part in ("database", "migrations"))
    return JsonResponse({"ready": ready, **found}, status=200 if ready else 503, headers=FRESH)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus. To whoever may not ask, there is no such page."""
    if not _may_ask(request):
        return HttpResponseNotFound("Not here.\n", content_type="text/plain; charset=utf-8")
    try:
        return HttpResponse(figures.exposition(), content_type=CONTENT_TYPE_LATEST, headers=FRESH)
    except Error:
        words = "The database does not answer.\n"
        return HttpResponse(words, status=503, content_type="text/plain; charset=utf-8", headers=FRESH)


def _may_ask(request: HttpRequest) -> bool:
    """By the token; where there is none, from this very machine only, and not through a proxy on it."""
    if settings.METRICS_TOKEN:
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(shown.encode(), settings.METRICS_TOKEN.encode())
    is_passed_on = any(name in request.headers for name in ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via"))
    try:
        return not is_passed_on and ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _looked() -> dict[str, str]:
    global _last  # noqa: PLW0603 - the memory of one answer
    if time.monotonic() - _last[0] >= ASKED_EVERY:
        _last = (time.monotonic(), _look())
    return _last[1]


def _look() -> dict[str, str]:
    broker = "does not answer; mail and posts wait or go late" if queue.ping(1) else "ok"
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return {"database": "ok", "migrations": _migrations(), "broker": broker}
    except Error:
        return {"database": "does not answer", "migrations": "not known", "broker": broker}


def _migrations() -> str:
    """Once they are all applied they stay so while this program runs."""
    global _is_migrated  # noqa: PLW0603 - the memory of one answer
    if not _is_migrated:
        executor = MigrationExecutor(connection)
        _is_migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return "ok" if _is_migrated else "not all are applied: run dispatch migrate"


_last: tuple[float, dict[str, str]] = (-ASKED_EVERY, {})
_is_migrated = False
