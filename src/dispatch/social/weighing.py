"""Length as X weighs it, by twitter-text's third configuration (github.com/twitter/twitter-text, config/v3.json).

Most of the world's letters weigh 1, the rest 2; an emoji weighs 2 however many characters it is made of; a link weighs 23,
also where it is only a domain's name that X would make one of. A link without https:// is one only in Latin letters, under a
top-level domain that twitter-text knows (tlds.txt). Its links are looked for within words that have a dot inside, which is
why this takes no time worth speaking of.
"""

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

import regex

SCALE, OTHERS, LINK = 100, 200, 23
LIGHT = re.compile(r"[\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")
"""What weighs half of the others."""
LONGEST_LINK, LONGEST_SLUG = 4096, 40

DIRECTIONS, NEVER = r"\u202a-\u202e\u061c\u200e\u200f\u2066-\u2069", r"\ufffe\ufeff\uffff"
SPACES = r"\x09-\x0d\x20\x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
ACCENTED = (
    r"\xc0-\xd6\xd8-\xf6\xf8-\xff\u0100-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289\u028b"
    r"\u02bb\u0300-\u036f\u1e00-\u1eff"
)
LETTER = rf"[^!'#%&()*+,\\\-./:;<=>?@\[\]^_{{|}}~${SPACES}{NEVER}{DIRECTIONS}]"
WITHIN = rf"[^!'#%&()*+,\\./:;<=>?@\[\]^{{|}}~${SPACES}{NEVER}{DIRECTIONS}]"
"""A domain's letters, and with them the hyphens and underscores that may stand inside a label."""
PATH = rf"[a-z\u0400-\u04ff0-9!*';:=+,.$/%#\[\]\-\u2013_~@|&{ACCENTED}]"
PARENTHESES = rf"\((?:{PATH}+|{PATH}*\({PATH}+\){PATH}*)\)"
PATH_ENDS = rf"(?:[+\-a-z\u0400-\u04ff0-9=_#/{ACCENTED}]|{PARENTHESES})"
STEP = rf"(?:{PATH}*(?:{PARENTHESES}{PATH}*)*{PATH_ENDS}|@{PATH}+/)"
QUERY = r"\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/]"
SHORT = re.compile(rf"https?://t\.co/([a-z0-9]+)(?:{QUERY})?", re.IGNORECASE)
WORD = re.compile(rf"[^{SPACES}]+\.[^{SPACES}]+")
"""What can hold a link: nothing without a dot that something follows."""

PRESENTED = r"[\p{Emoji}--\p{Emoji_Presentation}--[0-9#*]]\ufe0f"
ONE = rf"(?:{PRESENTED}|\p{{Emoji_Modifier_Base}}[\U0001f3fb-\U0001f3ff]|[\p{{Emoji}}--[0-9#*]])"
JOINED = (
    "[♀♂⚕⚖✈❤⚧☠❄⬛➡↔↕👦👧👨👩🧑🧒💋🤝🫲🌾🍳🍼🎄🎓🎤🎨🏫🏭💻💼🔧🔬🚀🚒🦯🦼🦽🦰🦱🦲🦳🌈🦺🔥🩹💫💨🌫🗨🟫🟩💥]"
    r"(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?"
)
EMOJI = regex.compile(
    rf"\p{{Regional_Indicator}}{{2}}|[0-9#*]\ufe0f?\u20e3|\U0001f3f4[\U000e0061-\U000e007a]+\U000e007f|{ONE}(?:\u200d{JOINED})*",
    regex.VERSION1,
)
"""As far as a network shows them as one; a nonsense of joined signs is taken for one, too (unicode.org/reports/tr51)."""

Span = tuple[int, int]


def weigh(text: str) -> int:
    """The weighted length."""
    text = re.sub(r"\r\n?", "\n", unicodedata.normalize("NFC", text))
    total, at = _weight(text), 0
    for start, end, weight in _wholes(text):
        if start >= at:
            total += weight - _weight(text[start:end])
            at = end
    return total // SCALE


def links(text: str) -> list[str]:
    """What X would make links of, in their order."""
    return [text[start:end] for start, end in _links(text)]


def _wholes(text: str) -> Iterable[tuple[int, int, int]]:
    """What weighs as a whole, by where it begins; a link before an emoji."""
    found = [(start, end, LINK * SCALE) for start, end in _links(text)]
    if not text.isascii():
        found += [(*emoji.span(), OTHERS) for emoji in EMOJI.finditer(text)]
    return sorted(found, key=lambda one: one[0])


def _weight(text: str) -> int:
    return SCALE * (2 * len(text) - len(LIGHT.findall(text)))


def _links(text: str) -> Iterator[Span]:
    if "." not in text:
        return
    for word in WORD.finditer(text):
        if not _name_ends().search(word[0]):
            continue
        for found in _link().finditer(word[0]):
            for start, end in _taken(found):
                yield word.start() + start, word.start() + end


def _taken(found: "re.Match[str]") -> Iterable[Span]:
    """The links of one match: with its protocol it is one; without, each of the names in Latin letters is, the last with
    its path."""
    start, end = found.span("link")
    domain, protocol = found["domain"], found["protocol"]
    if not _is_name(domain, len(found["link"]) + len(protocol or "https://")):
        return []
    if protocol:
        short = SHORT.match(found["link"])
        if short:
            return [(start, start + len(short[0]))] if len(short[1]) <= LONGEST_SLUG else []
        return [(start, end)]
    if found["before"] in {"-", "_", ".", "/"}:
        return []
    names = [(start + name.start(), start + name.end()) for name in _latin().finditer(domain)]
    if names and found["path"]:
        begin, stop = names[-1]
        names[-1] = (begin, stop + end - start - len(domain))
    return names


def _is_name(domain: str, length: int) -> bool:
    """Whether it can be written in the internet's own letters (RFC 3490), and is not too long."""
    try:
        return length - len(domain) + len(domain.encode("idna")) <= LONGEST_LINK
    except UnicodeError:
        return False


@functools.cache
def _link() -> "re.Pattern[str]":
    before = rf"(?P<before>[^a-z0-9@＠$#＃{NEVER}]|[{DIRECTIONS}]|^)"
    labels = rf"(?:{LETTER}(?:{WITHIN}*{LETTER})?\.)*{LETTER}(?:(?:{LETTER}|-)*{LETTER})?\."
    domain = rf"(?P<domain>{labels}{_top()})"
    rest = rf"(?::[0-9]+)?(?P<path>/{STEP}*)?(?:{QUERY})?"
    return re.compile(rf"{before}(?P<link>(?P<protocol>https?://)?{domain}{rest})", re.IGNORECASE)


@functools.cache
def _name_ends() -> "re.Pattern[str]":
    """What every link has somewhere."""
    return re.compile(rf"\.{_top()}", re.IGNORECASE)


@functools.cache
def _latin() -> "re.Pattern[str]":
    return re.compile(rf"(?:[\-a-z0-9{ACCENTED}]+\.)+{_top()}", re.IGNORECASE)


@functools.cache
def _top() -> str:
    """A top-level domain, and that it ends there."""
    lines = Path(__file__).with_name("tlds.txt").read_text(encoding="utf-8").splitlines()
    names = [name for line in lines if not line.startswith("#") for name in line.split()]
    return rf"(?:{_branches(names)}(?=[^0-9a-z@+-]|$)|xn--[\-0-9a-z]+)"


def _branches(names: Iterable[str]) -> str:
    """An expression for any of the names, the longest first, that reads each letter once."""
    tree: dict[str, list[str]] = {}
    for name in names:
        tree.setdefault(name[:1], []).append(name[1:])
    is_end = tree.pop("", None) is not None
    branches = "|".join(re.escape(first) + _branches(rest) for first, rest in sorted(tree.items()))
    return (f"(?:{branches})" + "?" * is_end) if branches else ""
