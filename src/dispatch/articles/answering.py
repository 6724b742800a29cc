"""What a webhook is answered."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from dispatch.articles import arrivals, hints, payloads, signatures
from dispatch.articles.incoming import Act, Incoming, Malformed
from dispatch.articles.models import Source

LARGEST = 8 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """The HTTP status, and what its JSON says."""

    status: int
    said: Mapping[str, str]


def answer(slug: str, headers: Mapping[str, str], body: bytes, token: str) -> Answer:
    """202 kept, 200 nothing new, 400 not understood, 401 not genuine, 404 no such source, 413 too large.

    `body` is the raw one, cut off anywhere beyond LARGEST bytes; `headers` do not mind upper and lower case; `token` is the
    address's own. Never 410: Ghost forgets a webhook that answers it.
    """
    source = Source.objects.filter(slug=slug).first()
    if source is None:
        return _said(404, "refused", "there is no such source; `dispatch source list` shows them")
    if len(body) > LARGEST:
        return _said(413, "refused", f"larger than {LARGEST // 2**20} MB")
    genuine = signatures.verify(source, headers, body, token, time.time())
    if isinstance(genuine, signatures.Forged):
        return _said(401, "refused", genuine.reason)
    try:
        incoming = payloads.parse(source, body)
    except Malformed as malformed:
        return Answer(400, {"did": "refused", "field": malformed.field, "why": malformed.problem})
    return _keep(source, genuine, body, incoming)


def cut_off() -> Answer:
    """To a sender that stopped in the middle."""
    return _said(400, "refused", "the body did not arrive whole")


def unable() -> Answer:
    """Where it cannot be kept: the sender is to try again."""
    return _said(503, "refused", "Dispatch cannot keep it at the moment; send it again")


def _keep(source: Source, genuine: signatures.Genuine, body: bytes, incoming: Incoming) -> Answer:
    if incoming.act is Act.LOOK:
        hints.note(source, incoming.external_id)
        return _said(202, "noted", "the site is asked what happened")
    accepted = arrivals.keep(source, genuine.delivery_id, body, incoming)
    return _said(202 if accepted.did == "received" else 200, accepted.did, accepted.why)


def _said(status: int, did: str, why: str = "") -> Answer:
    return Answer(status, {"did": did, **({"why": why} if why else {})})
