"""A newsletter, its cast of readers, and a rendered edition."""

import secrets
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from dispatch import vault
from dispatch.audience import addresses
from dispatch.audience.models import Newsletter, Subscriber, Subscription
from dispatch.delivery import relays
from dispatch.editions import slots
from dispatch.editions.models import Edition, Variant


@pytest.fixture
def newsletter(db):
    return Newsletter.objects.create(
        slug="office",
        names={"en": "Office news"},
        languages=["en", "be"],
        from_name="Офіс",
        from_address="news@example.org",
        reply_to="desk@example.org",
    )


@pytest.fixture
def subscribe(newsletter):
    """subscribe("alice", language="en") makes a reader of the newsletter."""

    def make(name, *, language="en", second_language="", newsletter=newsletter, **wishes):
        address = f"{name}@example.org"
        subscriber = Subscriber(address=b"", address_index=vault.blind_index(addresses.unique_form(address)))
        subscriber.save()
        subscriber.address = vault.seal(address, f"subscriber:{subscriber.pk}:address")
        subscriber.name = vault.seal(name.capitalize(), f"subscriber:{subscriber.pk}:name")
        subscriber.save()
        Subscription.objects.create(
            subscriber=subscriber,
            newsletter=newsletter,
            language=language,
            second_language=second_language,
            handle=secrets.token_bytes(8),
            consented_at=timezone.now(),
            **wishes,
        )
        return subscriber

    return make


@pytest.fixture
def make_edition(newsletter):
    """An edition rendered in some languages."""

    def make(slot="story:1", languages=("en", "be"), newsletter=newsletter):
        edition = Edition.objects.create(
            newsletter=newsletter, slot=slot, state=Edition.State.RENDERED, due_at=datetime.now(UTC)
        )
        for language in languages:
            nonce = slots.new_nonce()
            name, leave = slots.token(nonce, "name"), slots.token(nonce, "leave")
            Variant.objects.create(
                edition=edition,
                language=language,
                nonce=nonce,
                subject=f"News in {language}",
                html=f'<p lang="{language}">Hello{name}! <a href="{leave}">Leave</a></p>',
                text=f"Hello{name}!\n\n.A line with a dot\nLeave: {leave}\n",
                hash=b"h" * 32,
            )
        return edition

    return make


@pytest.fixture
def edition(make_edition):
    return make_edition()


@pytest.fixture
def fake(monkeypatch):
    """A relay that keeps what it gets; `fake.answer` may be replaced."""
    from dispatch.delivery.mailers.fake import Fake

    relays.save("fake", "fake://")
    mailer = Fake()
    monkeypatch.setattr(relays, "open_mailer", lambda relay: mailer)
    return mailer
