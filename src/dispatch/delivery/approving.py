"""A big or odd send waits for a second person, who agrees to exactly what they saw: this body, to this audience.

The audience is frozen before anybody is asked, so what is agreed to is what leaves; readers who leave meanwhile are left out
by each window. A send is odd when it goes to more than twice as many as its newsletter ever went to.
"""

import hashlib
import logging

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from dispatch import saying
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.delivery import agreed, hold_window, ledger, statements
from dispatch.delivery.models import Approval, Send
from dispatch.editions.models import Edition, Variant, digest

log = logging.getLogger(__name__)
STARTING = ("edition.send_now", "edition.retry")
"""Acts on an edition that let it leave: whoever did the last of them does not agree to it, too."""


def enlist(edition_id: int) -> Send | None:
    """As `ledger.enlist`; a send that needs a second person does not go on before they agree."""
    with transaction.atomic():
        Edition.objects.select_for_update().get(pk=edition_id)
        known = Send.objects.filter(edition=edition_id).exists()
        send = ledger.enlist(edition_id)
        if send and not known and (why := _reason(send)):
            _hold(send, why)
    if send and not known:
        log.info("edition enlisted", extra={"edition": edition_id, "send": send.pk, "readers": send.frozen_count})
    return send


def agree(send_id: int, seen: str, by: User, reason: str) -> bool:
    """Let it go, if `seen` (hexadecimal) is still the hash of what would leave. False: it is not, or they asked themselves,
    or it does not wait any more. What was changed meanwhile is asked for anew."""
    with transaction.atomic():
        waiting = Approval.objects.select_for_update(of=["self"]).filter(send__state=Send.State.DRAFT, agreed_at=None)
        approval = waiting.exclude(asked_by=by).select_related("send").filter(send=send_id).first()
        if approval is None:
            return False
        now, seals = _look(approval.send)
        if now != bytes(approval.hash):
            Approval.objects.filter(pk=approval.pk).update(hash=now)
            audit.record(None, "send.changed", f"send:{send_id}", "since a second person was asked for")
            return False
        if seen != now.hex():
            return False
        agreed.keep(send_id, seals)
        _let_go(approval, by)
        audit.record(by, "send.approve", f"send:{send_id}:{seen[:16]}", reason)
    return True


def fingerprint(send: Send) -> bytes:
    """SHA-256 over what readers get, as it stands now, and who they are, in the ledger's order."""
    return _look(send)[0]


def _look(send: Send) -> tuple[bytes, dict[int, bytes]]:
    """Its fingerprint, and of the same rows each chunk's seal."""
    whole, seals, letters = hashlib.sha256(), {}, {}
    for variant in Variant.objects.filter(edition=send.edition_id).order_by("pk"):
        letters[variant.pk] = digest(variant.subject, variant.html, variant.text)
        whole.update(letters[variant.pk])
    chunks = send.chunks.filter(is_retry=False).order_by("number")
    for number, which, recipients in chunks.values_list("number", "variant_id", "recipients").iterator(50):
        assert recipients is not None  # a send that waits to be agreed to has not begun
        whole.update(f"\n{number} {which} {' '.join(map(str, recipients))}".encode())
        seals[number] = agreed.seal(send.pk, number, letters.get(which, b""), recipients)
    return whole.digest(), seals


def _reason(send: Send) -> str:
    """Why a second person is needed, in a sentence; empty when nobody is."""
    limit, count = settings.DELIVERY["approve_from"], send.frozen_count
    if not limit:
        return ""
    if count > limit:
        return f"It goes to {saying.many(count, 'reader')}: more than {saying.number(limit)}."
    earlier = Send.objects.filter(edition__newsletter=send.edition.newsletter_id).exclude(pk=send.pk)
    most = earlier.exclude(state__in=[Send.State.DRAFT, Send.State.CANCELLED]).aggregate(most=Max("frozen_count"))
    if count < settings.DELIVERY["approve_odd_from"] or count <= 2 * (before := most["most"] or 0):
        return ""
    if not before:
        return f"It is the first of its newsletter, and goes to {saying.many(count, 'reader')}."
    return f"It goes to {saying.many(count, 'reader')}; the newsletter never went to more than {saying.number(before)}."


def _hold(send: Send, why: str) -> None:
    asked = audit.last(f"edition:{send.edition_id}", STARTING)
    Approval.objects.create(
        send=send, why=why, then=send.state, hash=fingerprint(send), asked_by=asked.who if asked else None
    )
    Send.objects.filter(pk=send.pk).update(state=Send.State.DRAFT)
    audit.record(None, "send.ask", f"send:{send.pk}", why)
    send.refresh_from_db()


def _let_go(approval: Approval, by: User) -> None:
    send, now = approval.send, statements.now()
    assert send.expires_at
    assert send.started_at
    later = now + (send.expires_at - send.started_at)  # the time that it waited is not taken from deferrals
    send.state, send.started_at, send.expires_at = Send.State(approval.then), now, later
    hold_window.begin(send)
    send.save(update_fields=["state", "started_at", "expires_at", "holds_until"])
    send.chunks.update(rung_at=None)
    Approval.objects.filter(pk=approval.pk).update(agreed_by=by, agreed_at=now)
