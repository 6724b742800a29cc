"""The pictures that a file names: each brought once, and known for an hour, so that what was looked at is what is planned."""

import hashlib
from collections.abc import Mapping

from django.core.cache import cache

from dispatch.social import media
from dispatch.social.models import Media
from dispatch.social.sheets import Sheet

MOST = 20
"""Different pictures of one file: they are fetched while somebody waits."""
KNOWN = 3600
Pictures = Mapping[str, Media | str]
"""By address: the picture, or why it cannot be taken."""


def bring(sheet: Sheet) -> Pictures:
    """Those of all lines."""
    addresses = list(dict.fromkeys(line["picture"] for line in sheet.lines if line["picture"]))
    found: dict[str, Media | str] = {address: _one(address) for address in addresses[:MOST]}
    too_many = f"a file brings {MOST} pictures at most; put this row into another one"
    return found | dict.fromkeys(addresses[MOST:], too_many)


def _one(address: str) -> Media | str:
    key = f"bulk-picture:{hashlib.sha256(address.encode()).hexdigest()}"
    known = Media.objects.defer("content").filter(pk=cache.get(key) or 0).first()
    if known:
        return known
    try:
        brought = media.bring(address)
    except media.Unfit as error:
        return str(error)
    cache.set(key, brought.pk, KNOWN)
    return brought
