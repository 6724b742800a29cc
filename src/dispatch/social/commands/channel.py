"""`dispatch channel add|list|probe|times|picture`."""

import argparse
import getpass
import sys
from pathlib import Path
from typing import Any

import django

NEEDS = {
    "x": ("consumer_key", "consumer_secret", "access_token", "access_token_secret"),
    "mastodon": ("access_token",),
    "bluesky": ("identifier", "app_password"),
    "telegram": ("token",),
    "facebook": ("page_id", "access_token"),
    "instagram": ("user_id", "access_token"),
    "threads": ("user_id", "access_token"),
    "linkedin": ("author", "access_token"),
    "apprise": ("url",),
    "fake": (),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand each."""
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("list", help="every channel, and its trouble")
    add = acts.add_parser(
        "add", help="connect a channel; of one that is there: replace its credentials, and only what else is named"
    )
    add.add_argument("network", choices=sorted(NEEDS))
    add.add_argument("--slug", required=True)
    add.add_argument("--name")
    add.add_argument(
        "--server",
        help="Mastodon: the instance; Apprise: what {server} stands for; elsewhere only for stand-ins",
    )
    add.add_argument("--account", help="Telegram: @channel")
    add.add_argument("--languages", nargs="*", help="articles in these; none: all")
    add.add_argument("--topics", nargs="*", help="articles with one of these; none: all")
    add.add_argument("--desk", help="the desk whose it is; '' for everybody's")
    add.add_argument("--credentials-file", help="lines of name=value; without it they are asked for")
    probe = acts.add_parser("probe", help="ask the network whether the channel can publish")
    probe.add_argument("slug")
    times = acts.add_parser(
        "times", help="the slots of a channel, and when it is quiet; without options: which they are"
    )
    times.add_argument("slug")
    times.add_argument("--slots", metavar="TEXT", help="such as 'mon-fri 09:00 13:30; sat 11:00'; '' for none")
    times.add_argument("--quiet", metavar="FROM-TO", help="such as 22:00-07:00; '' for never")
    times.add_argument("--zone", help="an IANA name; '' for the newsroom's")
    picture = acts.add_parser("picture", help="keep a picture for posts that cannot go without one (Instagram)")
    picture.add_argument("slug")
    picture.add_argument("file", type=Path)
    picture.add_argument("--alt", required=True, help="what is to be seen, for who cannot see it")


def run(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    django.setup()
    return {"list": _list, "add": _add, "probe": _probe, "times": _times, "picture": _picture}[options.act](options)


def _list(options: argparse.Namespace) -> int:  # noqa: ARG001 - every act has the same shape
    from dispatch.social.models import Channel

    for channel in Channel.objects.filter(removed_at=None).order_by("slug"):
        until = f"\tuntil {channel.expires_at:%Y-%m-%d %H:%M} UTC" if channel.expires_at else ""
        languages = " ".join(channel.languages) or "all"
        print(f"{channel.slug}\t{channel.network}\t{languages}\t{channel.trouble or 'fine'}{until}")
    return 0


def _add(options: argparse.Namespace) -> int:
    from dispatch.accounts import desks
    from dispatch.social import channels
    from dispatch.social.networks.base import ends

    try:
        owner: dict[str, Any] = {} if options.desk is None else {"desk": desks.one(options.desk)}
    except desks.Missing as problem:
        print(f"dispatch channel: {problem}.", file=sys.stderr)
        return 1
    given = _credentials(options)
    missing = [name for name in NEEDS[options.network] if not given.get(name)]
    if missing and "oauth2_token" not in given:
        print(f"dispatch channel: {options.network} needs {', '.join(missing)}.", file=sys.stderr)
        return 1
    if given.get("expires_at") and ends(given) is None:
        print("dispatch channel: expires_at is no moment such as 2026-12-31T00:00:00+00:00.", file=sys.stderr)
        return 1
    channel = channels.connect(options.slug, network=options.network, credentials=given, **_as_it_was(options), **owner)
    return _tell(channel.slug)


def _as_it_was(options: argparse.Namespace) -> dict[str, Any]:
    """What is not named stays: a channel for one language that is connected anew must not post in every one."""
    from dispatch.social.models import Channel

    before = Channel.objects.filter(slug=options.slug, network=options.network).first()
    fresh: dict[str, Any] = {"name": options.slug, "server": "", "account": "", "languages": [], "topics": []}
    kept = {name: getattr(before, name) for name in fresh} if before else fresh
    return {name: kept[name] if getattr(options, name) is None else getattr(options, name) for name in fresh}


def _probe(options: argparse.Namespace) -> int:
    return _tell(options.slug)


def _times(options: argparse.Namespace) -> int:
    from dispatch.social import slots, timing
    from dispatch.social.models import Channel

    channel = Channel.objects.filter(slug=options.slug).first()
    if channel is None:
        print(f"dispatch channel: there is no {options.slug}.", file=sys.stderr)
        return 1
    try:
        timing.set_times(channel, slots=options.slots, quiet=options.quiet, zone=options.zone)
    except slots.Unclear as problem:
        print(f"dispatch channel: {problem}. Nothing was changed.", file=sys.stderr)
        return 1
    print(timing.described(channel))
    return 0


def _picture(options: argparse.Namespace) -> int:
    from dispatch.social import media, standing_in
    from dispatch.social.models import Channel

    channel = Channel.objects.filter(slug=options.slug).first()
    if channel is None:
        print(f"dispatch channel: there is no {options.slug}.", file=sys.stderr)
        return 1
    try:
        standing_in.keep(channel, options.file.read_bytes(), options.alt)
    except (media.Unfit, OSError) as problem:
        print(f"dispatch channel: {problem}. Nothing was changed.", file=sys.stderr)
        return 1
    print(f"{options.slug}: a post that needs a picture and has none shows this one.")
    return 0


def _tell(slug: str) -> int:
    from dispatch.social import channels
    from dispatch.social.models import Channel

    channel = Channel.objects.filter(slug=slug).first()
    if channel is None:
        print(f"dispatch channel: there is no {slug}.", file=sys.stderr)
        return 1
    health = channels.probe(channel)
    print(f"{slug}: {'it can publish' if health.ok else 'it cannot publish'}; {health.words}")
    return 0 if health.ok else 1


def _credentials(options: argparse.Namespace) -> dict[str, str]:
    if not options.credentials_file:
        return {name: getpass.getpass(f"{name}: ") for name in NEEDS[options.network]}
    with open(options.credentials_file, encoding="utf-8") as file:  # noqa: PTH123 - /dev/stdin is a fine name here
        pairs = [line.strip().partition("=") for line in file if "=" in line]
    return {name: value for name, _, value in pairs}
