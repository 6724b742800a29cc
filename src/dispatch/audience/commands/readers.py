"""`dispatch import readers.csv`: says what would happen; with --apply, does it."""

import argparse
import sys
import time
from pathlib import Path

import django

SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, and what its lines do not say."""
    parser.add_argument("file", type=Path, help="CSV with a header: email, name, language, newsletter, topics (a|b), …")
    parser.add_argument("--newsletter", default="", help="for lines that name none")
    parser.add_argument("--language", default="", help="for lines that name none")
    parser.add_argument("--second-language", default="", help="for lines that name none")
    parser.add_argument("--source", default="import", help="where the readers' consent comes from; kept with each")
    parser.add_argument("--apply", action="store_true", help="write; without it nothing changes")
    parser.add_argument("--report", type=Path, help="a file for every refused line")


def run(options: argparse.Namespace) -> int:
    """Import, and print what happened to every line."""
    django.setup()
    from dispatch.audience import importing

    began = time.monotonic()
    defaults = importing.Defaults(options.newsletter, options.language, options.second_language, options.source)
    try:
        report = importing.run(options.file, defaults, apply=options.apply)
    except (importing.Unusable, OSError) as problem:
        print(f"dispatch import: {problem}", file=sys.stderr)
        return 1
    lines = [f"line {fault.line}: {fault.column}: {fault.problem}" for fault in report.faults]
    if options.report:
        options.report.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    print("\n".join(lines[:SHOWN]))
    if len(lines) > SHOWN:
        print(f"… and {len(lines) - SHOWN} more refused lines (--report FILE lists them all)")
    would = "" if options.apply else "would be "
    print(
        f"{report.lines} lines: {report.added} {would}added, {report.known} known, {report.suppressed} not to be written to,"
    )
    print(f"{len(report.faults)} refused; {time.monotonic() - began:.1f} s.")
    if not options.apply:
        print("Nothing was changed. Add --apply to do it.")
    return 0
