"""An approver lets a story leave at once, as breaking news."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from dispatch.accounts import desks, permissions
from dispatch.accounts.models import Role, User
from dispatch.articles.models import Story
from dispatch.audience.models import Newsletter
from dispatch.desk import acting, naming, stories
from dispatch.editions import breaking
from dispatch.editions.breaking import Announced

WHY_NOT = {
    Announced.EMBARGO: "The story is under embargo. Nothing was changed; lift the embargo first.",
    Announced.UNSPOKEN: "No version of it stands in a language of that newsletter. Nothing was changed.",
    Announced.GONE: "That newsletter has brought it, or is about to. Nothing was changed.",
}


@permissions.requires(Role.APPROVER, freshly=True)
@require_POST
def announce(request: HttpRequest, story_id: int) -> HttpResponse:
    """Mail it to the readers of a newsletter that gathers digests, before whatever is under way."""
    get_object_or_404(Story, pk=story_id)
    user = cast("User", request.user)
    slug = request.POST.get("newsletter", "")
    newsletter = Newsletter.objects.filter(slug=slug, active=True).first()
    desks.insist(user, *([newsletter] if newsletter else stories.places(story_id)))
    if newsletter is None:
        messages.error(request, "Choose a newsletter. Nothing was changed.")
        return redirect("story", story_id)
    if why := acting.reason(request):
        done = breaking.announce(story_id, newsletter, user, why)
        words = f"It leaves with {naming.newsletter(newsletter)} now, and its next digest does not bring it again."
        acting.tell(request, done is Announced.DONE, words, WHY_NOT.get(done, ""))
    return redirect("story", story_id)
