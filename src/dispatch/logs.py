"""One way to log for every process: lines for people at a terminal, JSON elsewhere, and no person in either.

Dispatch logs an event's words and ids. The scrubber here is the second line of defence: what still looks like an address or
a reader's token is masked, exceptions' texts included (smtplib's quote recipients).
"""

import json
import logging
import logging.config
import os
import re
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

ADDRESS = re.compile(r"[^\s<>\"'@(),;:\[\]=]+(?:@|%40)[^\s<>\"'@(),;:\[\]]+", re.UNICODE)
TOKEN = re.compile(r"(?<![A-Za-z0-9])(?:[a-z2-7]{26}(?![A-Za-z0-9])|dsp_[A-Za-z0-9]+)")
PASSWORD = re.compile(r"(://[^\s:/@]*:)[^\s@/]+(?=@)")
NUMBER = re.compile(r"<int:(\w+)>")
OURS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message", "data"}

correlation: ContextVar[str] = ContextVar("correlation", default="")
"""What the lines of one request or task have in common: its id."""

trail: ContextVar[str] = ContextVar("trail", default="")
"""What began all this, through every process: "webhook:12", "article:7". It goes with doorbells, beside their ids, and
stays with a send, for those that the clock rings."""
TRAIL = re.compile(r"[a-z]{1,12}:[0-9]{1,19}")


def follow(name: str) -> None:
    """Let this context's lines, and the doorbells it rings, carry `name`; what is no trail is none."""
    trail.set(name if TRAIL.fullmatch(name) else "")


@contextmanager
def following(name: str) -> Iterator[None]:
    """The same, for what is done inside."""
    before = trail.get()
    follow(name)
    try:
        yield
    finally:
        trail.set(before)


@contextmanager
def correlated(name: str) -> Iterator[None]:
    """Let every line logged inside carry `name`: an id, never a person."""
    before = correlation.set(name)
    try:
        yield
    finally:
        correlation.reset(before)


def scrub(text: str) -> str:
    """The text with every address, reader's token and password of a URL masked."""
    return TOKEN.sub("…", ADDRESS.sub("…@…", PASSWORD.sub(r"\1…", text)))


class Line(logging.Formatter):
    """`12:00:01 info dispatch.queue doorbells do not get through error=ConnectionError`."""

    def format(self, record: logging.LogRecord) -> str:
        """One scrubbed line, with the traceback below it where there is one."""
        extra = " ".join(f"{key}={value}" for key, value in _extra(record).items())
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        line = f"{moment} {record.levelname.lower()} {record.name} {record.getMessage()} {extra}".rstrip()
        return scrub("\n".join(part for part in (line, _trace(record)) if part))


class Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """One scrubbed line of JSON."""
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **_extra(record),
        }
        if trace := _trace(record):
            entry["trace"] = trace
        return json.dumps(_scrubbed(entry), ensure_ascii=False)


class Place(logging.Filter):
    """Names the page that a request of Django's was for, and numbers in its address; nothing else of that, since a link of a
    reader's may stand there, also of a mail that another system sent."""

    def filter(self, record: logging.LogRecord) -> bool:
        """All pass."""
        request: Any = getattr(record, "request", None)
        if hasattr(request, "resolver_match"):
            place, path = _place(request), request.path.encode("unicode_escape").decode("ascii")
            if isinstance(record.args, tuple):
                record.args = tuple(place if one in {path, request.path} else one for one in record.args)
            record.request = f"{request.method} {place}"
        return True


def configure(least: str = "INFO") -> None:
    """Set up logging for this process, the libraries' included. DISPATCH_LOG says `lines` or `json` where we guess wrong."""
    wanted = os.environ.get("DISPATCH_LOG") or ("lines" if sys.stderr.isatty() else "json")
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"own": {"()": Line if wanted == "lines" else Json}},
            "filters": {"place": {"()": Place}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "own", "filters": ["place"]}},
            "root": {"level": least, "handlers": ["stderr"]},
            "loggers": {
                "celery": {"level": "WARNING"},
                "kombu": {"level": "WARNING"},
                "kombu.transport.native_delayed_delivery": {"level": "ERROR"},  # doorbells ring at once
                "uvicorn": {"level": "WARNING", "propagate": True, "handlers": []},
                "uvicorn.error": {"level": "WARNING"},
                "uvicorn.access": {"level": "CRITICAL"},  # its lines hold readers' tokens and network addresses
                "httpx": {"level": "WARNING"},
                "httpcore": {"level": "WARNING"},
                "mcp": {"level": "WARNING"},  # three lines for each message of an assistant
                "psycopg.pool": {"level": "ERROR"},  # says each attempt; the clock and the health page say it once
                "django.request": {"level": "ERROR"},
                "axes": {"level": "ERROR"},
                "mail.log": {"level": "ERROR"},
            },
        }
    )
    logging.captureWarnings(capture=True)
    # Style sheets and scripts are small files; that they are read at once is no news to an operator.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")


def _place(request: Any) -> str:
    match = request.resolver_match
    if match is None:
        return "/…"
    return "/" + NUMBER.sub(lambda one: str(match.kwargs.get(one[1], one[0])), match.route)


def _scrubbed(value: object) -> object:
    if isinstance(value, dict):
        return {key: _scrubbed(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_scrubbed(inner) for inner in value]
    return value if value is None or isinstance(value, (bool, int, float)) else scrub(str(value))


def _extra(record: logging.LogRecord) -> dict[str, object]:
    extra = {key: value for key, value in vars(record).items() if key not in OURS}
    begun = {"trail": trail.get()} if trail.get() else {}
    return extra | ({"of": correlation.get()} if correlation.get() else {}) | begun


def _trace(record: logging.LogRecord) -> str:
    if not record.exc_info:
        return ""
    return "".join(traceback.format_exception(*record.exc_info)).rstrip()
