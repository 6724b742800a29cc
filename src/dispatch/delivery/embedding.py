"""A picture as a part of a letter that holds it (RFC 2387, RFC 2392), the same bytes for all readers."""

from base64 import b64encode

from dispatch.editions.models import Picture

WIDTH = 76
"""Columns of a base64 line (RFC 2045 section 6.8)."""


def part(boundary: str, picture: Picture) -> bytes:
    """With its own header, and without a file's name."""
    encoded = b64encode(picture.content)
    rows = (encoded[at : at + WIDTH] for at in range(0, len(encoded), WIDTH))
    head = (
        f"--{boundary}\r\nContent-Type: {picture.kind}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-ID: <{picture.content_id}>\r\nContent-Disposition: inline\r\n\r\n"
    )
    return head.encode() + b"\r\n".join(rows) + b"\r\n"
