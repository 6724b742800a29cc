"""`python -m dispatch.local.networks --port 8330 --store posts.sqlite`."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from dispatch.local.networks import speakers
from dispatch.local.networks.server import Server


def main() -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="dispatch.local.networks")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--store", type=Path, required=True)
    options = parser.parse_args()
    server = Server(options.port, options.store, speakers.SPEAKERS)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    signal.signal(signal.SIGINT, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever(poll_interval=0.1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
