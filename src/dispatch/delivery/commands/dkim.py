"""`dispatch dkim make|show|on|off|forget|list`."""

import argparse
import sys
from datetime import UTC, datetime

import django


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand each."""
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("list", help="every key, and whether it signs")
    make = acts.add_parser("make", help="make a pair of keys for a sending domain; it signs nothing yet")
    make.add_argument("domain")
    make.add_argument(
        "--selector", default=f"s{datetime.now(UTC):%Y%m}", help="a name for the pair; by default the month"
    )
    acts.add_parser("show", help="the DNS records of a domain's keys").add_argument("domain")
    for act, words in (("on", "sign with this pair, and no other"), ("forget", "delete a pair that signs nothing")):
        one = acts.add_parser(act, help=words)
        one.add_argument("domain")
        one.add_argument("selector")
    acts.add_parser("off", help="sign nothing: the relay does").add_argument("domain")


def run(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    django.setup()
    from dispatch.delivery import signing_keys

    acts = {"list": _list, "make": _make, "show": _show, "on": _on, "off": _off, "forget": _forget}
    try:
        acts[options.act](options)
    except signing_keys.Unusable as problem:
        print(f"dispatch dkim: {problem}.", file=sys.stderr)
        return 1
    return 0


def _list(_: argparse.Namespace) -> None:
    from dispatch.delivery.models import DkimKey

    for key in DkimKey.objects.order_by("domain", "pk"):
        state = "signs" if key.active else "off"
        print(f"{key.domain}\t{key.pair}\t{key.get_kind_display()}\t{state}\t{key.created_at:%Y-%m-%d}")


def _make(options: argparse.Namespace) -> None:
    from dispatch.delivery import signing_keys

    made = signing_keys.make(options.domain, options.selector)
    print("Publish these two records:\n")
    for key in made:
        print(f"{key.host}. IN TXT {signing_keys.record(key)}\n")
    print(f"Once they can be looked up: dispatch dkim on {made[0].domain} {options.selector}")


def _show(options: argparse.Namespace) -> None:
    from dispatch.delivery import signing_keys

    for key in signing_keys.all_of(options.domain):
        print(f"{key.host}. IN TXT {signing_keys.record(key)}\n")


def _on(options: argparse.Namespace) -> None:
    from dispatch.delivery import signing_keys

    signing_keys.turn(options.domain, options.selector)
    print(
        f"Letters from {options.domain} are signed with {options.selector}. Leave an older pair's records for a week."
    )


def _off(options: argparse.Namespace) -> None:
    from dispatch.delivery import signing_keys

    signing_keys.turn(options.domain, None)
    print(f"Letters from {options.domain} leave unsigned; the relay signs them.")


def _forget(options: argparse.Namespace) -> None:
    from dispatch.delivery import signing_keys

    signing_keys.forget(options.domain, options.selector)
    print(f"{options.selector} is forgotten; its records can go.")
