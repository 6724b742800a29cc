"""`dispatch keys`: a new vault key as a line for DISPATCH_VAULT_KEYS."""

import argparse

from dispatch import vault


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--number."""
    parser.add_argument("--number", type=int, default=1, help="higher than those in use: the highest one seals")


def run(options: argparse.Namespace) -> int:
    """Print the line."""
    print(vault.new_key_line(options.number))
    return 0
