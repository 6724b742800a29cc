"""A post is dropped somewhere else: by hand, by keyboard, or by a form where there are no scripts. Mailings: mailings.py."""

import zoneinfo
from datetime import UTC, datetime
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from dispatch import saying, timetable
from dispatch.accounts import desks, permissions
from dispatch.accounts.models import Role, User
from dispatch.desk import forms
from dispatch.desk.calendar import entries
from dispatch.desk.posting import WHY_NOT
from dispatch.social import moving
from dispatch.social.models import Post
from dispatch.social.moving import Kept, Seen
from dispatch.social.timing import Placed

WHY_KEPT = {
    Kept.CHANGED: "Somebody moved it, or it went out, since this page was loaded. Nothing was changed.",
    Kept.TAKEN: "Another post has that slot by now. Nothing was changed.",
    Kept.QUIET: "Its channel is quiet then. Nothing was changed yet.",
}
DRAFT = "It is still a draft and waits for you."


@permissions.requires(Role.EDITOR)
@require_safe
def post(request: HttpRequest, post_id: int) -> HttpResponse:
    """One post, and a form that moves it."""
    one = get_object_or_404(Post.objects.select_related("channel", "story", "article__current"), pk=post_id)
    title = one.article.current.title if one.article.current else one.text[:80]
    elsewhere = "" if desks.may_touch(cast("User", request.user), one.channel) else entries.ELSEWHERE
    shown = {"post": one, "title": title, "fixed": entries.FIXED.get(one.state, elsewhere)}
    return render(request, "desk/calendar_post.html", shown)


@permissions.requires(Role.EDITOR)
@require_POST
def move(request: HttpRequest, post_id: int) -> HttpResponse:
    """Plan it for another moment, if it stands as it was seen. Scripts get JSON: outcome, words, the post."""
    to, due_at = moment(request.POST.get("moment", "")), moment(request.POST.get("seen_due", ""))
    one = get_object_or_404(Post.objects.select_related("channel"), pk=post_id)
    desks.insist(cast("User", request.user), one.channel)
    if to is None or due_at is None:
        return _answer(request, post_id, "refused", forms.Moment.WRONG)
    came_of_it = moving.move(
        post_id,
        to,
        Seen(request.POST.get("seen_state", ""), due_at),
        cast("User", request.user),
        into_slot=request.POST.get("slot") == "yes",
        may_be_quiet=request.POST.get("anyway") == "yes",
    )
    if came_of_it is Placed.DONE:
        return _answer(request, post_id, "moved", _moved(post_id))
    words = WHY_KEPT[came_of_it] if isinstance(came_of_it, Kept) else WHY_NOT[came_of_it]
    return _answer(request, post_id, "ask" if came_of_it is Kept.QUIET else "refused", words)


def _moved(post_id: int) -> str:
    one = Post.objects.get(pk=post_id)
    words = f"Planned for {saying.moment(one.due_at)}."
    return f"{words} {DRAFT}" if one.state == Post.State.DRAFT else words


def _answer(request: HttpRequest, post_id: int, outcome: str, words: str) -> HttpResponse:
    one = Post.objects.get(pk=post_id)
    stands = {"state": one.state, "due": one.due_at.isoformat()}
    return answer(request, outcome, words, stands, reverse("calendar_post", args=[post_id]))


def is_script(request: HttpRequest) -> bool:
    """Whether calendar.js asks."""
    return request.headers.get("Accept") == "application/json"


def answer(request: HttpRequest, outcome: str, words: str, stands: dict[str, str], page: str) -> HttpResponse:
    """What came of a move ("moved", "refused", or "ask": to be confirmed), and how the moved thing stands now; who has no
    script is brought to the `page` with its form."""
    if is_script(request):
        return JsonResponse({"outcome": outcome, "words": words, **stands})
    level = messages.SUCCESS if outcome == "moved" else messages.WARNING
    hint = " Tick the box below to plan it there all the same." if outcome == "ask" else ""
    messages.add_message(request, level, words + hint)
    return redirect(page)


def moment(text: str) -> datetime | None:
    """With an offset as it is, else by the newsroom's clock; None: it is no moment."""
    try:
        said = datetime.fromisoformat(text)
        if said.tzinfo:
            return said.astimezone(UTC)
        return timetable.moment(said.date(), said.time(), zoneinfo.ZoneInfo(settings.TIME_ZONE))
    except (ValueError, OverflowError):
        return None
