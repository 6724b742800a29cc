"""An article's HTML made fit for mail: what a reader needs survives, what runs, loads or watches does not.

lxml rewrites what has a meaning in mail (players become links, lazy pictures real ones, addresses absolute), then nh3 keeps
an allowlist of tags and attributes. Cleaning what is clean changes nothing.
"""

import re
from urllib.parse import urljoin, urlsplit

import nh3
from inscriptis import get_text
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig
from lxml import html as lxml_html
from lxml.etree import ParserError
from lxml.html import HtmlElement

DROPPED = (
    *("script", "style", "noscript", "template", "svg", "object", "embed", "link", "meta", "base", "head"),
    *("form", "select", "textarea", "input"),
)
CONTROLS = ("kg-audio-player", "kg-video-player-container", "kg-video-overlay", "kg-video-large-play-icon")
HIDDEN = re.compile(r"display:none|visibility:hidden|(?<![-\w])(width|height):[01]px")
WIDEST = 600
REPAIRS = 5
"""lxml and nh3 repair broken nesting each in its own way; after a second or third look they agree."""
ALLOWED = """
    a abbr b blockquote br caption cite code dd del div dl dt em figcaption figure h2 h3 h4 h5 h6 hr i img ins kbd li
    mark ol p pre q s samp small span strong sub sup table tbody td tfoot th thead tr u ul
"""
TAGS = set(ALLOWED.split())
ATTRIBUTES = {
    "*": {"lang", "dir", "id"},
    "a": {"href", "title"},
    "img": {"src", "alt", "width"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start", "reversed"},
    "li": {"value"},
}
SHORTCODE = re.compile(r"\[/?(caption|gallery|embed|audio|video|playlist|vc_\w+|et_pb_\w+)\b[^\]\n]{0,500}\]")
PLAYERS = {"www.youtube.com": "YouTube", "player.vimeo.com": "Vimeo", "www.youtube-nocookie.com": "YouTube"}
YOUTUBE = re.compile(r"/embed/([\w-]{6,20})")


def clean(html: str, *, base: str) -> str:
    """HTML for mail. `base` is the article's address; relative ones start there."""
    for _ in range(REPAIRS):
        before, html = html, _clean_once(html, base)
        if html == before:
            break
    return html


def _clean_once(html: str, base: str) -> str:
    if not html.strip():
        return ""
    try:
        root = lxml_html.fragment_fromstring(_without_controls(SHORTCODE.sub("", html)), create_parent="div")
    except (ParserError, ValueError):
        return nh3.clean_text(html)
    _drop(root)
    _unfold_cards(root)
    _link_players(root)
    _settle_pictures(root)
    _make_absolute(root, base)
    inner = (root.text or "") and nh3.clean_text(root.text or "")
    inner += "".join(lxml_html.tostring(child, encoding="unicode") for child in root)
    return _tidy(
        nh3.clean(
            inner,
            tags=TAGS,
            attributes=ATTRIBUTES,
            url_schemes={"http", "https", "mailto", "tel"},
            link_rel=None,
            strip_comments=True,
        )
    )


def text(html: str) -> str:
    """The same in plain text, as a mail's text part shows it."""
    if not html.strip():
        return ""
    profile = ParserConfig(css=CSS_PROFILES["strict"].copy(), display_links=False)
    lines = [line.rstrip() for line in get_text(html, profile).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _without_controls(html: str) -> str:
    return "".join(letter for letter in html if letter >= " " or letter in "\n\t\r")


def _drop(root: HtmlElement) -> None:
    for element in list(root.iter(*DROPPED)):
        element.drop_tree()
    for element in list(root.iter("img")):
        if {element.get("width"), element.get("height")} & {"0", "1"} or _is_hidden(element):
            element.drop_tree()  # a tracker's pixel
    for element in [e for e in root.iter() if isinstance(e.tag, str) and _is_hidden(e)]:
        if element.getparent() is not None:
            element.drop_tree()


def _is_hidden(element: HtmlElement) -> bool:
    style = (element.get("style") or "").replace(" ", "").lower()
    return bool(HIDDEN.search(style))


def _unfold_cards(root: HtmlElement) -> None:
    """Cards of Ghost and WordPress whose markup means something: buttons, toggles, bookmarks."""
    controls = [*root.iter("button"), *(e for name in CONTROLS for e in root.find_class(name))]
    for control in controls:
        if control.getparent() is not None:
            control.drop_tree()
    for bookmark in root.find_class("kg-bookmark-container"):
        title = " ".join(part.text_content() for part in bookmark.find_class("kg-bookmark-title"))
        for child in list(bookmark):
            bookmark.remove(child)
        bookmark.text = title or bookmark.get("href")
    for emoji in root.find_class("kg-callout-emoji"):
        emoji.tail = f" {emoji.tail or ''}"
    for heading in list(root.iter("h1")):
        heading.tag = "h2"  # the title is the mail's own


def _link_players(root: HtmlElement) -> None:
    """A player becomes its picture or its name, linked to where it plays."""
    for player in list(root.iter("iframe", "video", "audio")):
        address = (
            player.get("src")
            or player.get("data-src")
            or next((s.get("src") for s in player.iter("source") if s.get("src")), None)
        )
        if not address:
            player.drop_tree()
            continue
        link = lxml_html.Element("a", href=_watch(address))
        label = player.get("title") or PLAYERS.get(urlsplit(address).netloc) or urlsplit(address).netloc or "…"
        if poster := player.get("poster"):
            link.append(lxml_html.Element("img", src=poster, alt=label, width=str(WIDEST)))
        else:
            link.text = f"▶ {label}"
        paragraph = lxml_html.Element("p")
        paragraph.append(link)
        paragraph.tail = player.tail
        player.getparent().replace(player, paragraph)


def _watch(address: str) -> str:
    found = YOUTUBE.search(address)
    return f"https://www.youtube.com/watch?v={found[1]}" if found and "youtube" in address else address


def _settle_pictures(root: HtmlElement) -> None:
    for picture in root.iter("img"):
        chosen = _from_srcset(picture.get("srcset") or picture.get("data-srcset") or "")
        lazy = picture.get("data-src") or picture.get("data-lazy-src") or picture.get("data-original")
        own = picture.get("src") or ""
        source = chosen or lazy or ("" if own.startswith("data:") else own)
        if not source:
            picture.getparent().remove(picture) if picture.getparent() is not None and not picture.tail else None
            picture.attrib.pop("src", None)
            continue
        picture.set("src", source)
        width = picture.get("width") or ""
        if not width.isdigit() or int(width) > WIDEST:
            picture.set("width", str(WIDEST))
        picture.set("alt", picture.get("alt") or "")


def _from_srcset(srcset: str) -> str:
    """The smallest candidate of at least 1000 px (600 at double density), else the widest."""
    candidates = []
    for part in srcset.split(", "):
        address, _, size = part.strip().rpartition(" ")
        if address and size.endswith("w") and size[:-1].isdigit():
            candidates.append((int(size[:-1]), address))
    enough = [candidate for candidate in candidates if candidate[0] >= 1000]
    return (min(enough) if enough else max(candidates, default=(0, "")))[1]


def _make_absolute(root: HtmlElement, base: str) -> None:
    for element in root.iter("a", "img"):
        for name in ("href", "src"):
            value = (element.get(name) or "").strip()
            if value and not value.startswith("#"):
                try:
                    element.set(name, urljoin(base, value))
                except ValueError:
                    del element.attrib[name]


def _tidy(html: str) -> str:
    """Empty wrappers that the allowlist left behind go, until nothing changes."""
    empty = re.compile(r"<(div|span|p|figure|figcaption|a)(?: (?!id=)[^<>]*)?>\s*</\1>")
    while (shorter := empty.sub("", html)) != html:
        html = shorter
    return html.strip()
