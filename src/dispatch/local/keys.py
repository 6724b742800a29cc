"""`dispatch keys`: a new vault key as a line for DISPATCH_VAULT_KEYS."""

import argparse
import sys

from dispatch import env, vault


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--number."""
    parser.add_argument(
        "--number", type=int, help="from 1 to 255, higher than those in use: the highest one seals (default: the next)"
    )


def run(options: argparse.Namespace) -> int:
    """Print the line, and where it belongs."""
    number = options.number or max(_numbers(), default=0) + 1
    if not 1 <= number <= 255:
        raise env.Misconfigured(f"A key has a number from 1 to 255, not {number}.")
    print(vault.new_key_line(number))
    print("Add this line to DISPATCH_VAULT_KEYS and keep the older ones; then restart every process.", file=sys.stderr)
    return 0


def _numbers() -> list[int]:
    lines = env.text("DISPATCH_VAULT_KEYS", "").splitlines()
    return [int(number) for line in lines if (number := line.split(" ")[0]).isdigit()]
