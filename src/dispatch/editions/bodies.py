"""An article's HTML as a mail carries it: pictures from allowed hosts or said in words, links that lead somewhere.

It was cleaned at intake; nothing of it passes through the MJML compiler.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from html import escape
from urllib.parse import urlsplit

from lxml import etree, html

from dispatch.editions import guarding

WIDTH = 552
"""Pixels between the letter's margins."""

LEADS = re.compile(r"(?i)(https?://|mailto:|tel:|#)")
"""What a link in a mail may begin with."""


@dataclass(frozen=True)
class Policy:
    """Which hosts a mail may load from, which pictures it holds itself, and what is said in another one's stead."""

    hosts: Collection[str]
    words: Mapping[str, str]
    article_url: str = ""
    inside: Mapping[str, str] = field(default_factory=dict)  # a picture's address → what it is called in the mail
    is_linked: bool = True  # False: links are their words only

    def allows(self, url: str) -> bool:
        """Whether the address is https on one of the hosts."""
        try:
            parts = urlsplit(url)
            return parts.scheme == "https" and parts.netloc.lower() in self.hosts
        except ValueError:
            return False

    def source(self, url: str) -> str:
        """From where the mail shows this picture; "": not at all."""
        return self.inside.get(url) or (url if self.allows(url) else "")

    def caption(self, alt: str) -> str:
        """ "Picture: … — see it on the site"."""
        key = "picture" if alt else "picture_unnamed"
        return self.words[key if self.article_url else f"{key}_offline"].format(alt=alt)


def tame(body: str, policy: Policy) -> str:
    """The article's HTML, each picture within the margins or replaced by its linked caption. Raises Unrenderable."""
    guarding.check_depth(body, "An article")
    root = html.fragment_fromstring(body or "<p></p>", create_parent="div")
    for picture in list(root.iter("img")):
        if source := policy.source(picture.get("src", "")):
            picture.set("src", source)
            _fit(picture)
        else:
            _say(picture, policy)
    for link in list(root.iter("a")):
        if not policy.is_linked:
            link.drop_tag()
        elif not LEADS.match(link.get("href", "")):
            link.attrib.pop("href", None)
    inside = "".join(html.tostring(child, encoding="unicode") for child in root)
    return escape(root.text or "") + inside


def _fit(picture: html.HtmlElement) -> None:
    for attribute in ("srcset", "sizes", "height", "loading"):
        picture.attrib.pop(attribute, None)
    width = picture.get("width", "")
    picture.set("width", str(min(int(width), WIDTH)) if width.isdecimal() else str(WIDTH))


def _say(picture: html.HtmlElement, policy: Policy) -> None:
    alt = " ".join(picture.get("alt", "").split())
    is_linked = any(ancestor.tag == "a" for ancestor in picture.iterancestors())
    said = etree.Element("a" if policy.article_url and not is_linked else "span")
    if said.tag == "a":
        said.set("href", policy.article_url)
    said.set("class", "picture")
    said.text, said.tail = policy.caption(alt), picture.tail
    parent = picture.getparent()
    assert parent is not None
    parent.replace(picture, said)
