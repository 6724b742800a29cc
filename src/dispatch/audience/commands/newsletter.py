"""`dispatch newsletter add|list|set`."""

import argparse
import sys
from typing import Any

import django

LANGUAGES = ("en", "be", "ru", "uk", "ar")
SWITCHES = ("archived", "discreet_pictures")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand each."""
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("list", help="every newsletter and its readers' number")
    for act in ("add", "set"):
        one = acts.add_parser(act)
        one.add_argument("slug")
        for language in LANGUAGES:
            one.add_argument(f"--name-{language}", help=f"its name in {language}")
        one.add_argument("--languages", nargs="+")
        one.add_argument("--topics", nargs="*")
        one.add_argument("--cadence", choices=["each", "daily", "weekly"])
        one.add_argument("--at", help="wall-clock time of a digest, 08:00")
        one.add_argument("--weekday", type=int, choices=range(7), help="of a weekly digest, 0 is Monday")
        one.add_argument("--zone", help="IANA name, Europe/Vilnius")
        one.add_argument("--from-name", required=act == "add")
        one.add_argument("--from-address", required=act == "add")
        one.add_argument("--reply-to")
        one.add_argument("--discreet-address", help="a neutral address that discreet letters come from")
        one.add_argument("--discreet-pictures", choices=["yes", "no"], help="whether discreet letters hold pictures")
        one.add_argument(
            "--offers", nargs="*", choices=["each", "daily", "weekly"], help="what a reader may have instead"
        )
        one.add_argument("--patience", type=int, help="hours until the second language comes without a translation")
        one.add_argument("--hold", type=int, help="minutes in which a send that is ready can still be stopped")
        one.add_argument("--archived", choices=["yes", "no"], help="whether everybody may read what was sent")
        one.add_argument("--picture-hosts", nargs="*", help="hosts whose pictures its mails may load")
        one.add_argument("--desk", help="the desk whose it is; '' for everybody's")
        one.add_argument("--ambiguity", choices=["resend_once", "never_twice"])


def run(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    django.setup()
    from django.core.exceptions import ValidationError

    try:
        return _list() if options.act == "list" else _save(options)
    except ValidationError as problem:
        for field, texts in problem.message_dict.items():
            print(f"dispatch newsletter: {field}: {' '.join(texts)}", file=sys.stderr)
        return 1


def _list() -> int:
    from django.db.models import Count, Q

    from dispatch.audience.models import Newsletter

    for newsletter in Newsletter.objects.annotate(
        readers=Count("subscriptions", filter=Q(subscriptions__state="active"))
    ):
        languages = " ".join(newsletter.languages)
        print(f"{newsletter.slug}\t{newsletter.cadence}\t{languages}\t{newsletter.readers} readers")
    return 0


def _save(options: argparse.Namespace) -> int:
    from dispatch.accounts import desks
    from dispatch.audience.models import Newsletter

    found = Newsletter.objects.filter(slug=options.slug).first()
    if options.act == "set" and found is None:
        print(
            f"dispatch newsletter: there is no {options.slug}; `dispatch newsletter list` shows them.", file=sys.stderr
        )
        return 1
    newsletter = found or Newsletter(slug=options.slug)
    for name, value in _given(options).items():
        setattr(newsletter, name, value)
    names = {language: vars(options)[f"name_{language}"] for language in LANGUAGES}
    newsletter.names = {**newsletter.names, **{language: name for language, name in names.items() if name}}
    if options.desk is not None:
        try:
            newsletter.desk = desks.one(options.desk)
        except desks.Missing as problem:
            print(f"dispatch newsletter: {problem}.", file=sys.stderr)
            return 1
    newsletter.full_clean()
    newsletter.save()
    print(f"{newsletter.slug} is saved.")
    return 0


def _given(options: argparse.Namespace) -> dict[str, Any]:
    fields = ["languages", "topics", "cadence", "at", "weekday", "zone", "from_name", "from_address", "reply_to"]
    fields += ["picture_hosts", "ambiguity", "discreet_address", "offers", "patience", "hold", *SWITCHES]
    given = {name: vars(options)[name] for name in fields if vars(options)[name] is not None}
    return {name: value == "yes" if name in SWITCHES else value for name, value in given.items()}
