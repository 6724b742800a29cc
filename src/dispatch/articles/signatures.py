"""Who really sent a webhook: signatures over the raw bytes, within five minutes, each delivery recognised."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from dispatch import vault
from dispatch.articles.models import Source

TOLERANCE = 300
"""Seconds a signature's own time may be off (Standard Webhooks 1.0, "timestamp")."""
MOMENT = re.compile(r"[0-9]{9,12}")
GHOST = re.compile(r"sha256=([0-9a-f]{64}),\s*t=([0-9]{10,16})")


@dataclass(frozen=True)
class Genuine:
    """It is from the source; `delivery_id` is the same when it is sent again."""

    delivery_id: str


@dataclass(frozen=True)
class Forged:
    """It is not, as far as can be told; `reason` is for the sender's log."""

    reason: str


def verify(source: Source, headers: Mapping[str, str], body: bytes, query_token: str, now: float) -> Genuine | Forged:
    """Check a webhook the way its source signs. `now` is Unix time in seconds."""
    secrets = _secrets(source)
    if not secrets:
        return Forged("this source has no secret yet; `dispatch source set` gives it one")
    if source.kind == Source.Kind.NATIVE:
        return _standard([_standard_key(secret) for secret in secrets], headers, body, now)
    if source.kind == Source.Kind.GHOST:
        return _ghost(secrets, headers, body, now)
    if source.kind == Source.Kind.WORDPRESS:
        if headers.get("webhook-signature"):
            return _standard([secret.encode() for secret in secrets], headers, body, now)
        return _token(secrets, headers.get("X-Dispatch-Token", "") or query_token, body)
    return Forged("this source takes no webhooks")


def seal_secrets(slug: str, secrets: list[str]) -> bytes:
    """As `Source.secrets` keeps them: the newest first, each accepted, so that a secret can be changed without a gap."""
    return vault.seal("\n".join(secrets), f"source:{slug}:secrets")


def sign_standard(secret: str, delivery_id: str, moment: int, body: bytes) -> str:
    """The webhook-signature header of a body, as a CMS makes it."""
    return _sign(_standard_key(secret), delivery_id, moment, body)


def sign_ghost(secret: str, moment_ms: int, body: bytes) -> str:
    """The X-Ghost-Signature header of a body, as Ghost 6 makes it: HMAC over body and time without a separator."""
    digest = hmac.new(secret.encode(), body + str(moment_ms).encode(), "sha256").hexdigest()
    return f"sha256={digest}, t={moment_ms}"


def _sign(key: bytes, delivery_id: str, moment: int, body: bytes) -> str:
    signed = f"{delivery_id}.{moment}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def _secrets(source: Source) -> list[str]:
    if not source.secrets:
        return []
    return vault.unseal(bytes(source.secrets), f"source:{source.slug}:secrets").split("\n")


def _standard(keys: list[bytes], headers: Mapping[str, str], body: bytes, now: float) -> Genuine | Forged:
    delivery_id, moment = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = [part for part in headers.get("webhook-signature", "").split() if part.startswith("v1,")]
    if not delivery_id or not given or not MOMENT.fullmatch(moment) or len(delivery_id) > 200:
        return Forged("webhook-id, webhook-timestamp or webhook-signature is missing")
    if abs(now - int(moment)) > TOLERANCE:
        return Forged("webhook-timestamp is more than five minutes off")
    wanted = [_sign(key, delivery_id, int(moment), body) for key in keys]
    return Genuine(delivery_id) if _any_equal(given, wanted) else Forged("webhook-signature does not match")


def _ghost(secrets: list[str], headers: Mapping[str, str], body: bytes, now: float) -> Genuine | Forged:
    found = GHOST.fullmatch(headers.get("X-Ghost-Signature", "").strip())
    if not found:
        return Forged("X-Ghost-Signature is missing or not in Ghost's form")
    moment = int(found[2])
    if abs(now - moment / 1000) > TOLERANCE:
        return Forged("X-Ghost-Signature's time is more than five minutes off")
    wanted = [sign_ghost(secret, moment, body).partition(",")[0] for secret in secrets]
    if not _any_equal([f"sha256={found[1]}"], wanted):
        return Forged("X-Ghost-Signature does not match")
    # Ghost gives no id: what it signed, its time included, is what makes a delivery the same one.
    return Genuine(hashlib.sha256(body + found[2].encode()).hexdigest())


def _token(secrets: list[str], given: str, body: bytes) -> Genuine | Forged:
    if not _any_equal([given], secrets):
        return Forged("the token is missing or wrong")
    return Genuine("hint:" + hashlib.sha256(body).hexdigest())


def _standard_key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return secret.encode()


def _any_equal(given: list[str], wanted: list[str]) -> bool:
    # Every pair is compared, so that the time taken tells nothing.
    return any([hmac.compare_digest(one.encode(), other.encode()) for one in given for other in wanted])  # noqa: C419
