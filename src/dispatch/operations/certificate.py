"""Until when the certificate of the newsroom's own address is good, asked of that address once an hour, beside all else."""

import logging
import socket
import ssl
import threading
import time
from urllib.parse import urlsplit

from django.conf import settings

log = logging.getLogger(__name__)
EVERY = 3600.0
PATIENCE = 5.0


class Watch:
    """What one process knows. Asking takes a thread of its own: whoever looks, the clock above all, never waits."""

    def __init__(self) -> None:
        self.until: float | None = None
        self.asked = float("-inf")

    def look(self) -> float | None:
        """Seconds since 1970; None: it is not known (yet), or the address is no https."""
        host = urlsplit(settings.PUBLIC_URL)
        if host.scheme != "https" or not host.hostname:
            return None
        if time.monotonic() - self.asked > EVERY:
            self.asked = time.monotonic()
            threading.Thread(target=self._ask, args=(host.hostname, host.port or 443), daemon=True).start()
        return self.until

    def _ask(self, host: str, port: int) -> None:
        try:
            self.until = expiry(host, port)
        except (OSError, ValueError) as error:
            log.warning("the certificate of our own address cannot be read", extra={"error": type(error).__name__})


def expiry(host: str, port: int) -> float:
    """Seconds since 1970. Raises OSError where it does not answer, or shows one that is not trusted: over, perhaps."""
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=host) as wrapped,
    ):
        shown = wrapped.getpeercert() or {}
    return ssl.cert_time_to_seconds(str(shown["notAfter"]))


own = Watch()
