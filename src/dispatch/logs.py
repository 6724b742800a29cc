"""One way to log for every process: lines for people at a terminal, JSON elsewhere, and no person in either.

Dispatch logs an event's words and ids. The scrubber here is the second line of defence: what still looks like an address or
a reader's token is masked, exceptions' texts included (smtplib's quote recipients).
"""

import json
import logging
import logging.config
import re
import sys
import traceback
from datetime import UTC, datetime

ADDRESS = re.compile(r"[^\s<>\"'@(),;:]+@[^\s<>\"'@(),;:]+", re.UNICODE)
TOKEN = re.compile(r"(?<=/)[a-z2-7]{26}(?![a-z2-7])")
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message", "data"}


def scrub(text: str) -> str:
    """The text with every address and reader's token masked."""
    return TOKEN.sub("…", ADDRESS.sub("…@…", text))


class Line(logging.Formatter):
    """`12:00:01 INFO dispatch.queue doorbell dropped task=email.send_chunk`."""

    def format(self, record: logging.LogRecord) -> str:
        """One scrubbed line, with the traceback below it where there is one."""
        extra = " ".join(f"{key}={value}" for key, value in _extra(record).items())
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        line = f"{moment} {record.levelname.lower()} {record.name} {record.getMessage()} {extra}".rstrip()
        return scrub(line + _trace(record))


class Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """One scrubbed line of JSON."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry: dict[str, object] = {
            "at": moment,
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        entry |= _extra(record) | ({"trace": _trace(record).strip()} if record.exc_info else {})
        return scrub(json.dumps(entry, ensure_ascii=False, default=str))


def configure() -> None:
    """Set up logging for this process, the libraries' included."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"own": {"()": Line if sys.stderr.isatty() else Json}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "own"}},
            "root": {"level": "INFO", "handlers": ["stderr"]},
            "loggers": {
                "celery": {"level": "WARNING"},
                "kombu": {"level": "WARNING"},
                "uvicorn": {"level": "WARNING", "propagate": True, "handlers": []},
                "uvicorn.access": {"level": "CRITICAL"},  # its lines hold readers' tokens and network addresses
                "httpx": {"level": "WARNING"},
                "httpcore": {"level": "WARNING"},
                "django.request": {"level": "ERROR"},
                "axes": {"level": "ERROR"},
                "mail.log": {"level": "ERROR"},
            },
        }
    )


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in STANDARD}


def _trace(record: logging.LogRecord) -> str:
    if not record.exc_info:
        return ""
    return "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip()
