"""Pictures without their metadata: what is drawn stays to the byte, what tells of somebody goes."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.editions import stripping

SECRET = b"54.6872N 25.2797E Alice"


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def segment(marker, content):
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


IHDR, IDAT = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), chunk(b"IDAT", zlib.compress(b"\0\x7f"))
PNG = b"\x89PNG\r\n\x1a\n" + IHDR + IDAT + chunk(b"IEND", b"")
TABLE, FRAME = segment(0xDB, b"\0" + bytes(64)), segment(0xC2, b"\x08\0\x01\0\x01\x01\x01\x11\0")
SCAN = segment(0xDA, b"\x01\x01\0\0\x3f\0") + b"\x12\xff\x00\x34\xff\xd0\x56"
JFIF = segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
JPEG = b"\xff\xd8" + JFIF + TABLE + FRAME + SCAN + segment(0xC4, bytes(20)) + SCAN + b"\xff\xd9"
IMAGE = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0"
LOOP = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
SCREEN = b"GIF89a\x01\0\x01\0\x80\0\0" + bytes(6)
GIF = SCREEN + LOOP + b"\x21\xf9\x04\0\0\0\0\0" + IMAGE + b"\x3b"


@pytest.mark.parametrize(("kind", "picture"), [("image/png", PNG), ("image/jpeg", JPEG), ("image/gif", GIF)])
def test_a_picture_without_metadata_is_left_as_it_is(kind, picture):
    assert stripping.strip(picture) == stripping.Clean(kind, picture)


@pytest.mark.parametrize(
    ("told", "plain"),
    [
        (PNG.replace(IDAT, chunk(b"tEXt", SECRET) + IDAT + chunk(b"eXIf", SECRET)), PNG),
        (PNG + SECRET, PNG),
        (JPEG.replace(JFIF, JFIF + segment(0xE1, b"Exif\0\0" + SECRET) + segment(0xFE, SECRET)), JPEG),
        (JPEG.replace(JFIF, segment(0xE0, b"JFXX\0\x10" + SECRET) + JFIF), JPEG),
        (JPEG + JPEG + SECRET, JPEG),
        (GIF.replace(IMAGE, b"\x21\xfe" + bytes([len(SECRET)]) + SECRET + b"\0" + IMAGE), GIF),
        (GIF.replace(LOOP, LOOP + b"\x21\xff\x0bXMP DataXMP" + bytes([len(SECRET)]) + SECRET + b"\0"), GIF),
        (GIF + SECRET, GIF),
    ],
)
def test_what_tells_of_place_device_or_person_goes(told, plain):
    assert SECRET in told or told == JPEG + JPEG + SECRET
    assert stripping.strip(told).content == plain


@pytest.mark.parametrize(
    "content", [b"", b"<svg onload=alert(1)>", b"RIFF\0\0\0\0WEBP", b"\xff\xd8", PNG[:-5], JPEG[:-2], GIF[:-1]]
)
def test_what_no_mail_client_draws_is_no_picture(content):
    assert stripping.strip(content) is None


@given(st.sampled_from([PNG, JPEG, GIF]), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=4))
def test_a_broken_picture_neither_raises_nor_grows(picture, changes):
    broken = bytearray(picture)
    for place, value in changes:
        broken[place % len(broken)] = value
    clean = stripping.strip(bytes(broken))
    assert clean is None or (len(clean.content) <= len(broken) and stripping.strip(clean.content) == clean)
