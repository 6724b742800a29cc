"""Markdown that an editor wrote, as mail carries it: cleaned like an article, its links https or mailto. Pure."""

import re
from collections.abc import Collection
from html import escape

from lxml import html
from markdown_it import MarkdownIt

from dispatch.articles import cleaning

LEADS = re.compile(r"(?i)(https://[^\s/]|mailto:[^\s@]+@)")
"""What a link may begin with; of any other its words stay."""
_markdown = MarkdownIt("commonmark", {"html": False})


def in_html(markdown: str) -> str:
    """CommonMark without HTML of its own, then the cleaning that articles get; "" for nothing."""
    root = _root(cleaning.clean(_markdown.render(markdown), base=""))
    for link in list(root.iter("a")):
        if not LEADS.match(link.get("href", "")):
            link.drop_tag()
    return _inside(root)


def in_text(cleaned: str) -> str:
    """What `in_html` made as plain text, each link's address behind its words."""
    root = _root(cleaned)
    for link in root.iter("a"):
        address = link.get("href", "").removeprefix("mailto:")
        if address not in "".join(link.itertext()):
            link.tail = f" ({address}){link.tail or ''}"
    return cleaning.text(_inside(root))


def without(cleaned: str, names: Collection[str]) -> str:
    """The same without each paragraph, list or heading that says one of the names, in its words or in an address."""
    sought = [name.casefold() for name in names if name.strip()]
    root = _root(cleaned)
    for block in list(root):
        said = html.tostring(block, encoding="unicode", with_tail=False)
        words = f"{said} {block.text_content()}".casefold()
        if any(name in words for name in sought):
            block.drop_tree()
    return _inside(root)


def _root(cleaned: str) -> html.HtmlElement:
    return (
        html.fragment_fromstring(cleaned or "<p></p>", create_parent="div") if cleaned.strip() else html.Element("div")
    )


def _inside(root: html.HtmlElement) -> str:
    return escape(root.text or "") + "".join(html.tostring(child, encoding="unicode") for child in root)
