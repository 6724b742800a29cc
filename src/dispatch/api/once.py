"""The same call twice is one act: a POST that names an Idempotency-Key gets, for a day, the answer that it got first.

The act and what was answered are one transaction, so a process that dies between them leaves neither. Of two at once the
second is told to wait, by a lock that dies with its connection. A key is kept as a keyed hash, since programs make them of
anything.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dispatch import vault
from dispatch.accounts.models import Token
from dispatch.api.models import Answered
from dispatch.api.problems import Problem

KEPT = timedelta(days=1)
LONGEST = 255


class _Undone(Exception):
    """The act came to nothing, and neither is kept."""

    def __init__(self, answer: HttpResponse) -> None:
        super().__init__()
        self.answer = answer


def answer(token: Token, request: HttpRequest, act: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    """What was answered to the same before, else what `act` answers now. Raises Problem."""
    key = request.headers.get("Idempotency-Key", "")
    if request.method != "POST" or not key:
        return act(request)
    if len(key) > LONGEST:
        raise Problem("invalid", errors={"Idempotency-Key": f"{LONGEST} characters at most"})
    name, said = vault.mac("idempotency", f"{token.pk} {key}".encode()), _digest(request)
    try:
        with transaction.atomic():
            _hold(name)
            return _again(name, said) or _first(token, name, said, act(request))
    except _Undone as undone:
        return undone.answer


def forget_old() -> int:
    """Answers older than a day. How many."""
    return Answered.objects.filter(at__lt=timezone.now() - KEPT).delete()[0]


def _hold(name: bytes) -> None:
    number = int.from_bytes(name[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        row = cursor.fetchone()
    if not row or not row[0]:
        raise Problem("under-way", Retry_After="1")


def _again(name: bytes, said: bytes) -> HttpResponse | None:
    before = Answered.objects.filter(key=name, at__gte=timezone.now() - KEPT).first()
    if before is None:
        return None
    if bytes(before.said) != said:
        raise Problem("key-reused")
    headers = {**before.headers, "Idempotent-Replayed": "true"}
    return HttpResponse(before.body, status=before.status, content_type=before.kind, headers=headers)


def _first(token: Token, name: bytes, said: bytes, made: HttpResponse) -> HttpResponse:
    if made.status_code >= 500:
        raise _Undone(made)
    kept = {
        "token": token,
        "said": said,
        "at": timezone.now(),
        "status": made.status_code,
        "kind": made["Content-Type"],
        "headers": {one: made[one] for one in ("ETag", "Location") if one in made},
        "body": made.content.decode(),
    }
    Answered.objects.update_or_create(key=name, defaults=kept)
    return made


def _digest(request: HttpRequest) -> bytes:
    return hashlib.sha256(f"{request.get_full_path()}\0".encode() + request.body).digest()
