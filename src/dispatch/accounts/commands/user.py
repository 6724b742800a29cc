"""`dispatch user add|link|list|desks|signout|lost-factor`: people of the newsroom."""

import argparse
import getpass
import sys
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from dispatch.accounts.models import User


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand each."""
    acts = parser.add_subparsers(dest="act", required=True)
    add = acts.add_parser("add", help="add a person, and print a sign-in link")
    add.add_argument("email")
    add.add_argument("--name", default="")
    add.add_argument("--role", default="editor", choices=["editor", "approver", "operator", "administrator"])
    add.add_argument("--desk", nargs="*", default=[], help="act on these desks' newsletters and channels only")
    add.add_argument("--password", action="store_true", help="ask for a password")
    link = acts.add_parser("link", help="print a sign-in link, good once, for 15 minutes")
    link.add_argument("email")
    acts.add_parser("list", help="everyone")
    limited = acts.add_parser("desks", help="limit a person to desks; to none: they act everywhere")
    limited.add_argument("email")
    limited.add_argument("--desk", nargs="*", default=[])
    signout = acts.add_parser("signout", help="end the sessions and sign-in links of a person, or of everybody")
    who = signout.add_mutually_exclusive_group(required=True)
    who.add_argument("email", nargs="?")
    who.add_argument("--all", action="store_true")
    lost = acts.add_parser("lost-factor", help="take a second factor away, so that its owner sets up another")
    lost.add_argument("email")


def run(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    django.setup()
    acts = {
        "add": _add,
        "link": _link,
        "list": _list,
        "desks": _desks,
        "signout": _sign_out,
        "lost-factor": _lost_factor,
    }
    return acts[options.act](options)


def _add(options: argparse.Namespace) -> int:
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    from dispatch.accounts import desks
    from dispatch.accounts.models import User

    password = getpass.getpass("Password: ") if options.password else None
    try:
        validate_email(options.email)
        wanted = desks.named(options.desk)
        if password:
            validate_password(password, User(email=options.email, name=options.name))
    except ValidationError as problem:
        return _sorry(" ".join(problem.messages))
    except desks.Missing as problem:
        return _sorry(f"{problem}.")
    if User.objects.filter(email__iexact=options.email).exists():
        return _sorry("there is a person with this address; `dispatch user link` makes a sign-in link.")
    user = User.objects.create_user(options.email, password, name=options.name, role=options.role)
    desks.give(user, wanted, None, "at the terminal")
    return _link(options)


def _link(options: argparse.Namespace) -> int:
    from django.conf import settings

    from dispatch.accounts import signing_in

    user = _person(options.email)
    if user is None:
        return _nobody()
    print(settings.PUBLIC_URL + signing_in.link(user))
    return 0


def _list(options: argparse.Namespace) -> int:  # noqa: ARG001 - every act has the same shape
    from dispatch.accounts.models import User

    for user in User.objects.order_by("email"):
        print(f"{user.email}\t{user.role}\t{user.name}")
    return 0


def _desks(options: argparse.Namespace) -> int:
    from dispatch.accounts import desks

    who = _person(options.email)
    if who is None:
        return _nobody()
    try:
        desks.give(who, desks.named(options.desk), None, "at the terminal")
    except desks.Missing as problem:
        return _sorry(f"{problem}.")
    print(f"{who.email} acts {'for ' + ', '.join(options.desk) if options.desk else 'everywhere'}.")
    return 0


def _sign_out(options: argparse.Namespace) -> int:
    from dispatch import saying
    from dispatch.accounts import signing_in

    who = None if options.all else _person(options.email)
    if who is None and not options.all:
        return _nobody()
    ended = signing_in.sign_out(who, None, "at the terminal")
    print(f"{saying.many(ended, 'session')} ended; sign-in links that were not used are void.")
    return 0


def _lost_factor(options: argparse.Namespace) -> int:
    from dispatch.accounts import losing

    who = _person(options.email)
    if who is None:
        return _nobody()
    losing.take_away(who, None, "at the terminal")
    print(f"{who.email} is told by mail, as far as mail leaves. The link is for them alone:", file=sys.stderr)
    return _link(options)


def _person(email: str) -> "User | None":
    from dispatch.accounts.models import User

    return User.objects.filter(email__iexact=email).first()


def _nobody() -> int:
    return _sorry("nobody has this address; `dispatch user list` shows everyone.")


def _sorry(text: str) -> int:
    print(f"dispatch user: {text}", file=sys.stderr)
    return 1
