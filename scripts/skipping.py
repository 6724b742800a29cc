"""What a check says where its programs cannot be had: neither that it passed, nor that something is broken."""

import os
from pathlib import Path

STATUS = 77
"""As Automake's tests say it (Automake's manual, Scripts-based Testsuites)."""


def skip(why):
    """The exit status; the reason goes to the file that $SKIPPED_WHY names, where somebody collects it (.ci/run)."""
    if place := os.environ.get("SKIPPED_WHY"):
        Path(place).write_text(f"{why}\n", encoding="utf-8")
    return STATUS
