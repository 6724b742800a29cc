"""Bluesky (AT Protocol). A record's key is ours: putting the same record under it again changes nothing: a repeat is safe."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from atproto_client.exceptions import AtProtocolError, RequestErrorBase

from dispatch.outcomes import Deferred, Outcome, Refused, Sent
from dispatch.social import counting, dpop, renewing
from dispatch.social.networks import allowances, answers, checking, publicly, richtext, xrpc
from dispatch.social.networks.base import (
    Account,
    CannotTell,
    Counts,
    Draft,
    Found,
    Health,
    Limits,
    Look,
    NotFound,
    Picture,
    Prepared,
    Renewed,
    Unsupported,
)
from dispatch.social.networks.records import COLLECTION, address, record, record_key

LIMITS = Limits(
    longest=300,
    longest_bytes=3000,
    unit="characters",
    pictures=4,
    picture_bytes=2_000_000,
    picture_side=4000,
    card_bytes=1_000_000,
    alt_longest=2000,
    threads=True,
    comments=True,
    deletes=True,
)
WHO = "com.atproto.server.getSession"
REQUESTS = "requests in 5 minutes"
"""What the headers of a query count (docs.bsky.app/docs/advanced-guides/rate-limits)."""
FAILURES = (AtProtocolError, httpx.HTTPError, OSError, *answers.UNREADABLE)


@dataclass(frozen=True)
class Session:
    """Good for hours; its refresh token for months."""

    did: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)


class Bluesky:
    """See Network and Renewing. Credentials: identifier, app_password; or a token that is bound to a key (social/dpop.py):
    identifier (the DID), access_token, refresh_token, expires_at, dpop_key, client_id, issuer, token_url."""

    name = "bluesky"

    def __init__(self) -> None:
        # A session is good for hours, and a server makes only a few hundred a day for one account.
        self.sessions: dict[tuple[str, str], Session] = {}
        self.nonces: dict[str, str] = {}  # by server: the one it gave last (RFC 9449 section 8.2)

    def replays(self, draft: Draft) -> bool:  # noqa: ARG002 - the contract's shape
        """A record's key is ours."""
        return True

    def limits(self, account: Account) -> Limits:  # noqa: ARG002 - the contract's shape
        """app.bsky.feed.post's lexicon."""
        return LIMITS

    def count(self, text: str, account: Account) -> int:  # noqa: ARG002 - the contract's shape
        """Graphemes."""
        return counting.graphemes(text)

    def check(self, draft: Draft, account: Account) -> list[str]:
        """By its limits."""
        return checking.problems(draft, account, self.limits(account), self.count(draft.text, account))

    def prepare(self, draft: Draft, account: Account) -> Prepared:
        """Pictures and the card's thumb (uploadBlob), the DIDs of those mentioned, and what is replied to by its CID."""
        put: dict[str, Any] = {}
        try:
            if draft.reply_to:
                put["reply"] = _reply(draft.reply_to, account)
            if handles := richtext.handles(draft.text):
                put["mentions"] = {handle: did for handle in handles if (did := _did(handle, account))}
            if draft.media:
                put["images"] = [self._image(picture, account) for picture in draft.media]
            elif draft.card:
                put["thumb"] = self._blob(draft.card, account)
        except FAILURES as error:
            return answers.before_publishing(_outcome(error))
        return put

    def publish(self, draft: Draft, account: Account) -> Outcome:
        """com.atproto.repo.putRecord under our own key; `swapRecord: null` refuses to overwrite anything else."""
        body = {"collection": COLLECTION, "rkey": record_key(draft), "record": record(draft), "swapRecord": None}
        try:
            self._session(account)
        except FAILURES as error:
            return answers.before_publishing(_outcome(error))
        try:
            did, answer = self._call(account, "com.atproto.repo.putRecord", body)
            number = str(answer["uri"])
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=number, url=address(did, record_key(draft)))

    def find(self, draft: Draft, account: Account) -> Look:
        """com.atproto.repo.getRecord under our own key."""
        try:
            did = self._session(account).did
            query = {"repo": did, "collection": COLLECTION, "rkey": record_key(draft)}
            number = str(xrpc.get(account, "com.atproto.repo.getRecord", query)["uri"])
        except FAILURES as error:
            return (
                NotFound()
                if "RecordNotFound" in xrpc.code(error)
                else CannotTell(xrpc.code(error) or type(error).__name__)
            )
        return Found(number, address(did, record_key(draft)))

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
        """A session, whose it is, and what is left of the server's requests."""
        self.sessions.pop(_who(account), None)
        try:
            session = self._session(account)
            if dpop.is_bound(account.credentials):
                answer = self._bound(account, WHO, None)
            else:
                answer = xrpc.answer(account, WHO, {}, _bearer(session))
            did = str(answer.content["did"])
        except FAILURES as error:
            return answers.ill(_outcome(error))
        left = allowances.of_headers(REQUESTS, answer.headers, "ratelimit-remaining", "ratelimit-reset")
        return Health(ok=True, words=f"signed in as {did}", known=allowances.known(left))

    def counts(self, remote_id: str, account: Account) -> Counts | CannotTell:
        """What its public view shows."""
        return publicly.bluesky(remote_id, account)

    def renews_at(self, account: Account) -> datetime | None:
        """Shortly before a bound token's end; a password's sessions are renewed here."""
        ends = account.credentials.get("expires_at") if dpop.is_bound(account.credentials) else None
        return datetime.fromisoformat(ends) - renewing.SOON if ends else None

    def renew(self, account: Account) -> Renewed | Deferred | Refused:
        """With its refresh token, which is good once."""
        return renewing.bound(account.credentials)

    def _image(self, picture: Picture, account: Account) -> dict[str, Any]:
        ratio = {"width": picture.width, "height": picture.height}
        return {"image": self._blob(picture, account), "alt": picture.alt, "aspectRatio": ratio}

    def _blob(self, picture: Picture, account: Account) -> Any:
        _, answer = self._call(account, "com.atproto.repo.uploadBlob", picture)
        return answer["blob"]

    def _call(self, account: Account, method: str, what: Mapping[str, Any] | Picture) -> tuple[str, Any]:
        """A procedure on our own repository; with a fresh session where the old one is over (a 401 changed nothing)."""
        session = self._session(account)
        if dpop.is_bound(account.credentials):
            return session.did, self._bound(account, method, what)
        try:
            return session.did, _post(account, method, what, session.did, _bearer(session))
        except RequestErrorBase as error:
            if not xrpc.is_expired(error):
                raise
        session = self._refreshed(account, session)
        return session.did, _post(account, method, what, session.did, _bearer(session))

    def _bound(self, account: Account, method: str, what: "Mapping[str, Any] | Picture | None") -> Any:
        """With a token that is bound to a key: a procedure's content, or a query's answer where there is nothing to say.
        Again where the server wants its newest nonce (a 401 changed nothing)."""
        keys, url = account.credentials, f"{xrpc.server(account)}/xrpc/{method}"
        verb = "GET" if what is None else "POST"
        for is_last in (False, True):
            signed = dpop.headers(keys, verb, url, self.nonces.get(xrpc.server(account), ""))
            try:
                if what is None:
                    return xrpc.answer(account, method, {}, signed)
                return _post(account, method, what, keys["identifier"], signed)
            except RequestErrorBase as error:
                nonce = dpop.wanted_nonce(getattr(error.response, "headers", {}), xrpc.code(error))
                if is_last or not nonce:
                    raise
                self.nonces[xrpc.server(account)] = nonce
        raise AssertionError("two tries, and the second one returns or raises")

    def _session(self, account: Account) -> Session:
        keys = account.credentials
        if dpop.is_bound(keys):
            return Session(keys["identifier"], "", "")
        if _who(account) not in self.sessions:
            who = {"identifier": keys["identifier"], "password": keys["app_password"]}
            self._keep(account, xrpc.send(account, "com.atproto.server.createSession", {"json": who}))
        return self.sessions[_who(account)]

    def _refreshed(self, account: Account, old: Session) -> Session:
        """By its refresh token: signing in anew is allowed only a few hundred times a day."""
        self.sessions.pop(_who(account), None)
        try:
            headers = {"Authorization": f"Bearer {old.refresh}"}
            self._keep(account, xrpc.send(account, "com.atproto.server.refreshSession", {"headers": headers}))
        except FAILURES:
            return self._session(account)
        return self.sessions[_who(account)]

    def _keep(self, account: Account, said: Any) -> None:
        self.sessions[_who(account)] = Session(said["did"], said["accessJwt"], said["refreshJwt"])


def _bearer(session: Session) -> dict[str, str]:
    return {"Authorization": f"Bearer {session.access}"}


def _post(
    account: Account, method: str, what: Mapping[str, Any] | Picture, did: str, headers: Mapping[str, str]
) -> Any:
    """JSON about our own repository, or a picture as it is."""
    if isinstance(what, Picture):
        return xrpc.send(account, method, {"content": what.content, "headers": {**headers, "Content-Type": what.kind}})
    return xrpc.send(account, method, {"json": {"repo": did, **what}, "headers": headers})


def _reply(parent: str, account: Account) -> dict[str, Any]:
    """References to the post before and to the thread's first, by address and content."""
    repo, collection, key = parent.removeprefix("at://").split("/")
    found = xrpc.get(account, "com.atproto.repo.getRecord", {"repo": repo, "collection": collection, "rkey": key})
    before = {"uri": found["uri"], "cid": found["cid"]}
    return {"root": found["value"].get("reply", {}).get("root", before), "parent": before}


def _did(handle: str, account: Account) -> str:
    """Empty: nobody has this handle."""
    try:
        return str(xrpc.get(account, "com.atproto.identity.resolveHandle", {"handle": handle})["did"])
    except RequestErrorBase as error:
        if 400 <= getattr(getattr(error, "response", None), "status_code", 0) < 500 and not xrpc.is_limit(error):
            return ""
        raise


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
    if "InvalidSwap" in xrpc.code(error):
        return Refused(reason="another text is published under this post's key already", code="400")
    return answers.of_status(response.status_code, words)


def _who(account: Account) -> tuple[str, str]:
    return xrpc.server(account), account.credentials["identifier"]
