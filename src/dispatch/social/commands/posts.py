"""`dispatch posts import FILE`: says what would become of each line, and plans what can be."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from dispatch.social.bulk import Look


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand each."""
    acts = parser.add_subparsers(dest="act", required=True)
    bring = acts.add_parser("import", help="plan posts from a CSV file; all of those that can be, or none")
    bring.add_argument("file", type=Path, help="CSV with a header: channel, moment, story, …; see --template")
    bring.add_argument("--dry-run", action="store_true", help="say what would become of each line, and plan nothing")
    bring.add_argument("--leave-out-problems", action="store_true", help="plan the others where lines have problems")
    bring.add_argument("--results", type=Path, help="a file for the lines with what came of each")
    acts.add_parser("template", help="print a file to begin with")


def run(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    django.setup()
    from dispatch.social import sheets

    if options.act == "template":
        sys.stdout.write(sheets.template())
        return 0
    try:
        return _import(options, options.file.read_bytes())
    except (sheets.Unusable, OSError) as problem:
        print(f"dispatch posts: {problem} Nothing was planned.", file=sys.stderr)
        return 1


def _import(options: argparse.Namespace, content: bytes) -> int:
    from dispatch.social import bulk
    from dispatch.social.bulk_lines import Outcome

    seen = bulk.look(content)
    _tell(seen)
    if options.results:
        options.results.write_text(bulk.results(seen), encoding="utf-8", newline="")
    if options.dry_run:
        print("Nothing was planned. Leave out --dry-run to do it.")
        return 0
    if seen.counts[Outcome.PROBLEM] and not options.leave_out_problems:
        print("Nothing was planned. Mend the lines, or add --leave-out-problems to plan the others.", file=sys.stderr)
        return 1
    if not seen.plannable:
        print("There is nothing to plan.")
        return 0
    made = bulk.plan(content, seen.digest, None)
    if isinstance(made, bulk.Refused):
        print("Something changed meanwhile. Nothing was planned; try again.", file=sys.stderr)
        return 1
    print(f"{made} planned.")
    return 0


def _tell(seen: "Look") -> None:
    if seen.ignored:
        print(f"Columns not taken: {', '.join(seen.ignored)}.")
    for row in seen.rows:
        place = f" in {row.column}" if row.column else ""
        print(f"line {row.line.number}: {row.outcome.value}{place}: {row.words}")
        for note in row.notes:
            print(f"line {row.line.number}: look: {note}")
    print("; ".join(f"{count} {outcome.value}" for outcome, count in seen.counts.items()))
