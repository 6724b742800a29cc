"""How large a benchmark is: as asked, or tiny, which measures nothing and shows that it still runs; and where it listens."""

import argparse
import os

PORT = int(os.environ.get("BENCH_PORT", "18980"))
"""Of the web of a whole instance: two benchmarks beside each other need two."""


def asked(parser: argparse.ArgumentParser, **tiny: object) -> argparse.Namespace:
    """The command line's options; with --tiny those of `tiny` in their place."""
    parser.add_argument("--tiny", action="store_true", help="sizes that end in seconds, to see that the benchmark runs")
    found = parser.parse_args()
    return argparse.Namespace(**vars(found) | (tiny if found.tiny else {}))
