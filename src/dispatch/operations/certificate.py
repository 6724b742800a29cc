"""Until when the certificate of the newsroom's own address is good, asked of that address once an hour, beside all else; each
minute while it nears its end or cannot be read, so that whoever renewed it soon sees that it was heard."""

import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography import x509
from django.conf import settings

from dispatch import logs, saying
from dispatch.operations.checks import Check

log = logging.getLogger(__name__)
EVERY, NEAR_ITS_END = 3600.0, 60.0
"""Seconds between two looks."""
NEARS = 14 * 86400.0
PATIENCE = 5.0


class Watch:
    """What one process knows. Asking takes a thread of its own: whoever looks, the clock above all, never waits."""

    def __init__(self) -> None:
        self.until: float | None = None
        self.trouble = ""  # why the last look saw none
        self.asked = float("-inf")

    def look(self) -> float | None:
        """Seconds since 1970; None: it is not known (yet), or the address is no https."""
        host = urlsplit(settings.PUBLIC_URL)
        if host.scheme != "https" or not host.hostname:
            return None
        if time.monotonic() - self.asked > self._pause():
            self.asked = time.monotonic()
            threading.Thread(target=self._ask, args=(host.hostname, host.port or 443), daemon=True).start()
        return self.until

    def _pause(self) -> float:
        return NEAR_ITS_END if self.until is None or self.until - time.time() < NEARS else EVERY

    def _ask(self, host: str, port: int) -> None:
        try:
            self.until, self.trouble = expiry(host, port), ""
        except (OSError, ValueError) as error:
            self.trouble = logs.scrub(str(error) or type(error).__name__)[:200]
            log.warning("the certificate of our own address cannot be read", extra={"error": type(error).__name__})


def expiry(host: str, port: int) -> float:
    """Seconds since 1970. Raises OSError where it does not answer, ValueError where what it shows is none.

    Read and not verified: one that is over already must be told above all, and nothing is said over this connection.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((host, port), PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=host) as wrapped,
    ):
        shown = wrapped.getpeercert(binary_form=True) or b""
    return x509.load_der_x509_certificate(shown).not_valid_after_utc.timestamp()


def checks() -> Iterator[Check]:
    """A line for Health, once it was asked for; none where the address is no https."""
    until, host = own.look(), urlsplit(settings.PUBLIC_URL).hostname
    if until is None:
        if own.trouble:
            words = f"That of {host} could not be read: {own.trouble}."
            yield Check("Certificate", "todo", words, "Does this machine reach DISPATCH_PUBLIC_URL? Do readers?")
        return
    ends, left = datetime.fromtimestamp(until, UTC), until - time.time()
    state = "bad" if left <= 0 else "todo" if left < NEARS else "ok"
    said = f"That of {host} {'is over since' if left <= 0 else 'is good until'} {saying.moment(ends)}."
    yield Check(
        "Certificate", state, said, "" if state == "ok" else "Renew it at the proxy, which must load the new one."
    )


own = Watch()
