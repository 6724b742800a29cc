"""`dispatch completion bash|zsh|tcsh`: what a shell needs to complete commands and options."""

import argparse
import importlib


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which shell."""
    parser.add_argument("shell", choices=["bash", "zsh", "tcsh"])


def run(options: argparse.Namespace) -> int:
    """Print it: `source <(dispatch completion bash)`."""
    import shtab

    print(shtab.complete(whole_parser(), options.shell))  # noqa: T201 - it talks to a shell
    return 0


def whole_parser() -> argparse.ArgumentParser:
    """Every command with its arguments, which `dispatch` itself reads of one only."""
    from dispatch import cli

    parser = argparse.ArgumentParser(prog="dispatch")
    commands = parser.add_subparsers(dest="command")
    for name, (module, summary) in cli.COMMANDS.items():
        importlib.import_module(module).add_arguments(commands.add_parser(name, help=summary, description=summary))
    return parser
