"""Bluesky (AT Protocol). A record's key is ours: putting the same record under it again changes nothing: a repeat is safe."""

import contextlib
import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
from atproto_client import Client
from atproto_client.exceptions import AtProtocolError, RequestErrorBase
from atproto_client.request import Request

from dispatch.outcomes import Deferred, Outcome, Refused, Sent, Unknown
from dispatch.social import counting
from dispatch.social.networks import answers, checking
from dispatch.social.networks.base import (
    TIMEOUT,
    Account,
    CannotTell,
    Draft,
    Found,
    Health,
    Limits,
    Look,
    NotFound,
    Prepared,
    Unsupported,
)

SERVER = "https://bsky.social"
COLLECTION = "app.bsky.feed.post"
LIMITS = Limits(longest=300, longest_bytes=3000, unit="graphemes", deletes=True)
TID_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"  # atproto.com/specs/tid
LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]}»”]")
FAILURES = (AtProtocolError, httpx.HTTPError, OSError, *answers.UNREADABLE)
Session = tuple[str, str]  # DID and access token


class Bluesky:
    """See Network. Credentials: identifier, app_password."""

    name = "bluesky"
    replays = True

    def __init__(self) -> None:
        # A session is good for hours, and a server makes only a few hundred a day for one account.
        self.sessions: dict[tuple[str, str], Session] = {}

    def limits(self, account: Account) -> Limits:  # noqa: ARG002 - the contract's shape
        """app.bsky.feed.post's lexicon."""
        return LIMITS

    def count(self, text: str, account: Account) -> int:  # noqa: ARG002 - the contract's shape
        """Graphemes."""
        return counting.graphemes(text)

    def check(self, draft: Draft, account: Account) -> list[str]:
        """By its limits."""
        return checking.problems(draft, account, self.limits(account), self.count(draft.text, account))

    def prepare(self, draft: Draft, account: Account) -> Prepared:  # noqa: ARG002 - the contract's shape
        """Nothing is put there first."""
        return {}

    def publish(self, draft: Draft, account: Account) -> Outcome:
        """com.atproto.repo.putRecord under our own key; `swapRecord: null` refuses to overwrite anything else."""
        body = {"collection": COLLECTION, "rkey": record_key(draft), "record": record(draft), "swapRecord": None}
        try:
            self._session(account)
        except FAILURES as error:
            return _not_signed_in(error)
        try:
            did, answer = self._call(account, "com.atproto.repo.putRecord", body)
            number = str(answer["uri"])
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=number, url=_public(did, record_key(draft)))

    def find(self, draft: Draft, account: Account) -> Look:
        """com.atproto.repo.getRecord under our own key."""
        try:
            did, _ = self._session(account)
            query = {"repo": did, "collection": COLLECTION, "rkey": record_key(draft)}
            url = f"{_server(account)}/xrpc/com.atproto.repo.getRecord"
            with _request() as request:
                number = str(request.get(url, params=query).content["uri"])
        except FAILURES as error:
            return NotFound() if "RecordNotFound" in _code(error) else CannotTell(_code(error) or type(error).__name__)
        return Found(number, _public(did, record_key(draft)))

    def edit(self, remote_id: str, draft: Draft, account: Account) -> Outcome | Unsupported:  # noqa: ARG002
        """Readers' servers do not show edits."""
        return Unsupported()

    def delete(self, remote_id: str, account: Account) -> Outcome | Unsupported:
        """com.atproto.repo.deleteRecord; again does nothing."""
        body = {"collection": COLLECTION, "rkey": remote_id.rpartition("/")[2]}
        try:
            self._call(account, "com.atproto.repo.deleteRecord", body)
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=remote_id)

    def probe(self, account: Account) -> Health:
        """A session."""
        self.sessions.pop(_who(account), None)
        try:
            did, _ = self._session(account)
        except FAILURES as error:
            return Health(ok=False, words=_outcome(error).reason)
        return Health(ok=True, words=f"signed in as {did}")

    def _call(self, account: Account, method: str, body: Mapping[str, Any]) -> tuple[str, Any]:
        """A procedure on our own repository; with a fresh session where the old one is over (a 401 changed nothing)."""
        did, token = self._session(account)
        try:
            return did, _post(account, method, {"repo": did, **body}, token)
        except RequestErrorBase as error:
            if not _is_expired(error):
                raise
        self.sessions.pop(_who(account), None)
        did, token = self._session(account)
        return did, _post(account, method, {"repo": did, **body}, token)

    def _session(self, account: Account) -> Session:
        if _who(account) not in self.sessions:
            keys = account.credentials
            who = {"identifier": keys["identifier"], "password": keys["app_password"]}
            with _request() as request:
                client = Client(f"{_server(account)}/xrpc", request=request)
                made = client.com.atproto.server.create_session(who)
            self.sessions[_who(account)] = (made.did, made.access_jwt)
        return self.sessions[_who(account)]


def record(draft: Draft) -> dict[str, Any]:
    """The record: text, facets by UTF-8 byte offsets, a card for the link, the language; the same for every attempt."""
    assert draft.created_at is not None
    made: dict[str, Any] = {
        "$type": COLLECTION,
        "text": draft.text,
        "createdAt": draft.created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "langs": [draft.language],
        "facets": facets(draft.text),
    }
    if draft.link:
        card = {"uri": draft.link, "title": draft.title, "description": draft.summary}
        made["embed"] = {"$type": "app.bsky.embed.external", "external": card}
    return made


def facets(text: str) -> list[dict[str, Any]]:
    """Each link of the text, where its bytes are."""
    found = []
    for match in LINK.finditer(text):
        start = len(text[: match.start()].encode())
        place = {"byteStart": start, "byteEnd": start + len(match[0].encode())}
        feature = {"$type": "app.bsky.richtext.facet#link", "uri": match[0]}
        found.append({"index": place, "features": [feature]})
    return found


def record_key(draft: Draft) -> str:
    """A TID made of the frozen moment and the post's key: the same for every attempt, different for every post."""
    assert draft.created_at is not None
    moment = int(draft.created_at.timestamp() * 1_000_000)
    clock = int.from_bytes(hashlib.sha256(draft.key.encode()).digest()[:2], "big") & 0x3FF
    number = (moment << 10 | clock) & 0x7FFFFFFFFFFFFFFF
    return "".join(TID_LETTERS[number >> 5 * place & 31] for place in range(12, -1, -1))


def _post(account: Account, method: str, body: Mapping[str, Any], token: str) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with _request() as request:
        return request.post(f"{_server(account)}/xrpc/{method}", json=body, headers=headers).content


def _request() -> "contextlib.closing[Any]":
    return contextlib.closing(Request(timeout=TIMEOUT))


def _outcome(error: Exception) -> answers.Trouble:
    response = getattr(error, "response", None)
    if response is None:
        return answers.of_failure(error)
    content = response.content
    words = str(getattr(content, "message", None) or getattr(content, "error", None) or "the server refuses it")
    if response.status_code == 429:
        reset = str(response.headers.get("ratelimit-reset", ""))
        until = datetime.fromtimestamp(int(reset), UTC) if reset.isdigit() else None
        return answers.of_status(429, words, until)
    if "InvalidSwap" in _code(error):
        return Refused(reason="another text is published under this post's key already", code="400")
    return answers.of_status(response.status_code, words)


def _not_signed_in(error: Exception) -> answers.Trouble:
    """Nothing was published: what is doubtful for a post is only a delay for a session."""
    outcome = _outcome(error)
    return Deferred(until=None, reason=f"signing in: {outcome.reason}") if isinstance(outcome, Unknown) else outcome


def _is_expired(error: Exception) -> bool:
    return "ExpiredToken" in _code(error)


def _code(error: Exception) -> str:
    response = getattr(error, "response", None)
    return str(getattr(getattr(response, "content", None), "error", ""))


def _server(account: Account) -> str:
    return (account.server or SERVER).rstrip("/")


def _who(account: Account) -> tuple[str, str]:
    return _server(account), account.credentials["identifier"]


def _public(did: str, key: str) -> str:
    return f"https://bsky.app/profile/{did}/post/{key}"
