"""`dispatch send list|missing|pause|resume|cancel|settle`."""

import argparse
import json
import sys
from typing import TYPE_CHECKING

import django

from dispatch import saying

if TYPE_CHECKING:
    from dispatch.accounts.models import User
    from dispatch.delivery.models import Send

LISTED = 20
MOVES = {
    "pause": "hold what has not left; what is on the wire still leaves",
    "resume": "go on where it stopped",
    "cancel": "end it for everyone who was not written to yet; not to be undone",
    "settle": "of one that does not add up: count again, and call unknown whoever is unaccounted for",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand each."""
    acts = parser.add_subparsers(dest="act", required=True)
    listed = acts.add_parser("list", help="the latest sends, by number")
    listed.add_argument("--json", action="store_true", help="as a list")
    missing = acts.add_parser("missing", help="how many readers have no mail of a send, and why")
    missing.add_argument("send", type=int)
    missing.add_argument("--json", action="store_true", help="each of them, by number, and the reasons")
    missing.add_argument("--addresses", action="store_true", help="of a few; kept in the audit log")
    missing.add_argument("--by", default="", help="your account's address; an operator's")
    missing.add_argument("--reason", default="", help="why you need the addresses")
    for act, words in MOVES.items():
        move = acts.add_parser(act, help=words)
        move.add_argument("send", type=int)
        move.add_argument("--by", default="", help="your account's address; an operator's")
        move.add_argument("--reason", default="", help="why; it is kept in the audit log")
        move.add_argument("--json", action="store_true", help="what it came to")


def run(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    django.setup()
    if options.act == "list":
        return _list(as_json=options.json)
    from dispatch.delivery.models import Send

    if not Send.objects.filter(pk=options.send).exists():
        return _sorry("there is no such send; dispatch send list shows the latest")
    if options.act in MOVES:
        return _move(options)
    if options.addresses:
        return _addresses(options)
    return _as_json(options.send) if options.json else _counted(options.send)


def _list(*, as_json: bool) -> int:
    from dispatch.delivery.models import Send

    sends = Send.objects.select_related("edition__newsletter", "approval").order_by("-pk")[:LISTED]
    if as_json:
        print(json.dumps([_told(send) for send in sends]))
        return 0
    for send in sends:
        began = f"{send.started_at:%Y-%m-%d %H:%M} UTC" if send.started_at else ""
        line = f"{send.pk}\t{send.edition.newsletter.slug}\t{send.state}\t{send.frozen_count}\t{began}\t{_why(send)}"
        print(line.rstrip())
    return 0


def _why(send: "Send") -> str:
    """It stands still, in a sentence; empty where it does not."""
    if send.state == "draft" and hasattr(send, "approval"):
        return f"It waits for a second person. {send.approval.why}"
    return send.trouble if send.state == "paused" else ""


def _move(options: argparse.Namespace) -> int:
    from dispatch.delivery import acts, ledger
    from dispatch.delivery.models import Send

    who = _operator(options.by)
    if who is None:
        return _sorry("--by is to be the address of an active operator's account")
    if len(options.reason.strip()) < 3:
        return _sorry("say why, by --reason; it is kept in the audit log")
    if options.act == "settle":
        return _settle(options, who)
    moves = {"pause": acts.pause, "resume": acts.resume, "cancel": acts.cancel}
    has_moved = moves[options.act](options.send, who, options.reason.strip()[:300])
    send, still = Send.objects.get(pk=options.send), ledger.may_leave(options.send)
    if options.json:
        print(json.dumps(_told(send) | {"moved": has_moved, "may_leave": still}))
    elif has_moved:
        left = "" if options.act == "resume" else f" At most {saying.many(still, 'message')} may still leave."
        print(f"Send {send.pk} is {send.state} now.{left}")
    return 0 if has_moved else _sorry(f"send {send.pk} is {send.state}; nothing was changed")


def _settle(options: argparse.Namespace, who: "User") -> int:
    from dispatch.delivery import writing_off
    from dispatch.delivery.models import Send

    done = writing_off.settle(options.send, who, options.reason.strip()[:300])
    if done is None:
        return _sorry(f"send {options.send} is {Send.objects.get(pk=options.send).state}; nothing was changed")
    if options.json:
        print(json.dumps({"send": options.send, "state": done.state, "unknown": done.unknown}))
    elif done.state != "unbalanced":
        print(f"Send {options.send} is {done.state} now; {saying.many(done.unknown, 'reader')} became unknown.")
    return 0 if done.state != "unbalanced" else _sorry(f"send {options.send} still does not add up; please report it")


def _told(send: "Send") -> dict[str, object]:
    began = send.started_at.isoformat() if send.started_at else None
    known = {"send": send.pk, "newsletter": send.edition.newsletter.slug, "state": send.state}
    return known | {"readers": send.frozen_count, "started_at": began}


def _counted(send: int) -> int:
    from dispatch.delivery import missing
    from dispatch.delivery.models import Send

    one, reasons = Send.objects.get(pk=send), missing.reasons(send)
    print(f"{one.frozen_count} readers, {one.frozen_count - sum(reason.readers for reason in reasons)} have it.")
    for reason in reasons:
        print(f"{reason.readers}\t{reason.fate}\t{reason.code}".rstrip())
    if one.is_forgotten:
        print("The details are gone, a week after its end; these totals stay.")
    return 0


def _as_json(send: int) -> int:
    from dispatch.delivery import missing
    from dispatch.delivery.models import Send

    reasons = [vars(reason) for reason in missing.reasons(send)]
    readers = [vars(absent) for absent in missing.readers(send)]
    told = {"send": send, "reasons": reasons, "readers": readers, "details": not Send.objects.get(pk=send).is_forgotten}
    print(json.dumps(told))
    return 0


def _addresses(options: argparse.Namespace) -> int:
    from dispatch.delivery import missing
    from dispatch.delivery.models import Send

    who = _operator(options.by)
    if who is None:
        return _sorry("--by is to be the address of an active operator's account")
    if len(options.reason.strip()) < 3:
        return _sorry("say why, by --reason; it is kept in the audit log")
    if Send.objects.get(pk=options.send).is_forgotten:
        return _sorry("who is missing is not known any more: that is forgotten a week after a send's end")
    try:
        found = missing.addresses(options.send, who, options.reason)
    except missing.TooMany as problem:
        return _sorry(str(problem))
    for number, address in found.items():
        print(f"{number}\t{address}")
    return 0


def _operator(address: str) -> "User | None":
    from dispatch.accounts import permissions
    from dispatch.accounts.models import Role, User

    found = User.objects.filter(email__iexact=address, is_active=True).first()
    return found if found and permissions.may(found, Role.OPERATOR) else None


def _sorry(text: str) -> int:
    print(f"dispatch send: {text.rstrip('.')}.", file=sys.stderr)
    return 1
