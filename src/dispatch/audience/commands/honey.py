"""`dispatch honey < a-mail`: whether a text names a reader who was invented for an export or a backup, and for which one.

Made for the mailbox that catches all mail of DISPATCH_HONEY_DOMAINS: a pipe to this command makes any letter there an alert.
"""

import argparse
import re
import sys

import django

ADDRESS = re.compile(r"[^\s<>\"'(),;:]+@[\w.-]+\w")
LARGEST = 10 * 1024 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It reads standard input."""
    parser.add_argument(
        "--where", default="mail", help="what the text is: mail, paste, list, …", type=lambda text: text[:20]
    )


def run(options: argparse.Namespace) -> int:
    """Exit status 0: none of ours. 3: a file got out, and it says which."""
    django.setup()
    from dispatch.audience import honey

    text = sys.stdin.buffer.read(LARGEST).decode("utf-8", "replace")
    found = honey.notice_addresses(sorted(set(ADDRESS.findall(text))), options.where)
    for file in found:
        print(f"{honey.called(file)} got out: a reader was named who exists nowhere else.", file=sys.stderr)
    return 3 if found else 0
