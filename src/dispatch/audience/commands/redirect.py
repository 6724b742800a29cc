"""`dispatch redirect add|links|list|remove`: links in mails that another system sent go on working."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from dispatch.audience.models import Newsletter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand each."""
    acts = parser.add_subparsers(dest="act", required=True)
    add = acts.add_parser("add", help="answer paths like these")
    add.add_argument("pattern", help="listmonk, ghost, or a path such as '/unsub/*'; * stands for anything")
    links = acts.add_parser(
        "links", help="learn whose old links are whose, from a CSV with the columns email and uuid or link"
    )
    links.add_argument("file", type=Path)
    for one in (add, links):
        one.add_argument("--newsletter", required=True)
    acts.add_parser("list", help="what is answered")
    remove = acts.add_parser("remove", help="no longer answer these")
    remove.add_argument("pattern")


def run(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    django.setup()
    from dispatch.audience.models import Newsletter

    if options.act in {"list", "remove"}:
        return {"list": _list, "remove": _remove}[options.act](options)
    newsletter = Newsletter.objects.filter(slug=options.newsletter).first()
    if newsletter is None:
        return _sorry(f"there is no {options.newsletter}; `dispatch newsletter list` shows them.")
    return {"add": _add, "links": _links}[options.act](options, newsletter)


def _add(options: argparse.Namespace, newsletter: "Newsletter") -> int:
    from dispatch.audience import old_links
    from dispatch.audience.models import OldPath

    pattern = old_links.SYSTEMS.get(options.pattern, options.pattern)
    if not pattern.startswith("/") or not pattern.strip("/*"):
        return _sorry("a path begins with / and names something: /unsub/*")
    OldPath.objects.update_or_create(pattern=pattern, defaults={"newsletter": newsletter})
    print(f"{pattern} is answered. Let its old host lead here, and name that host in DISPATCH_HOSTS.")
    return 0


def _links(options: argparse.Namespace, newsletter: "Newsletter") -> int:
    from dispatch.audience import lists, old_links

    try:
        learned = old_links.learn(options.file, newsletter)
    except (lists.Unusable, OSError) as problem:
        return _sorry(str(problem))
    print(
        f"{learned.links} links known, {learned.strangers} of people who do not read here, {learned.empty} empty lines."
    )
    return 0


def _list(options: argparse.Namespace) -> int:  # noqa: ARG001 - every act has the same shape
    from dispatch.audience.models import OldLink, OldPath

    for path in OldPath.objects.select_related("newsletter").order_by("pattern"):
        links = OldLink.objects.filter(subscription__newsletter=path.newsletter).count()
        print(f"{path.pattern}\t{path.newsletter.slug}\t{links} links known")
    return 0


def _remove(options: argparse.Namespace) -> int:
    from dispatch.audience import old_links
    from dispatch.audience.models import OldPath

    pattern = old_links.SYSTEMS.get(options.pattern, options.pattern)
    if not OldPath.objects.filter(pattern=pattern).delete()[0]:
        return _sorry(f"{pattern} is not answered; `dispatch redirect list` shows what is.")
    print(f"{pattern} is not answered any more.")
    return 0


def _sorry(text: str) -> int:
    print(f"dispatch redirect: {text}", file=sys.stderr)
    return 1
