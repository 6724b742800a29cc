"""The operators' pages: the queue and what may be done about it, STOP, health, and the live stream."""

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from dispatch import saying
from dispatch.accounts import desks, permissions
from dispatch.accounts.models import Role, Stop, User
from dispatch.articles import arrivals
from dispatch.articles.models import WebhookDelivery
from dispatch.audience.models import Newsletter
from dispatch.delivery import acts as mail_acts
from dispatch.delivery import chunk_acts, correspondence, ledger
from dispatch.delivery.models import Chunk, Send
from dispatch.desk import acting, halting
from dispatch.operations import health as wellness
from dispatch.operations import live as feeding
from dispatch.operations import stats, sweeping, waiting
from dispatch.operations.items import owners
from dispatch.operations.items import readers as items_of_readers
from dispatch.operations.items import wanted as wanting
from dispatch.social import acts as post_acts
from dispatch.social.models import Channel, Post

FEW = 2_000
"""Readers who are done while the page waits; more are done by the clock, a part at a time (sweeping.py)."""


@permissions.requires(Role.OPERATOR)
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """What is due, under way, deferred, failed, unknown; what may be done about it."""
    now = stats.now()
    sends = waiting.named(now)
    holding = waiting.Holding(now, sends)
    shown = {
        "board": now.board,
        "mail": waiting.mail(now, sends),
        "going": waiting.going(now, sends),
        "stuck": waiting.stuck(),
        "letters": correspondence.heaps(),
        "posts": waiting.posts(),
        "editions": waiting.editions(),
        "webhooks": waiting.webhooks(),
        "articles": waiting.articles(),
        "pulled": waiting.stops(holding),
        "scopes": [(value, words, holding.of(*_scope(value))) for value, words in waiting.scopes()],
        "rows": waiting.ROWS,
        "may_leave": ledger.may_leave(),
        "sweeps": sweeping.open_ones(),
    }
    return render(request, "operations/queue.html", shown)


@permissions.requires(Role.OPERATOR)
@require_POST
def act_on_post(request: HttpRequest, post_id: int, act: str) -> HttpResponse:
    """Retry or drop one."""
    post = get_object_or_404(Post.objects.select_related("channel"), pk=post_id)
    desks.insist(_user(request), post.channel)
    if act not in {"retry", "drop"}:
        raise Http404
    if why := acting.reason(request):
        do, words = (post_acts.retry, "It is posted now.") if act == "retry" else (post_acts.drop, "Dropped.")
        acting.tell(request, do(post_id, _user(request), why), words, "It had moved on; nothing was changed.")
    return redirect("queue")


@permissions.requires(Role.OPERATOR)
@require_POST
def act_on_webhook(request: HttpRequest, number: int, act: str) -> HttpResponse:
    """Retry or drop one that could not be taken in."""
    get_object_or_404(WebhookDelivery, pk=number)
    desks.insist(_user(request), *owners.everything())
    if act not in {"retry", "drop"}:
        raise Http404
    if why := acting.reason(request):
        do, words = (arrivals.retry, "It is tried again now.") if act == "retry" else (arrivals.drop, "Dropped.")
        acting.tell(request, do(number, _user(request), why), words, "It was taken in meanwhile; nothing was changed.")
    return redirect("queue")


@permissions.requires(Role.OPERATOR)
@require_POST
def act_on_mail(request: HttpRequest, send_id: int, state: str, act: str) -> HttpResponse:
    """Retry or drop a send's readers of one state."""
    send = get_object_or_404(Send.objects.select_related("edition__newsletter"), pk=send_id)
    desks.insist(_user(request), send.edition.newsletter)
    if state not in {"retry": waiting.RETRYABLE, "drop": waiting.DROPPABLE}.get(act, ()):
        raise Http404
    if why := acting.reason(request):
        done = _do_to_mail(request, send_id, state, act, why)
        acting.tell(request, bool(done), done, "Nobody was in that state any more; nothing was changed.")
    return redirect("queue")


def _do_to_mail(request: HttpRequest, send_id: int, state: str, act: str, why: str) -> str:
    """What was done, in words: at once to few, a part at a time to many."""
    wanted = wanting.Wanted(kind="reader", send=send_id, state=state)
    if sum(heap.readers for heap in items_of_readers.matching(wanted)) > FEW:
        sweep = sweeping.begin(act, wanted, _user(request), why)
        return (
            f"It is being done to {saying.many(sweep.expected, 'reader')}; how far it is stands here." if sweep else ""
        )
    do = mail_acts.retry if act == "retry" else mail_acts.drop
    count = do(send_id, _user(request), why, state=state)
    return f"{saying.many(count, 'reader')} {'tried again now' if act == 'retry' else 'dropped'}." if count else ""


@permissions.requires(Role.OPERATOR)
@require_POST
def stop_sweep(request: HttpRequest, number: int) -> HttpResponse:
    """End an act upon many where it is."""
    if why := acting.reason(request):
        stopped = sweeping.stop(number, _user(request), why)
        acting.tell(
            request, stopped, "It ends here. What was done stays done.", "It was over already; nothing was changed."
        )
    return redirect("queue")


@permissions.requires(Role.OPERATOR)
@require_POST
def act_on_letters(request: HttpRequest, kind: str, act: str) -> HttpResponse:
    """Retry or drop letters of one kind that wait."""
    if kind not in correspondence.KINDS or act not in {"retry", "drop"}:
        raise Http404
    of = correspondence.newsletters(kind)
    desks.insist(_user(request), *of)
    if why := acting.reason(request):
        do = correspondence.retry if act == "retry" else correspondence.drop
        count = do(kind, of, _user(request), why)
        done = f"{saying.many(count, 'letter')} {'tried again now' if act == 'retry' else 'dropped'}."
        acting.tell(request, bool(count), done, "None of them waited any more; nothing was changed.")
    return redirect("queue")


@permissions.requires(Role.OPERATOR)
@require_POST
def free_chunk(request: HttpRequest, send_id: int, number: int) -> HttpResponse:
    """Give a stuck chunk another chance."""
    send = get_object_or_404(Send.objects.select_related("edition__newsletter"), pk=send_id)
    desks.insist(_user(request), send.edition.newsletter)
    if why := acting.reason(request):
        freed = mail_acts.free_stuck(send_id, number, _user(request), why)
        acting.tell(request, freed, "It gets another chance.", "It was not stuck any more; nothing was changed.")
    return redirect("queue")


@permissions.requires(Role.OPERATOR)
@require_POST
def drop_chunk(request: HttpRequest, send_id: int, number: int) -> HttpResponse:
    """Let go of a stuck chunk."""
    send = get_object_or_404(Send.objects.select_related("edition__newsletter"), pk=send_id)
    desks.insist(_user(request), send.edition.newsletter)
    if why := acting.reason(request):
        chunk = Chunk.objects.filter(send=send_id, number=number).values_list("pk", flat=True).first()
        dropped = chunk is not None and chunk_acts.drop(chunk, _user(request), why)
        acting.tell(request, dropped, "It is dropped.", "It was not stuck any more; nothing was changed.")
    return redirect("queue")


@permissions.requires(Role.OPERATOR)
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Pull a STOP."""
    value = request.POST.get("scope", "")
    if value not in {known for known, _ in waiting.scopes()}:
        raise Http404
    desks.insist(_user(request), *stopped(*_scope(value)))
    if why := acting.reason(request):
        acting.tell(request, True, halting.halt(*_scope(value), _user(request), why).words, "")
    return redirect("queue")


@permissions.requires(Role.OPERATOR, freshly=True)
@require_POST
def lift(request: HttpRequest, stop_id: int) -> HttpResponse:
    """Lift one."""
    held = get_object_or_404(Stop, pk=stop_id)
    desks.insist(_user(request), *stopped(held.scope, held.target))
    if why := acting.reason(request):
        acting.tell(request, True, halting.lift(held, _user(request), why), "")
    return redirect("queue")


@permissions.requires(Role.EDITOR)
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Is all well? In words."""
    return render(request, "operations/health.html", {"checks": wellness.checks()})


@require_safe
def health_json(_request: HttpRequest) -> JsonResponse:
    """The same for programs, without a word more: 200 or 503."""
    ok = wellness.is_ok()
    return JsonResponse({"ok": ok}, status=200 if ok else 503, headers={"Cache-Control": "no-store"})


@require_safe
def live(_request: HttpRequest) -> HttpResponse:
    """The web process answers, whatever else is down."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@permissions.requires(Role.EDITOR)
@require_safe
def events(_request: HttpRequest) -> StreamingHttpResponse:
    """Numbers and states as they change; no personal data is in them."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(feeding.stream(), content_type="text/event-stream", headers=headers)


def stopped(scope: str, target: int | None) -> list[desks.Owned]:
    """What a STOP holds: of everything, each newsletter and channel."""
    if target is None:
        return owners.everything()
    of = Newsletter.objects if scope == Stop.Scope.NEWSLETTER else Channel.objects
    return list(of.filter(pk=target))


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


def _scope(value: str) -> tuple[str, int | None]:
    """ "newsletter:3" as the scope and its target."""
    scope, _, target = value.partition(":")
    return scope, int(target) if target else None
