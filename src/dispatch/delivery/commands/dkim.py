"""`dispatch dkim make|rotate|check|show|on|off|forget|list`."""

import argparse
import json
import sys
from datetime import UTC, datetime

import django


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand each."""
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("list", help="every key, and whether it signs")
    month = f"s{datetime.now(UTC):%Y%m}"
    for act, words in (
        ("make", "make a pair of keys for a sending domain; it signs nothing yet"),
        ("rotate", "make the next pair; it signs as soon as the DNS shows it, and the older one goes by itself"),
    ):
        one = acts.add_parser(act, help=words)
        one.add_argument("domain")
        one.add_argument("--selector", default=month, help="a name for the pair; by default the month")
    check = acts.add_parser("check", help="what the DNS says of a domain's keys; nothing is changed")
    check.add_argument("domain", nargs="?", help="one domain; all of them otherwise")
    check.add_argument("--json", action="store_true", help="for programs")
    acts.add_parser("show", help="the DNS records of a domain's keys").add_argument("domain")
    for act, words in (("on", "sign with this pair, and no other"), ("forget", "delete a pair that signs nothing")):
        one = acts.add_parser(act, help=words)
        one.add_argument("domain")
        one.add_argument("selector")
    acts.add_parser("off", help="sign nothing: the relay does").add_argument("domain")


def run(options: argparse.Namespace) -> int:
    """Do it, or say why not. 1: it could not be done, or a key does not stand."""
    django.setup()
    from dispatch.delivery import signing_keys

    acts = {
        "list": _list,
        "make": _make,
        "rotate": _rotate,
        "check": _check,
        "show": _show,
        "on": _on,
        "off": _off,
        "forget": _forget,
    }
    try:
        return acts[options.act](options) or 0
    except signing_keys.Unusable as problem:
        print(f"dispatch dkim: {problem}.", file=sys.stderr)
        return 1


def _list(_: argparse.Namespace) -> None:
    from dispatch.delivery import rotating
    from dispatch.delivery.reputation import DkimKey

    for key in DkimKey.objects.order_by("domain", "pk"):
        print(f"{key.domain}\t{key.pair}\t{key.get_kind_display()}\t{rotating.words(key)}\t{key.created_at:%Y-%m-%d}")


def _make(options: argparse.Namespace) -> None:
    from dispatch.delivery import signing_keys

    made = signing_keys.make(options.domain, options.selector)
    print("Publish these two records:\n")
    for key in made:
        print(f"{key.host}. IN TXT {signing_keys.record(key)}\n")
    print(f"Once they can be looked up: dispatch dkim on {made[0].domain} {options.selector}")


def _rotate(options: argparse.Namespace) -> None:
    from dispatch.delivery import rotating, signing_keys

    keys = rotating.rotate(options.domain, options.selector)
    print("Publish these two records, and leave the older ones where they are:\n")
    for key in keys:
        print(f"{key.host}. IN TXT {signing_keys.record(key)}\n")
    print("The clock looks for them, and signs with them from then on. How far it is: dispatch dkim check")


def _check(options: argparse.Namespace) -> int:
    from dispatch.delivery import domains, rotating, signing_keys
    from dispatch.delivery.reputation import DkimKey

    of_whom = {} if options.domain is None else {"domain": signing_keys.a_labels(options.domain)}
    keys = list(DkimKey.objects.filter(**of_whom).order_by("domain", "pk"))
    if not keys:
        raise signing_keys.Unusable("there are no keys; dispatch dkim make DOMAIN makes some")
    records = [record for name in dict.fromkeys(key.domain for key in keys) for record in domains.look_at_keys(name)]
    if options.json:
        print(json.dumps([domains.as_json(record) for record in records], indent=2))
    else:
        for record in records:
            print(domains.as_text(record))
        for key in keys:
            print(f"{key.host}: {rotating.words(key)}")
    return int(any(record.standing is domains.Standing.WRONG for record in records))


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
