"""`dispatch queue [list|show|retry|drop|move|pause|settle]`: the operators' queue at a terminal."""

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from dispatch.accounts.models import User
    from dispatch.delivery.models import Relay
    from dispatch.operations.items.wanted import Wanted

FILTERS = ("column", "newsletter", "channel", "provider", "relay", "send", "state", "code", "skip")
ACTS = {"retry": "try again now", "drop": "try no more", "move": "try again by another relay", "pause": "hold"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Alone it shows the board; the filters are those of the page's address."""
    parser.add_argument("--json", action="store_true", help="for programs")
    acts = parser.add_subparsers(dest="act", metavar="ACT")
    listed = acts.add_parser("list", help="items of one kind, fifty at a time")
    listed.add_argument("kind", help="webhook, article, edition, chunk, reader or post")
    _filters(listed)
    shown = acts.add_parser("show", help="one item with its whole history")
    shown.add_argument("kind")
    shown.add_argument("id", help="as dispatch queue list shows it")
    shown.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="for programs")
    for act, words in ACTS.items():
        one = acts.add_parser(act, help=f"{words}: the items named, or with --all every one that matches")
        one.add_argument("kind")
        one.add_argument("ids", nargs="*", metavar="ID")
        one.add_argument("--all", action="store_true", help="all that match the filters")
        _filters(one)
        one.add_argument("--by", default="", help="your account's address; an operator's")
        one.add_argument("--reason", default="", help="why; it is kept in the audit log")
        if act == "move":
            one.add_argument("--to", default="", help="the relay's name")
    settled = acts.add_parser("settle", help="of a post in doubt, once somebody has looked at the account: is it out?")
    settled.add_argument("kind", choices=["post"])
    settled.add_argument("id", type=int, metavar="ID")
    said = settled.add_mutually_exclusive_group(required=True)
    said.add_argument("--is-out", action="store_true", help="it is there, and is not posted again")
    said.add_argument("--is-not-out", action="store_true", help="it is not there, and is posted again now")
    settled.add_argument("--address", default="", help="with --is-out: where people see it")
    settled.add_argument("--by", default="", help="your account's address; an operator's")
    settled.add_argument("--reason", default="", help="what you saw; it is kept in the audit log")


def run(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    django.setup()
    from django.http import Http404

    from dispatch.operations.items import wanted

    if not options.act:
        return _board(as_json=options.json)
    if options.act == "settle":
        return _settle(options)
    try:
        asked = wanted.read({name: getattr(options, name, "") for name in ("kind", *FILTERS)})
        if options.act == "show":
            return _show(options)
        return _list(asked, as_json=options.json) if options.act == "list" else _act(options, asked)
    except wanted.Unheard as problem:
        return _sorry(str(problem))
    except Http404:
        return _sorry(f"there is no {options.kind} {options.id}, or nothing is known of it any more")


def _filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="for programs")
    for name in FILTERS:
        parser.add_argument(f"--{name}", default="")


def _board(*, as_json: bool) -> int:
    from dispatch.operations import stats
    from dispatch.operations.commands import terminal

    now = stats.now()
    print(json.dumps(terminal.board_told(now)) if as_json else terminal.drawn(terminal.board(now)))
    return 0


def _list(asked: "Wanted", *, as_json: bool) -> int:
    from dispatch.operations.commands import terminal
    from dispatch.operations.items import rows

    found = rows.find(asked)
    if as_json:
        told = {"count": found.count, "exact": found.is_exact, "more": found.has_more}
        print(json.dumps(told | {"items": [terminal.told(row) for row in found.rows]}))
        return 0
    print(terminal.drawn(terminal.items(found.rows)))
    print(f"{found.count}{'' if found.is_exact else '+'} match.", file=sys.stderr)
    return 0


def _show(options: argparse.Namespace) -> int:
    from dispatch.operations.commands import terminal
    from dispatch.operations.items import history

    if options.kind not in history.OF:
        return _sorry(f"there is no kind {options.kind}")
    item = history.of(options.kind, options.id)
    events: list[dict[str, Any]] = [vars(event) | {"at": event.at.isoformat()} for event in item.events]
    if options.json:
        print(json.dumps(terminal.told(item.row) | {"events": events}))
        return 0
    print(f"{item.row.title}: {item.row.word} {item.row.why}".rstrip())
    for event in events:
        print("\t".join(filter(None, [event["at"][:19], event["word"], event["who"], event["words"], event["why"]])))
    return 0


def _act(options: argparse.Namespace, asked: "Wanted") -> int:
    from django.core.exceptions import PermissionDenied

    from dispatch.delivery.models import Relay
    from dispatch.operations.items import many

    who, reason = _operator(options.by), options.reason.strip()[:300]
    relay = Relay.objects.filter(name=getattr(options, "to", ""), active=True).first()
    if who is None:
        return _sorry("--by is to be the address of an active operator's account")
    if wrong := _wrong(options, asked, reason, relay):
        return _sorry(wrong)
    doing = many.Asked(options.act, who, reason, relay)
    try:
        words = many.act_on_all(doing, asked) if options.all else _these(doing, asked.kind, options.ids)
    except (PermissionDenied, ValueError) as problem:
        return _sorry(str(problem))
    if not words:
        return _sorry("they had moved on, or may not be treated so; nothing was changed")
    print(json.dumps({"done": words}) if getattr(options, "json", False) else words)
    return 0


def _settle(options: argparse.Namespace) -> int:
    from django.core.exceptions import PermissionDenied

    from dispatch.accounts import desks
    from dispatch.social import acts
    from dispatch.social.models import Post

    who, reason = _operator(options.by), options.reason.strip()[:300]
    if who is None:
        return _sorry("--by is to be the address of an active operator's account")
    if len(reason) < 3:
        return _sorry("say what you saw, by --reason; it is kept in the audit log")
    post = Post.objects.select_related("channel").filter(pk=options.id).first()
    try:
        if post is not None:
            desks.insist(who, post.channel)
    except PermissionDenied as problem:
        return _sorry(str(problem))
    if not acts.settle(options.id, who, reason, went_out=options.is_out, address=options.address):
        return _sorry(f"nobody is in doubt of a post {options.id}; nothing was changed")
    print("It is out, and is not posted again." if options.is_out else "It is posted again now.")
    return 0


def _wrong(options: argparse.Namespace, asked: "Wanted", reason: str, relay: "Relay | None") -> str:
    """What was forgotten, in words; else empty."""
    from dispatch.operations.items import many

    if len(reason) < 3:
        return "say why, by --reason; it is kept in the audit log"
    if options.act not in many.ACTS[asked.kind]:
        return f"{options.act} is nothing that can be done to a {asked.kind}"
    if options.act == "move" and relay is None:
        return "--to is to be the name of a relay that is switched on; dispatch relay list shows them"
    return "" if options.all or options.ids else "name the items, or say --all for every one that matches"


def _these(doing: Any, kind: str, ids: list[str]) -> str:
    from dispatch.operations.items import many

    if strange := [one for one in ids if not one.replace("-", "", 1).isdigit()]:
        raise ValueError(f"{strange[0]} is no id; dispatch queue list {kind} shows them")
    done, named = many.act_on_these(doing, kind, ids)
    return f"{done} of {named} {many.DONE[doing.act]}." if done else ""


def _operator(address: str) -> "User | None":
    from dispatch.accounts import permissions
    from dispatch.accounts.models import Role, User

    found = User.objects.filter(email__iexact=address, is_active=True).first()
    return found if found and permissions.may(found, Role.OPERATOR) else None


def _sorry(text: str) -> int:
    print(f"dispatch queue: {text.rstrip('.')}.", file=sys.stderr)
    return 1
