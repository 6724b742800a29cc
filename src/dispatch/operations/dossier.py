"""What is kept of one address: the answer to whoever asks what we know of them. Asking is audited, by the reader's number."""

from dataclasses import dataclass

from django.db import transaction

from dispatch import vault
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.audience import addresses, leaving, preferences
from dispatch.audience.models import Letter, Subscriber, Subscription, Suppression, Wish
from dispatch.delivery import ledger
from dispatch.delivery.models import Chunk

Row = dict[str, str]


@dataclass(frozen=True)
class Dossier:
    """Each part as rows of plain words; a part of which nothing is kept is empty."""

    reader: list[Row]
    subscriptions: list[Row]
    wishes: list[Row]
    letters: list[Row]
    mail: list[Row]
    suppression: list[Row]

    @property
    def parts(self) -> dict[str, list[Row]]:
        """By heading, in the order of a page."""
        named = {
            "The reader": self.reader,
            "Newsletters": self.subscriptions,
            "Sign-ups not confirmed": self.wishes,
            "Letters": self.letters,
            "Mail whose readers are still known": self.mail,
            "Not to be written to": self.suppression,
        }
        return {heading: rows for heading, rows in named.items() if rows}


def show(address: str, by: User | None, reason: str) -> Dossier:
    """Everything, gathered now. Raises addresses.Malformed."""
    index = _index(address)
    reader = Subscriber.objects.filter(address_index=index).first()
    audit.record(by, "reader.show", _target(reader), reason)
    return Dossier(
        reader=_reader(reader) if reader else [],
        subscriptions=[_subscription(one) for one in _subscriptions(reader)],
        wishes=[
            {"newsletter": one.newsletter.slug, "language": one.language, "until": _at(one.expires_at)}
            for one in Wish.objects.filter(address_index=index).select_related("newsletter")
        ],
        letters=[
            {"kind": one.kind, "written": _at(one.written_at), "state": one.state, "link used": _at(one.used_at)}
            for one in Letter.objects.filter(address_index=index).order_by("pk")
        ],
        mail=_mail(reader) if reader else [],
        suppression=[
            {"why": one.reason, "since": _at(one.created_at), "until": _at(one.expires_at)}
            for one in Suppression.objects.filter(address_index=index)
        ],
    )


def erase(address: str, by: User | None, reason: str) -> bool:
    """Forget this address now. False: nothing of it was kept. Raises addresses.Malformed."""
    index = _index(address)
    with transaction.atomic():
        target = _target(Subscriber.objects.filter(address_index=index).first())
        erased = leaving.erase(index)
        if erased:
            audit.record(by, "reader.erase", target, reason)
    return erased


def _index(address: str) -> bytes:
    return vault.blind_index(addresses.unique_form(addresses.parse(address)))


def _target(reader: Subscriber | None) -> str:
    return f"reader:{reader.pk}" if reader else "reader:none"


def _reader(reader: Subscriber) -> list[Row]:
    place = f"subscriber:{reader.pk}"
    return [
        {
            "address": vault.unseal(bytes(reader.address), f"{place}:address"),
            "name": vault.unseal(bytes(reader.name), f"{place}:name") if reader.name else "",
            "OpenPGP key": key.fingerprint if (key := preferences.key(reader)) else "",
            "since": _at(reader.created_at),
            "paused until": _at(reader.paused_until),
        }
    ]


def _subscriptions(reader: Subscriber | None) -> list[Subscription]:
    return list(reader.subscriptions.select_related("newsletter").order_by("pk")) if reader else []


def _subscription(one: Subscription) -> Row:
    return {
        "newsletter": one.newsletter.slug,
        "state": one.state,
        "languages": " ".join(filter(None, [one.language, one.second_language])),
        "topics": ", ".join(one.topics),
        "frequency": one.frequency,
        "consented": _at(one.consented_at),
        "how": one.consent_source,
        "link of mails from before": "known" if one.old_links.exists() else "",
        "left": _at(one.left_at),
    }


def _mail(reader: Subscriber) -> list[Row]:
    """Of sends whose audience still stands; a week after its end nothing says who had what."""
    held = Chunk.objects.filter(recipients__contains=[reader.pk], is_retry=False).select_related("send__edition")
    return [
        {
            "edition": str(one.send.edition_id),
            "sent": _at(one.send.started_at),
            "became": ledger.fate(one.send_id, reader.pk),
        }
        for one in held.order_by("-pk")
    ]


def _at(moment: object) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""
