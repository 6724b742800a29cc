"""`dispatch channel add|list|probe|times`."""

import argparse
import getpass
import sys

import django

NEEDS = {
    "x": ("consumer_key", "consumer_secret", "access_token", "access_token_secret"),
    "mastodon": ("access_token",),
    "bluesky": ("identifier", "app_password"),
    "telegram": ("token",),
    "fake": (),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand each."""
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("list", help="every channel, and its trouble")
    add = acts.add_parser("add", help="connect a channel, or replace its credentials")
    add.add_argument("network", choices=sorted(NEEDS))
    add.add_argument("--slug", required=True)
    add.add_argument("--name")
    add.add_argument("--server", default="", help="Mastodon: the instance; elsewhere only for stand-ins")
    add.add_argument("--account", default="", help="Telegram: @channel")
    add.add_argument("--languages", nargs="*", default=[], help="articles in these; none: all")
    add.add_argument("--topics", nargs="*", default=[], help="articles with one of these; none: all")
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


def run(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    django.setup()
    return {"list": _list, "add": _add, "probe": _probe, "times": _times}[options.act](options)


def _list(options: argparse.Namespace) -> int:  # noqa: ARG001 - every act has the same shape
    from dispatch.social.models import Channel

    for channel in Channel.objects.order_by("slug"):
        print(f"{channel.slug}\t{channel.network}\t{' '.join(channel.languages) or 'all'}\t{channel.trouble or 'fine'}")
    return 0


def _add(options: argparse.Namespace) -> int:
    from dispatch.accounts import desks
    from dispatch.social import channels

    try:
        owner = {} if options.desk is None else {"desk": desks.one(options.desk)}
    except desks.Missing as problem:
        print(f"dispatch channel: {problem}.", file=sys.stderr)
        return 1
    given = _credentials(options)
    missing = [name for name in NEEDS[options.network] if not given.get(name)]
    if missing and "oauth2_token" not in given:
        print(f"dispatch channel: {options.network} needs {', '.join(missing)}.", file=sys.stderr)
        return 1
    channel = channels.connect(
        options.slug,
        name=options.name or options.slug,
        network=options.network,
        credentials=given,
        server=options.server,
        account=options.account,
        languages=options.languages,
        topics=options.topics,
        **owner,
    )
    return _tell(channel.slug)


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
