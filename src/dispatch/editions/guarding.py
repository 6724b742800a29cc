"""What stands between our input and the MJML compiler, which ends the process on deep nesting and spoils attributes. Pure.

Found with mjml-python 1.4.2 (mrml): attribute values come out in Rust's debug form, so a backslash, a tab, a no-break
space or a combining mark turns into an escape, and a double quote inside single quotes ends the attribute; about 9,100
nested tags overflow its stack.
"""

import re

import jinja2

DEEPEST = 100
LONGEST = 2_000_000  # characters

_VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_TAG = re.compile(r"""<(/?)([a-zA-Z][^\s>/]*)(?:[^<>"']|"[^"]*"|'[^']*')*>""")
_VALUE = re.compile(r"""=\s*("[^"]*"|'[^']*')""")
_BEYOND_ASCII = re.compile(r"&#(\d{3,7});")


class Unrenderable(Exception):
    """The edition cannot be made of what there is; the text says why, for an editor."""


def check_depth(markup: str, what: str) -> None:
    """Raises Unrenderable for markup that is nested or long beyond anything a person writes."""
    if len(markup) > LONGEST:
        raise Unrenderable(f"{what} is longer than {LONGEST:,} characters.")
    depth = 0
    for tag in _TAG.finditer(markup):
        if tag[2].lower() in _VOID or tag[0].endswith("/>"):
            continue
        depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > DEEPEST:
            raise Unrenderable(f"{what} nests more than {DEEPEST} elements.")


def encode(mjml: str) -> str:
    """The same MJML in ASCII, its attribute values double-quoted, on one line and without a backslash."""
    plain = _TAG.sub(lambda tag: _VALUE.sub(_safe_value, tag[0]), mjml)
    return plain.encode("ascii", "xmlcharrefreplace").decode()


def decode(html: str) -> str:
    """Numeric references above ASCII as the characters they are; those of markup (`&#34;`) stay."""
    return _BEYOND_ASCII.sub(lambda found: chr(int(found[1])) if _is_character(int(found[1])) else found[0], html)


def words(error: Exception) -> str:
    """What a template did wrong (it can raise anything), for an editor: the library's words, with where it was."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"Template {error.name}, line {error.lineno}: {error.message}"
    return f"{type(error).__name__}: {error}"


def _safe_value(found: re.Match[str]) -> str:
    value = " ".join(re.split(r"[ \t\r\n\f]+", found[1][1:-1]))
    return '="' + value.replace('"', "&#34;").replace("\\", "&#92;") + '"'


def _is_character(code: int) -> bool:
    return 127 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
