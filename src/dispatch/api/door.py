"""The programs' own way in. By a token alone: whoever has a cookie is a stranger here, so no page elsewhere can borrow it.

Middleware around `/api/v1/`: who calls, how often, whether the same was asked before; and whatever goes wrong, in this room
or before it, is answered as a problem in JSON.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dispatch.accounts import audit, permissions
from dispatch.accounts.models import Role, Token
from dispatch.api import once, problems, tokens
from dispatch.api.problems import Problem
from dispatch.api.tokens import Scope

SQL = Path(__file__).parent / "sql"
ROOM, CALLS = "/api/", "/api/v1/"
LARGEST = 1024 * 1024
LARGER = {f"{CALLS}media/upload": settings.DATA_UPLOAD_MAX_MEMORY_SIZE}
"""Bytes of a body; most of any."""
EACH, BURST = 0.2, 12.0
"""Seconds: five calls a second for as long as it likes, and sixty at once."""
KEPT = "dispatch.token"


class Door:
    """Middleware, the last of all: what it leads to is this room's views alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let in, or say why not."""
        if not request.path.startswith(ROOM):
            return self.get_response(request)
        try:
            answer = self._let_in(request) if request.path.startswith(CALLS) else self.get_response(request)
        except Problem as problem:
            answer = problems.answer(problem)
        if answer.status_code >= 400 and answer["Content-Type"] != problems.TYPE:
            answer = _in_json(answer)
        answer["Cache-Control"] = "no-store"
        return answer

    def _let_in(self, request: HttpRequest) -> HttpResponse:
        token = _owner(request)
        _admit(token)
        _check_size(request)
        request.META[KEPT] = token
        with audit.through(f"token:{token.pk} {token.name}"):
            return once.answer(token, request, self.get_response)


class Permit:
    """What a call asks of its token, for `auth=` of an operation."""

    def __init__(self, scope: Scope | None, role: Role, query: frozenset[str]) -> None:
        self.scope, self.role, self.query = scope, role, query

    def __call__(self, request: HttpRequest) -> Token:
        """The token. Raises Problem where it may not."""
        token = token_of(request)
        if self.scope is not None and self.scope not in token.scopes:
            raise Problem("not-allowed", f"It takes the scope {self.scope}.")
        if not permissions.may(token.user, self.role):
            raise Problem("not-allowed", f"Its person's role would have to be {self.role.label.lower()} or above.")
        if unknown := sorted(set(request.GET) - self.query):
            raise Problem("invalid", errors=dict.fromkeys(unknown, "there is no such parameter"))
        return token


def token_of(request: HttpRequest) -> Token:
    """Whose call it is."""
    found = request.META[KEPT]
    assert isinstance(found, Token)
    return found


def _check_size(request: HttpRequest) -> None:
    said = request.headers.get("Content-Length", "")
    most = LARGER.get(request.path, LARGEST)
    if (said.isdecimal() and int(said) > most) or len(request.body) > most:
        raise Problem("too-large")


def _owner(request: HttpRequest) -> Token:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    token = tokens.find(secret.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise Problem("no-token", WWW_Authenticate='Bearer realm="dispatch"')
    return token


def _admit(token: Token) -> None:
    """Count it, or say when to come again."""
    with connection.cursor() as cursor:
        cursor.execute(
            _text("admit"), {"token": token.pk, "each": EACH, "burst": BURST, "today": timezone.now().date()}
        )
        if cursor.fetchone() is None:
            raise Problem("too-many", Retry_After="1")


def _in_json(answer: HttpResponse) -> HttpResponse:
    """What Django, or a middleware, would have said in a page."""
    said = problems.answer(problems.of_status(answer.status_code))
    said.status_code = answer.status_code
    if "Allow" in answer:
        said["Allow"] = answer["Allow"]
    return said


@cache
def _text(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
