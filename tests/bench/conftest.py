"""The benchmarks' rooms are found as `make bench` finds them."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "bench"))
