"""Readers from a CSV file: checked line by line, written by COPY, the same file twice changes nothing."""

import csv
import itertools
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from django.db import connection, transaction

from dispatch import vault
from dispatch.audience import addresses
from dispatch.audience.models import Newsletter

SQL = re.split(r"(?m)^(?=-- step:)", (Path(__file__).parent / "sql" / "import.sql").read_text(encoding="utf-8"))[1:]
BATCH = 20_000
COLUMNS = {
    "address": ("email", "e-mail", "address", "email address", "mail", "адрес", "пошта"),
    "name": ("name", "full name", "first name", "имя", "імя"),
    "language": ("language", "lang", "locale"),
    "second_language": ("second_language", "second language", "language2"),
    "topics": ("topics", "tags"),
    "frequency": ("frequency",),
    "newsletter": ("newsletter", "list"),
}


class Unusable(ValueError):
    """The file as a whole cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One good line."""

    line: int
    address: str
    name: str
    language: str
    second_language: str
    topics: tuple[str, ...]
    frequency: str
    newsletter: int


@dataclass(frozen=True, slots=True)
class Fault:
    """One refused line; never holds the address."""

    line: int
    column: str
    problem: str


@dataclass
class Report:
    """What an import found and did."""

    lines: int = 0
    faults: list[Fault] = field(default_factory=list)
    added: int = 0  # subscriptions that were not there
    known: int = 0  # subscriptions that were, or that their readers have ended
    suppressed: int = 0  # addresses that must not be written to


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a line gets where its column is empty."""

    newsletter: str = ""
    language: str = ""
    second_language: str = ""
    source: str = "import"


def run(path: Path, defaults: Defaults, *, apply: bool, progress: Callable[[int], object] = lambda _: None) -> Report:
    """Check the file and, with `apply`, write it; without, nothing is left behind. Raises Unusable."""
    report = Report()
    newsletters = {newsletter.slug: newsletter for newsletter in Newsletter.objects.all()}
    with _opened(path) as file, transaction.atomic():
        good = _check(_rows(file, defaults), newsletters, defaults, report)
        for batch in iter(lambda: list(itertools.islice(good, BATCH)), []):
            _write(batch, defaults, report)
            progress(report.lines)
        if not apply:
            transaction.set_rollback(True)
    return report


def _opened(path: Path) -> TextIO:
    with path.open("rb") as raw:
        start = raw.read(1 << 20)
    for encoding in ("utf-8-sig", "cp1251"):
        try:
            start[: start.rfind(b"\n") + 1 or None].decode(encoding)
        except UnicodeDecodeError:
            continue
        return path.open(encoding=encoding, errors="replace", newline="")
    raise Unusable("The file is neither UTF-8 nor Windows-1251 text.")


def _rows(file: TextIO, defaults: Defaults) -> Iterator[tuple[int, dict[str, str]]]:
    """Line numbers and fields by our names. A file without a header is taken as one column of addresses."""
    sample = file.read(4096)
    file.seek(0)
    first = sample.splitlines()[0] if sample.strip() else ""
    if not first:
        raise Unusable("The file is empty.")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(file, delimiter=delimiter)
    names = [_column(name) for name in next(reader)]
    if "address" not in names:
        if "@" not in first or delimiter in first:
            raise Unusable('No column holds addresses: name it "email" in the first line.')
        file.seek(0)
        reader, names = csv.reader(file, delimiter=delimiter), ["address"]
    if "newsletter" not in names and not defaults.newsletter:
        raise Unusable("Neither a column nor --newsletter says which newsletter.")
    for fields in reader:
        if any(field.strip() for field in fields):
            yield reader.line_num, dict(zip(names, (field.strip() for field in fields), strict=False))


def _column(name: str) -> str:
    plain = name.strip().lower()
    return next((ours for ours, theirs in COLUMNS.items() if plain in theirs), "")


def _check(
    rows: Iterable[tuple[int, dict[str, str]]],
    newsletters: Mapping[str, Newsletter],
    defaults: Defaults,
    report: Report,
) -> Iterator[Reader]:
    for line, row in rows:
        report.lines += 1
        reader = _reader(line, row, newsletters, defaults)
        if isinstance(reader, Fault):
            report.faults.append(reader)
        else:
            yield reader


def _reader(
    line: int, row: dict[str, str], newsletters: Mapping[str, Newsletter], defaults: Defaults
) -> Reader | Fault:
    try:
        address = addresses.parse(row.get("address", ""))
    except addresses.Malformed as problem:
        return Fault(line, "address", str(problem))
    slug = row.get("newsletter") or defaults.newsletter
    newsletter = newsletters.get(slug)
    if newsletter is None:
        return Fault(line, "newsletter", "there is no such newsletter")
    language = row.get("language") or defaults.language or (newsletter.languages or [""])[0]
    if not language:
        return Fault(line, "language", "neither the line nor --language says which language")
    frequency = row.get("frequency", "").lower()
    if frequency not in {"", "each", "daily", "weekly"}:
        return Fault(line, "frequency", "it is each, daily, weekly or empty")
    second = row.get("second_language") or defaults.second_language
    topics = tuple(topic.strip() for topic in row.get("topics", "").split("|") if topic.strip())
    name = " ".join(row.get("name", "").split())[:120]
    return Reader(line, address, name, language.lower(), second.lower(), topics, frequency, newsletter.pk)


def _write(batch: list[Reader], defaults: Defaults, report: Report) -> None:
    prepare, reserve, insert_subscribers, insert_subscriptions, count = SQL
    with connection.cursor() as cursor:
        cursor.execute(prepare)
        indexes = [vault.blind_index(addresses.unique_form(reader.address)) for reader in batch]
        with cursor.copy("COPY importing (position, address_index) FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int4", "bytea"])
            for position, index in enumerate(indexes):
                copy.write_row((position, index))
        cursor.execute(reserve)
        fresh = cursor.fetchall()
        with cursor.copy(
            "COPY sealing (position, id, address, name, provider_class) FROM STDIN (FORMAT binary)"
        ) as copy:
            copy.set_types(["int4", "int8", "bytea", "bytea", "int2"])
            for position, number in fresh:
                copy.write_row(_sealed(position, number, batch[position]))
        cursor.execute(insert_subscribers)
        with cursor.copy("COPY wishes FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int4", "int8", "text", "text", "text[]", "text", "bytea"])
            for position, reader in enumerate(batch):
                copy.write_row(_wish(position, reader))
        cursor.execute(insert_subscriptions, [datetime.now(UTC), defaults.source])
        added = cursor.rowcount
        cursor.execute(count)
        row = cursor.fetchone()
    suppressed = int(row[0]) if row else 0
    report.added += added
    report.suppressed += suppressed
    report.known += len(batch) - added - suppressed


def _sealed(position: int, number: int, reader: Reader) -> tuple[Any, ...]:
    name = vault.seal(reader.name, f"subscriber:{number}:name") if reader.name else None
    address = vault.seal(reader.address, f"subscriber:{number}:address")
    return position, number, address, name, int(addresses.provider_class(reader.address))


def _wish(position: int, reader: Reader) -> tuple[Any, ...]:
    handle = secrets.token_bytes(8)
    topics = list(reader.topics)
    return position, reader.newsletter, reader.language, reader.second_language, topics, reader.frequency, handle
