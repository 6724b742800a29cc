"""`dispatch desk add|list`: parts of the newsroom."""

import argparse
import sys

import django


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand each."""
    acts = parser.add_subparsers(dest="act", required=True)
    add = acts.add_parser("add", help="add a desk, or rename it")
    add.add_argument("slug")
    add.add_argument("--name")
    acts.add_parser("list", help="every desk, and who is limited to it")


def run(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    django.setup()
    return _list() if options.act == "list" else _add(options)


def _add(options: argparse.Namespace) -> int:
    from django.core.exceptions import ValidationError

    from dispatch.accounts.models import Desk

    desk = Desk.objects.filter(slug=options.slug).first() or Desk(slug=options.slug)
    desk.name = options.name or desk.name or options.slug
    try:
        desk.full_clean()
    except ValidationError as problem:
        print(f"dispatch desk: {' '.join(problem.messages)}", file=sys.stderr)
        return 1
    desk.save()
    print(f"{desk.slug} is saved.")
    return 0


def _list() -> int:
    from dispatch.accounts.models import Desk

    for desk in Desk.objects.order_by("slug").prefetch_related("people"):
        people = " ".join(sorted(person.email for person in desk.people.all()))
        print(f"{desk.slug}\t{desk.name}\t{people or 'nobody is limited to it'}")
    return 0
