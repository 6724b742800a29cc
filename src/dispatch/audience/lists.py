"""A list of readers as spreadsheets save it: CSV with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1251."""

import codecs
import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from dispatch.audience import formats, spreadsheets

MEGABYTE = 1 << 20


class Unusable(ValueError):
    """The file as a whole cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One refused line; never holds the address."""

    line: int
    column: str
    problem: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line's fields by our names, stripped."""

    number: int
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class ReaderList:
    """An opened file: how it was read, and its lines."""

    encoding: str
    system: str  # that wrote it; "" where nothing gives it away
    standing: formats.Standing  # of readers whose line does not say otherwise
    columns: frozenset[str]
    not_taken: tuple[str, ...]  # columns that Dispatch does not know, as the file names them
    lines: Iterator[Line | Fault]


@contextmanager
def opened(path: Path) -> Iterator[ReaderList]:
    """Read a file; without a header it is one column of addresses. Raises Unusable."""
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        first = file.readline(MEGABYTE)
        if not first.strip():
            raise Unusable("The file is empty, or its first line is.")
        delimiter = max(",;\t", key=first.count)
        header = next(csv.reader([first], delimiter=delimiter, skipinitialspace=True))
        form = formats.recognised(header)
        names = [form.columns.get(name.strip().lower(), "") for name in header]
        if "address" not in names:
            if "@" not in first or delimiter in first:
                raise Unusable('No column holds addresses: name it "email" in the first line.')
            header, names = ["email"], ["address"]
            file.seek(0)
        not_taken = tuple(theirs for theirs, ours in zip(header, names, strict=True) if not ours and theirs.strip())
        standing = formats.of_file(form, path.name)
        lines = _lines(file, delimiter, names, is_guarded=form.is_guarded)
        yield ReaderList(encoding, form.name, standing, frozenset(names), not_taken, lines)


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        marked = file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
    for encoding in ["utf-16"] if marked else ["utf-8-sig", "cp1251"]:
        try:
            with path.open(encoding=encoding, newline="") as text:
                while text.read(MEGABYTE):
                    pass
        except UnicodeError:
            continue
        return encoding
    raise Unusable("The file is neither UTF-8 nor UTF-16 nor Windows-1251 text.")


def _lines(file: TextIO, delimiter: str, names: list[str], *, is_guarded: bool) -> Iterator[Line | Fault]:
    before = 0 if file.tell() == 0 else 1
    # Strict: a quotation mark that is never closed would swallow the readers after it without a word.
    rows = csv.reader(file, delimiter=delimiter, skipinitialspace=True, strict=True)
    while True:
        number = before + rows.line_num + 1
        try:
            fields = [field.strip() for field in next(rows)]
            fields = [spreadsheets.plain(field) for field in fields] if is_guarded else fields
        except StopIteration:
            return
        except csv.Error:
            yield Fault(
                number, "line", f"its quotation marks do not match; it was read up to line {before + rows.line_num}"
            )
            continue
        if any(fields[len(names) :]):
            yield Fault(number, "line", "it has more fields than the first line names")
        elif any(fields):
            yield Line(number, dict(zip(names, fields, strict=False)))
