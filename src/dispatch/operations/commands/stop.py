"""`dispatch stop everything|newsletter SLUG|channel SLUG|list`."""

import argparse
import json
import sys

import django

SCOPES = ("everything", "newsletter", "channel")
LEAST = 3
"""Characters of a reason."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is stopped, and why."""
    parser.add_argument("what", choices=(*SCOPES, "list"), help="or list those in force")
    add_scope(parser)
    parser.add_argument("--by", default="", help="your account's address; without it: whoever has this machine")


def add_scope(parser: argparse.ArgumentParser) -> None:
    """Which one, why, and how it is answered; for `dispatch go` too."""
    parser.add_argument("slug", nargs="?", default="", help="of the newsletter or channel")
    parser.add_argument("--reason", default="", help="why; it is kept in the audit log")
    parser.add_argument("--json", action="store_true", help="what it came to")


def run(options: argparse.Namespace) -> int:
    """Exit status 0: nothing of it is begun any more; what may still leave was said. 1: nothing was changed."""
    django.setup()
    from dispatch.accounts.models import User
    from dispatch.desk import halting

    if options.what == "list":
        return _list(as_json=options.json)
    by = User.objects.filter(email=options.by, is_active=True).first()
    if options.by and by is None:
        return sorry("--by is to be the address of an active account")
    try:
        target = scope(options)
    except LookupError as problem:
        return sorry(str(problem.args[0]))
    halted = halting.halt(options.what, target, by, options.reason.strip()[:300])
    told = {"stop": halted.stop.pk, "may_leave": {"messages": halted.messages, "posts": halted.posts}}
    print(json.dumps(told) if options.json else halted.words)
    return 0


def scope(options: argparse.Namespace) -> int | None:
    """The number of what is meant. Raises LookupError, in words, also where no reason was given."""
    from dispatch.desk import halting

    if len(options.reason.strip()) < LEAST:
        raise LookupError("say why, by --reason; it is kept in the audit log")
    if bool(options.slug) == (options.what == "everything"):
        raise LookupError("name the newsletter or channel by its slug, and nothing for everything")
    return halting.named(options.what, options.slug)


def sorry(why: str) -> int:
    """Nothing was changed."""
    print(f"dispatch: {why}", file=sys.stderr)
    return 1


def _list(*, as_json: bool) -> int:
    from dispatch.accounts import stopping
    from dispatch.desk import shell

    stops = list(stopping.in_force())
    if as_json:
        known = [{"stop": one.pk, "scope": one.scope, "target": one.target, "at": one.at.isoformat()} for one in stops]
        print(json.dumps([row | {"reason": one.reason} for row, one in zip(known, stops, strict=True)]))
        return 0
    for one in stops:
        print(f"{one.pk}\t{one.at:%Y-%m-%d %H:%M} UTC\t{shell.words(one)}\t{one.reason}")
    if not stops:
        print("No STOP is in force.")
    return 0
