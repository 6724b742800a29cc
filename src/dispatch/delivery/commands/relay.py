"""`dispatch relay add|list|test`."""

import argparse
import sys

import django


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand each."""
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("list", help="every relay, and its trouble")
    add = acts.add_parser("add", help="add a relay, or change its address")
    add.add_argument("name")
    add.add_argument("url", help="smtp://user:password@host:587?security=starttls, or - to read it from standard input")
    off = acts.add_parser("off", help="send nothing through it any more")
    off.add_argument("name")


def run(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    django.setup()
    from dispatch.delivery import relays
    from dispatch.delivery.models import Relay

    if options.act == "list":
        for relay in Relay.objects.order_by("pk"):
            print(
                f"{relay.name}\t{relay.kind}\t{relay.breaker}\t{relay.trouble or 'fine'}{'' if relay.active else ' (off)'}"
            )
        return 0
    if options.act == "off":
        return 0 if Relay.objects.filter(name=options.name).update(active=False) else _sorry("there is no such relay")
    try:
        relays.save(options.name, sys.stdin.readline().strip() if options.url == "-" else options.url)
    except relays.Unusable as problem:
        return _sorry(str(problem))
    print(f"{options.name} is saved.")
    return 0


def _sorry(text: str) -> int:
    print(f"dispatch relay: {text}.", file=sys.stderr)
    return 1
