"""`dispatch queue [list|show|workers|acts|end|retry|drop|move|pause|settle]`: the operators' queue at a terminal."""

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from dispatch.accounts.models import User
    from dispatch.delivery.models import Relay
    from dispatch.operations.items import many
    from dispatch.operations.items.wanted import Wanted

FILTERS = {
    "column": "due, underway, deferred, failed, unknown or done",
    "newsletter": "its slug; dispatch newsletter list shows them",
    "channel": "its slug; dispatch channel list shows them",
    "source": "its slug; dispatch source list shows them",
    "provider": "of mailboxes: gmail, outlook, others, …",
    "relay": "its name; dispatch relay list shows them",
    "send": "its number; dispatch send list shows them",
    "state": "the kind's own word: refused, stuck, …",
    "code": "a relay's reply: 450 4.2.1",
    "before": "from below this number on",
}
ACTS = {"retry": "try again now", "drop": "try no more", "move": "try again by another relay", "pause": "hold"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Alone it shows the board; the filters are those of the page's address."""
    parser.add_argument("--json", action="store_true", help="for programs")
    acts = parser.add_subparsers(dest="act", metavar="ACT")
    listed = acts.add_parser("list", help="items of one kind, fifty at a time")
    listed.add_argument("kind", help="webhook, article, edition, chunk, reader, letter or post")
    _filters(listed)
    listed.add_argument("--skip", default="", help="so many, from the newest on")
    shown = acts.add_parser("show", help="one item with its whole history")
    shown.add_argument("kind")
    shown.add_argument("id", help="as dispatch queue list shows it")
    shown.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="for programs")
    many = acts.add_parser("acts", help="acts upon many that are being done, and the last that ended")
    many.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="for programs")
    crew = acts.add_parser("workers", help="who works, at what, with which connections to relays")
    crew.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="for programs")
    ended = acts.add_parser("end", help="end an act upon many where it is; what was done stays done")
    ended.add_argument("number", type=int, help="as dispatch queue acts shows it")
    _why(ended)
    for act, words in ACTS.items():
        one = acts.add_parser(act, help=f"{words}: the items named, or with --all every one that matches")
        one.add_argument("kind")
        one.add_argument("ids", nargs="*", metavar="ID")
        one.add_argument("--all", action="store_true", help="all that match the filters")
        _filters(one)
        _why(one)
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
    upon_none = {"": _board, "workers": _workers, "acts": _acts, "end": _end, "settle": _settle}.get(options.act or "")
    return upon_none(options) if upon_none else _upon_items(options)


def _upon_items(options: argparse.Namespace) -> int:
    from django.http import Http404

    from dispatch.operations.items import wanted

    try:
        asked = wanted.read({name: getattr(options, name, "") for name in ("kind", *FILTERS, "skip")})
        if options.act == "show":
            return _show(options)
        return _list(asked, as_json=options.json) if options.act == "list" else _act(options, asked)
    except wanted.Unheard as problem:
        return _sorry(str(problem))
    except Http404:
        shape = ": a reader is named by the send's number and its own, 4-1017" if options.kind == "reader" else ""
        return _sorry(f"there is no {options.kind} {options.id}, or nothing is known of it any more{shape}")


def _filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="for programs")
    for name, words in FILTERS.items():
        parser.add_argument(f"--{name}", default="", help=words)


def _why(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", default="", help="your account's address; an operator's")
    parser.add_argument("--reason", default="", help="why; it is kept in the audit log")


def _acts(options: argparse.Namespace) -> int:
    from dispatch.operations import sweeping
    from dispatch.operations.commands import terminal

    found = sweeping.recent()
    print(json.dumps(terminal.sweeps_told(found)) if options.json else terminal.drawn(terminal.sweeps(found)))
    return 0


def _workers(options: argparse.Namespace) -> int:
    from dispatch.operations.commands import terminal

    print(json.dumps(terminal.workers_told()) if options.json else terminal.drawn(terminal.workers()))
    return 0


def _end(options: argparse.Namespace) -> int:
    from django.core.exceptions import PermissionDenied

    from dispatch.operations import sweeping

    who, reason = _operator(options.by), options.reason.strip()[:300]
    if who is None or len(reason) < 3:
        return _sorry("--by is to be the address of an active operator's account, and --reason says why")
    try:
        stopped = sweeping.stop(options.number, who, reason)
    except PermissionDenied as problem:
        return _sorry(str(problem) or "that is another desk's")
    if not stopped:
        return _sorry("there is no such act under way")
    print(f"Act {options.number} ends here.")
    return 0


def _board(options: argparse.Namespace) -> int:
    from dispatch.operations import stats
    from dispatch.operations.commands import terminal

    now = stats.now()
    print(json.dumps(terminal.board_told(now)) if options.json else terminal.drawn(terminal.board(now)))
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
        words = _all(doing, asked) if options.all else _these(doing, asked.kind, options.ids)
    except PermissionDenied as problem:
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
    if not (options.all or options.ids):
        return "name the items, or say --all for every one that matches"
    if options.ids and (options.all or len(asked.said) > 1):
        return "name the items, or filter and say --all: not both"
    return ""


def _all(doing: "many.Asked", asked: "Wanted") -> str:
    """To the last that matches, a part after another; what was done stays done where a later part is refused."""
    from dispatch.operations.items import many

    total, done = 0, many.act_on_all(doing, asked)
    while done.rest:
        total += done.count
        done = many.act_on_all(doing, asked.but(before=done.rest))
    total += done.count
    if not total:
        return ""
    return done.words if asked.kind == "reader" else many.told(doing, asked.kind, total)


def _these(doing: "many.Asked", kind: str, ids: list[str]) -> str:
    from dispatch.operations.items import many

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
