"""LinkedIn, for an organization or a person, through its versioned REST API. An unknown outcome is looked for among the
author's own posts, where LinkedIn lets the program read them.

learn.microsoft.com/linkedin/marketing/community-management/shares: posts-api, images-api, comments-api; November 2026.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from dispatch.outcomes import Deferred, Outcome, Refused, Sent, Unknown
from dispatch.social import counting
from dispatch.social.networks import answers, calling, checking, littletext, publicly
from dispatch.social.networks.base import (
    CLOCKS_DIFFER,
    TIMEOUT,
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
    ends,
)

HOST, LOGIN = "https://api.linkedin.com", "https://www.linkedin.com"
VERSION = "202610"
"""A month's version answers for about a year; a channel's setting `version` names another."""
AUTHORIZE = f"{LOGIN}/oauth/v2/authorization"
TOKEN = f"{LOGIN}/oauth/v2/accessToken"
LIMITS = Limits(
    longest=3000,
    unit="characters",
    pictures=20,
    picture_bytes=5_000_000,
    picture_kinds=("image/jpeg", "image/png", "image/gif"),
    card_bytes=1_000_000,
    alt_longest=4086,
    comments=True,
    edits=True,
    deletes=True,
)
LONGEST_COMMENT, LONGEST_TITLE, AUTHOR = 1250, 400, "author"
SOON = timedelta(days=7)
"""A token lives for sixty days; it is renewed this long before its end."""
DUPLICATE = "DUPLICATE_POST"


class Failed(Exception):
    """An answer that is an error."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        said = _parsed(answer)
        super().__init__(str(said.get("message") or said.get("error_description") or f"status {answer.status_code}"))


FAILURES = (Failed, httpx.HTTPError, httpx.InvalidURL, OSError, *answers.UNREADABLE)


class LinkedIn:
    """See Network and Renewing. Credentials: author (urn:li:organization:… or urn:li:person:…), access_token; and where
    LinkedIn gave the app refresh tokens: refresh_token, client_id, client_secret, expires_at (ISO).
    Channel setting: `comments`, since as a person few programs may comment (scopes.LINKEDIN_PERSON)."""

    name = "linkedin"

    def replays(self, draft: Draft) -> bool:  # noqa: ARG002 - the contract's shape
        """Nothing makes a repeat safe."""
        return False

    def limits(self, account: Account) -> Limits:
        """The Posts API's."""
        return replace(LIMITS, comments=_kind(account) != "person" or bool(account.settings.get("comments")))

    def count(self, text: str, account: Account) -> int:  # noqa: ARG002 - the contract's shape
        """UTF-16 units of what is read, not of what escaping makes of it."""
        return counting.utf16(text)

    def check(self, draft: Draft, account: Account) -> list[str]:
        """By its limits; a comment is shorter."""
        limits = self.limits(account)
        limits = replace(limits, longest=LONGEST_COMMENT) if draft.reply_to else limits
        return checking.problems(draft, account, limits, self.count(draft.text, account))

    def prepare(self, draft: Draft, account: Account) -> Prepared:
        """POST /rest/images?action=initializeUpload and PUT, for each picture or the link's card."""
        try:
            if draft.media:
                return {"images": [_upload(account, picture) for picture in draft.media]}
            return {"thumbnail": _upload(account, draft.card)} if draft.card else {}
        except FAILURES as error:
            return answers.before_publishing(_outcome(error))

    def publish(self, draft: Draft, account: Account) -> Outcome:
        """POST /rest/posts, or to what is commented on /comments; its name comes in x-restli-id."""
        path, body = ("posts", _post(draft, account)) if not draft.reply_to else _comment(draft, account)
        try:
            number = _ask(account, "POST", path, json=body).headers["x-restli-id"]
        except FAILURES as error:
            return _outcome(error)
        name = f"urn:li:comment:({draft.reply_to},{number})" if draft.reply_to else number
        return Sent(remote_id=name, url=_address(draft.reply_to or number))

    def find(self, draft: Draft, account: Account) -> Look:
        """Among the author's own posts, or the post's comments, since the first attempt; by the text."""
        since = (draft.created_at - CLOCKS_DIFFER).timestamp() * 1000 if draft.created_at else 0.0
        try:
            return _find_comment(draft, account, since) if draft.reply_to else _find_post(draft, account, since)
        except FAILURES as error:
            return CannotTell(str(error)[:200] or type(error).__name__)

    def edit(self, remote_id: str, draft: Draft, account: Account) -> Outcome | Unsupported:
        """A partial update of the commentary (posts-api#update-posts), or of a comment's text."""
        said: Mapping[str, Any] = {"commentary": littletext.escape(draft.text)}
        if draft.reply_to:
            said = {"message": {"text": draft.text}}
        try:
            _ask(account, "POST", _path(remote_id, account), method="PARTIAL_UPDATE", json={"patch": {"$set": said}})
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=remote_id)

    def delete(self, remote_id: str, account: Account) -> Outcome | Unsupported:
        """DELETE, which LinkedIn itself takes twice."""
        try:
            _ask(account, "DELETE", _path(remote_id, account), method="DELETE")
        except Failed as error:
            return Sent(remote_id=remote_id) if error.answer.status_code == 404 else _outcome(error)
        except FAILURES as error:
            return _outcome(error)
        return Sent(remote_id=remote_id)

    def counts(self, remote_id: str, account: Account) -> Counts | CannotTell:
        """Of an organization's posts; see publicly.linkedin."""
        try:
            return publicly.linkedin(remote_id, account, lambda path: _ask(account, "GET", path, method="FINDER"))
        except FAILURES as error:
            return publicly.untold(error, is_refused=isinstance(error, Failed) and error.answer.status_code == 403)

    def probe(self, account: Account) -> Health:
        """Who the author is: GET /rest/organizations/{id}, or /v2/userinfo."""
        kind, number = _kind(account), account.credentials["author"].rpartition(":")[2]
        try:
            if kind == "organization":
                who = str(_ask(account, "GET", f"organizations/{number}").json()["localizedName"])
            else:
                who = str(_ask(account, "GET", "userinfo", rest="v2").json()["name"])
        except FAILURES as error:
            return answers.ill(_outcome(error))
        return Health(ok=True, words=f"signed in for {who}", known={AUTHOR: kind}, expires_at=ends(account.credentials))

    def renews_at(self, account: Account) -> datetime | None:
        """Days before the token ends, where LinkedIn gave a token for a new one."""
        end = ends(account.credentials)
        return end - SOON if end and account.credentials.get("refresh_token") else None

    def renew(self, account: Account) -> Renewed | Deferred | Refused:
        """POST /oauth/v2/accessToken with the refresh token (shared/authentication/programmatic-refresh-tokens)."""
        keys = account.credentials
        names = ("refresh_token", "client_id", "client_secret")
        form = {"grant_type": "refresh_token", **{name: keys[name] for name in names}}
        try:
            place = (account.server or LOGIN).rstrip("/")
            said = _read(calling.ask("POST", f"{place}/oauth/v2/accessToken", TIMEOUT, data=form)).json()
            end = datetime.now(UTC) + timedelta(seconds=int(said["expires_in"]))
            renewed = {"access_token": str(said["access_token"]), "expires_at": end.isoformat()}
            renewed["refresh_token"] = str(said.get("refresh_token") or keys["refresh_token"])
        except FAILURES as error:
            return answers.before_publishing(_outcome(error))
        return Renewed({**keys, **renewed}, end)


def _kind(account: Account) -> str:
    """Of the author: "organization", "person"; where credentials are sealed, as last probed."""
    name = account.credentials.get(AUTHOR, "")
    return name.split(":")[2] if name.startswith("urn:li:") else str(account.known.get(AUTHOR, ""))


def _ask(account: Account, verb: str, path: str, *, method: str = "", rest: str = "rest", **how: Any) -> httpx.Response:
    """One request. `method` is Rest.li's name of it, where the verb alone says too little."""
    headers = {
        "Authorization": f"Bearer {account.credentials['access_token']}",
        "LinkedIn-Version": str(account.settings.get("version") or VERSION),
        "X-Restli-Protocol-Version": "2.0.0",
        **({"X-RestLi-Method": method} if method else {}),
    }
    place = (account.server or HOST).rstrip("/")
    return _read(calling.ask(verb, f"{place}/{rest}/{path}", TIMEOUT, headers=headers, **how))


def _read(answer: httpx.Response) -> httpx.Response:
    if answer.status_code >= 400:
        raise Failed(answer)
    return answer


def _upload(account: Account, picture: Picture) -> str:
    """The picture's URN; the address to put its bytes at is the answer's."""
    wanted = {"initializeUploadRequest": {"owner": account.credentials["author"]}}
    made = _ask(account, "POST", "images?action=initializeUpload", json=wanted).json()["value"]
    headers = {"Authorization": f"Bearer {account.credentials['access_token']}", "Content-Type": picture.kind}
    _read(calling.ask("PUT", str(made["uploadUrl"]), TIMEOUT, content=picture.content, headers=headers))
    return str(made["image"])


def _post(draft: Draft, account: Account) -> dict[str, Any]:
    everywhere = {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []}
    return {
        "author": account.credentials["author"],
        "commentary": littletext.escape(draft.text),
        "visibility": "PUBLIC",
        "distribution": everywhere,
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
        **_content(draft),
    }


def _content(draft: Draft) -> dict[str, Any]:
    """Pictures, or the link's card, which LinkedIn does not make itself."""
    names = draft.prepared.get("images", [])
    images = [{"id": name, "altText": one.alt} for name, one in zip(names, draft.media, strict=bool(names))]
    if len(images) == 1:
        return {"content": {"media": images[0]}}
    if images:
        return {"content": {"multiImage": {"images": images}}}
    if not draft.link:
        return {}
    card = {"source": draft.link, "title": (draft.title or draft.link)[:LONGEST_TITLE]}
    more = {"description": draft.summary, "thumbnail": draft.prepared.get("thumbnail")}
    return {"content": {"article": {**card, **{name: value for name, value in more.items() if value}}}}


def _comment(draft: Draft, account: Account) -> tuple[str, dict[str, Any]]:
    said = {"actor": account.credentials["author"], "object": draft.reply_to, "message": {"text": draft.text}}
    return f"socialActions/{quote(draft.reply_to, safe='')}/comments", said


def _find_post(draft: Draft, account: Account, since: float) -> Look:
    query = f"posts?author={quote(account.credentials['author'], safe='')}&q=author&count=50&sortBy=CREATED"
    posts = _ask(account, "GET", query, method="FINDER").json()["elements"]
    found = next((each for each in posts if each["createdAt"] >= since and _says(each["commentary"], draft)), None)
    return Found(str(found["id"]), _address(str(found["id"]))) if found else NotFound()


def _find_comment(draft: Draft, account: Account, since: float) -> Look:
    path = f"socialActions/{quote(draft.reply_to, safe='')}/comments"
    said = _ask(account, "GET", path).json()["elements"]
    mine = [one for one in said if one["actor"] == account.credentials["author"] and one["created"]["time"] >= since]
    found = next((one for one in mine if one["message"]["text"].split() == draft.text.split()), None)
    name = f"urn:li:comment:({draft.reply_to},{found['id']})" if found else ""
    return Found(name, _address(draft.reply_to)) if found else NotFound()


def _says(commentary: str, draft: Draft) -> bool:
    return littletext.unescape(commentary).split() == draft.text.split()


def _path(name: str, account: Account) -> str:
    """Of a post, or of a comment, which is named with its post."""
    if not name.startswith("urn:li:comment:("):
        return f"posts/{quote(name, safe='')}"
    post, _, number = name.removeprefix("urn:li:comment:(").removesuffix(")").rpartition(",")
    actor = quote(account.credentials["author"], safe="")
    return f"socialActions/{quote(post, safe='')}/comments/{number}?actor={actor}"


def _outcome(error: Exception) -> answers.Trouble:
    if not isinstance(error, Failed):
        return answers.of_failure(error)
    words = str(error)[:300]
    if DUPLICATE in error.answer.text:
        return Unknown(reason="LinkedIn says it has this text already", evidence={"status": 422, "words": words})
    wait = error.answer.headers.get("retry-after", "")
    until = datetime.now(UTC) + timedelta(seconds=int(wait)) if wait.isdigit() else None
    return answers.of_status(error.answer.status_code, words, until)


def _parsed(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _address(name: str) -> str:
    return f"{LOGIN}/feed/update/{name}"
