"""Where a CMS tells what was published; `door.py` stands before it in the running web server."""

from django.http import HttpRequest, JsonResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dispatch.articles import answering


@csrf_exempt
@require_POST
def receive_webhook(request: HttpRequest, slug: str) -> JsonResponse:
    """As `answering.answer` has it. Never more than one byte too much is taken into memory, whatever the headers say."""
    try:
        body = request.read(answering.LARGEST + 1)
    except UnreadablePostError:
        answer = answering.cut_off()
    else:
        answer = answering.answer(slug, request.headers, body, request.GET.get("token", ""))
    return JsonResponse(answer.said, status=answer.status)
