"""Where a CMS tells what was published."""

import time

from django.http import HttpRequest, JsonResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dispatch.articles import arrivals, hints, payloads, signatures
from dispatch.articles.incoming import Act, Incoming, Malformed
from dispatch.articles.models import Source

LARGEST = 8 * 1024 * 1024


@csrf_exempt
@require_POST
def receive_webhook(request: HttpRequest, slug: str) -> JsonResponse:
    """202 taken, 200 nothing new, 400 not understood, 401 not genuine, 404 no such source, 413 too large.

    Never 410: Ghost forgets a webhook that answers it.
    """
    source = Source.objects.filter(slug=slug).first()
    if source is None:
        return _answer(404, "refused", "there is no such source; `dispatch source list` shows them")
    body = _read(request)
    if isinstance(body, JsonResponse):
        return body
    genuine = signatures.verify(source, request.headers, body, request.GET.get("token", ""), time.time())
    if isinstance(genuine, signatures.Forged):
        return _answer(401, "refused", genuine.reason)
    try:
        incoming = payloads.parse(source, body)
    except Malformed as malformed:
        return JsonResponse({"did": "refused", "field": malformed.field, "why": malformed.problem}, status=400)
    return _take(source, genuine, body, incoming)


def _read(request: HttpRequest) -> bytes | JsonResponse:
    """The raw body, or the refusal. Never more than one byte too much is taken into memory, whatever the headers say."""
    try:
        body = request.read(LARGEST + 1)
    except UnreadablePostError:
        return _answer(400, "refused", "the body did not arrive whole")
    return body if len(body) <= LARGEST else _answer(413, "refused", f"larger than {LARGEST // 2**20} MB")


def _take(source: Source, genuine: signatures.Genuine, body: bytes, incoming: Incoming) -> JsonResponse:
    if incoming.act is Act.LOOK:
        hints.note(source, incoming.external_id)
        return _answer(202, "noted", "the site is asked what happened")
    accepted = arrivals.keep(source, genuine.delivery_id, body, incoming)
    return _answer(202 if accepted.did == "received" else 200, accepted.did, accepted.why)


def _answer(status: int, did: str, why: str = "") -> JsonResponse:
    return JsonResponse({"did": did, **({"why": why} if why else {})}, status=status)
