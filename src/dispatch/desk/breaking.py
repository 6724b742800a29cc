"""An approver lets a story leave at once, as breaking news."""

from typing import cast

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from dispatch.accounts import desks, permissions
from dispatch.accounts.models import Role, User
from dispatch.articles.models import Story
from dispatch.audience.models import Newsletter
from dispatch.delivery import preflighting
from dispatch.desk import acting, naming, overruling, stories
from dispatch.editions import breaking
from dispatch.editions.breaking import Announced
from dispatch.editions.models import Edition
from dispatch.editions.preflight import Finding, Level

HELD = "breaking_held"
"""What of a session says which wish was held, by what, and the reason that was given: the form shows it once more."""

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
        done = _announced(request, story_id, newsletter, why)
        words = f"It leaves with {naming.newsletter(newsletter)} now, and its next digest does not bring it again."
        if done is not None:
            acting.tell(request, done is Announced.DONE, words, WHY_NOT.get(done, ""))
    return redirect("story", story_id)


def held(request: HttpRequest, story_id: int) -> dict[str, object] | None:
    """Of this story, the wish that was held a moment ago; asked once."""
    found = request.session.get(HELD)
    if found is None or found["story"] != story_id:
        return None
    del request.session[HELD]
    return cast("dict[str, object]", found)


def _announced(request: HttpRequest, story_id: int, newsletter: Newsletter, why: str) -> Announced | None:
    """What became of it; None: what its letters say holds it, and nothing was changed.

    Its edition is made first and judged as it would leave, so a blocker takes the making back. Nothing outside is asked: the
    look takes as long as rendering does, and no link or name server can keep news waiting.
    """
    user = cast("User", request.user)
    with transaction.atomic():
        done = breaking.announce(story_id, newsletter, user, why)
        if done is not Announced.DONE:
            return done
        edition = Edition.objects.select_related("newsletter").get(newsletter=newsletter, slot=breaking.slot(story_id))
        blocking = [one for one in preflighting.at_once(edition) if one.level is Level.BLOCKS]
        if is_held := overruling.is_held(request, blocking):
            transaction.set_rollback(True)
        elif blocking:
            overruling.note(edition.pk, user, why, blocking)
    if is_held:
        _keep(request, story_id, newsletter, why, blocking)
    return None if is_held else done


def _keep(request: HttpRequest, story_id: int, newsletter: Newsletter, why: str, blocking: list[Finding]) -> None:
    against = [{"what": one.what, "words": one.words} for one in blocking]
    request.session[HELD] = {"story": story_id, "newsletter": newsletter.slug, "why": why, "against": against}
