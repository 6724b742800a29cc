"""Readers from a CSV file: checked line by line, written a batch at a time, the same file twice changes nothing.

Each batch is a transaction that also notes how far it came, so a killed import goes on where it stopped.
"""

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from dispatch import vault
from dispatch.accounts import audit
from dispatch.audience import addresses, batches, checking, leaving, lists
from dispatch.audience.checking import Arrival
from dispatch.audience.models import Import

BATCH = 20_000
Defaults = checking.Defaults
COUNTS = ("added", "known", "suppressed", "ended", "asked")


@dataclass
class Report:
    """What an import found and did."""

    encoding: str
    system: str  # that wrote the file, "" where it is not known
    not_taken: tuple[str, ...]  # columns that were not read
    lines: int = 0
    faults: list[lists.Fault] = field(default_factory=list)
    added: int = 0  # subscriptions that were not there
    known: int = 0  # subscriptions that were, or that their readers have ended
    suppressed: int = 0  # addresses that must not be written to
    ended: int = 0  # lines of those who left, bounced or complained where the list comes from
    asked: int = 0  # who will get a letter that asks them
    risky: int = 0  # readers' lines whose mailbox is with a provider on the newsroom's list
    resumed: int = 0  # lines that an earlier run, which did not end, was done with


def run(path: Path, defaults: Defaults, *, apply: bool, progress: Callable[[int], object] = lambda _: None) -> Report:
    """Check the file and, with `apply`, write it; without, nothing is left behind. Raises lists.Unusable, OSError."""
    with lists.opened(path) as found:
        if "newsletter" not in found.columns and not defaults.newsletter:
            raise lists.Unusable("Neither a column nor --newsletter says which newsletter.")
        report = Report(found.encoding, found.system, found.not_taken)
        good = _good(found, defaults, report)
        if apply:
            _apply(good, _row(path, defaults), defaults, report, progress)
        else:
            with transaction.atomic():
                for batch in _batches(good):
                    _write(batch, defaults, report)
                    progress(report.lines)
                transaction.set_rollback(True)
    return report


def _apply(
    good: Iterator[Arrival], row: Import, defaults: Defaults, report: Report, progress: Callable[[int], object]
) -> None:
    report.resumed = row.lines
    for count in COUNTS:
        setattr(report, count, getattr(row, count))
    for batch in _batches(one for one in good if report.lines > report.resumed):
        with transaction.atomic():
            _write(batch, defaults, report)
            _note(row, report)
        progress(report.lines)
    with transaction.atomic():
        _note(row, report, finished_at=timezone.now())
        audit.record(None, "readers.import", f"import:{row.pk}", f"{report.added} added, {report.ended} ended")


def _good(found: lists.ReaderList, defaults: Defaults, report: Report) -> Iterator[Arrival]:
    """What can be taken; lines are counted, and faults kept."""
    for one in checking.arrivals(found, defaults):
        report.lines += 1
        if isinstance(one, lists.Fault):
            report.faults.append(one)
            continue
        report.risky += isinstance(one, batches.Reader) and addresses.is_risky(one.address)
        yield one


def _row(path: Path, defaults: Defaults) -> Import:
    """Of this very file and these defaults. One that came to its end begins anew: readers may have come and gone since."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    key = vault.mac("import", f"{digest} {path.name} {defaults}".encode())
    row, _ = Import.objects.get_or_create(key=key)
    if row.finished_at:
        for count in ("lines", *COUNTS):
            setattr(row, count, 0)
        row.finished_at = None
    return row


def _note(row: Import, report: Report, **more: object) -> None:
    values = {name: getattr(report, name) for name in ("lines", *COUNTS)} | more
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def _batches(good: Iterable[Arrival]) -> Iterator[list[Arrival]]:
    arrivals = iter(good)
    return iter(lambda: list(itertools.islice(arrivals, BATCH)), [])


def _write(batch: list[Arrival], defaults: Defaults, report: Report) -> None:
    """Those who are gone first: whoever a batch names as both is gone."""
    leaving.hold_the_door()
    gone = [one for one in batch if isinstance(one, batches.Gone)]
    readers = [one for one in batch if isinstance(one, batches.Reader)]
    if gone:
        batches.end(gone)
        report.ended += len(gone)
    if not readers:
        return
    if defaults.ask_an_hour:
        between = timedelta(hours=1) / defaults.ask_an_hour
        pace = batches.Pace(timezone.now() + between * report.asked, between)
        done, suppressed = batches.ask(readers, pace)
        report.asked += done
    else:
        done, suppressed = batches.write(readers)
        report.added += done
    report.suppressed += suppressed
    report.known += len(readers) - done - suppressed
