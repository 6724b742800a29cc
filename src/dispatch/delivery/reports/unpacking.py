"""A report out of its mail: XML or JSON, plain, gzipped or in a ZIP, never larger than it may be.

Anybody may write to these addresses. Nothing is unpacked further than `LARGEST`, nothing nested is opened, no name in an
archive is used.
"""

import email
import email.policy
import io
import zipfile
import zlib
from collections.abc import Iterator
from email.message import Message

from dispatch.delivery.reports.told import Unreadable

LARGEST = 16 * 1024 * 1024
"""Bytes of a report, unpacked. Large receivers' about a small newsroom have some kilobytes."""
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
TYPES = {
    *("application/gzip", "application/x-gzip", "application/zip", "application/x-zip-compressed", "application/x-zip"),
    *("text/xml", "application/xml", "application/tlsrpt+gzip", "application/tlsrpt+json"),
}
ENDINGS = (".xml", ".xml.gz", ".zip", ".json", ".json.gz")
"""Of a part's name, where it calls itself application/octet-stream."""


def might_be(raw: bytes) -> bool:
    """Whether a mail looks as if it carried one, by its parts' headers; also of its beginning alone."""
    beginning = raw[: 64 * 1024].lower()
    return any(one.encode() in beginning for one in (*TYPES, *ENDINGS))


def reports(raw: bytes) -> Iterator[bytes]:
    """The texts of all parts that call themselves reports. Raises Unreadable."""
    mail = email.message_from_bytes(raw, policy=email.policy.compat32)
    for part in mail.walk():
        if part.is_multipart() or not _is_one(part):
            continue
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and content:
            yield unpacked(content)


def unpacked(content: bytes) -> bytes:
    """Raises Unreadable: broken, or too large."""
    if content.startswith(GZIP):
        return _gunzipped(content)
    if content.startswith(ZIP):
        return _unzipped(content)
    if len(content) > LARGEST:
        raise Unreadable("it is too large")
    return content


def _gunzipped(content: bytes) -> bytes:
    opener = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        text = opener.decompress(content, LARGEST)
    except zlib.error as problem:
        raise Unreadable("its gzip is broken") from problem
    if opener.unconsumed_tail:
        raise Unreadable("it is too large")
    if not opener.eof:
        raise Unreadable("its gzip is cut off")
    return text


def _unzipped(content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [one for one in archive.infolist() if not one.is_dir()]
            if len(files) != 1:
                raise Unreadable("its ZIP holds more than one file, or none")
            with archive.open(files[0]) as file:
                text = file.read(LARGEST + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError) as problem:
        raise Unreadable("its ZIP is broken, or locked") from problem
    if len(text) > LARGEST:
        raise Unreadable("it is too large")
    return text


def _is_one(part: Message) -> bool:
    return part.get_content_type() in TYPES or str(part.get_filename() or "").lower().endswith(ENDINGS)
