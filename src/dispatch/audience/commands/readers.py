"""`dispatch import readers.csv`: says what would happen; with --apply, does it."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from dispatch.audience import importing

SHOWN = 20
ENCODINGS = {"cp1251": "Windows-1251", "utf-16": "UTF-16"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, and what its lines do not say."""
    parser.add_argument("file", type=Path, help="CSV with a header: email, name, language, newsletter, topics (a|b), …")
    parser.add_argument("--newsletter", default="", help="for lines that name none")
    parser.add_argument("--language", default="", help="for lines that name none")
    parser.add_argument("--second-language", default="", help="for lines that name none")
    parser.add_argument("--source", default="", help="where the readers' consent comes from; kept with each")
    parser.add_argument(
        "--ask", type=int, default=0, metavar="N", help="subscribe nobody, but ask each reader by a letter, N an hour"
    )
    parser.add_argument("--apply", action="store_true", help="write; without it nothing changes")
    parser.add_argument("--report", type=Path, help="a file for every refused line")


def run(options: argparse.Namespace) -> int:
    """Import, and print what happened to every line."""
    django.setup()
    from dispatch.audience import importing, lists

    began = time.monotonic()
    wishes = (options.newsletter, options.language, options.second_language, options.source, max(options.ask, 0))
    try:
        report = importing.run(options.file, importing.Defaults(*wishes), apply=options.apply)
    except (lists.Unusable, OSError) as problem:
        print(f"dispatch import: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The same command goes on where this one was.", file=sys.stderr)
        return 1
    _tell(report, options.report)
    print(f"{_counted(report, options)}; {time.monotonic() - began:.1f} s.")
    if not options.apply:
        print("Nothing was changed. Add --apply to do it.")
    return 0


def _counted(report: "importing.Report", options: argparse.Namespace) -> str:
    would = "" if options.apply else "would be "
    took = f"{report.asked} {would}asked" if options.ask else f"{report.added} {would}added"
    parts = [took, f"{report.known} known", f"{report.suppressed} not to be written to"]
    if report.ended:
        parts.append(f"{report.ended} gone from the old list")
    return f"{report.lines} lines: {', '.join(parts)}, {len(report.faults)} refused"


def _tell(report: "importing.Report", file: Path | None) -> None:
    """How the file was read, and each line that was refused."""
    from dispatch import saying

    if report.encoding != "utf-8-sig":
        print(f"Read as {ENCODINGS[report.encoding]}. If names look wrong, save the file as UTF-8.")
    if report.system:
        print(f"A list from {report.system}.")
    if report.resumed:
        print(f"An earlier run had come to line {report.resumed}; this one went on from there.")
    if report.not_taken:
        print(f"Not read: the columns {', '.join(report.not_taken)}.")
    if report.risky:
        many = saying.many(report.risky, "reader has", "readers have")
        print(f"{many} a mailbox with a provider on your list (DISPATCH_RISKY_PROVIDERS). They are taken like others.")
    lines = [f"line {fault.line}: {fault.column}: {fault.problem}" for fault in report.faults]
    if file:
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    for line in lines[:SHOWN]:
        print(line)
    if len(lines) > SHOWN:
        print(f"… and {len(lines) - SHOWN} more refused lines (--report FILE lists them all)")
