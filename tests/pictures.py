"""Pictures of the tests."""

import io

from PIL import Image


def jpeg(width=60, height=60):
    """A plain one."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "JPEG")
    return out.getvalue()


JPEG = jpeg()
