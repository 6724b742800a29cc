"""What a call answers when it cannot be done: RFC 9457, one shape for all, `errors` by field where a field is to blame."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Schema

from dispatch.desk import errors

TYPE = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """A kind of problem: what its status is, and what to do about it, for the reference page."""

    status: int
    title: str
    remedy: str


KINDS = {
    "unreadable": Kind(400, "This request cannot be read", "Send JSON in UTF-8, as the reference says."),
    "no-token": Kind(
        401,
        "A token is needed",
        "Send Authorization: Bearer dsp_…; the one that was sent is unknown, expired, revoked, or its person's account "
        "is closed.",
    ),
    "not-allowed": Kind(
        403, "Not for this token", "Make a token with the scope that is named, or ask for a higher role."
    ),
    "needs-a-person": Kind(
        403, "This takes a person", "No token may do it, whatever its scopes. Open the page that “desk” names."
    ),
    "not-found": Kind(404, "There is nothing here", "It is gone, was never there, or is not for this token's eyes."),
    "wrong-method": Kind(405, "Not in this way", "The header Allow says which methods there are."),
    "stale": Kind(409, "Somebody changed it meanwhile", "Read it again, and decide anew."),
    "too-late": Kind(409, "The world had moved on", "Nothing was changed. Read it again."),
    "exists": Kind(409, "There is one already", "Edit the one that “detail” names."),
    "not-then": Kind(409, "Not at that moment", "Nothing was changed. “detail” says why."),
    "under-way": Kind(409, "The same call is under way", "Wait a moment, and ask with the same key again."),
    "changed": Kind(412, "It is not as If-Match says", "Read it again, and decide anew."),
    "too-large": Kind(413, "Too much at once", "A body has 1 MB at most, a picture 12 MB."),
    "invalid": Kind(422, "Something in this request is not right", "“errors” says which field, and why."),
    "key-reused": Kind(422, "This Idempotency-Key was used for something else", "Use a fresh key for each new act."),
    "no-version": Kind(428, "Say which version you saw", "Send If-Match, or “version”, from what you read."),
    "too-many": Kind(429, "Too many calls", "Wait as many seconds as Retry-After says."),
    "broken": Kind(500, "Something broke here", "It is in the log. Try again in a minute."),
}


class Problem(Exception):
    """A call that cannot be done."""

    def __init__(
        self, kind: str, detail: str = "", *, errors: Mapping[str, str] | None = None, desk: str = "", **headers: str
    ) -> None:
        super().__init__(kind)
        self.kind, self.detail, self.errors, self.desk, self.headers = kind, detail, errors, desk, headers


class ProblemOut(Schema):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: dict[str, str] | None = None
    desk: str | None = None


def answer(problem: Problem) -> HttpResponse:
    """As HTTP has it."""
    kind = KINDS[problem.kind]
    said: dict[str, object] = {
        "type": f"{settings.PUBLIC_URL}/api/problems/{problem.kind}",
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail or kind.remedy,
    }
    if problem.errors:
        said["errors"] = dict(problem.errors)
    if problem.desk:
        said["desk"] = f"{settings.PUBLIC_URL}{problem.desk}"
    headers = {name.replace("_", "-"): value for name, value in problem.headers.items()}
    return HttpResponse(json.dumps(said), status=kind.status, content_type=TYPE, headers=headers)


def of_status(status: int) -> Problem:
    """For an answer that something else than this room gave."""
    by_status = {kind.status: name for name, kind in reversed(KINDS.items())}
    return Problem(by_status.get(status, "broken" if status >= 500 else "unreadable"))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400, of what reaches no room, as a Host that is none: below /api/ in the form of all answers there."""
    if request.path.startswith("/api/"):
        return answer(of_status(400))
    return errors.bad_request(request, exception)
