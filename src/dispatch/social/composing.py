"""A post's text from the newsroom's template, shortened at a word until it fits, the link always whole."""

import re
from typing import TYPE_CHECKING

import jinja2
import regex

from dispatch import templating
from dispatch.articles.models import Article
from dispatch.social import networks
from dispatch.social.networks.base import Account, Network

if TYPE_CHECKING:
    from pathlib import Path

MARK = "…"
FALLBACK = "{{ title }}\n\n{{ link }}"


def compose(network_name: str, article: Article, account: Account) -> str:
    """The text for a network. The template gets title, summary, link and language; what is too long loses its summary
    first, then the end of its title."""
    assert article.current is not None
    network = networks.of(network_name)
    title = " ".join(article.current.title.split())
    summary = " ".join(article.current.summary.split())
    link = article.url
    for said in (summary, ""):
        text = render(network_name, title=title, summary=said, link=link, language=article.language)
        if fits(network, text, account):
            return text
    return _shortened(network, network_name, account, title=title, link=link, language=article.language)


def render(network_name: str, *, title: str, summary: str, link: str, language: str) -> str:
    """The template as it is, white space tidied."""
    template = _environment().from_string(_source(network_name))
    text = template.render(title=title, summary=summary, link=link, language=language)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.splitlines())).strip()


def fits(network: Network, text: str, account: Account) -> bool:
    """Within the network's own limits."""
    limits = network.limits(account)
    if limits.longest_bytes is not None and len(text.encode()) > limits.longest_bytes:
        return False
    return network.count(text, account) <= limits.longest


def _shortened(network: Network, network_name: str, account: Account, *, title: str, link: str, language: str) -> str:
    """The longest beginning of the title that fits, cut between words, else between characters."""
    characters = regex.findall(r"\X", title)
    low, high = 0, len(characters)
    while low < high:
        middle = (low + high + 1) // 2
        cut = _cut(characters, middle)
        if fits(network, render(network_name, title=cut, summary="", link=link, language=language), account):
            low = middle
        else:
            high = middle - 1
    return render(network_name, title=_cut(characters, low), summary="", link=link, language=language)


def _cut(characters: list[str], length: int) -> str:
    if length >= len(characters):
        return "".join(characters)
    kept = "".join(characters[:length])
    whole_words = kept.rpartition(" ")[0] if not characters[length].isspace() else kept
    if len(whole_words) < len(kept) // 2:
        whole_words = kept  # one long word: cut it
    return whole_words.rstrip(" ,;:–—-") + MARK if whole_words else MARK


def _source(network_name: str) -> str:
    for folder in templating.folders():
        path: Path = folder / "social" / f"{network_name}.txt"
        if path.exists():
            return path.read_text(encoding="utf-8")
    return FALLBACK


def _environment() -> jinja2.Environment:
    return jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, autoescape=False)  # noqa: S701 - plain text
