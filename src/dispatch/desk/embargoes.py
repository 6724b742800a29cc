"""An editor puts a story under embargo; an approver lifts it before its time."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from dispatch import saying
from dispatch.accounts import desks, permissions
from dispatch.accounts.models import Role, User
from dispatch.articles import embargo
from dispatch.articles.models import Story
from dispatch.delivery import acts, ledger
from dispatch.delivery.models import Send
from dispatch.desk import acting, forms, stories


@permissions.requires(Role.EDITOR)
@require_POST
def place(request: HttpRequest, story_id: int) -> HttpResponse:
    """Nothing of it leaves before the moment; what is on its way is paused, for a person to look at."""
    story = get_object_or_404(Story, pk=story_id)
    form, user = forms.Embargo(request.POST), cast("User", request.user)
    desks.insist(user, *stories.places(story_id))
    if not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return redirect("story", story_id)
    until, why = form.cleaned_data["moment"], form.cleaned_data["reason"]
    if embargo.would_shorten(story, until):
        messages.error(request, "It would be over earlier. Nothing was changed; an approver may lift it.")
        return redirect("story", story_id)
    done = embargo.place(story_id, until, user, why)
    paused = _paused(pause(story_id, user, why))
    words = f"Nothing of it leaves before {saying.moment(until)}."
    acting.tell(request, done, f"{words} {paused}".strip(), "It is so already; nothing was changed.")
    return redirect("story", story_id)


@permissions.requires(Role.APPROVER, freshly=True)
@require_POST
def lift(request: HttpRequest, story_id: int) -> HttpResponse:
    """Now, before its time."""
    get_object_or_404(Story, pk=story_id)
    desks.insist(cast("User", request.user), *stories.places(story_id))
    if why := acting.reason(request):
        done = embargo.place(story_id, None, cast("User", request.user), why)
        acting.tell(request, done, "Lifted. What waited for it goes out.", "It is under none; nothing was changed.")
    return redirect("story", story_id)


def pause(story_id: int, by: User, why: str) -> list[int]:
    """Mail of it that is on its way already. Which sends."""
    going = Send.objects.filter(edition__stories__story=story_id, state__in=[Send.State.SENDING, Send.State.FIRST_WAVE])
    return [send.pk for send in going if acts.pause(send.pk, by, why)]


def may_leave(paused: list[int]) -> int:
    """The most letters of these that may still leave."""
    return sum(ledger.may_leave(number) for number in paused)


def _paused(sends: list[int]) -> str:
    count = may_leave(sends)
    still = f"At most {saying.many(count, 'message')} may still leave." if count else "Nothing is on the wire."
    return f"Mail of it was under way and is paused. {still}" if sends else ""
