"""The networks' pages where a person says yes, and the tokens that a program is given for it afterwards, as far as a program
sees them: codes good once, for one redirect address and one verifier (RFC 6749 section 4.1, RFC 7636), and for no
permission that such a program is not given."""

import base64
import hashlib
import html
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from dispatch.local.networks import granting
from dispatch.local.networks.server import Answer, Request

OTHER = "of-another-account"
"""A token by which the stand-ins know another account than the newsroom's."""
FOR_A_PAGE, FOR_A_PERSON = "for-a-page-", "for-a-person-"
"""How tokens of LinkedIn's begin that either kind of program was given."""
LASTING = 5_183_944
"""Seconds that a long-lived token of Meta's is good for: sixty days."""
AUTHORIZE = {
    "mastodon": r"/oauth/authorize",  # docs.joinmastodon.org/methods/oauth
    "x": r"/i/oauth2/authorize",  # docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code
    "facebook": r"/v[\d.]+/dialog/oauth",  # developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
    "instagram": r"/oauth/authorize",  # …/docs/instagram-platform/instagram-api-with-instagram-login/business-login
    "threads": r"/oauth/authorize",  # …/docs/threads/get-started/get-access-tokens-and-permissions
    "linkedin": r"/oauth/v2/authorization",  # learn.microsoft.com/linkedin/shared/authentication/authorization-code-flow
}
TOKEN = {
    "mastodon": r"/oauth/token",
    "x": r"/2/oauth2/token",
    "facebook": r"/v[\d.]+/oauth/access_token",
    "instagram": r"/oauth/access_token",
    "threads": r"/oauth/access_token",
    "linkedin": r"/oauth/v2/accessToken",
}
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{network}</title><main><h1>{network} (a stand-in)</h1><p>Dispatch wants to post for you.</p>
<p><a href="?{yes}">Allow, as office</a></p><p><a href="?{other}">Allow, as another account</a></p>
<p><a href="?{no}">Deny</a></p></main></html>"""


@dataclass(frozen=True)
class Code:
    """What somebody said yes to."""

    network: str
    redirect: str
    challenge: str
    account: str
    program: str
    scope: str


_codes: dict[str, Code] = {}
_lock = threading.Lock()


def answer(network: str, ours: Mapping[str, str], request: Request) -> Answer | None:
    """None: the request is about something else. `ours` are the credentials of the newsroom's account there."""
    if network == "mastodon" and (request.method, request.path) == ("POST", "/api/v1/apps"):
        return _register(request)
    if re.fullmatch(AUTHORIZE.get(network, "-"), request.path):
        return _asked(network, request)
    if re.fullmatch(TOKEN.get(network, "-"), request.path) and request.body.get("code"):
        return _token(network, request)
    if network in {"instagram", "threads"} and request.path == "/access_token":
        # …/docs/threads/get-started/long-lived-tokens
        token = request.query.get("access_token")
        return Answer({"access_token": token, "token_type": "bearer", "expires_in": LASTING})
    return _whose(network, ours, request) if request.method == "GET" else None


def _whose(network: str, ours: Mapping[str, str], request: Request) -> Answer | None:
    """Which accounts a token is good for."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    path, other = request.path, token.endswith(OTHER)
    number, name = ("2", "other") if other else (ours.get("user_id", "1"), "office")
    if network == "facebook" and path.endswith("/me/accounts"):  # …/docs/graph-api/reference/user/accounts
        rows = [(ours.get("page_id", "1"), "Office"), ("2", "Office, culture")]
        tasks = ["CREATE_CONTENT", "MODERATE"]
        pages = [{"id": one, "name": called, "access_token": "demo", "tasks": tasks} for one, called in rows]
        return Answer({"data": pages})
    if network in {"instagram", "threads"} and re.fullmatch(r"/v[\d.]+/me", path):
        return Answer({"id": number, "user_id": number, "username": name})
    if network == "linkedin" and path == "/v2/userinfo":
        # learn.microsoft.com/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2
        return _lacking("userinfo.GET") if token.startswith(FOR_A_PAGE) else Answer({"sub": "alice", "name": "Alice"})
    if network == "linkedin" and path == "/rest/organizationAcls":
        return _lacking("organizationAcls.FINDER") if token.startswith(FOR_A_PERSON) else _administered(ours)
    if network == "linkedin" and path.startswith("/rest/organizations/") and not _is_ours(path, ours):
        # …/organizations/organization-lookup-api; of ours the network itself tells
        number = path.rpartition("/")[2]
        return Answer({"id": number, "localizedName": "Office, culture" if number == "2" else "Office"})
    return None


def _lacking(what: str) -> Answer:
    """learn.microsoft.com/linkedin/shared/api-guide/concepts/error-handling."""
    words = f"Not enough permissions to access: {what}"
    return Answer({"status": 403, "serviceErrorCode": 100, "code": "ACCESS_DENIED", "message": words}, 403)


def _administered(ours: Mapping[str, str]) -> Answer:
    """learn.microsoft.com/linkedin/marketing/community-management/organizations/organization-access-control-by-role."""
    names = (ours.get("author", "urn:li:organization:1"), "urn:li:organization:2")
    rows = [{"role": "ADMINISTRATOR", "state": "APPROVED", "organization": name} for name in names]
    return Answer({"elements": rows})


def _is_ours(path: str, ours: Mapping[str, str]) -> bool:
    return path.rpartition("/")[2] == ours.get("author", "").rpartition(":")[2]


def _register(request: Request) -> Answer:
    """docs.joinmastodon.org/methods/apps."""
    redirect = str(request.body.get("redirect_uris", ""))
    if not redirect.startswith(("http://", "https://")):
        return Answer({"error": "Validation failed: Redirect URI must be an absolute URI."}, 422)
    made = {"id": "1", "name": str(request.body.get("client_name")), "redirect_uri": redirect}
    return Answer(made | {"client_id": "id-of-dispatch", "client_secret": "secret-of-dispatch"})


def _asked(network: str, request: Request) -> Answer:
    query = request.query
    redirect = query.get("redirect_uri", "")
    if query.get("response_type") != "code" or not redirect or not query.get("client_id"):
        return Answer({"error": "invalid_request"}, 400)
    if refused := granting.refused(network, query["client_id"], query.get("scope", "")):
        return _back(redirect, {**refused, "state": query.get("state", "")})
    said = query.get("answer")
    if said is None:
        links = {name: html.escape(urlencode({**query, "answer": name})) for name in ("yes", "other", "no")}
        page = PAGE.format(network=network.capitalize(), **links)
        return Answer(page, headers={"Content-Type": "text/html; charset=utf-8"})
    if said == "no":
        return _back(redirect, {"error": "access_denied", "state": query.get("state", "")})
    code = secrets.token_urlsafe(16)
    with _lock:
        challenge, program = query.get("code_challenge", ""), query["client_id"]
        _codes[code] = Code(network, redirect, challenge, said, program, query["scope"])
    return _back(redirect, {"code": code, "state": query.get("state", "")})


def _token(network: str, request: Request) -> Answer:
    """RFC 6749 section 4.1.3: a code is good once, and where it was asked for."""
    with _lock:
        known = _codes.pop(str(request.body["code"]), None)
    redirect, verifier = (str(request.body.get(name, "")) for name in ("redirect_uri", "code_verifier"))
    if known is None or known.network != network or known.redirect != redirect or not _fits(known.challenge, verifier):
        return Answer({"error": "invalid_grant", "error_description": "The code is invalid, expired or revoked."}, 400)
    return Answer(_given(known, OTHER if known.account == "other" else "demo"))


def _given(code: Code, token: str) -> Mapping[str, Any]:
    bearer = {"access_token": token, "token_type": "bearer", "scope": code.scope}
    if code.network == "x":
        lasting = {"refresh_token": "r1"} if "offline.access" in code.scope.split() else {}
        return {**bearer, "expires_in": 7200, **lasting}
    if code.network == "linkedin":
        whose = FOR_A_PERSON if granting.is_self_serve(code.program) else FOR_A_PAGE
        return {**bearer, "access_token": f"{whose}{token}", "expires_in": 5_184_000}
    if code.network in {"instagram", "threads"}:
        return {"access_token": token, "user_id": 1}
    return {**bearer, "created_at": 1}


def _fits(challenge: str, verifier: str) -> bool:
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return not challenge or secrets.compare_digest(digest, challenge)


def _back(redirect: str, query: Mapping[str, str]) -> Answer:
    return Answer("", 302, {"Location": f"{redirect}?{urlencode(query)}"})
