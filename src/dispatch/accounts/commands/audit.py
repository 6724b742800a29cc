"""`dispatch audit verify`: whether the audit log still says what was written into it."""

import argparse
import sys
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from dispatch.accounts import audit
    from dispatch.accounts.models import AuditEntry


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand."""
    acts = parser.add_subparsers(dest="act", required=True)
    verify = acts.add_parser("verify", help="say whether each entry follows from the one before it, and where not")
    verify.add_argument(
        "--since", metavar="HASH", type=_hash, help="the newest hash of an earlier run, which must still be there"
    )


def run(options: argparse.Namespace) -> int:
    """Exit status 0: nothing was edited, removed or put in."""
    django.setup()
    from dispatch import saying
    from dispatch.accounts import audit
    from dispatch.accounts.models import AuditEntry

    if broken := audit.verify():
        print(f"The audit log does not hold. {_said(broken)}", file=sys.stderr)
        print("What stands before that entry is as it was written; from there on nothing is proven.", file=sys.stderr)
        return 1
    entries = AuditEntry.objects.order_by("pk")
    if options.since and not entries.filter(hash=options.since).exists():
        print("The audit log was cut off: the entry of that hash is not in it any more.", file=sys.stderr)
        return 1
    newest = entries.last()
    if newest is None:
        print("The audit log is empty.")
        return 0
    print(f"The audit log holds: {saying.many(entries.count(), 'entry', 'entries')}, the newest is {_named(newest)}.")
    print("Keep its hash elsewhere; `dispatch audit verify --since HASH` then shows whether later ones were cut off:")
    print(bytes(newest.hash).hex())
    return 0


def _said(broken: "audit.Break") -> str:
    entry = _named(broken.entry)
    if broken.was_edited:
        return f"Entry {entry} does not say what it said when it was written."
    if broken.before is None:
        return f"Entry {entry} stands first, but others were written before it: they are gone."
    before = _named(broken.before)
    return f"Entry {entry} does not follow from {before}: what stood between them is gone, or the earlier one was rewritten."


def _named(entry: "AuditEntry") -> str:
    return f"{entry.pk} ({entry.act} {entry.target}, {entry.at:%Y-%m-%d %H:%M:%S} UTC)"


def _hash(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise argparse.ArgumentTypeError("a hash is 64 hexadecimal digits, as `dispatch audit verify` prints it")
    return found
