"""`dispatch sessions [end ID]`: transactions that are open for long, which keep old details from being forgotten."""

import argparse
import sys

import django


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Alone it lists them."""
    acts = parser.add_subparsers(dest="act", metavar="ACT")
    ended = acts.add_parser("end", help="end one; what it had changed is undone")
    ended.add_argument("id", type=int, help="as dispatch sessions shows it")
    ended.add_argument("--by", default="", help="your account's address; an operator's")
    ended.add_argument("--reason", default="", help="why; it is kept in the audit log")


def run(options: argparse.Namespace) -> int:
    """Exit status 0: listed, or ended. 1: nothing was changed."""
    django.setup()
    return _end(options) if options.act else _list()


def _list() -> int:
    from django.utils import timezone

    from dispatch import saying
    from dispatch.operations import sessions
    from dispatch.operations.commands import terminal

    found = sessions.long_ones()
    if not found:
        print("No transaction is open for long.")
        return 0
    now = timezone.now()
    lines = [[str(one.id), one.name, one.state, saying.span(now - one.since), str(one.waiting)] for one in found]
    print(terminal.drawn([["id", "program", "state", "open for", "wait for it"], *lines]))
    return 0


def _end(options: argparse.Namespace) -> int:
    from dispatch.accounts import permissions
    from dispatch.accounts.models import Role, User
    from dispatch.operations import sessions

    who = User.objects.filter(email__iexact=options.by, is_active=True).first()
    if who is None or not permissions.may(who, Role.OPERATOR):
        return _sorry("--by is to be the address of an active operator's account")
    if len(options.reason.strip()) < 3:
        return _sorry("say why, by --reason; it is kept in the audit log")
    if not sessions.end(options.id, who, options.reason.strip()[:300]):
        return _sorry(f"no transaction of a session {options.id} is open for long; nothing was changed")
    print(f"Session {options.id} is ended.")
    return 0


def _sorry(text: str) -> int:
    print(f"dispatch sessions: {text}.", file=sys.stderr)
    return 1
