"""`dispatch …`: each command is a module with `add_arguments(parser)` and `run(options) -> int`, imported when asked for."""

import argparse
import importlib
import os
import sys

from dispatch import env
from dispatch.local import instance

COMMANDS = {
    "up": ("dispatch.local.up", "start everything: database, broker, web, workers and clock"),
    "demo": ("dispatch.local.demo", "start everything with sample newsletters and readers, and publish to them"),
    "check": ("dispatch.local.check", "say in words what is wrong with the configuration"),
    "publish": ("dispatch.articles.commands.publish", "bring an article from a file or an address"),
    "source": ("dispatch.articles.commands.source", "add, list or change a CMS or feed"),
    "import": ("dispatch.audience.commands.readers", "import readers from a CSV file"),
    "reader": ("dispatch.operations.commands.reader", "say what is kept of one address, or forget it"),
    "honey": (
        "dispatch.audience.commands.honey",
        "say whether a text names a reader invented for an export or a backup",
    ),
    "redirect": ("dispatch.audience.commands.redirect", "keep links of another system's mails working"),
    "newsletter": ("dispatch.audience.commands.newsletter", "add, list or change a newsletter"),
    "relay": ("dispatch.delivery.commands.relay", "add, list or change a mail relay"),
    "mailbox": ("dispatch.delivery.commands.mailbox", "add, list or test a mailbox that undeliverable mail comes to"),
    "intake": ("dispatch.delivery.commands.intake", "run the small mail server for undeliverable mail alone"),
    "queue": (
        "dispatch.operations.commands.queue",
        "show what waits, list and open items, retry, drop, move or pause them",
    ),
    "top": ("dispatch.operations.commands.top", "show what goes on, again each second"),
    "sessions": ("dispatch.operations.commands.sessions", "list transactions that are open for long; end one"),
    "completion": ("dispatch.completing", "print what a shell needs to complete commands and options"),
    "send": ("dispatch.delivery.commands.send", "list the latest sends; say who is missing from one, and why"),
    "dkim": (
        "dispatch.delivery.commands.dkim",
        "make the keys that sign mail, rotate and check them, show their DNS records",
    ),
    "channel": ("dispatch.social.commands.channel", "connect, list or change a social channel"),
    "stop": ("dispatch.operations.commands.stop", "STOP everything, a newsletter or a channel, within a second; list"),
    "go": ("dispatch.operations.commands.go", "lift a STOP; what is late by then waits for a person"),
    "posts": (
        "dispatch.social.commands.posts",
        "plan posts from a CSV file, after a look at what would become of them",
    ),
    "user": ("dispatch.accounts.commands.user", "add a person, or make a sign-in link"),
    "mcp": ("dispatch.api.commands.mcp", "offer the API's calls to an assistant, as MCP tools over standard input"),
    "desk": ("dispatch.accounts.commands.desk", "add or list the desks that people may be limited to"),
    "audit": ("dispatch.accounts.commands.audit", "check that nobody has quietly edited the audit log"),
    "migrate": ("dispatch.local.migrate", "bring the database to this version"),
    "web": ("dispatch.local.web", "run the web server alone"),
    "worker": ("dispatch.local.worker", "run one worker process for some queues"),
    "worker-health": ("dispatch.local.worker_health", "say whether the workers and clock of this host are of use"),
    "clock": ("dispatch.local.clock", "run the clock alone"),
    "keys": ("dispatch.local.keys", "make a vault key, reseal with it, retire an older one, keep a share of all"),
    "backup": ("dispatch.local.backup", "keep everything in one file that only the holder of an age key can open"),
    "restore": ("dispatch.local.restore", "take a backup into an empty database, where it stands still at first"),
    "upgrade-database": (
        "dispatch.local.upgrade_database",
        "bring the embedded PostgreSQL's data to the major version that this Dispatch brings",
    ),
    "panic": ("dispatch.local.panic", "destroy the keys here, end every session, empty the broker"),
}

LASTING = {"up", "demo", "web", "worker", "clock", "intake", "mcp"}
"""Commands that stay, and share connections; every other asks for one, and is told at once when there is none."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Exit status: 0 done, 1 could not, 2 asked wrongly; a misconfiguration, and a database or broker
    that is not reached, are told in words."""
    arguments = sys.argv[1:] if arguments is None else arguments
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dispatch.settings")
    instance.adopt()
    parser = argparse.ArgumentParser(
        prog="dispatch", description="Takes a published article to the people who asked for it."
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (_, summary) in COMMANDS.items():
        subparsers.add_parser(name, help=summary, description=summary, add_help=name not in arguments[:1])
    if not arguments or arguments[0] not in COMMANDS:
        parser.parse_args(arguments or ["--help"])
    if arguments[0] not in LASTING:
        os.environ.setdefault("DISPATCH_DATABASE_POOL", "0")
    try:
        return _run(arguments[0], arguments[1:])
    except env.Misconfigured as error:
        return _sorry(str(error), env.REFUSES)
    except Exception as error:  # what was not reached is said in a sentence; everything else is raised
        if words := _unreached(error):
            return _sorry(words, 1)
        raise


def _run(name: str, arguments: list[str]) -> int:
    path, summary = COMMANDS[name]
    module = importlib.import_module(path)
    command = argparse.ArgumentParser(prog=f"dispatch {name}", description=summary)
    module.add_arguments(command)
    return int(module.run(command.parse_args(arguments)) or 0)


def _unreached(error: Exception) -> str:
    from dispatch.local import unreached

    return unreached.words(error)


def _sorry(words: str, status: int) -> int:
    print(f"dispatch: {words}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
