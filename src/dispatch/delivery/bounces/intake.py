"""A small mail server of our own for what comes back: LMTP (RFC 2033) or SMTP, our addresses and no others.

It stands behind the newsroom's own mail server, on the loopback or a Unix socket; it relays nothing and keeps no mail.
"""

import asyncio
import contextlib
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import connection

from dispatch.delivery import verp
from dispatch.delivery.bounces import ears, reading, recording
from dispatch.delivery.reports import recording as reports

log = logging.getLogger(__name__)
logging.getLogger("mail.log").setLevel(logging.CRITICAL)
"""aiosmtpd tells of addresses there."""
LARGEST = 4 * 1024 * 1024
"""Bytes of a mail; what is behind the first part of it is not looked at."""
PATIENCE = 120
"""Seconds that a connection may be silent."""
BEAT = 5.0
COMPLAINTS = "complaints"
"""The one readable address: where feedback loops are told to write. What comes there must quote a letter."""


class Handler:
    """What is answered to each step."""

    def __init__(self) -> None:
        self.refused = 0
        self.heard = 0
        self.threads = ThreadPoolExecutor(2, thread_name_prefix="intake")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """One recipient, ours."""
        if envelope.rcpt_tos:
            return "452 4.5.3 one recipient at a time"
        if not is_ours(address):
            self.refused += 1
            return "550 5.1.1 no such address here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 it is ours"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """250 only once it is committed; the other server keeps it otherwise."""
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        run = asyncio.get_running_loop().run_in_executor
        return await run(self.threads, self._take, raw, envelope.rcpt_tos[0])

    def _take(self, raw: bytes, came_to: str) -> str:
        try:
            taken = self._recorded(raw, came_to)
        except Exception as problem:  # noqa: BLE001 - the other server brings it again
            log.error("a returned mail was not taken", extra={"code": type(problem).__name__})  # noqa: TRY400 - a traceback could quote it
            return "451 4.3.0 not now, bring it again"
        finally:
            connection.close()  # to the pool: a thread may wait for hours for its next mail
        self.heard, self.refused = self.heard + taken, self.refused + (not taken)
        return "250 2.0.0 recorded"

    @staticmethod
    def _recorded(raw: bytes, came_to: str) -> bool:
        if reports.is_address(came_to):
            return bool(reports.take(raw))
        return recording.take(raw[: reading.LARGEST], came_to) is not None

    def beat(self) -> None:
        """Say that it listens, and what was heard since."""
        heard, refused = self.heard, self.refused
        try:
            ears.note("intake", heard=heard, refused=refused, alive=True)
        finally:
            connection.close()
        self.heard, self.refused = self.heard - heard, self.refused - refused


def is_ours(address: str) -> bool:
    """Of a letter, or for complaints or reports, at a domain of ours."""
    local, _, domain = address.lower().rpartition("@")
    return (
        reports.is_address(address)
        or (local == COMPLAINTS and domain in verp.domains())
        or verp.read(address) is not None
    )


async def serve(where: str, protocol: str, stop: asyncio.Event) -> None:
    """Listen at "unix:/path" or "host:port" until told to stop. Raises OSError where it cannot."""
    handler, loop = Handler(), asyncio.get_running_loop()
    kind = LMTP if protocol == "lmtp" else SMTP

    def answering() -> SMTP:
        return kind(
            handler, data_size_limit=LARGEST, hostname="localhost", ident="Dispatch", timeout=PATIENCE, loop=loop
        )

    if where.startswith("unix:"):
        path = Path(where.removeprefix("unix:"))
        path.unlink(missing_ok=True)  # noqa: ASYNC240 - once, before anybody is answered
        server = await loop.create_unix_server(answering, path=path)
        path.chmod(0o660)  # noqa: ASYNC240 - likewise
    else:
        host, _, port = where.rpartition(":")
        server = await loop.create_server(answering, host=host.strip("[]"), port=int(port))
    async with server:
        log.info("the intake listens", extra={"pid": os.getpid()})
        await _until(stop, handler)
    handler.threads.shutdown()


async def _until(stop: asyncio.Event, handler: Handler) -> None:
    while not stop.is_set():
        try:
            await asyncio.to_thread(handler.beat)
        except Exception as problem:  # noqa: BLE001 - the database is away for a while; mail is answered 451 meanwhile
            log.warning("the intake lost its database and tries again", extra={"code": type(problem).__name__})
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), BEAT)
    await asyncio.to_thread(handler.beat)
