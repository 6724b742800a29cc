"""Whether a mail's text can be read, by day and by night: WCAG 2.2 criterion 1.4.3, from the colours that stand in it. Pure.

A style sheet's rules count where they are marked important, as mail clients need them to be; what is hidden does not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import html

ENOUGH, ENOUGH_FOR_LARGE = 4.5, 3.0
LARGE, LARGE_IF_BOLD = 24.0, 18.66
"""Pixels from which text is large."""
NAMES = {"white": "#ffffff", "black": "#000000", "red": "#ff0000", "gray": "#808080", "grey": "#808080"}
STARTS = {"light": ((0, 0, 0), (255, 255, 255)), "dark": ((255, 255, 255), (18, 18, 18))}
"""Ink and paper of a client that is told nothing."""
DARK = re.compile(r"@media[^{]*prefers-color-scheme:\s*dark[^{]*\{((?:[^{}]*\{[^{}]*\})*)[^{}]*\}")
MEDIA = re.compile(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
HEX = re.compile(r"#([0-9a-f]{6}|[0-9a-f]{3})(?![0-9a-f])")
RGB = re.compile(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)")
PART = re.compile(r"(>?)\s*([a-z][a-z0-9]*)?((?:\.[\w-]+)*)")
Colour = tuple[int, int, int]
Styles = dict[html.HtmlElement, dict[str, str]]


@dataclass(frozen=True)
class Pale:
    """Some text that is hard to read."""

    text: str
    ratio: float
    scheme: str  # light, dark


@dataclass(frozen=True)
class _Look:
    ink: Colour
    paper: Colour
    size: float
    is_bold: bool


def pale(document: str) -> list[Pale]:
    """Each piece of text whose contrast is too low, by day and by night."""
    found: list[Pale] = []
    for scheme, (ink, paper) in STARTS.items():
        root = html.document_fromstring(document)
        found += _walk(root, _Look(ink, paper, 16.0, is_bold=False), _overruled(root, scheme), scheme)
    return found


def ratio(one: Colour, other: Colour) -> float:
    """From 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _walk(element: html.HtmlElement, above: _Look, overruled: Styles, scheme: str) -> Iterator[Pale]:
    if not isinstance(element.tag, str) or element.tag in {"head", "style", "title"}:
        return
    style = _declared(element) | overruled.get(element, {})
    if "none" in style.get("display", "") or style.get("visibility") == "hidden":
        return
    look = _looks(element, style, above)
    texts = [element.text, *(child.tail for child in element)]
    words = " ".join(" ".join(text for text in texts if text).split())
    is_large = look.size >= LARGE or (look.is_bold and look.size >= LARGE_IF_BOLD)
    has = ratio(look.ink, look.paper)
    if any(sign.isalnum() for sign in words) and has < (ENOUGH_FOR_LARGE if is_large else ENOUGH):
        yield Pale(words[:60], has, scheme)
    for child in element:
        yield from _walk(child, look, overruled, scheme)


def _looks(element: html.HtmlElement, style: dict[str, str], above: _Look) -> _Look:
    paper = style.get("background-color") or style.get("background") or element.get("bgcolor", "")
    bold = style.get("font-weight", "bold" if element.tag in {"b", "strong", "h1", "h2", "h3", "h4", "th"} else "")
    size = re.match(r"(\d+(?:\.\d+)?)px", style.get("font-size", ""))
    return _Look(
        _colour(style.get("color", "")) or above.ink,
        _colour(paper) or above.paper,
        float(size[1]) if size and float(size[1]) else above.size,
        above.is_bold if not bold else bold in {"bold", "bolder", "600", "700", "800", "900"},
    )


def _declared(element: html.HtmlElement) -> dict[str, str]:
    return {name: value for name, value, _ in _declarations(element.get("style", ""))}


def _declarations(text: str) -> Iterator[tuple[str, str, bool]]:
    for part in text.split(";"):
        name, _, value = part.partition(":")
        plain = value.lower().replace("!important", "").strip()
        if plain:
            yield name.strip().lower(), plain, "!important" in value.lower()


def _overruled(root: html.HtmlElement, scheme: str) -> Styles:
    """What important rules say, by element; a later one wins."""
    sheet = "\n".join(style.text or "" for style in root.iter("style")).lower()
    rules = MEDIA.sub("", sheet) + ("".join(DARK.findall(sheet)) if scheme == "dark" else "")
    said: Styles = {}
    for selectors, body in RULE.findall(rules):
        important = {name: value for name, value, is_important in _declarations(body) if is_important}
        for selector in selectors.split(",") if important else []:
            for element in _matching(root, selector.strip()):
                said[element] = said.get(element, {}) | important
    return said


def _matching(root: html.HtmlElement, selector: str) -> list[html.HtmlElement]:
    """Of tags, classes, descendants and children; whatever else a selector holds matches nothing."""
    path = ""
    for child, tag, classes in PART.findall(re.sub(r"\s*>\s*", " >", selector)):
        if not tag and not classes:
            continue
        having = "".join(f"[contains(concat(' ', @class, ' '), ' {name} ')]" for name in classes.split(".") if name)
        path += f"{'/' if child else '//'}{tag or '*'}{having}"
    is_plain = path and not re.search(r"[:#*\[\]@+~]", selector)
    return list(root.getroottree().xpath(path)) if is_plain else []


def _colour(text: str) -> Colour | None:
    """None for what names no colour of its own: transparent, inherit."""
    text = NAMES.get(text.strip().lower(), text.strip().lower())
    if found := HEX.match(text):
        digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if found := RGB.match(text):
        return int(found[1]), int(found[2]), int(found[3])
    return None


def _luminance(colour: Colour) -> float:
    """WCAG 2.2, relative luminance."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (c / 255 for c in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
