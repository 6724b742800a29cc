"""`dispatch relay add|list|test|pace|off`."""

import argparse
import contextlib
import sys

import django


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand each."""
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("list", help="every relay, and its trouble")
    add = acts.add_parser("add", help="add a relay, or change its address")
    add.add_argument("name")
    add.add_argument("url", help="smtp://user:password@host:587?security=starttls, or - to read it from standard input")
    test = acts.add_parser("test", help="connect and sign in, and send nothing")
    test.add_argument("name")
    pace = acts.add_parser("pace", help="how many letters may leave through it; says how many may")
    pace.add_argument("name")
    pace.add_argument("--per-second", type=float, metavar="N", help="through all workers together; 0: no limit")
    pace.add_argument(
        "--to", action="append", default=[], metavar="PROVIDER=N", help="to one mailbox provider, such as gmail=20"
    )
    off = acts.add_parser("off", help="send nothing through it any more")
    off.add_argument("name")


def run(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    django.setup()
    acts = {"list": _list, "off": _off, "test": _test, "add": _add, "pace": _pace}
    return acts[options.act](options)


def _list(_: argparse.Namespace) -> int:
    from dispatch.delivery.models import Relay

    for relay in Relay.objects.order_by("pk"):
        off = "" if relay.active else " (off)"
        print(f"{relay.name}\t{relay.kind}\t{relay.breaker}\t{relay.trouble or 'fine'}{off}")
    return 0


def _off(options: argparse.Namespace) -> int:
    from dispatch.delivery.models import Relay

    return 0 if Relay.objects.filter(name=options.name).update(active=False) else _sorry("there is no such relay")


def _test(options: argparse.Namespace) -> int:
    from dispatch.delivery import relays
    from dispatch.delivery.models import Relay

    relay = Relay.objects.filter(name=options.name).first()
    if relay is None:
        return _sorry("there is no such relay")
    with contextlib.closing(relays.open_mailer(relay)) as mailer:
        trouble = mailer.knock()
    if trouble:
        return _sorry(f"{trouble.reason} {trouble.code}".strip())
    print(
        f"{options.name} lets us in."
        if relay.kind == Relay.Kind.SMTP
        else f"{options.name} is set up; a mail tells more."
    )
    return 0


def _pace(options: argparse.Namespace) -> int:
    from dispatch.delivery import throttling
    from dispatch.delivery.models import Relay

    relay = Relay.objects.filter(name=options.name).first()
    if relay is None:
        return _sorry("there is no such relay")
    by_provider = {}
    for text in options.to:
        name, _, rate = text.partition("=")
        try:
            by_provider[name] = float(rate)
        except ValueError:
            return _sorry(f"{text} does not say how many letters a second, as gmail=20 does")
    try:
        throttling.set_pace(relay, options.per_second, by_provider)
    except throttling.Impossible as problem:
        return _sorry(str(problem))
    print(f"{relay.name}: {throttling.words(relay) or 'as fast as it goes'}.")
    return 0


def _add(options: argparse.Namespace) -> int:
    from dispatch.delivery import relays

    try:
        relays.save(options.name, sys.stdin.readline().strip() if options.url == "-" else options.url)
    except relays.Unusable as problem:
        return _sorry(str(problem))
    print(f"{options.name} is saved.")
    return 0


def _sorry(text: str) -> int:
    print(f"dispatch relay: {text}.", file=sys.stderr)
    return 1
