"""Who else has an edition's page open, told to the others who have it open."""

from typing import cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from dispatch.accounts import permissions, presence
from dispatch.accounts.models import Role, User
from dispatch.editions.models import Edition


@permissions.requires(Role.EDITOR)
@require_POST
def here(request: HttpRequest, edition_id: int) -> JsonResponse:
    """A sign of life of an open page, and who else has it open."""
    found = presence.here(_subject(edition_id), cast("User", request.user))
    return JsonResponse({"others": names(found)})


@permissions.requires(Role.EDITOR)
@require_POST
def leave(request: HttpRequest, edition_id: int) -> HttpResponse:
    """The page was closed."""
    presence.leave(_subject(edition_id), cast("User", request.user))
    return HttpResponse(status=204)


def others(edition_id: int, who: User) -> list[str]:
    """By name, as a page is made."""
    return names(presence.others(_subject(edition_id), who))


def names(people: list[User]) -> list[str]:
    """As colleagues know them."""
    return [one.name or one.email for one in people]


def _subject(edition_id: int) -> str:
    return f"edition:{get_object_or_404(Edition.objects.only('pk'), pk=edition_id).pk}"
