"""Two subjects for one edition. Nothing is learned from readers: opening is not tracked, no link is a reader's own, and what
is clicked is counted by the newsroom's own site, by a mark that is the same in every letter of a subject."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from html import escape
from math import erfc, sqrt
from typing import TYPE_CHECKING

from django.db import transaction

from dispatch.editions import slots
from dispatch.editions.models import Edition, SubjectTest
from dispatch.editions.phrasing import OPEN

if TYPE_CHECKING:
    from dispatch.editions.rendering import Draft

SHARES = range(1, 41)
"""Per cent of the readers, for each subject."""
WAITS = range(10, 1441)
"""Minutes. Later, a digest is not news."""
LEAST = 50
"""Readers that each subject goes to first; fewer would tell nothing, and the first subject goes to all."""
BY_CHANCE = 0.1
"""What may be chance decides nothing."""
MARK = re.compile(r"[?&](?:amp;)?letter=[ab](?=[\"'\s<)]|$)")


class Unfit(ValueError):
    """What was asked for cannot be tested; the reason in words."""


@transaction.atomic
def plan(edition_id: int, subjects: Mapping[str, str], *, share: int, wait: int, by_clicks: bool) -> SubjectTest | None:
    """Test these second subjects, by language; with none of them nothing is tested, and None is returned. Raises Unfit."""
    edition = Edition.objects.select_for_update().get(pk=edition_id)
    if edition.state not in OPEN or edition.is_own or edition.is_correction:
        raise Unfit("It is rendered, or one for which nothing is tested.")
    if share not in SHARES or wait not in WAITS:
        raise Unfit("Each subject goes to 1 to 40 per cent of the readers, and the rest waits 10 minutes to a day.")
    said = {code: " ".join(text.split()) for code, text in subjects.items() if text.strip()}
    if any(len(text) > 250 for text in said.values()):
        raise Unfit("A subject has 250 characters at most.")
    SubjectTest.objects.filter(edition=edition).delete()
    if not said:
        return None
    return SubjectTest.objects.create(edition=edition, subjects=said, share=share, wait=wait, by_clicks=by_clicks)


def arms(edition: Edition, ready: "Iterable[Draft]") -> "list[Draft]":
    """The variants, and of each that has a second subject another one."""
    test = SubjectTest.objects.filter(edition=edition).first()
    found: list[Draft] = []
    for one in ready:
        other = test.subjects.get(one.language, "") if test and not one.discreet else ""
        if not test or not other or other == one.subject:
            found.append(one)
            continue
        nonce = slots.new_nonce()
        texts = {part: getattr(one, part).replace(one.nonce, nonce) for part in ("preheader", "html", "text")}
        pair = (replace(one, arm="a"), replace(one, arm="b", nonce=nonce, subject=other, **texts))
        found += [_marked(arm) for arm in pair] if test.by_clicks else pair
    return found


def unmarked(html: str) -> str:
    """A letter for the web: what is clicked there is no letter's."""
    return MARK.sub("", html)


def chance(clicks: Mapping[str, int], readers: Mapping[str, int]) -> float:
    """How often two equal subjects would differ as much or more, by a two-sided test of two proportions; 1.0: unknown."""
    if min(readers.get("a", 0), readers.get("b", 0)) == 0:
        return 1.0
    a, b = clicks.get("a", 0) / readers["a"], clicks.get("b", 0) / readers["b"]
    both = (clicks.get("a", 0) + clicks.get("b", 0)) / (readers["a"] + readers["b"])
    spread = both * (1 - both) * (1 / readers["a"] + 1 / readers["b"])
    return erfc(abs(a - b) / sqrt(2 * spread)) if spread > 0 else 1.0


def leader(clicks: Mapping[str, int], readers: Mapping[str, int]) -> str:
    """The subject that is better by more than chance; empty: neither."""
    if chance(clicks, readers) > BY_CHANCE:
        return ""
    return "a" if clicks.get("a", 0) / readers["a"] > clicks.get("b", 0) / readers["b"] else "b"


def _marked(draft: "Draft") -> "Draft":
    """Links to its stories say which letter they are in."""
    html, text = draft.html, draft.text
    for url in {one.article.url for one in draft.revisions if one.article.url}:
        address = f"{url}{'&' if '?' in url else '?'}letter={draft.arm}"
        html = html.replace(f'href="{escape(url)}"', f'href="{escape(address)}"')
        text = re.sub(rf"{re.escape(url)}(?=\s|$)", address, text)
    return replace(draft, html=html, text=text)
