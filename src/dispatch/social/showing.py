"""Pictures for networks that take no bytes and fetch them: shown at an address that nobody can guess, for an hour.

The address is sealed: it tells neither which picture, post nor channel it is for, and nothing else is to be had there.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from dispatch import vault
from dispatch.social import media
from dispatch.social.models import Attempt, Media
from dispatch.social.networks.base import Limits, Picture

SECONDS = 3600
"""For how long: Meta fetches a picture within minutes of being told of it."""
CONTEXT = "shown picture"


def addressed(pictures: Sequence[Picture], attempt: Attempt, limits: Limits) -> tuple[Picture, ...]:
    """An attempt's pictures with the addresses at which a network of these limits may fetch them."""
    frozen = attempt.frozen["media"]
    return tuple(replace(one, url=address(said, limits)) for one, said in zip(pictures, frozen, strict=True))


def address(frozen: Mapping[str, Any], limits: Limits) -> str:
    """Where a picture is shown, drawn for a network of these limits. `frozen`: its `media` and `focus`."""
    said = {
        "media": frozen["media"],
        "focus": frozen["focus"],
        "kinds": limits.picture_kinds,
        "frame": limits.frame,
        "side": limits.picture_side,
        "bytes": limits.picture_bytes,
        "until": int(timezone.now().timestamp()) + SECONDS,
    }
    token = base64.urlsafe_b64encode(vault.seal(json.dumps(said), CONTEXT)).decode().rstrip("=")
    return f"{settings.PUBLIC_URL}{reverse('shown_picture', args=[token])}"


def picture(token: str) -> Picture | None:
    """What is shown there; None where nothing is: no address of ours, its time is over, or the picture is gone."""
    try:
        said = json.loads(vault.unseal(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)), CONTEXT))
    except (vault.Unreadable, binascii.Error, ValueError):
        return None
    kept = Media.objects.filter(pk=said["media"]).first() if said["until"] > timezone.now().timestamp() else None
    if kept is None:
        return None
    limits = replace(
        Limits(longest=0, unit=""),
        picture_kinds=tuple(said["kinds"]),
        frame=tuple(said["frame"]) if said["frame"] else None,
        picture_side=said["side"],
        picture_bytes=said["bytes"],
    )
    try:
        return media.fit(kept, limits, media.Focus(*said["focus"]))
    except media.Unfit:
        return None
