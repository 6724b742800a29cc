"""The picture that stands in where an article brings none and a channel's network publishes nothing without one."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from dispatch import saying
from dispatch.accounts import audit, desks, permissions
from dispatch.accounts.models import Role, User
from dispatch.social import media, standing_in
from dispatch.social.models import Channel


@permissions.requires(Role.OPERATOR)
@require_POST
def keep(request: HttpRequest, slug: str) -> HttpResponse:
    """Another picture, or other words for the one that is kept."""
    channel, by = get_object_or_404(Channel, slug=slug, removed_at=None), cast("User", request.user)
    desks.insist(by, channel)
    if problem := _keep(channel, request):
        messages.error(request, f"{problem} Nothing was changed.")
    else:
        audit.record(by, "channel.picture", f"channel:{slug}", "its standing picture was changed")
        messages.success(request, "Kept. Posts whose article brings no picture show it.")
    return redirect("channel_page", slug)


def _keep(channel: Channel, request: HttpRequest) -> str:
    """What is wrong, in words; empty: it is kept."""
    file, alt = request.FILES.get("file"), request.POST.get("alt", "").strip()[:1000]
    if not alt:
        return "Say what is to be seen, for who cannot see it."
    if file is None:
        return "" if standing_in.describe(channel, alt) else "Choose a picture."
    if (file.size or 0) > media.LARGEST:
        return f"The picture has {saying.size(file.size or 0)}; {media.LARGEST / 1e6:.0f} MB are taken."
    try:
        standing_in.keep(channel, file.read(), alt)
    except media.Unfit as error:
        return f"The picture cannot be taken: {error}."
    return ""
