"""Figures for Prometheus: read from the database, not counted in this process, so that every web host says the same.

What each means stands in docs/metrics.md; its labels are of closed sets, or slugs of relays and channels. No label names a
person, an address or a story.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from dispatch import queue, replica, signs
from dispatch.audience.addresses import ProviderClass
from dispatch.delivery import tallies
from dispatch.operations import carrying, certificate, disks, domains, health, returned, stats

KEPT = 5.0
"""Seconds that an answer serves everyone who asks."""
BUCKETS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 10800.0)
"""Seconds; what is later counts as +Inf."""
ENDLESS = float("inf")


@dataclass(frozen=True)
class Figure:
    """One family: its name after "dispatch_", what it says, its labels, and what kind it is."""

    name: str
    words: str
    labels: tuple[str, ...] = ()
    of: type[GaugeMetricFamily | CounterMetricFamily] = GaugeMetricFamily


FIGURES = {
    "work": Figure("work", "Things that wait, as on the queue's page.", ("kind", "state")),
    "oldest": Figure("work_oldest_seconds", "Age of the oldest of them.", ("kind", "state")),
    "letters": Figure(
        "letters", "Relays' answers to letters of editions.", ("relay", "provider", "outcome"), CounterMetricFamily
    ),
    "returned": Figure(
        "returned", "Bounces and complaints that were heard of.", ("relay", "provider", "kind"), CounterMetricFamily
    ),
    "returned_share": Figure(
        "returned_last_days_ratio", "Share of three days' letters that came back.", ("relay", "provider", "kind")
    ),
    "unread": Figure("returns_unread_seconds", "Since bounces and complaints could be heard by a way.", ("way",)),
    "aside": Figure("returns_aside", "Mails in a mailbox for bounces that could not be read.", ("way",)),
    "sends": Figure("sends", "Sends that have not ended.", ("state",)),
    "held": Figure("sends_held", "Sends that stand still until somebody decides.", ("why",)),
    "edition_waits": Figure("edition_waits_seconds", "Since the moment of the oldest edition without a send."),
    "letter_waits": Figure("letter_waits_seconds", "Since the oldest untried letter was asked for."),
    "letters_asked": Figure("letters_asked_last_hour", "Letters that readers asked for within an hour.", ("outcome",)),
    "mail_waits": Figure("mail_waits_seconds", "Since the start of the oldest send that nothing holds."),
    "post_waits": Figure("post_waits_seconds", "Since the moment of the oldest due post that nothing holds."),
    "posts_last_hour": Figure("posts_last_hour", "Attempts at posts within the last hour.", ("network", "outcome")),
    "webhooks_last_hour": Figure("webhooks_last_hour", "Webhooks within the last hour.", ("did",)),
    "relay_open": Figure("relay_open", "1 where a relay is left alone after failures.", ("relay",)),
    "relay_needed": Figure("relay_needed", "1 where one is left alone, and no other takes its mail.", ("relay",)),
    "relay_failures": Figure("relay_failures", "A relay's failures in a row.", ("relay",)),
    "stops": Figure("stops", "STOPs in force.", ("scope",)),
    "channel_trouble": Figure("channel_trouble", "1 where a channel cannot post.", ("channel", "network")),
    "channel_expires": Figure("channel_expires_timestamp_seconds", "When it must be renewed.", ("channel", "network")),
    "heartbeat_age": Figure("heartbeat_age_seconds", "Since the last sign of life for a queue.", ("queue",)),
    "workers": Figure("workers", "Workers alive that hear of work.", ("queue",)),
    "workers_deaf": Figure("workers_deaf", "Workers alive that hear of none.", ("queue",)),
    "workers_silent": Figure("workers_silent", "Processes that ended without a word, of the last day."),
    "hung": Figure("tasks_hung", "Tasks that hung and were ended.", ("queue",), CounterMetricFamily),
    "clock_age": Figure("clock_age_seconds", "Since the leading clock's last sign of life."),
    "database_bytes": Figure("database_bytes", "Size of the database."),
    "replica_up": Figure("replica_up", "1 where history is read at the replica."),
    "replica_lag": Figure("replica_lag_seconds", "How far the replica is behind."),
    "partitions": Figure("partitions", "Sends whose exceptions are kept."),
    "partition_age": Figure(
        "partition_age_seconds", "Since the end of the oldest send of which something says who got it."
    ),
    "backup_made": Figure("backup_timestamp_seconds", "When the last backup was made."),
    "leaks": Figure("leaks_last_week", "Exports and backups of which an invented reader was seen.", ("kind",)),
    "domain_records": Figure("sending_domain_records", "Records by how they stand.", ("what", "standing")),
    "domain_fell": Figure("sending_domain_fallen", "Records that were right and are not any more.", ("what",)),
    "certificate": Figure("certificate_expiry_timestamp_seconds", "End of our own address's certificate."),
    "disk": Figure("disk_free_ratio", "Free share of the fullest disk of a kind.", ("what",)),
    "broker_up": Figure("broker_up", "1 where the broker answers."),
    "doorbells": Figure("doorbells", "Doorbells that wait at a Redis or Valkey.", ("queue",)),
    "asking": Figure("figures_seconds", "How long reading all this took."),
}
LATENESS = {
    "post_lateness": Figure("post_lateness_last_hour_seconds", "From a planned post's moment to its first attempt."),
    "edition_lateness": Figure("edition_lateness_last_day_seconds", "From an edition's moment until its send began."),
}
Found = dict[str, dict[tuple[str, ...], float]]
"""By figure, then by the values of its labels."""


def exposition() -> bytes:
    """In Prometheus's text format; asked of the world every five seconds at most. Raises django.db.Error."""
    global _last  # noqa: PLW0603 - the memory of one answer
    if time.monotonic() - _last[0] >= KEPT:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Snapshot(read()))
        _last = (time.monotonic(), generate_latest(registry))
    return _last[1]


class Snapshot:
    """What was found, as families."""

    def __init__(self, found: Found) -> None:
        self.found = found

    def collect(self) -> Iterator[Metric]:
        """Each figure that has a value, and both histograms."""
        for key, figure in FIGURES.items():
            family = figure.of(f"dispatch_{figure.name}", figure.words, labels=figure.labels)
            for labels, value in self.found[key].items():
                family.add_metric(labels, value)
            yield family
        for key, figure in LATENESS.items():
            buckets = [(_edge(labels[0]), value) for labels, value in self.found[key].items()]
            total = next(iter(self.found[f"{key}_sum"].values()), 0.0)
            yield HistogramMetricFamily(
                f"dispatch_{figure.name}", figure.words, sorted(buckets, key=lambda bucket: float(bucket[0])), total
            )


def read() -> Found:
    """From the database, the broker and the disk."""
    began, found = time.monotonic(), defaultdict[str, dict[tuple[str, ...], float]](dict)
    for key, labels, value in _rows():
        found[key][_named(key, labels)] = float(value)
    for share in returned.shares():
        found["returned_share"][share.relay, share.provider.name.lower(), share.kind] = share.ratio
    _board(found)
    _broker(found)
    _replica(found)
    if (until := certificate.own.look()) is not None:
        found["certificate"][()] = until
    for (what, standing), count in domains.standings().items():
        found["domain_records"][what, standing] = count
    for what, count in domains.fell().items():
        found["domain_fell"][what,] = count
    for relay in carrying.needed():
        found["relay_needed"][relay.name,] = 1
    for seen in disks.tightest():
        found["disk"][seen.disk.what,] = seen.disk.share
    found["asking"][()] = time.monotonic() - began
    return found


def _rows() -> list[tuple[Any, ...]]:
    statement = (stats.SQL / "figures.sql").read_text(encoding="utf-8")
    values: dict[str, Any] = {
        "buckets": [*BUCKETS, ENDLESS],
        "silent": health.SILENT_AFTER,
        "deaf": signs.silence(),
        "queues": [*queue.QUEUES, "clock"],
        "providers": [int(provider) for provider in ProviderClass],
        "outcomes": list(tallies.OUTCOMES),
        "returned": list(tallies.RETURNED),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _named(key: str, labels: list[str]) -> tuple[str, ...]:
    """A letter's provider by its name."""
    if key not in {"letters", "returned"}:
        return tuple(labels)
    relay, provider, outcome = labels
    return relay, ProviderClass(int(provider)).name.lower(), outcome


def _board(found: Found) -> None:
    for kind, row in stats.now().board.items():
        for column, cell in row.items():
            found["work"][kind, column] = cell.count
            age = (timezone.now() - cell.oldest).total_seconds() if cell.oldest else 0
            found["oldest"][kind, column] = max(age, 0)


def _broker(found: Found) -> None:
    found["broker_up"][()] = float(not queue.ping(1))
    if found["broker_up"][()]:
        for name, count in queue.waiting(1.0).items():
            found["doorbells"][name,] = count


def _replica(found: Found) -> None:
    if replica.is_set():
        seen = replica.watch.seen()
        found["replica_up"][()] = float(seen.state == replica.State.WELL)
        if seen.lag is not None:
            found["replica_lag"][()] = seen.lag


def _edge(text: str) -> str:
    return "+Inf" if text == "Infinity" else str(float(text))


_last: tuple[float, bytes] = (-KEPT, b"")
