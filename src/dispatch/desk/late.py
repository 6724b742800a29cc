"""What was not sent at its moment: listed for a person, who sends it now, moves it or drops it."""

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from dispatch import saying
from dispatch.accounts import desks, permissions
from dispatch.accounts.models import Role, User
from dispatch.desk import acting, naming
from dispatch.editions.models import Edition
from dispatch.social import lateness, releasing
from dispatch.social.models import Post
from dispatch.social.releasing import Decided

SHOWN = 200
ACTS: dict[str, tuple[Callable[[list[int], User, str], Decided], str]] = {
    "now": (releasing.send_now, "sent now, one a minute in each channel"),
    "slots": (releasing.move, "moved to the next free slots"),
    "drop": (releasing.drop, "dropped"),
}
NONE_CHOSEN = "Choose at least one post. Nothing was changed."
LEFT = "stay as they are: no slot is free, their story is under embargo, or somebody was faster."


@permissions.requires(Role.EDITOR)
@require_safe
def posts(request: HttpRequest) -> HttpResponse:
    """Late posts of all channels, and late editions."""
    late = lateness.late().select_related("channel", "article__current")
    late = late.defer("article__current__html", "article__current__text")
    editions = Edition.objects.filter(state=Edition.State.LATE).select_related("newsletter").order_by("due_at")
    mine = desks.visible(cast("User", request.user), lateness.late(), "channel__desk")
    shown = {
        "posts": late[:SHOWN],
        "count": late.count(),
        "mine_count": mine.count(),
        "editions": editions.prefetch_related(naming.titles())[:SHOWN],
    }
    return render(request, "desk/late.html", shown)


@permissions.requires(Role.EDITOR)
@require_POST
def act(request: HttpRequest, act: str) -> HttpResponse:
    """Decide about one post, those that were chosen, or all."""
    if act not in ACTS:
        raise Http404
    chosen = _chosen(request)
    if not chosen:
        messages.warning(request, NONE_CHOSEN)
    elif why := acting.reason(request):
        do, words = ACTS[act]
        decided = do(chosen, cast("User", request.user), why)
        acting.tell(request, bool(decided.done), f"{saying.many(decided.done, 'post')} {words}.", _left(decided))
        if decided.done and decided.left:
            messages.warning(request, _left(decided))
    return redirect("late_posts")


def _chosen(request: HttpRequest) -> list[int]:
    """By number; what is no number was not chosen. "All" are all that this person may decide about; of those that were named
    each must be. Raises PermissionDenied."""
    user = cast("User", request.user)
    if request.POST.get("all"):
        return list(desks.visible(user, lateness.late(), "channel__desk").values_list("pk", flat=True))
    named = {int(one) for one in request.POST.getlist("post") if one.isdecimal() and len(one) < 19}
    found = list(Post.objects.filter(pk__in=named).select_related("channel"))
    desks.insist(user, *(post.channel for post in found))
    return sorted(post.pk for post in found)


def _left(decided: Decided) -> str:
    return f"{saying.many(decided.left, 'post')} {LEFT}"
