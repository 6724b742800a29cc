"""A correction at the desk: an editor begins and writes it, an approver sends it to exactly those who got the mistake."""

from dataclasses import dataclass
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from dispatch import saying
from dispatch.accounts import desks, permissions
from dispatch.accounts.models import Role, User
from dispatch.delivery import correcting as addressing
from dispatch.desk import acting
from dispatch.editions import correcting
from dispatch.editions.models import Correction, Edition

GONE = "It is no draft any more; nothing was changed."


@dataclass(frozen=True)
class Draft:
    """A correction that is being written, as its page shows it."""

    correction: Correction
    readers: dict[str, int]  # who got the mistake, by language
    hindrance: str  # why it cannot be sent yet; empty: it can

    @classmethod
    def of(cls, edition: Edition) -> "Draft | None":
        """None where the edition is none, or has been sent."""
        if not edition.is_correction or edition.state != Edition.State.DRAFT:
            return None
        correction = edition.correction
        return cls(correction, addressing.readers(correction), addressing.hindrance(correction))


@permissions.requires(Role.EDITOR)
@require_POST
def begin(request: HttpRequest, edition_id: int) -> HttpResponse:
    """Begin a correction of a story that this edition brought, or go on with the one that is being written."""
    edition = get_object_or_404(Edition.objects.select_related("newsletter"), pk=edition_id)
    user, story = cast("User", request.user), request.POST.get("story", "")
    desks.insist(user, edition.newsletter)
    draft = correcting.begin(edition.newsletter, int(story), user) if story.isdecimal() else None
    if draft is None:
        messages.error(request, "Choose the story that is to be corrected. Nothing was changed.")
        return redirect("edition_page", edition_id)
    return redirect("edition_page", draft.edition_id)


@permissions.requires(Role.APPROVER, freshly=True)
@require_POST
def send(request: HttpRequest, edition_id: int) -> HttpResponse:
    """To those who got the mistake, and to nobody else."""
    user = cast("User", request.user)
    draft = _draft(edition_id, user)
    if why_not := addressing.hindrance(draft):
        messages.error(request, f"{why_not} Nothing was changed.")
    elif why := acting.reason(request):
        count = sum(addressing.readers(draft).values())
        words = f"It leaves to {saying.many(count, 'reader')} who got the mistake."
        acting.tell(request, correcting.send(draft, user, why), words, GONE)
    return redirect("edition_page", edition_id)


@permissions.requires(Role.EDITOR)
@require_POST
def discard(request: HttpRequest, edition_id: int) -> HttpResponse:
    """Nobody is written to."""
    user = cast("User", request.user)
    draft = _draft(edition_id, user)
    if why := acting.reason(request):
        acting.tell(request, correcting.discard(draft, user, why), "Thrown away.", GONE)
        return redirect("story", draft.story_id)
    return redirect("edition_page", edition_id)


def _draft(edition_id: int, by: User) -> Correction:
    edition = get_object_or_404(Edition.objects.select_related("newsletter"), pk=edition_id)
    desks.insist(by, edition.newsletter)
    return get_object_or_404(Correction.objects.select_related("edition__newsletter"), edition=edition)
