"""Files of posts to plan: CSV as spreadsheets write it, read to lines and written back with what came of them. Pure."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dispatch import saying
from dispatch.audience import spreadsheets

COLUMNS = ("channel", "moment", "zone", "story", "text", "language", "link", "content_warning", "picture", "alt")
NEEDED = ("channel", "moment", "story")
OUTCOME = "outcome"
"""A column that only what was written here has; there each field is guarded against spreadsheets."""
MOST = 2_000
LARGEST = 2 * 1024 * 1024
SAMPLE = (
    {"channel": "mastodon", "moment": "2026-11-23 08:30", "zone": "Europe/Minsk", "story": "site:12"},
    {
        "channel": "x",
        "moment": "next",
        "story": "https://news.example.org/en/reading-room",
        "text": "A room to read in.",
    },
)


class Unusable(ValueError):
    """The file cannot be taken as it is; the text says why and what to do."""


@dataclass(frozen=True)
class Line:
    """One row of the file. `number`: the line that it begins on, the header being line 1. `said`: by column, without those
    that are empty."""

    number: int
    said: Mapping[str, str]
    is_too_long: bool = False  # it has more fields than the header

    def __getitem__(self, column: str) -> str:
        return self.said.get(column, "")


@dataclass(frozen=True)
class Sheet:
    """What a file holds, and which of its columns are not taken."""

    lines: tuple[Line, ...]
    ignored: tuple[str, ...]


def read(content: bytes) -> Sheet:
    """Raises Unusable."""
    if len(content) > LARGEST:
        raise Unusable(f"The file has {saying.size(len(content))}; {saying.size(LARGEST)} are taken. Split it.")
    rows = _rows(_decoded(content))
    header = [name.strip().lower().replace(" ", "_") for name in next(rows, (1, [""]))[1]]
    for name in (*NEEDED, *COLUMNS):
        if header.count(name) > 1 or (name in NEEDED and name not in header):
            problem = "twice" if name in header else "not"
            raise Unusable(f"The column “{name}” is there {problem}. The first line names them: {', '.join(COLUMNS)}.")
    lines = tuple(_line(number, header, fields) for number, fields in rows if any(field.strip() for field in fields))
    if not lines:
        raise Unusable("The file has a header and nothing below it.")
    if len(lines) > MOST:
        raise Unusable(f"The file has {saying.number(len(lines))} rows; {saying.number(MOST)} are taken. Split it.")
    return Sheet(lines, tuple(name for name in header if name and name not in (*COLUMNS, OUTCOME)))


def written(lines: Iterable[tuple[Mapping[str, str], str]]) -> str:
    """Rows, each with what came of it, as CSV that no spreadsheet takes for a formula; `read` takes it again."""
    rows = ([said.get(column, "") for column in COLUMNS] + [outcome] for said, outcome in lines)
    return "\ufeff" + "".join(spreadsheets.row(row) for row in ([*COLUMNS, OUTCOME], *rows))


def template() -> str:
    """A file to begin with: the columns, and two rows as an example."""
    return "\ufeff" + "".join(
        spreadsheets.row(row) for row in (list(COLUMNS), *([one.get(name, "") for name in COLUMNS] for one in SAMPLE))
    )


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Unusable(f"The file is not UTF-8 (line {line}). Save it as “CSV UTF-8” and bring it again.") from error
    if "\0" in text:
        raise Unusable("The file is no CSV text. Save it as “CSV UTF-8” and bring it again.")
    return text


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each with the line that it begins on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    begins = 1
    try:
        for fields in reader:
            yield begins, fields
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Unusable(f"Line {begins} cannot be read as CSV: {error}. Is a quotation mark left open?") from error


def _delimiter(text: str) -> str:
    """Whichever parts the header into most columns that are known."""
    first = text.lstrip().partition("\n")[0].lower()
    return max(",;\t", key=lambda mark: sum(name.strip(' "\r') in COLUMNS for name in first.split(mark)))


def _line(number: int, header: list[str], fields: list[str]) -> Line:
    is_ours = OUTCOME in header
    pairs = zip(header, (spreadsheets.plain(field) if is_ours else field for field in fields), strict=False)
    said = {name: field.replace("\r\n", "\n").strip() for name, field in pairs if name in COLUMNS}
    return Line(number, {name: field for name, field in said.items() if field}, len(fields) > len(header))
