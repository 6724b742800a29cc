"""`dispatch mailbox add|list|test|again|off`."""

import argparse
import sys

import django

from dispatch import saying


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand each."""
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("list", help="every mailbox, when it was last asked, and its trouble")
    add = acts.add_parser("add", help="add a mailbox, or change its address")
    add.add_argument("name")
    add.add_argument("url", help="imaps://user:password@host/INBOX?after=delete, or - to read it from standard input")
    acts.add_parser("test", help="connect and sign in, and take nothing").add_argument("name")
    acts.add_parser("again", help="read once more what could not be read and is set aside there").add_argument("name")
    acts.add_parser("off", help="ask it no more").add_argument("name")


def run(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    django.setup()
    return {"list": _list, "add": _add, "test": _test, "again": _again, "off": _off}[options.act](options)


def _list(_: argparse.Namespace) -> int:
    from dispatch.delivery.models import Mailbox

    for mailbox in Mailbox.objects.order_by("name"):
        asked = f"asked {saying.ago(mailbox.asked_at)}" if mailbox.asked_at else "not asked yet"
        aside = f", {mailbox.aside} set aside" if mailbox.aside else ""
        print(f"{mailbox.name}\t{asked}\t{mailbox.trouble or 'fine'}{aside}{'' if mailbox.active else ' (off)'}")
    return 0


def _add(options: argparse.Namespace) -> int:
    from dispatch.delivery.bounces import mailboxes

    try:
        mailboxes.save(options.name, sys.stdin.readline().strip() if options.url == "-" else options.url)
    except mailboxes.Unusable as problem:
        return _sorry(str(problem))
    print(f"{options.name} is saved; it is asked each minute.")
    return 0


def _test(options: argparse.Namespace) -> int:
    from dispatch.delivery.bounces import mailboxes
    from dispatch.delivery.models import Mailbox

    mailbox = Mailbox.objects.filter(name=options.name).first()
    if mailbox is None:
        return _sorry("there is no such mailbox")
    if trouble := mailboxes.knock(mailbox):
        return _sorry(trouble)
    print(f"{options.name} lets us in.")
    return 0


def _again(options: argparse.Namespace) -> int:
    from dispatch.delivery.bounces import mailboxes
    from dispatch.delivery.models import Mailbox

    mailbox = Mailbox.objects.filter(name=options.name).first()
    if mailbox is None:
        return _sorry("there is no such mailbox")
    try:
        count = mailboxes.again(mailbox)
    except mailboxes.OUT_OF_REACH as problem:
        return _sorry(mailboxes.words(problem))
    print(f"{saying.many(count, 'mail')} will be read once more within a minute.")
    return 0


def _off(options: argparse.Namespace) -> int:
    from dispatch.delivery.bounces import mailboxes

    return 0 if mailboxes.turn_off(options.name) else _sorry("there is no such mailbox")


def _sorry(text: str) -> int:
    print(f"dispatch mailbox: {text}.", file=sys.stderr)
    return 1
