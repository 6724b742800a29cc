"""Desks: parts of the newsroom. Who belongs to some acts on their newsletters and channels, and on those that are
everybody's; who belongs to none acts everywhere. Everybody sees everything."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, Q, QuerySet

from dispatch.accounts import audit
from dispatch.accounts.models import Desk, User

Row = TypeVar("Row", bound=Model)


class Owned(Protocol):
    """A newsletter or a channel."""

    desk_id: int | None


def of(user: User | None) -> frozenset[int]:
    """The desks that a person is limited to; none: they are not. Nobody (the command line) is not, either."""
    return frozenset(user.desks.values_list("pk", flat=True)) if user else frozenset()


def visible(user: User | None, rows: QuerySet[Row], path: str = "desk") -> QuerySet[Row]:
    """Those of `rows` that a person may act on: for choices and counts. `path` leads from a row to its desk."""
    theirs = of(user)
    return rows.filter(Q(**{path: None}) | Q(**{f"{path}__in": theirs})) if theirs else rows


def may_touch(user: User | None, *owned: Owned) -> bool:
    """Whether a person may act on each of these newsletters and channels."""
    wanted = {one.desk_id for one in owned if one.desk_id is not None}
    return not wanted or not (theirs := of(user)) or wanted <= theirs


def insist(user: User, *owned: Owned) -> None:
    """Raises PermissionDenied, in words, where they may not."""
    if may_touch(user, *owned):
        return
    strange = {one.desk_id for one in owned if one.desk_id} - of(user)
    names = ", ".join(Desk.objects.filter(pk__in=strange).order_by("name").values_list("name", flat=True))
    raise PermissionDenied(f"This belongs to another desk ({names}). Ask someone there. Nothing was changed.")


@transaction.atomic
def give(who: User, wanted: Iterable[Desk], by: User | None, reason: str) -> bool:
    """Limit a person to these desks; to none: they act everywhere. False: it is so already."""
    chosen = sorted(wanted, key=lambda desk: desk.slug)
    if of(who) == {desk.pk for desk in chosen}:
        return False
    who.desks.set(chosen)
    words = ", ".join(desk.slug for desk in chosen) or "everywhere"
    audit.record(by, "account.desks", f"user:{who.pk}", f"{words}. {reason}"[:300])
    return True


def named(slugs: Iterable[str]) -> list[Desk]:
    """The desks of these names. Raises Missing for one that does not exist."""
    wanted = set(slugs)
    found = list(Desk.objects.filter(slug__in=wanted))
    if strange := wanted - {desk.slug for desk in found}:
        raise Missing(f"there is no desk {', '.join(sorted(strange))}; `dispatch desk list` shows them")
    return found


def one(slug: str) -> Desk | None:
    """The desk of this name; None for the empty name: everybody's. Raises Missing."""
    return named([slug])[0] if slug else None


class Missing(Exception):
    """No desk has that name."""
