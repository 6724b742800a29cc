"""SpamAssassin's opinion of a letter, where it is installed. Its rules only: nothing is looked up for it."""

import re
import shutil
import subprocess
from dataclasses import dataclass

from django.conf import settings

SECONDS = 60.0
STATUS = re.compile(
    rb"X-Spam-Status: (?:Yes|No), score=(-?[\d.]+)[^\n]*?(?:\n\s+)?[^\n]*?tests=((?:[A-Z0-9_]+,?\s*)+|none)"
)


@dataclass(frozen=True)
class Opinion:
    """A score (5 is spam by its default), and the rules that made it."""

    score: float
    rules: tuple[str, ...]


@dataclass(frozen=True)
class NoOpinion:
    """It is not installed, or gave no answer; in words, with what to do."""

    words: str
    todo: str


def ask(message: bytes) -> Opinion | NoOpinion:
    """Of one whole message."""
    program = shutil.which(settings.SPAMASSASSIN)
    if program is None:
        todo = "apt install spamassassin on the machines of the upkeep workers, or name it in DISPATCH_SPAMASSASSIN."
        return NoOpinion("SpamAssassin is not installed here.", todo)
    try:
        done = subprocess.run([program, "--local"], input=message, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603 - the operator's own program
    except (subprocess.TimeoutExpired, OSError) as error:
        return NoOpinion(
            f"SpamAssassin gave no answer ({type(error).__name__}).", "Run it by hand: spamassassin --local < letter"
        )
    found = STATUS.search(done.stdout.replace(b"\r", b""))
    if found is None:
        return NoOpinion("SpamAssassin's answer was not understood.", "Run it by hand: spamassassin --local < letter")
    rules = tuple(rule for rule in found[2].decode().replace(",", " ").split() if rule != "none")
    return Opinion(float(found[1]), rules)
