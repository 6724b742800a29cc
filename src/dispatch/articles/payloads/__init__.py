"""Raw bytes of a webhook to an Incoming, by the kind of source."""

import json
import re
from typing import Any

from dispatch.articles.incoming import Incoming, Malformed
from dispatch.articles.models import Source
from dispatch.articles.payloads import ghost, native, wordpress

PARSERS = {Source.Kind.NATIVE: native.parse, Source.Kind.GHOST: ghost.parse, Source.Kind.WORDPRESS: wordpress.parse}


HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""An escape that may be half of a surrogate pair, which JSON lets through and UTF-8 does not."""


def parse(source: Source, body: bytes) -> Incoming:
    """Understand a webhook's body. Raises Malformed."""
    return PARSERS[Source.Kind(source.kind)](source, decode(body))


def decode(body: bytes) -> dict[str, Any]:
    """A JSON object in UTF-8. Raises Malformed."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("body", f"not UTF-8 (byte {error.start})") from error
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise Malformed("body", f"not JSON ({error.msg}, line {error.lineno} column {error.colno})") from error
    except (RecursionError, ValueError) as error:
        raise Malformed("body", "nested too deeply, or holds a number that is too long") from error
    if not isinstance(value, dict):
        raise Malformed("body", "must be a JSON object")
    if HALF.search(text):
        _refuse_half_letters(value)
    return value


def _refuse_half_letters(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise Malformed("body", "holds half of a surrogate pair (an escape like \\ud800 alone)") from error
