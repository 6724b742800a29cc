"""What no password may be, beyond Django's rules: little more than words of ours, or one that was in somebody's breach."""

import hashlib
import os
import re
from bisect import bisect_left
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from dispatch.accounts.models import User

LEFT = 8
SHORTEST = 4
END = b"~"
"""Greater than any hash."""


class OwnWords:
    """Without the words that anybody would try here, eight characters must be left: the newsroom's (its host, and
    DISPATCH_OWN_WORDS), the program's, and the person's name and address."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raises ValidationError."""
        left = password.casefold()
        for word in sorted(_words(user), key=len, reverse=True):
            left = left.replace(word, "")
        if len(left) < LEFT and left != password.casefold():
            raise ValidationError(self.get_help_text())

    def get_help_text(self) -> str:
        """In a sentence."""
        return "Beside your name, your address and the newsroom's words it must have eight more characters."


class Breached:
    """A password whose SHA-1 stands in the file DISPATCH_BREACHED_PASSWORDS names, if any: lines of `HASH` or `HASH:COUNT` in
    order, as Have I Been Pwned gives them away. It is read here: nobody is asked."""

    def validate(self, password: str, user: User | None = None) -> None:  # noqa: ARG002 - Django's signature
        """Raises ValidationError."""
        digest = hashlib.sha1(password.encode()).hexdigest().upper()  # noqa: S324 - the file's; it protects nothing
        if settings.BREACHED_PASSWORDS and _stands_in(settings.BREACHED_PASSWORDS, digest.encode()):
            raise ValidationError(self.get_help_text())

    def get_help_text(self) -> str:
        """In a sentence."""
        return "It must not be one that was found in a breach somewhere."


def _words(user: User | None) -> set[str]:
    person = f"{user.name} {user.email}" if user else ""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    ours = " ".join(["dispatch", host, *settings.OWN_WORDS, person])
    return {word for word in re.split(r"[\W_]+", ours.casefold()) if len(word) >= SHORTEST}


def _stands_in(file: Path, digest: bytes) -> bool:
    """By halves: some forty short reads of a file of many gigabytes."""
    with file.open("rb") as lines:
        size = lines.seek(0, os.SEEK_END)
        place = bisect_left(range(size), digest, key=lambda at: _line_after(lines, at) or END)
        return _line_after(lines, place) == digest


def _line_after(lines: BinaryIO, place: int) -> bytes:
    """The hash in the first line that begins after `place`, or at the beginning; empty after the last."""
    lines.seek(place)
    if place:
        lines.readline()
    return lines.readline()[:40]
