"""Tokens that are good only with a key (RFC 9449), and a program that proves itself by one (RFC 7523): AT Protocol's OAuth
(atproto.com/specs/oauth). Keys are ES256, kept as JSON Web Keys."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from dispatch import fetching
from dispatch.social import programs

NONCE = "dpop-nonce"
PROGRAM = "bluesky oauth"
"""Where the program's own key is kept: its address, the client_id, names a document that shows the public half."""
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def new_key() -> str:
    """A private key."""
    made = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
    return json.dumps(made | {"kid": secrets.token_hex(8)})


def public(key: str) -> dict[str, str]:
    """Its other half."""
    said = json.loads(key)
    return {name: said[name] for name in ("kty", "crv", "x", "y")}


def proof(key: str, method: str, url: str, *, nonce: str = "", token: str = "") -> str:
    """RFC 9449 section 4.2: that whoever asks has the key; with `token`, that it is the token's."""
    parts = urlsplit(url)
    claims: dict[str, Any] = {
        "jti": secrets.token_urlsafe(16),
        "htm": method,
        "htu": f"{parts.scheme}://{parts.netloc}{parts.path}",
        "iat": int(time.time()),
    }
    if nonce:
        claims["nonce"] = nonce
    if token:
        claims["ath"] = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).decode().rstrip("=")
    return jwt.encode(claims, _opened(key), algorithm="ES256", headers={"typ": "dpop+jwt", "jwk": public(key)})


def headers(keys: Mapping[str, str], method: str, url: str, nonce: str = "") -> dict[str, str]:
    """RFC 9449 section 7.1: of a request with a bound token."""
    token = keys["access_token"]
    signed = proof(keys["dpop_key"], method, url, nonce=nonce, token=token)
    return {"Authorization": f"DPoP {token}", "DPoP": signed}


def is_bound(keys: Mapping[str, str]) -> bool:
    """Whether these credentials are such a token."""
    return "dpop_key" in keys


def post(url: str, form: Mapping[str, str], key: str, issuer: str) -> fetching.Fetched | fetching.Failed:
    """POST a form to an authorization server as our program, again where it first wants its nonce (RFC 9449 section 8)."""
    answer: fetching.Fetched | fetching.Failed = fetching.Failed("it was not asked")
    nonce = ""
    for _ in range(2):
        signed = {"DPoP": proof(key, "POST", url, nonce=nonce), "Accept": "application/json"}
        answer = fetching.send(url, form={**form, **_ourselves(form["client_id"], issuer)}, headers=signed)
        if isinstance(answer, fetching.Failed) or answer.status not in {400, 401} or NONCE not in answer.headers:
            return answer
        if b"use_dpop_nonce" not in answer.body:
            return answer
        nonce = answer.headers[NONCE]
    return answer


def wanted_nonce(headers: Mapping[str, str], code: str) -> str:
    """The one that a server refused a request for the lack of (RFC 9449 section 9); empty: it refused something else."""
    is_wanted = "use_dpop_nonce" in f"{headers.get('www-authenticate', '')} {code}"
    return str(headers.get(NONCE, "")) if is_wanted else ""


def own_key() -> str:
    """The program's, made when it is first needed."""
    known = programs.find(PROGRAM)
    if known is None:
        programs.keep(PROGRAM, programs.Program("", "", new_key()))
        known = programs.find(PROGRAM)
    assert known is not None
    return known.secret


def _ourselves(client: str, audience: str) -> dict[str, str]:
    """RFC 7523 section 2.2. A program on loopback has no document that could show a key, and proves nothing."""
    if not client.startswith("https://"):
        return {}
    now, key = int(time.time()), own_key()
    claims = {
        "iss": client,
        "sub": client,
        "aud": audience,
        "jti": secrets.token_urlsafe(16),
        "iat": now,
        "exp": now + 60,
    }
    signed = jwt.encode(claims, _opened(key), algorithm="ES256", headers={"kid": json.loads(key)["kid"]})
    return {"client_assertion_type": ASSERTION, "client_assertion": signed}


def _opened(key: str) -> ec.EllipticCurvePrivateKey:
    opened = ECAlgorithm.from_jwk(key)
    assert isinstance(opened, ec.EllipticCurvePrivateKey)
    return opened
