"""The newsroom's own programs at the networks, by which accounts are connected; an operator registers each there once."""

import json
from dataclasses import dataclass, field

from django.db import models

from dispatch import vault


class App(models.Model):
    """A program that a network, or one Mastodon instance, knows."""

    place = models.CharField(max_length=330, unique=True)  # "x"; of Mastodon "mastodon https://social.example.org"
    server = models.URLField(max_length=300, blank=True)  # where; empty: the network's own
    secrets = models.BinaryField()  # sealed JSON for "app:<place>:secrets"
    redirect = models.URLField(max_length=500, blank=True)  # where people come back to, as it is registered there
    saved_at = models.DateTimeField(auto_now=True)


@dataclass(frozen=True)
class Program:
    """The same, opened. Lives in memory only."""

    server: str
    id: str
    secret: str = field(default="", repr=False)
    redirect: str = ""


def find(place: str) -> Program | None:
    """None: nobody registered one, or no key at hand opens it."""
    app = App.objects.filter(place=place).first()
    if app is None:
        return None
    try:
        said = json.loads(vault.unseal(bytes(app.secrets), f"app:{place}:secrets"))
    except vault.Unreadable:
        return None
    return Program(app.server, str(said["client_id"]), str(said["client_secret"]), app.redirect)


def keep(place: str, program: Program) -> None:
    """From now on this one is used there."""
    sealed = vault.seal(json.dumps({"client_id": program.id, "client_secret": program.secret}), f"app:{place}:secrets")
    values = {"server": program.server, "redirect": program.redirect, "secrets": sealed}
    App.objects.update_or_create(place=place, defaults=values)


def forget(place: str) -> None:
    """There is none any more."""
    App.objects.filter(place=place).delete()
