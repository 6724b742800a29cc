"""LinkedIn's "little text": plain text in which a dozen characters begin something else unless they are escaped.

learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-format, read in November 2026. Unescaped, the
first of them ends the post for its readers, and LinkedIn says nothing.
"""

import re

RESERVED = re.compile(r"[|{}@\[\]()<>#\\*_~]")
HASHTAG = re.compile(r"(?:(?<=^)|(?<=\s))#([^\W_]+)")
TEMPLATE = re.compile(r"\{hashtag\|\\?#\|([^}|]+)\}")
ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def escape(text: str) -> str:
    """As it is to be read, each hashtag still one."""
    parts, at = [], 0
    for tag in HASHTAG.finditer(text):
        parts += [_plain(text[at : tag.start()]), f"{{hashtag|\\#|{tag[1]}}}"]
        at = tag.end()
    return "".join([*parts, _plain(text[at:])])


def unescape(little: str) -> str:
    """What its readers see."""
    return ESCAPED.sub(r"\1", TEMPLATE.sub(r"#\1", little))


def _plain(text: str) -> str:
    return RESERVED.sub(r"\\\g<0>", text)
