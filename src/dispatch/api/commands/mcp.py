"""`dispatch mcp`: tools for an assistant, over standard input and output."""

import argparse

from dispatch import env


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where, and as whom; the token never on the command line, where others see it."""
    parser.add_argument("--url", default="", help="of the instance; else DISPATCH_PUBLIC_URL, or http://localhost:8321")
    parser.epilog = "The token comes from DISPATCH_TOKEN, or a file that DISPATCH_TOKEN_FILE names. See docs/api.md."


def run(options: argparse.Namespace) -> int:
    """Serve until the other side hangs up. Exit status 2: there is no token."""
    token = env.text("DISPATCH_TOKEN", "").strip()
    if not token:
        raise env.Misconfigured("DISPATCH_TOKEN is missing: make a token at /account/tokens/ and set it.")
    from dispatch.api import assistant

    address = options.url or env.text("DISPATCH_PUBLIC_URL", "http://localhost:8321")
    assistant.server(address, token).run("stdio")
    return 0
