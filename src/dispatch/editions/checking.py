"""The last look at a finished mail: does anything in it load, run or submit? Pure; it judges what others made."""

import re
from collections.abc import Callable, Iterator

from lxml import etree, html

from dispatch.editions import bodies

LOADS = {"src", "srcset", "background", "poster", "data", "lowsrc", "dynsrc", "longdesc", "imagesrcset", "ping", "code"}
RUNS = {
    "applet", "audio", "base", "button", "embed", "form", "frame", "frameset", "iframe", "input", "link", "math", "object",
    "script", "select", "source", "svg", "template", "textarea", "track", "video",
}  # fmt: skip
_SLOT = re.compile(r"x[0-9a-f]{16}(leave|preferences)x")
_CSS = re.compile(r"(?i)url\s*\(|@import|image-set\s*\(|expression\s*\(|@font-face|\\")
_CONDITION = re.compile(r"^\[if[^\]]*\]>|<!\[endif\]$")


def troubles(document: str, allows: Callable[[str], bool]) -> list[str]:
    """What of the mail would call home or run, in words; empty for a mail that only speaks.

    `allows` judges the address of a picture. Conditional comments, which Outlook reads, are looked into as well.
    """
    return list(_look(html.document_fromstring(document), allows))


def _look(root: html.HtmlElement, allows: Callable[[str], bool]) -> Iterator[str]:
    for element in root.iter():
        if element.tag is etree.Comment:
            inside = _CONDITION.sub("", element.text or "").strip()
            if "<" in inside:
                yield from _look(html.fragment_fromstring(inside, create_parent="div"), allows)
        elif isinstance(element.tag, str):
            yield from _element(element, allows)


def _element(element: html.HtmlElement, allows: Callable[[str], bool]) -> Iterator[str]:
    tag = element.tag.lower()
    if tag in RUNS or (tag == "meta" and element.get("http-equiv", "").lower() == "refresh"):
        yield f"<{tag}> has no place in a mail"
    if tag == "style" and _CSS.search(element.text or ""):
        yield "a style sheet loads something"
    for name, value in element.attrib.items():
        yield from _attribute(tag, name.lower(), value.strip(), allows)


def _attribute(tag: str, name: str, value: str, allows: Callable[[str], bool]) -> Iterator[str]:
    if name.startswith("on"):
        yield f"<{tag} {name}> would run a script"
    elif name == "style" and _CSS.search(value):
        yield f"<{tag} style> loads something: {_short(value)}"
    elif name == "href" and not (tag in {"a", "area"} and _leads(value)):
        yield f"<{tag} href> leads to {_short(value)}"
    elif name.rpartition(":")[2] in LOADS and not (tag == "img" and name == "src" and _is_kept(value, allows)):
        yield f"<{tag} {name}> loads {_short(value)}"


def _leads(address: str) -> bool:
    return bool(bodies.LEADS.match(address) or _SLOT.fullmatch(address))


def _is_kept(address: str, allows: Callable[[str], bool]) -> bool:
    return address.startswith(("cid:", "data:image/")) or allows(address)


def _short(value: str) -> str:
    return value if len(value) <= 80 else value[:79] + "…"
