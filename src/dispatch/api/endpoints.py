"""Where others are told: made by an operator, with a secret of its own that can be changed without losing an event."""

import base64
import secrets
from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from dispatch import fetching, vault
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.api.events import KINDS, TEST
from dispatch.api.models import Delivery, Endpoint

OVERLAP = timedelta(days=1)
"""How long the secret before the newest signs too."""


class Unsuited(ValueError):
    """That cannot be an endpoint; the text says why."""


def add(name: str, url: str, events: Sequence[str], by: User, reason: str) -> tuple[Endpoint, str]:
    """A fresh one, and its secret, which is shown now and never again. Raises Unsuited."""
    if problem := fetching.objection(url):
        raise Unsuited(problem)
    if not events or set(events) - set(KINDS):
        raise Unsuited("choose what it is to be told of")
    secret = _secret()
    with transaction.atomic():
        made = Endpoint.objects.create(name=name, url=url, events=sorted(events), secrets=b"")
        _seal(made, [secret])
        audit.record(by, "webhook.add", f"endpoint:{made.pk}", f"{name}: {reason}"[:300])
    return made, secret


def rotate(endpoint: Endpoint, by: User, reason: str) -> str:
    """A fresh secret; for a day the one before it signs too, so that the other side can change when it likes."""
    secret = _secret()
    with transaction.atomic():
        locked = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
        _seal(locked, [secret, secrets_of(locked)[0]])
        Endpoint.objects.filter(pk=locked.pk).update(rotated_at=timezone.now())
        audit.record(by, "webhook.rotate", f"endpoint:{locked.pk}", reason)
    return secret


def secrets_of(endpoint: Endpoint) -> list[str]:
    """Those that sign now, the newest first. Raises vault.Unreadable."""
    every = vault.unseal(bytes(endpoint.secrets), _place(endpoint)).split("\n")
    is_over = endpoint.rotated_at is None or endpoint.rotated_at < timezone.now() - OVERLAP
    return every[:1] if is_over else every


def switch(endpoint: Endpoint, by: User | None, reason: str, *, on: bool, trouble: str = "") -> bool:
    """On: told of what happens from now on. Off: what still waits for it is not told. False: it is so already."""
    with transaction.atomic():
        others = Endpoint.objects.filter(pk=endpoint.pk).exclude(active=on)
        changed = others.update(active=on, trouble=trouble[:300], failing_since=None)
        if changed:
            audit.record(by, "webhook.on" if on else "webhook.off", f"endpoint:{endpoint.pk}", reason[:300])
        if changed and not on:
            Delivery.objects.filter(endpoint=endpoint, state=Delivery.State.WAITING).update(state=Delivery.State.VOID)
    return bool(changed)


def test(endpoint: Endpoint) -> Delivery:
    """An event that says only that it is one."""
    now = timezone.now()
    return Delivery.objects.create(endpoint=endpoint, kind=TEST, data={"endpoint": endpoint.pk}, at=now, due_at=now)


def again(delivery: Delivery) -> bool:
    """Tell it once more, under the same webhook-id. False: it waits anyway, or its endpoint is off."""
    done = Delivery.objects.filter(pk=delivery.pk, endpoint__active=True).exclude(state=Delivery.State.WAITING)
    return bool(done.update(state=Delivery.State.WAITING, due_at=timezone.now(), attempts_made=0, rung_at=None))


def _secret() -> str:
    """As Standard Webhooks has it: 256 bits."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _seal(endpoint: Endpoint, newest_first: Sequence[str]) -> None:
    sealed = vault.seal("\n".join(newest_first), _place(endpoint))
    Endpoint.objects.filter(pk=endpoint.pk).update(secrets=sealed)
    endpoint.secrets = sealed


def _place(endpoint: Endpoint) -> str:
    return f"endpoint:{endpoint.pk}:secrets"


def given_up() -> Iterator[tuple[str, str, str, str]]:
    """Those that were switched off because nothing got through, or their owner wanted it so: as desk.standstill tells it."""
    for endpoint in Endpoint.objects.filter(active=False).exclude(trouble="").order_by("pk"):
        words = f"{endpoint.name} is told of nothing any more: its webhook was switched off. {endpoint.trouble}"
        yield f"endpoint:{endpoint.pk}:off", "webhook", words, reverse("webhook_out", args=[endpoint.pk])
