"""Django's cache, in the database: codes that were used and tries that were counted are so for every process.

In the database and not in the broker, which may lose all it holds at any time: a code would then be good twice, and guessing
begin anew. Without the database nobody signs in. Values are JSON, not pickles: who can write a row must not run code.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from dispatch import vault
from dispatch.accounts.models import Remembered

ADD = """
INSERT INTO accounts_remembered AS old (key, value, until) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, until = excluded.until WHERE old.until <= %s
"""
"""Of several at once one gets it in; one whose time is over makes room."""
Timeout = float | None | object


class Shared(BaseCache):
    """Every process sees the same."""

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        """The location is the one database."""
        super().__init__(params)

    def add(self, key: str, value: object, timeout: Timeout = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep it if nothing is kept there. Whether it was."""
        with connection.cursor() as cursor:
            until = self._until(timeout)
            cursor.execute(ADD, [self._hash(key, version), json.dumps(value), until, timezone.now()])
            return bool(cursor.rowcount)

    def get(self, key: str, default: object = None, version: int | None = None) -> Any:
        """What is kept there."""
        found = _living().filter(pk=self._hash(key, version)).values_list("value", flat=True)
        return next(iter(found), default)

    def set(self, key: str, value: object, timeout: Timeout = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Keep it, whatever was kept there."""
        kept = {"value": value, "until": self._until(timeout)}
        Remembered.objects.update_or_create(pk=self._hash(key, version), defaults=kept)

    def touch(self, key: str, timeout: Timeout = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep it longer. Whether it was there."""
        return bool(_living().filter(pk=self._hash(key, version)).update(until=self._until(timeout)))

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget it. Whether it was there."""
        return bool(Remembered.objects.filter(pk=self._hash(key, version)).delete()[0])

    def clear(self) -> None:
        """Forget everything."""
        Remembered.objects.all().delete()

    def _hash(self, key: str, version: int | None) -> bytes:
        return vault.mac("remembered", self.make_key(key, version).encode())

    def _until(self, timeout: Timeout) -> datetime | None:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        assert seconds is None or isinstance(seconds, int | float)
        return None if seconds is None else timezone.now() + timedelta(seconds=seconds)


def forget_old() -> None:
    """Delete what is not kept any more."""
    Remembered.objects.filter(until__lte=timezone.now()).delete()


def _living() -> Any:
    return Remembered.objects.filter(Q(until=None) | Q(until__gt=timezone.now()))
