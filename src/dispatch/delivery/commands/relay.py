"""`dispatch relay list|add|weight|pace|connections|warm-up|pause|resume|try|test|move`."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from dispatch.delivery.holding_to_dane import Held
    from dispatch.delivery.models import Relay


CHANGING = ("add", "weight", "pace", "connections", "warm-up", "pause", "off", "resume", "move")


class Wrong(Exception):
    """What was asked for cannot be done; its text says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand each."""
    acts = parser.add_subparsers(dest="act", required=True)
    _add_act(acts, "list", "every relay, how it stands, and its trouble", named=False)
    add = _add_act(acts, "add", "add a relay, or change its address")
    add.add_argument("url", help="smtp://user:password@host:587?security=starttls, or - to read it from standard input")
    add.add_argument("--weight", type=int, metavar="N", help="its share beside other relays; 0: it stands by")
    weight = _add_act(acts, "weight", "its share of the mail beside other relays")
    weight.add_argument("weight", type=int, help="0: it takes mail only while no other relay does")
    pace = _add_act(acts, "pace", "how many letters may leave through it; says how many may")
    pace.add_argument("--per-second", type=float, metavar="N", help="through all workers together; 0: no limit")
    pace.add_argument(
        "--to", action="append", default=[], metavar="PROVIDER=N", help="to one mailbox provider, such as gmail=20"
    )
    room = _add_act(acts, "connections", "how many connections all workers together may have; says how many are in use")
    room.add_argument("--most", type=int, metavar="N", help="in all; 0: no limit")
    room.add_argument(
        "--to",
        action="append",
        default=[],
        metavar="PROVIDER=N",
        help="for mail to one mailbox provider, such as gmail=5",
    )
    warm = _add_act(
        acts, "warm-up", "how many letters it may get at most on each of its first days; says what is left today"
    )
    warm.add_argument("ceilings", nargs="*", metavar="LETTERS", help="500 1000 2000 …, or usual; from today on")
    warm.add_argument("--off", action="store_true", help="end its warm-up")
    _add_act(acts, "pause", "send nothing new through it")
    _add_act(acts, "off", "the same as pause")
    _add_act(acts, "resume", "let it take mail again")
    _add_act(acts, "try", "ask one that is left alone whether it lets us in, and if so try it with the next letter")
    test = _add_act(acts, "test", "connect, encrypt and sign in, step by step; with --to, send one letter")
    test.add_argument("--to", default="", metavar="ADDRESS", help="your own mailbox")
    move = _add_act(acts, "move", "what waits of a send goes through this relay from now on")
    move.add_argument("send", type=int, help="the send's number")


def run(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    django.setup()
    from django.db import transaction

    try:
        with transaction.atomic():
            code = ACTS[options.act](options)
            _note(options)
    except Wrong as problem:
        if options.json:
            print(json.dumps({"error": str(problem)}))
        print(f"dispatch relay: {problem}.", file=sys.stderr)
        return 1
    return code


def _note(options: argparse.Namespace) -> None:
    """Where readers' mail is handed over is no small thing: whoever changes it at a terminal leaves a line, too."""
    from dispatch.accounts import audit

    is_asked = {"pace": lambda: options.per_second is None and not options.to,
                "connections": lambda: options.most is None and not options.to,
                "warm-up": lambda: not (options.ceilings or options.off)}  # fmt: skip
    if options.act in CHANGING and not is_asked.get(options.act, lambda: False)():
        audit.record(None, f"relay.{options.act}", f"relay:{options.name}", options.reason[:300] or "at a terminal")


def _add_act(acts: Any, name: str, what: str, *, named: bool = True) -> Any:
    made = acts.add_parser(name, help=what)
    if named:
        made.add_argument("name")
    made.add_argument("--json", action="store_true", help="for programs")
    if name in CHANGING:
        made.add_argument("--reason", default="", help="why; it is kept in the audit log")
    return made


def _list(options: argparse.Namespace) -> int:
    from dispatch.delivery import standings
    from dispatch.delivery.models import Relay

    known = list(Relay.objects.order_by("pk"))
    rows = [standings.of(relay, known) for relay in known]
    if options.json:
        print(json.dumps([row.as_json for row in rows], indent=2))
        return 0
    for row in rows:
        off = "" if row.relay.active else " (paused)"
        used = [f"{use.held} of {use.most} connections{f' to {use.to}' if use.to else ''}" for use in row.connections]
        more = "; ".join(filter(None, [row.share, row.pace, *used, _warmth(row.relay), _of_dane(row.held)]))
        said = f"{row.relay.trouble or 'fine'}{off}"
        print("\t".join(filter(None, [row.relay.name, row.relay.kind, row.relay.breaker, said, more])))
    return 0


def _add(options: argparse.Namespace) -> int:
    from dispatch.delivery import holding_to_dane, relays

    url = sys.stdin.readline().strip() if options.url == "-" else options.url
    try:
        relay = relays.save(options.name, url)
        if options.weight is not None:
            relays.weigh(relay, options.weight)
    except relays.Unusable as problem:
        raise Wrong(str(problem)) from problem
    seen = holding_to_dane.keep(relay)
    return _say(options, f"{options.name} is saved. {_of_dane(seen)}".strip())


def _weight(options: argparse.Namespace) -> int:
    from dispatch.delivery import relays

    try:
        relays.weigh(_named(options), options.weight)
    except relays.Unusable as problem:
        raise Wrong(str(problem)) from problem
    return _say(
        options, f"{options.name}: weight {options.weight}." if options.weight else f"{options.name} stands by."
    )


def _pace(options: argparse.Namespace) -> int:
    from dispatch.delivery import throttling

    relay = _named(options)
    try:
        throttling.set_pace(relay, options.per_second, dict(map(_rate, options.to)))
    except throttling.Impossible as problem:
        raise Wrong(str(problem)) from problem
    return _say(options, f"{relay.name}: {throttling.words(relay) or 'as fast as it goes'}.")


def _connections(options: argparse.Namespace) -> int:
    from dispatch.delivery import berths, relays

    relay, wanted = _named(options), dict(map(_rate, options.to))
    try:
        berths.set_limits(relay, options.most, {name: _whole(number) for name, number in wanted.items()})
    except berths.Impossible as problem:
        raise Wrong(str(problem)) from problem
    if wanted or options.most is not None:
        relays.wake()
    return _say(options, f"{relay.name}: {berths.words(relay) or 'as many connections as its workers make'}.")


def _whole(number: float) -> int:
    if not number.is_integer():
        raise Wrong(f"{number:g} is no number of connections")
    return int(number)


def _rate(text: str) -> tuple[str, float]:
    name, _, rate = text.partition("=")
    try:
        return name, float(rate)
    except ValueError as error:
        raise Wrong(f"{text} does not say how many, as gmail=20 does") from error


def _warm_up(options: argparse.Namespace) -> int:
    from dispatch.delivery import relays, warming

    relay = _named(options)
    try:
        if options.ceilings or options.off:
            warming.plan(relay, [] if options.off else warming.read(" ".join(options.ceilings)))
            relays.wake()
    except warming.Impossible as problem:
        raise Wrong(str(problem)) from problem
    return _say(options, f"{relay.name}: {_warmth(relay) or 'no warm-up'}.")


def _pause(options: argparse.Namespace) -> int:
    from dispatch.delivery import relays

    return _say(
        options, f"{options.name} is paused." if relays.pause(_named(options)) else f"{options.name} was paused."
    )


def _resume(options: argparse.Namespace) -> int:
    from dispatch.delivery import relays

    relays.resume(_named(options))
    return _say(options, f"{options.name} takes mail.")


def _try(options: argparse.Namespace) -> int:
    from dispatch.delivery import self_testing

    if trouble := self_testing.try_now(_named(options)):
        raise Wrong(str(trouble))
    return _say(options, f"{options.name} lets us in.")


def _test(options: argparse.Namespace) -> int:
    from dispatch.delivery import self_testing

    steps = self_testing.run(_named(options), options.to)
    is_good = self_testing.is_good(steps)
    if options.json:
        print(json.dumps({"ok": is_good, "steps": [dataclasses.asdict(step) for step in steps]}, indent=2))
        return 0 if is_good else 1
    for step in steps:
        state = {"good": "ok", "bad": "failed"}.get(step.state, "not tried")
        print(f"{step.name:<16}{state:<10}{step.seconds:>7.2f} s  {step.words}".rstrip())
    if not is_good:
        words = steps[-1].words.rstrip(".")
        raise Wrong(words[:1].lower() + words[1:])
    print(f"{options.name} lets us in." if not options.to else f"{options.name} passed its test.")
    return 0


def _move(options: argparse.Namespace) -> int:
    from dispatch.delivery import relays

    count = relays.move(options.send, _named(options))
    return _say(options, f"{count} chunks of send {options.send} go through {options.name} while it takes mail.")


def _named(options: argparse.Namespace) -> "Relay":
    from dispatch.delivery.models import Relay

    relay = Relay.objects.filter(name=options.name).first()
    if relay is None:
        raise Wrong("there is no such relay")
    return relay


def _warmth(relay: "Relay") -> str:
    from dispatch.delivery import warming

    return warming.words(relay)


def _of_dane(held: "Held | None") -> str:
    return f"{held.words} {held.todo}".strip() if held else ""


def _say(options: argparse.Namespace, words: str) -> int:
    """What was done; for programs, how the relay stands now."""
    if not options.json:
        print(words)
        return 0
    from dispatch.delivery import standings
    from dispatch.delivery.models import Relay

    print(json.dumps(standings.of(_named(options), list(Relay.objects.all())).as_json, indent=2))
    return 0


ACTS: dict[str, Callable[[argparse.Namespace], int]] = {
    "list": _list, "add": _add, "weight": _weight, "pace": _pace, "warm-up": _warm_up, "pause": _pause, "off": _pause,
    "resume": _resume, "try": _try, "test": _test, "move": _move,
    "connections": _connections,
}  # fmt: skip
