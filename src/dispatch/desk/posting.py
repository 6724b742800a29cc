"""What an editor does with a post that is not out: now, at a moment, in the channel's next slot, or not at all."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from dispatch import saying
from dispatch.accounts import desks, permissions
from dispatch.accounts.models import Role, User
from dispatch.desk import acting, forms
from dispatch.social import acts, timing
from dispatch.social.models import Post
from dispatch.social.timing import Placed

WHY_NOT = {
    Placed.PAST: "That moment is over. Nothing was changed; choose a later one, or post it now.",
    Placed.FAR: "That is more than a year away. Nothing was changed.",
    Placed.EMBARGO: "Its story is under embargo then. Nothing was changed; choose a later moment, or lift the embargo.",
    Placed.FULL: "Its channel has no free slot in the next twelve weeks. Nothing was changed; choose a moment.",
    Placed.TOO_LATE: "It is out already, or under way, or somebody decided against it. Nothing was changed.",
}


@permissions.requires(Role.EDITOR)
@require_POST
def act(request: HttpRequest, post_id: int, act: str) -> HttpResponse:
    """One of the buttons beside a post."""
    post = get_object_or_404(Post.objects.select_related("channel"), pk=post_id)
    desks.insist(cast("User", request.user), post.channel)
    doing = {"now": _now, "at": _at, "slot": _in_slot, "drop": _drop}.get(act)
    if doing is None:
        raise Http404
    doing(request, post, cast("User", request.user))
    return redirect(f"{reverse('story', args=[post.story_id])}#post-{post.pk}")


def _now(request: HttpRequest, post: Post, by: User) -> None:
    placed = timing.at(post.pk, timezone.now(), by)
    acting.tell(request, placed is Placed.DONE, "It is posted now.", WHY_NOT.get(placed, ""))


def _at(request: HttpRequest, post: Post, by: User) -> None:
    form = forms.Moment(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["moment"][0]))
        return
    moment = form.cleaned_data["moment"]
    placed = timing.at(post.pk, moment, by)
    acting.tell(request, placed is Placed.DONE, f"Planned for {saying.moment(moment)}.", WHY_NOT.get(placed, ""))


def _in_slot(request: HttpRequest, post: Post, by: User) -> None:
    placed, moment = timing.in_next_slot(post.pk, by)
    acting.tell(request, placed is Placed.DONE, f"Planned for {saying.moment(moment)}.", WHY_NOT.get(placed, ""))


def _drop(request: HttpRequest, post: Post, by: User) -> None:
    if why := acting.reason(request):
        done = acts.drop(post.pk, by, why, states=Post.UNSENT)
        acting.tell(request, done, "It stays in.", WHY_NOT[Placed.TOO_LATE])
