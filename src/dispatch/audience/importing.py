"""Readers from a CSV file: checked line by line, written by COPY, the same file twice changes nothing."""

import itertools
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from dispatch import vault
from dispatch.audience import addresses, leaving, lists
from dispatch.audience.models import Newsletter

SQL = re.split(r"(?m)^(?=-- step:)", (Path(__file__).parent / "sql" / "import.sql").read_text(encoding="utf-8"))[1:]
BATCH = 20_000
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?")
LONGEST_TOPIC = 80
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # controls, and overrides of direction


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


@dataclass
class Report:
    """What an import found and did."""

    encoding: str
    not_taken: tuple[str, ...]  # columns that were not read
    lines: int = 0
    faults: list[lists.Fault] = field(default_factory=list)
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
    """Check the file and, with `apply`, write it; without, nothing is left behind. Raises lists.Unusable, OSError."""
    newsletters = {newsletter.slug: newsletter for newsletter in Newsletter.objects.all()}
    with lists.opened(path) as found, transaction.atomic():
        if "newsletter" not in found.columns and not defaults.newsletter:
            raise lists.Unusable("Neither a column nor --newsletter says which newsletter.")
        report = Report(found.encoding, found.not_taken)
        leaving.hold_the_door()
        good = _check(found.lines, newsletters, defaults, report)
        for batch in iter(lambda: list(itertools.islice(good, BATCH)), []):
            _write(batch, defaults, report)
            progress(report.lines)
        if not apply:
            transaction.set_rollback(True)
    return report


def _check(
    lines: Iterable[lists.Line | lists.Fault],
    newsletters: Mapping[str, Newsletter],
    defaults: Defaults,
    report: Report,
) -> Iterator[Reader]:
    for line in lines:
        report.lines += 1
        reader = line if isinstance(line, lists.Fault) else _reader(line, newsletters, defaults)
        if isinstance(reader, lists.Fault):
            report.faults.append(reader)
        else:
            yield reader


def _reader(line: lists.Line, newsletters: Mapping[str, Newsletter], defaults: Defaults) -> Reader | lists.Fault:
    fields = line.fields
    try:
        address = addresses.parse(fields.get("address", ""))
    except addresses.Malformed as problem:
        return lists.Fault(line.number, "address", str(problem))
    newsletter = newsletters.get(fields.get("newsletter") or defaults.newsletter)
    if newsletter is None:
        return lists.Fault(line.number, "newsletter", "there is no such newsletter")
    asked = fields.get("language") or defaults.language or next(iter(newsletter.languages), "")
    language = _language(asked, newsletter)
    second = _language(fields.get("second_language") or defaults.second_language, newsletter)
    topics = tuple(topic.strip() for topic in fields.get("topics", "").split("|") if topic.strip())
    frequency = fields.get("frequency", "").lower()
    name = fields.get("name", "")
    name = " ".join(fields.get("name", "").split())[:120]
    reader = Reader(line.number, address, name, language, second, topics, frequency, newsletter.pk)
    fault = _fault(reader, newsletter)
    return lists.Fault(line.number, *fault) if fault else reader


def _fault(reader: Reader, newsletter: Newsletter) -> tuple[str, str] | None:
    """Why this reader would never get a letter, or could not be kept: the column and the problem."""
    languages = {"language": reader.language, "second_language": reader.second_language}
    for column, code in languages.items():
        if code and not LANGUAGE.fullmatch(code):
            return column, "a language is a code like be or en"
    if not set(languages.values()) & set(newsletter.languages):
        return (
            "language",
            f"{newsletter.slug} comes in {' '.join(newsletter.languages) or 'none'}, and in neither of these",
        )
    if reader.frequency not in {"", newsletter.cadence}:
        return "frequency", f"{newsletter.slug} comes {newsletter.cadence}; leave this empty"
    if any(len(topic) > LONGEST_TOPIC or UNPRINTABLE.search(topic) for topic in reader.topics):
        return "topics", f"a topic has at most {LONGEST_TOPIC} characters; | stands between two"
    if UNPRINTABLE.search(reader.name):
        return "name", "it has characters that cannot be printed"
    return None


def _language(asked: str, newsletter: Newsletter) -> str:
    """The newsletter's own code for what is asked ("be" for "be_BY" where it comes in be), else the code as asked."""
    code = asked.strip().lower().replace("_", "-")
    parent = code.partition("-")[0]
    return parent if code not in newsletter.languages and parent in newsletter.languages else code


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
