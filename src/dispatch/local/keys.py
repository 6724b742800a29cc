"""`dispatch keys new|reseal|retire|share|restore`: a further vault key, older ones out of use, all of them kept elsewhere."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import django

from dispatch import env, saying, vault

if TYPE_CHECKING:
    from dispatch.operations import resealing

RETIRED = """Put this line in the place of key {number}'s and start every process anew. It opens nothing; the index of readers
and the links in mails already sent are made with it. Old backups open with the whole key only: keep that off the machine."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand each."""
    acts = parser.add_subparsers(dest="act", required=True)
    new = acts.add_parser("new", help="print a new key as a line for DISPATCH_VAULT_KEYS")
    new.add_argument(
        "--number", type=int, help="from 1 to 255, higher than those in use: the highest one seals (default: the next)"
    )
    reseal = acts.add_parser("reseal", help="seal with the newest key what older keys sealed, so that they can go")
    reseal.add_argument("--batch", type=int, default=1000, help="values a transaction (default: 1000)")
    retire = acts.add_parser("retire", help="print the line that takes the oldest key's place once it seals nothing")
    retire.add_argument("number", type=int)
    share = acts.add_parser("share", help="write all keys into a file that only the holder of an age key can open")
    share.add_argument("file", type=Path)
    share.add_argument(
        "--to", required=True, action="append", metavar="age1…", help="a holder's public key; repeatable"
    )
    restore = acts.add_parser("restore", help="put the keys of a share back, after `dispatch panic` or a lost machine")
    restore.add_argument("file", type=Path)
    restore.add_argument(
        "--identity", required=True, type=Path, metavar="KEY", help="the holder's file, as age-keygen made it"
    )


def run(options: argparse.Namespace) -> int:
    """Do it, or say why not."""
    acts = {"new": _new, "reseal": _reseal, "retire": _retire, "share": _share, "restore": _restore}
    return acts[options.act](options)


def _new(options: argparse.Namespace) -> int:
    number = options.number or max(_numbers(), default=0) + 1
    if not 1 <= number <= 255:
        raise env.Misconfigured(f"A key has a number from 1 to 255, not {number}.")
    print(vault.new_key_line(number))
    print("Add this line to DISPATCH_VAULT_KEYS and keep the older ones; then restart every process.", file=sys.stderr)
    return 0


def _reseal(options: argparse.Namespace) -> int:
    django.setup()
    from dispatch.operations import resealing

    print(f"Key {vault.numbers()[-1]} seals.")
    told = [_told(column, options.batch) for column in resealing.COLUMNS]
    print(f"{sum(done for done, _ in told):>12,}  resealed")
    if unreadable := sum(unreadable for _, unreadable in told):
        _sorry(f"With the keys at hand {saying.many(unreadable, 'value')} cannot be opened. Nothing was done to them.")
    return _what_older_keys_do()


def _told(column: "resealing.Column", batch: int) -> tuple[int, int]:
    """How many were resealed, and how many do not open; at a terminal the number runs along."""
    from dispatch.operations import resealing

    done = unreadable = 0
    for some in resealing.reseal(column, max(batch, 1)):
        done, unreadable = done + some.resealed, unreadable + some.unreadable
        if sys.stdout.isatty():
            print(f"{done:>12,}  {column.words}", end="\r", flush=True)
    print(f"{done:>12,}  {column.words}")
    return done, unreadable


def _what_older_keys_do() -> int:
    from dispatch.operations import resealing

    *older, newest = vault.numbers()
    in_use = {number: count for number, count in sorted(resealing.in_use().items()) if number != newest}
    if in_use:
        _sorry("Still sealed: " + ", ".join(f"{count:,} with key {number}" for number, count in in_use.items()) + ".")
        _sorry(
            "Has every process been started anew with the newest key? Then run this again; it takes up what is left."
        )
        return 1
    for number in older:
        oldest = f"`dispatch keys retire {number}` prints the line that takes its place."
        print(f"Nothing is sealed with key {number} any more: {oldest if number == vault.oldest() else 'it can go.'}")
    return 0


def _retire(options: argparse.Namespace) -> int:
    django.setup()
    from dispatch.operations import resealing

    number = options.number
    if number not in vault.numbers():
        return _sorry(f"Key {number} is not here, or is retired already.")
    if number == vault.numbers()[-1]:
        return _sorry(f"Key {number} is the one that seals. Make a further one first: dispatch keys new")
    if count := resealing.in_use()[number]:
        return _sorry(f"{saying.many(count, 'value')} sealed with key {number}. Run first: dispatch keys reseal")
    if number != vault.oldest():
        return _sorry(f"Nothing needs key {number} any more: remove its line.")
    print(vault.retired_key_line(number))
    print(RETIRED.format(number=number), file=sys.stderr)
    return 0


def _share(options: argparse.Namespace) -> int:
    from dispatch.local import shares

    try:
        name = shares.make(options.file, options.to)
    except (shares.Unsuited, OSError) as problem:
        return _sorry(f"{problem}")
    print(f"{options.file} holds the keys {name}. Take it off this machine now, and try it once:")
    print(f"age --decrypt --identity KEY {options.file}")
    return 0


def _restore(options: argparse.Namespace) -> int:
    from dispatch.local import shares

    try:
        written = shares.restore(options.file, options.identity)
    except (shares.Unsuited, OSError) as problem:
        return _sorry(f"{problem}")
    print("\n".join(f"{path} is back." for path in written))
    print("Start Dispatch. Everybody signs in anew; take the holder's key off this machine.")
    return 0


def _sorry(words: str) -> int:
    print(f"dispatch keys: {words}", file=sys.stderr)
    return 1


def _numbers() -> list[int]:
    lines = env.text("DISPATCH_VAULT_KEYS", "").splitlines()
    return [int(number) for line in lines if (number := line.split(" ")[0]).isdigit()]
