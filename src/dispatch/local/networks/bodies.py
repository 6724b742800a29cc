"""What a request carries: JSON, a form, or a form with files."""

import email.parser
import json
from collections.abc import Iterable, Mapping
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl


def read(raw: bytes, kind: str) -> Mapping[str, Any]:
    """By name; names that end in [] hold lists, files hold bytes. Anything else is empty."""
    if "json" in kind:
        parsed = json.loads(raw or b"{}")
        return parsed if isinstance(parsed, dict) else {}
    if kind.startswith("multipart/"):
        return _gathered(_parts(raw, kind))
    if kind.startswith("application/x-www-form-urlencoded"):
        return _gathered(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
    return {}


def _gathered(pairs: Iterable[tuple[str, Any]]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name.endswith("[]"):
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


def _parts(raw: bytes, kind: str) -> Iterable[tuple[str, Any]]:
    whole = email.parser.BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + raw)
    for part in whole.get_payload():
        assert isinstance(part, Message)
        name = str(part.get_param("name", "", "content-disposition"))
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        yield name, content if part.get_filename() else content.decode()
