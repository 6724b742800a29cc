"""DMARC aggregate reports (RFC 7489 appendix C; RFC 9990): who sent in a domain's name, and whether it was proved.

Of each row the source, the count, whether DKIM and SPF proved it, and what became of it. Envelopes and the rest are not read.
"""

import xml.parsers.expat
from datetime import UTC, date, datetime
from typing import NoReturn

from dispatch.delivery.reports.told import Line, Told, Unreadable, kept, merged

MOST_ROWS = 20_000
DEEPEST = 12
LONGEST = 256
"""Characters of a value that is read."""
TREATED = {"none", "quarantine", "reject", "pass"}
ROW, POLICY, META = "record/row/", "policy_published/", "report_metadata/"
READ = {
    *(f"{META}{name}" for name in ("org_name", "report_id", "date_range/begin", "date_range/end")),
    f"{POLICY}domain",
    *(f"{ROW}{name}" for name in ("source_ip", "count")),
    *(f"{ROW}policy_evaluated/{name}" for name in ("disposition", "dkim", "spf")),
}


class _Reader:
    """Values by their path below <feedback>. No document type, so no entities and nothing that expands."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.head: dict[str, str] = {}
        self.row: dict[str, str] = {}
        self.rows: list[dict[str, str]] = []
        self.parser = xml.parsers.expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _refuse(self, *_: object) -> NoReturn:
        raise Unreadable("it declares a document type")

    def _start(self, name: str, _: object) -> None:
        self.path.append(name.rpartition(" ")[2])
        if len(self.path) > DEEPEST:
            raise Unreadable("it is nested too deep")

    def _end(self, _: str) -> None:
        if self._here() == "record":
            self.rows.append(self.row)
            self.row = {}
            if len(self.rows) > MOST_ROWS:
                raise Unreadable("it has too many rows")
        self.path.pop()

    def _text(self, text: str) -> None:
        here = self._here()
        if here in READ:
            into = self.row if here.startswith("record/") else self.head
            into[here] = (into.get(here, "") + text)[:LONGEST]

    def _here(self) -> str:
        return "/".join(self.path[1:])


def read(text: bytes, ours: frozenset[str]) -> Told:
    """`ours`: addresses that are kept whole. Raises Unreadable."""
    reader = _Reader()
    try:
        reader.parser.Parse(text, True)
    except xml.parsers.expat.ExpatError as problem:
        raise Unreadable("its XML is broken") from problem
    head = {name: value.strip() for name, value in reader.head.items()}
    identity, domain = head.get(f"{META}report_id", ""), head.get(f"{POLICY}domain", "")
    if not identity or not domain:
        raise Unreadable("it does not say which report it is, or of which domain")
    return Told(
        kind="dmarc",
        reporter=head.get(f"{META}org_name", "")[:120],
        identity=identity,
        domain=domain.lower().rstrip("."),
        begins=_day(head.get(f"{META}date_range/begin", "")),
        ends=_day(head.get(f"{META}date_range/end", "")),
        lines=merged([_line(row, ours) for row in reader.rows]),
    )


def _line(row: dict[str, str], ours: frozenset[str]) -> Line:
    said = {name.removeprefix(ROW): value.strip().lower() for name, value in row.items()}
    by = [way for way in ("dkim", "spf") if said.get(f"policy_evaluated/{way}") == "pass"]
    treated = said.get("policy_evaluated/disposition", "")
    count = said.get("count", "")
    if not count.isascii() or not count.isdigit() or len(count) > 12:
        raise Unreadable("a count is no number")
    source = kept(said.get("source_ip", ""), ours)
    return Line(source, " and ".join(by) or "nothing", treated if treated in TREATED else "", int(count))


def _day(seconds: str) -> date:
    try:
        return datetime.fromtimestamp(int(seconds), UTC).date()
    except (ValueError, OverflowError, OSError) as problem:
        raise Unreadable("its dates are no numbers") from problem
