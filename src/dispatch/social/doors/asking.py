"""What doors ask networks: short answers in JSON, from addresses that were checked, and every failure in words."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from dispatch import fetching
from dispatch.social import programs
from dispatch.social.doors.base import No

LARGEST = 1024 * 1024


def get(
    url: str, query: Mapping[str, str] | None = None, *, token: str = "", headers: Mapping[str, str] | None = None
) -> Any:
    """GET. Raises No."""
    address = f"{url}?{urlencode(query)}" if query else url
    return read(fetching.fetch(address, headers={**_bearer(token), **(headers or {})}, largest=LARGEST), url)


def post(url: str, form: Mapping[str, str], *, basic: tuple[str, str] | None = None) -> Any:
    """POST a form; `basic` is a program's id and secret (RFC 6749 section 2.3.1). Raises No."""
    headers = {"Accept": "application/json"}
    if basic:
        pair = ":".join(quote(part, safe="") for part in basic)
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    return read(fetching.send(url, form=form, headers=headers, largest=LARGEST), url)


def read(answer: fetching.Fetched | fetching.Failed, url: str) -> Any:
    """What it says. Raises No, in the network's words where it has some."""
    host = urlsplit(url).hostname or url
    if isinstance(answer, fetching.Failed):
        raise No(f"{host} cannot be asked: {answer.reason.rstrip('.')}.")
    try:
        said = json.loads(answer.body or b"{}")
    except ValueError as error:
        raise No(f"{host} answers in a way that is not understood ({answer.status}). Is the address right?") from error
    if answer.status >= 400:
        raise No(f"{host} says no ({answer.status}): {_words(said)}.")
    return said


def authorize(address: str, **query: str) -> str:
    """The address of a network's page where a person says yes."""
    return f"{address}?{urlencode({'response_type': 'code', **query}, quote_via=quote)}"


def program(place: str, label: str) -> programs.Program:
    """The newsroom's own at a network, or for one way to it (Way.place). Raises No."""
    found = programs.find(place)
    if found is None:
        raise No(f"{label} knows no program of this newsroom yet: an operator registers one first.")
    return found


def verifier() -> str:
    """RFC 7636 section 4.1."""
    return secrets.token_urlsafe(48)


def challenge(of: str) -> str:
    """RFC 7636 section 4.2: S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(of.encode()).digest()).decode().rstrip("=")


def ends(said: Mapping[str, Any]) -> datetime | None:
    """When what was given is over (`expires_in`, seconds). None: nobody says."""
    seconds = said.get("expires_in")
    return datetime.now(UTC) + timedelta(seconds=int(seconds)) if seconds else None


def server(typed: str) -> str:
    """An instance's address out of what people type: a host, a link to a profile, "@office@social.example.org". Raises No."""
    text = typed.strip().rstrip("/")
    if "://" not in text:
        text = f"https://{text.rpartition('@')[2]}"
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise No(f"“{typed.strip()[:80]}” is no server's address; write it like social.example.org") from error
    if not parts.hostname or " " in text or ("." not in parts.hostname and ":" not in parts.netloc):
        raise No(f"“{typed.strip()[:80]}” is no server's address; write it like social.example.org")
    path = parts.path.partition("/@")[0].rstrip("/")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}{path}"


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _words(said: Any) -> str:
    """Of an error as OAuth (RFC 6749 section 5.2), Meta, AT Protocol, X or LinkedIn write it."""
    if not isinstance(said, Mapping):
        return "without a reason"
    error = said.get("error")
    if isinstance(error, Mapping):
        return str(error.get("message", ""))[:200].rstrip(".")
    found = (said.get(name) for name in ("error_description", "message", "detail", "error_message", "description"))
    return str(next(filter(None, found), error or "without a reason"))[:200].rstrip(".")
