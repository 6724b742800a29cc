"""A variant as its templates see it: values only, in one language, with tokens where bodies and readers' slots go."""

import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from dispatch.articles.models import Article
from dispatch.audience.models import Newsletter
from dispatch.editions import bodies, gathering, phrasing, prose, slots, wording
from dispatch.editions.models import Edition

SUMMARY = 280
"""Characters of an article's text that stand for a summary where the newsroom wrote none."""


@dataclass(frozen=True)
class Slots:
    """The readers' slots: `name` brings its own separator (", Alice" or ""), the others are whole addresses."""

    name: str
    leave: str
    preferences: str


@dataclass(frozen=True)
class Story:
    """A story in this letter."""

    title: str
    summary: str
    standfirst: str  # the newsroom's own summary, where the body does not begin with the same words
    body: str  # in HTML templates a token that the body replaces after MJML
    text: str
    url: str  # "": it stands nowhere but in the mail
    date: str
    language: str
    language_name: str
    direction: str
    is_foreign: bool  # told in another language than the letter's
    is_members: bool  # the body ends at the paywall
    picture_url: str  # "": none that a mail may load or holds
    picture_alt: str


@dataclass(frozen=True)
class Link:
    """Somewhere to go."""

    name: str
    url: str


@dataclass(frozen=True)
class Passage:
    """What an editor says before or after the stories."""

    body: str  # in HTML templates a token, as a story's
    text: str


@dataclass(frozen=True)
class Letter:
    """Everything a template may say."""

    language: str
    direction: str
    newsletter: str
    date: str
    stories: tuple[Story, ...]
    brief: bool  # summaries only: whole bodies would be cut off by Gmail
    web_url: str
    also: tuple[Link, ...]  # the same edition in other languages
    loads_pictures: bool
    mirrors: tuple[str, ...]  # of the newsroom's site, where that is blocked
    words: Mapping[str, str]
    slots: Slots
    bodies: Mapping[str, str] = field(repr=False)  # token → HTML
    subject: str = ""  # as an editor wrote it; "": the template's own
    typed_preheader: str = ""
    intro: Passage | None = None
    outro: Passage | None = None

    @property
    def preheader(self) -> str:
        """What an inbox shows beside the subject."""
        if self.typed_preheader:
            return self.typed_preheader
        if not self.stories:
            return ""
        first, *others = self.stories
        return "; ".join(story.title for story in others) or first.summary


def letter(
    edition: Edition,
    contents: gathering.Contents,
    languages: Iterable[str],
    *,
    nonce: str,
    brief: bool = False,
    inside: Mapping[str, str] | None = None,
) -> Letter:
    """The letter of one variant; `languages` are those of all its variants, `inside` the pictures it holds."""
    newsletter, language = edition.newsletter, contents.language
    policies = [_policy(newsletter, story.article, contents, inside or {}) for story in contents.stories]
    told = [
        _story(newsletter, story, language, f"x{nonce}body{n}x", policies[n])
        for n, story in enumerate(contents.stories)
    ]  # fmt: skip
    said = contents.said or phrasing.of(edition, language)
    intro, outro = (_passage(newsletter, words, contents) for words in (said.intro, said.outro))
    around = {f"x{nonce}introx": intro, f"x{nonce}outrox": outro}
    before, after = (Passage(token, prose.in_text(body)) if body else None for token, body in around.items())
    return Letter(
        language=language,
        direction=wording.direction(language),
        newsletter=newsletter_name(newsletter, language),
        date=wording.date(_local(edition.due_at, newsletter), language),
        stories=tuple(story for story, _ in told),
        brief=brief,
        web_url=web_url(edition, language),
        also=tuple(Link(wording.name(other), web_url(edition, other)) for other in languages if other != language),
        loads_pictures=bool(newsletter.picture_hosts),
        mirrors=tuple(settings.MIRRORS),
        words=wording.words(language),
        slots=Slots(*(slots.token(nonce, name) for name in slots.NAMES)),
        bodies={story.body: body for story, body in told} | {token: body for token, body in around.items() if body},
        subject="" if contents.discreet else said.subject,
        typed_preheader="" if contents.discreet else said.preheader,
        intro=before,
        outro=after,
    )


def web_url(edition: Edition, language: str) -> str:
    """The edition's public page, the same for every reader."""
    return settings.PUBLIC_URL + reverse("edition", args=[edition.public_id, language])


def newsletter_name(newsletter: Newsletter, language: str) -> str:
    """Its name in the language, else in the first of its languages that has one, else its slug."""
    names: dict[str, str] = newsletter.names
    known = [names[code] for code in (language, *newsletter.languages, *names) if names.get(code)]
    return known[0] if known else newsletter.slug


def _policy(
    newsletter: Newsletter, article: Article, contents: gathering.Contents, inside: Mapping[str, str]
) -> bodies.Policy:
    """A discreet letter loads from nowhere, and leads nowhere but to the reader's own choices."""
    words = wording.words(article.language)
    if contents.discreet:
        return bodies.Policy((), words, inside=inside, is_linked=False)
    return bodies.Policy(newsletter.picture_hosts, words, article.url)


def tells(newsletter: Newsletter) -> list[str]:
    """What would give away whose letter it is: the newsletter's names, its sender, and where the site stands."""
    hosts = [urlsplit(url).hostname or "" for url in (settings.PUBLIC_URL, *settings.MIRRORS)]
    hosts.append(newsletter.from_address.rpartition("@")[2])
    return [*newsletter.names.values(), newsletter.from_name, newsletter.from_address, *hosts]


def _passage(newsletter: Newsletter, words: str, contents: gathering.Contents) -> str:
    """As HTML. In a discreet letter without links and pictures, and without what says whose letter it is."""
    body = prose.in_html(words)
    if not contents.discreet:
        return (
            bodies.tame(body, bodies.Policy(newsletter.picture_hosts, wording.words(contents.language))) if body else ""
        )
    body = prose.without(body, tells(newsletter))
    return bodies.tame(body, bodies.Policy((), wording.words(contents.language), is_linked=False)) if body else ""


def _story(
    newsletter: Newsletter, told: gathering.Told, language: str, token: str, policy: bodies.Policy
) -> tuple[Story, str]:
    article, revision = told.article, told.revision
    summary = " ".join(revision.summary.split())
    story = Story(
        title=" ".join(revision.title.split()),
        summary=summary or _beginning(revision.text),
        standfirst="" if _begins_alike(revision.text, summary) else summary,
        body=token,
        text=revision.text.strip(),
        url=article.url,
        date=wording.date(_local(told.published_at, newsletter), language),
        language=article.language,
        language_name=wording.name(article.language),
        direction=wording.direction(article.language),
        is_foreign=article.language != language,
        is_members=article.visibility == Article.Visibility.MEMBERS,
        picture_url=policy.source(revision.picture_url),
        picture_alt=revision.picture_alt,
    )
    return story, bodies.tame(revision.html, policy)


def _local(moment: datetime, newsletter: Newsletter) -> datetime:
    return moment.astimezone(zoneinfo.ZoneInfo(newsletter.zone))


def _beginning(text: str) -> str:
    """The first words of a text, cut between words."""
    line = " ".join(text.split())
    return line if len(line) <= SUMMARY else line[:SUMMARY].rpartition(" ")[0].rstrip(" ,;:—–-") + "…"


def _begins_alike(text: str, summary: str) -> bool:
    """Whether a summary is only the text's beginning, as a CMS makes one."""
    return " ".join(text.split())[:60].startswith(summary[:60].rstrip("….")[:50])
