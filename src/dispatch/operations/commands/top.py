"""`dispatch top`: what goes on, again each second until interrupted; once where nobody looks at a terminal."""

import argparse
import json
import sys
import time

import django


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--once, --every and --json."""
    parser.add_argument("--once", action="store_true", help="one look")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two looks")
    parser.add_argument("--json", action="store_true", help="for programs: one line a look")


def run(options: argparse.Namespace) -> int:
    """Look until Ctrl-C. What is new stands where the old stood."""
    django.setup()
    from dispatch.operations import pacing

    paces, is_once = pacing.Paces(), options.once or not sys.stdout.isatty()
    try:
        while True:
            text = _look(paces, as_json=options.json)
            print(text if is_once or options.json else f"\033[H\033[2J{text}", flush=True)
            if is_once:
                return 0
            time.sleep(max(options.every, 0.2))
    except KeyboardInterrupt:
        return 0


def _look(paces: object, *, as_json: bool) -> str:
    from dispatch.operations import pacing, stats
    from dispatch.operations.commands import terminal

    assert isinstance(paces, pacing.Paces)
    now = stats.now()
    found = paces.look(time.monotonic(), now.sends)
    if not as_json:
        tables = (
            terminal.board(now),
            terminal.sends(now, found),
            terminal.relays(),
            terminal.workers(),
            terminal.hung(),
        )
        return "\n\n".join(terminal.drawn(table) for table in tables if len(table) > 1)
    sends = [
        {
            "send": one.id,
            "state": one.state,
            "readers": one.frozen,
            "answered": one.settled,
            "exceptions": one.exceptions,
        }
        for one in now.sends
    ]
    told = {"board": terminal.board_told(now), "sends": sends, "relays": terminal.relays_told()}
    return json.dumps(told | {"workers": terminal.workers_told(), "hung": terminal.hung_told()})
