"""Meta's Graph API as Facebook, Instagram and Threads speak it: one request, one answer, and what its errors mean.

developers.facebook.com/docs/graph-api/guides/error-handling and /overview/rate-limiting, read in November 2026.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from dispatch.outcomes import Deferred, Refused, Unknown
from dispatch.social.networks import allowances, answers, calling, publicly
from dispatch.social.networks.base import Account, CannotTell, Renewed

VERSION = "v25.0"
LATER = {4, 9, 17, 32, 341, 613, 9007}
"""Calls of the app, actions of the user, calls of the user, of the Page, of the app again, of one endpoint; or a picture that
is not ready yet."""
BUSINESS_LATER = range(80000, 80015)
"""The same by use case ("business use case rate limits")."""
DOUBTFUL = {-2, -1, 1, 2}
"""The service failed; nobody says whether before or after."""
DUPLICATE = 506
NOT_ALLOWED = {10, *range(200, 300)}
"""The person, or Meta's review of the app, did not give the permission."""
GONE = (100, 33)
"""Code and subcode of an object that does not exist, or not for this token."""
USE, APP_USE = "x-business-use-case-usage", "x-app-usage"
SHARES = ("call_count", "total_time", "total_cputime")
"""Percentages of what is allowed in an hour; at 100 of any of them nothing more is answered."""


class Failed(Exception):
    """An answer that is an error, in Meta's shape as far as it has one."""

    def __init__(self, status: int, error: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        self.status, self.error, self.headers = status, error, headers
        self.code, self.subcode = int(error.get("code") or 0), int(error.get("error_subcode") or 0)
        super().__init__(str(error.get("error_user_msg") or error.get("message") or f"the network failed ({status})"))


FAILURES = (Failed, httpx.HTTPError, httpx.InvalidURL, OSError, *answers.UNREADABLE)


@dataclass(frozen=True)
class Graph:
    """One host and the token that speaks there. Each call is one request; raises what FAILURES names."""

    root: str  # with its version
    token: str = field(repr=False)
    seconds: float

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Read. The token is a header, not a part of the address, which others might log."""
        return self._ask("GET", path, params=query)

    def post(self, path: str, files: Mapping[str, Any] | None = None, **form: Any) -> dict[str, Any]:
        """Do; what is None is left out."""
        said = {name: value for name, value in form.items() if value is not None}
        return self._ask("POST", path, data=said, files=files)

    def delete(self, path: str) -> dict[str, Any]:
        """Take away."""
        return self._ask("DELETE", path)

    def answer(self, method: str, path: str, **how: Any) -> httpx.Response:
        """The answer as it came, for whom its headers tell something; `read` reads the rest."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return calling.ask(method, f"{self.root}/{path}", self.seconds, headers=headers, **how)

    def _ask(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        return read(self.answer(method, path, **how))


def read(answer: httpx.Response) -> dict[str, Any]:
    """The answer's JSON. Raises Failed for an error, TypeError for what is no object."""
    body = _parsed(answer)
    if answer.status_code >= 400 or (isinstance(body, dict) and "error" in body):
        error = body.get("error") if isinstance(body, dict) else None
        raise Failed(answer.status_code, error if isinstance(error, dict) else {}, answer.headers)
    if not isinstance(body, dict):
        raise TypeError("an answer that is no object")
    return body


def root(server: str, host: str, version: str = VERSION) -> str:
    """Where to ask: the network's own host, or the one that a channel names."""
    return f"{(server or host).rstrip('/')}/{version}"


def outcome(error: Exception) -> answers.Trouble:
    """What an error means for something that was to be published."""
    if not isinstance(error, Failed):
        return answers.of_failure(error)
    words, code = str(error)[:300], str(error.code or error.status)
    if error.status == 429 or error.code in LATER or error.code in BUSINESS_LATER:
        return Deferred(until=until(error.headers), reason=words, code=code)
    if error.code == DUPLICATE:
        return Unknown(reason="the network says it has this text already", evidence={"code": code, "words": words})
    if error.status >= 500 or error.code in DOUBTFUL or error.error.get("is_transient"):
        return Unknown(reason=f"the network failed ({code})", evidence={"code": code, "words": words})
    return Refused(reason=words, code=code)


def until(headers: Mapping[str, str]) -> datetime | None:
    """When it lets us in again: minutes, by business and use case (overview/rate-limiting#headers-2)."""
    try:
        uses = [use for one in json.loads(headers.get(USE, "{}")).values() for use in one]
        minutes = max((int(use.get("estimated_time_to_regain_access") or 0) for use in uses), default=0)
    except answers.UNREADABLE:
        return None
    return datetime.now(UTC) + timedelta(minutes=minutes) if minutes else None


def left(headers: Mapping[str, str]) -> allowances.Allowance | None:
    """Percent of the hour's calls that are left, by the fullest share of any use; by the app's, where only that is told.

    Both headers come only "once enough calls have been made" (overview/rate-limiting#headers-2 and #headers).
    """
    try:
        by_business = [use for one in json.loads(headers.get(USE, "{}")).values() for use in one]
        uses = by_business or [json.loads(headers[APP_USE])]
        used = max(int(use[share]) for use in uses for share in SHARES if share in use)
    except (KeyError, *answers.UNREADABLE):
        return None
    return allowances.Allowance("percent of an hour’s calls", max(0, 100 - used), until(headers))


def renewed(address: str, grant: str, account: Account, seconds: float) -> Renewed | Deferred | Refused:
    """A long-lived token for one that is about to end, as Instagram and Threads give it."""
    query = {"grant_type": grant, "access_token": account.credentials["access_token"]}
    try:
        said = read(calling.ask("GET", address, seconds, params=query))
        ends = datetime.now(UTC) + timedelta(seconds=int(said["expires_in"]))
        token = str(said["access_token"])
    except FAILURES as error:
        return answers.before_publishing(outcome(error))
    return Renewed({**account.credentials, "access_token": token, "expires_at": ends.isoformat()}, ends)


def untold(error: Exception) -> CannotTell:
    """What an error means for numbers that were asked for."""
    return publicly.untold(error, is_refused=isinstance(error, Failed) and error.code in NOT_ALLOWED)


def is_gone(error: Exception) -> bool:
    """Whether there is no such object any more."""
    return isinstance(error, Failed) and (error.code, error.subcode) == GONE


def moment_of(seconds: Any) -> datetime | None:
    """A moment that Meta gives in seconds since 1970; 0 is never."""
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else None


def _parsed(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        if answer.status_code >= 400:
            return {}
        raise


def moment(text: Any) -> float:
    """Seconds since 1970 of how Meta writes a time: 2026-11-28T10:00:00+0000."""
    return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S%z").timestamp()
