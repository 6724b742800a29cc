"""`dispatch intake`: the small mail server for what comes back."""

import argparse
import asyncio
import signal
import sys

import django

from dispatch import env, logs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--listen and --protocol."""
    parser.add_argument(
        "--listen",
        default=env.text("DISPATCH_INTAKE", "127.0.0.1:8024"),
        metavar="WHERE",
        help="host:port, or unix:/path; this machine alone by default",
    )
    parser.add_argument(
        "--protocol",
        choices=["lmtp", "smtp"],
        default=env.text("DISPATCH_INTAKE_PROTOCOL", "lmtp"),
        help="what the server in front speaks",
    )


def run(options: argparse.Namespace) -> int:
    """Listen until told to stop."""
    logs.configure()
    django.setup()
    from dispatch.delivery import verp

    if not verp.domains():
        raise env.Misconfigured("DISPATCH_BOUNCE_DOMAIN is not set, so no address is ours.")
    if options.protocol not in {"lmtp", "smtp"}:
        raise env.Misconfigured("DISPATCH_INTAKE_PROTOCOL is lmtp or smtp.")
    try:
        asyncio.run(_serve(options.listen, options.protocol))
    except ValueError as problem:
        raise env.Misconfigured(f"DISPATCH_INTAKE is {options.listen!r}; give host:port, or unix:/path.") from problem
    except OSError as problem:
        print(f"dispatch intake: it cannot listen at {options.listen}: {problem}.", file=sys.stderr)
        return 1
    return 0


async def _serve(where: str, protocol: str) -> None:
    from dispatch.delivery.bounces import intake

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await intake.serve(where, protocol, stop)
