"""`dispatch reader show|erase`: what is kept of one address, as JSON; and all of it forgotten."""

import argparse
import json
import sys

import django


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand each. The address is asked for, or read: on the command line every process list would show it."""
    acts = parser.add_subparsers(dest="act", required=True)
    for name, words in {"show": "print what is kept of an address", "erase": "forget an address now"}.items():
        act = acts.add_parser(name, help=words, description=f"{words.capitalize()}; it is read from standard input.")
        act.add_argument("--reason", required=True, help="why; it is kept in the audit log")


def run(options: argparse.Namespace) -> int:
    """Exit status 1: nothing is kept of it, or it is no address."""
    django.setup()
    from dispatch.audience import addresses
    from dispatch.operations import dossier

    if sys.stdin.isatty():
        print("The reader's address: ", end="", file=sys.stderr, flush=True)
    address = sys.stdin.readline().strip()
    try:
        if options.act == "erase":
            erased = dossier.erase(address, None, options.reason)
            print("Forgotten." if erased else "Nothing was kept of it.")
            return 0 if erased else 1
        found = dossier.show(address, None, options.reason).parts
    except addresses.Malformed as problem:
        print(f"dispatch reader: {problem}", file=sys.stderr)
        return 1
    print(json.dumps(found, ensure_ascii=False, indent=2))
    return 0 if found else 1
