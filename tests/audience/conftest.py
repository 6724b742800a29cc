"""A newsletter, and a way to write CSV files."""

import secrets

import pytest
from django.utils import timezone

from dispatch import vault
from dispatch.audience.models import Newsletter, Subscriber, Subscription


@pytest.fixture
def newsletter(db):
    return Newsletter.objects.create(
        slug="office",
        names={"en": "Office news", "be": "Навіны Офіса"},
        languages=["en", "be", "ru"],
        from_name="Office",
        from_address="news@example.org",
    )


@pytest.fixture
def csv_file(tmp_path):
    """csv_file("email,name\\n…") writes a file and gives its path."""

    def write(text, encoding="utf-8"):
        path = tmp_path / "readers.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.fixture
def reader(newsletter):
    """reader("alice@example.org", language="be") subscribes somebody, and gives the subscription."""

    def make(address, of=newsletter, language="en", name=""):
        one, is_new = Subscriber.objects.get_or_create(address_index=vault.blind_index(address))
        if is_new:
            one.address = vault.seal(address, f"subscriber:{one.pk}:address")
            one.name = vault.seal(name, f"subscriber:{one.pk}:name") if name else None
            one.save()
        return Subscription.objects.create(
            subscriber=one,
            newsletter=of,
            language=language,
            handle=secrets.token_bytes(8),
            consented_at=timezone.now(),
        )

    return make
