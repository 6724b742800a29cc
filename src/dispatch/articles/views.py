"""Where a CMS tells what was published."""

import time

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dispatch.articles import hints, intake, payloads, signatures
from dispatch.articles.incoming import Incoming, Malformed
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
    """The raw body, or the refusal: one that says it is too large is not read at all."""
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        return _answer(413, "refused", f"larger than {LARGEST // 2**20} MB")
    try:
        body = request.body
    except (UnreadablePostError, RawPostDataException, RequestDataTooBig):
        return _answer(400, "refused", "the body did not arrive whole")
    return body if len(body) <= LARGEST else _answer(413, "refused", f"larger than {LARGEST // 2**20} MB")


def _take(source: Source, genuine: signatures.Genuine, body: bytes, incoming: Incoming) -> JsonResponse:
    if hints.is_hint(source, incoming):
        return _answer(202, "noted", hints.note(source, genuine.delivery_id, body, incoming))
    accepted = intake.accept(source, genuine.delivery_id, body, incoming)
    return _answer(202 if accepted.did in {"published", "revised", "withdrawn"} else 200, accepted.did, accepted.why)


def _answer(status: int, did: str, why: str = "") -> JsonResponse:
    return JsonResponse({"did": did, **({"why": why} if why else {})}, status=status)


assert LARGEST < settings.DATA_UPLOAD_MAX_MEMORY_SIZE  # ours answers first, in words
