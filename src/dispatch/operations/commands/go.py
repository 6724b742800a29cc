"""`dispatch go everything|newsletter SLUG|channel SLUG`: lift what `dispatch stop` pulled."""

import argparse

import django

from dispatch.operations.commands import stop


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What goes on, who says so, and why."""
    parser.add_argument("what", choices=stop.SCOPES)
    stop.add_scope(parser)
    parser.add_argument("--by", default="", help="your account's address; an operator's")


def run(options: argparse.Namespace) -> int:
    """Exit status 0: every STOP of this very scope is lifted. 1: nothing was changed."""
    django.setup()
    from dispatch.accounts import permissions, stopping
    from dispatch.accounts.models import Role, User
    from dispatch.desk import halting

    by = User.objects.filter(email=options.by, is_active=True).first()
    if by is None or not permissions.may(by, Role.OPERATOR):
        return stop.sorry("--by is to be the address of an active operator's account")
    try:
        target = stop.scope(options)
    except LookupError as problem:
        return stop.sorry(str(problem.args[0]))
    stops = list(stopping.in_force().filter(scope=options.what, target=target))
    if not stops:
        return stop.sorry("no STOP of this scope is in force; dispatch stop list shows those that are")
    for one in stops:
        words = halting.lift(one, by, options.reason.strip()[:300])
    print(words)
    return 0
