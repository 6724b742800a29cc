"""What follows from a report: each counts once, and nothing of it is kept but its kind and code.

A mail is believed where it proves which letter it speaks of: by the address that it came to, or by the reader's address with
the mark of a letter that they got. An address alone proves nothing: whoever may have readers struck off by writing to us can
silence a newsroom.
"""

from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from dispatch import vault
from dispatch.audience.models import Subscriber, Suppression
from dispatch.delivery import events, personalizing, statements, tallies
from dispatch.delivery.bounces import reading
from dispatch.delivery.bounces.kinds import Kind, Verdict
from dispatch.delivery.models import DeliveryException, Returned, Send, SoftBounce
from dispatch.delivery.verp import Letter

KEPT = timedelta(days=60)
"""How long the same report is known again: no server repeats itself for longer."""
STATES = {Kind.HARD: DeliveryException.State.BOUNCED, Kind.COMPLAINT: DeliveryException.State.COMPLAINED}
NAMELESS = timedelta(days=7)
"""Then a soft bounce does not tell any more, even to who has the key, which letter it was about."""
HEAR = """INSERT INTO delivery_returned (digest, "on") VALUES (%s, %s) ON CONFLICT DO NOTHING"""
UNNAME = """
UPDATE delivery_softbounce b SET letter = other.letter
FROM (SELECT subscriber_id, letter AS known, substr(uuid_send(gen_random_uuid()), 1, 15) AS letter
      FROM delivery_softbounce WHERE length(letter) = 16 GROUP BY subscriber_id, letter HAVING max("on") < %s) AS other
WHERE b.subscriber_id = other.subscriber_id AND b.letter = other.known
"""
"""A letter's bounces stay together under bytes that mean nothing, one fewer than a keyed hash has here."""


def take(raw: bytes, came_to: str = "") -> Verdict | None:
    """Record one mail that came back; committed when this returns. `came_to`: its envelope's recipient, where known. None: it
    speaks of no letter of ours.
    """
    report = reading.read(raw, came_to)
    letter = report.letter or _by_mark(report)
    if letter is None:
        return None
    record(letter.send, letter.reader, report.verdict, report.identity or vault.mac("report", raw).hex())
    return report.verdict


@transaction.atomic
def record(send: int | None, reader: int, verdict: Verdict, identity: str) -> bool:
    """One report about one letter. `send` None: about one that is not known any more. `identity` tells two soft bounces of
    one letter apart; it bounces for good, or is complained of, once. False: it was heard before, and changes nothing.
    """
    is_final = verdict.kind in STATES and send is not None
    if not _is_new(f"{verdict.kind}:{send}:{reader}:{'' if is_final else identity}"):
        return False
    known = Subscriber.objects.select_for_update().filter(pk=reader)
    provider_class = known.values_list("provider_class", flat=True).first()
    _count(send, reader, provider_class or 0, verdict.kind)
    if provider_class is None:
        return True  # forgotten: nobody is left to strike off
    if verdict.kind == Kind.SOFT:
        _soft(send, reader)
    elif state := STATES.get(verdict.kind):
        _final(send, reader, state, verdict.code)
    return True


def forget_old() -> None:
    """Which reports were heard, soft bounces that count no more, and which letters older ones were about."""
    today = timezone.now().date()
    with connection.cursor() as cursor:
        cursor.execute(UNNAME, [today - NAMELESS])
    Returned.objects.filter(on__lt=today - KEPT).delete()
    SoftBounce.objects.filter(on__lte=today - _days()).delete()


def _by_mark(report: reading.Report) -> Letter | None:
    reader = events.reader_of(report.recipient) if report.mark and report.recipient else None
    send = events.send_of(reader, report.mark) if reader is not None else None
    return Letter(send, reader) if send is not None and reader is not None else None


def _is_new(key: str) -> bool:
    digest = vault.mac("heard report", key.encode())[:16]
    with connection.cursor() as cursor:
        cursor.execute(HEAR, [digest, timezone.now().date()])
        return bool(cursor.rowcount)


def _count(send: int | None, reader: int, provider_class: int, kind: Kind) -> None:
    if send is not None:
        counted = {"send": send, "reader": reader, "provider": provider_class, "kind": kind.value}
        statements.execute("returned", **counted, judged=list(tallies.RETURNED))


def _final(send: int | None, reader: int, state: DeliveryException.State, code: str) -> None:
    if send is not None and Send.objects.filter(pk=send).exists():
        events.record(send, reader, state, code)
    else:
        events.suppress(reader, events.SUPPRESSING[state])


def _soft(send: int | None, reader: int) -> None:
    """So many, of so many letters, within so many days: nobody reads there any more."""
    today, rule = timezone.now().date(), settings.BOUNCES
    letter = vault.mac("soft bounce", personalizing.mark(send or 0, reader).encode())[:16]
    SoftBounce.objects.create(subscriber_id=reader, letter=letter, on=today)
    recent = SoftBounce.objects.filter(subscriber=reader, on__gt=today - _days())
    letters = recent.values("letter").distinct().count()
    if 0 < rule["soft"] <= recent.count() and letters >= rule["soft_sends"]:
        events.suppress(reader, Suppression.Reason.UNREACHABLE)


def _days() -> timedelta:
    return timedelta(days=settings.BOUNCES["soft_days"])
