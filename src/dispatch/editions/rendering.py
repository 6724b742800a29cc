"""An edition becomes mail: Jinja2, MJML, bodies, inlined CSS; once for each language, then frozen.

The only place that knows the MJML compiler. What it needs around it stands in `guarding.py`, the last look in `checking.py`.
"""

import functools
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import css_inline
import jinja2
import mjml
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from dispatch import queue, retrying, templating
from dispatch.articles.models import Revision
from dispatch.audience.models import Newsletter
from dispatch.editions import (
    bodies,
    checking,
    correcting,
    gathering,
    guarding,
    holding,
    letters,
    pictures,
    repeating,
    slots,
    subjects,
    tailoring,
    wording,
)
from dispatch.editions.departures import Telling
from dispatch.editions.models import Edition, EditionStory, Variant, digest

log = logging.getLogger(__name__)

State = Edition.State
Made = TypeVar("Made")

LIMIT = 102 * 1024
"""Bytes of HTML that Gmail shows before it cuts a message."""

PATIENCE = 5
"""Renderings begun and never ended (the worker died in each) before an edition is given up."""

FONTS: dict[str, str] = {}
"""mrml's own defaults call Google; ours are what the reader's system has."""


@dataclass(frozen=True)
class Draft:
    """One variant before it is frozen."""

    language: str
    nonce: str
    subject: str
    preheader: str
    html: str  # "": plain text only
    text: str
    remark: str
    revisions: tuple[Revision, ...]
    stories: frozenset[int]
    telling: Telling = ()
    discreet: bool = False
    arm: str = ""  # of a test of two subjects: "a" or "b"
    pictures: tuple[int, ...] = ()  # that travel inside, by number: drafts are kept, and pictures are large


def render(edition_id: int) -> None:
    """Freeze a due edition's variants and have it enlisted. Doubled and late calls do nothing.

    An edition that cannot be rendered becomes `failed`, with words; one without anything to say `empty` or `withdrawn`. One
    for readers' own rhythms fails only where nothing of it can be rendered; its `trouble` says what is held back.
    """
    pictures.bring(edition_id)  # before the attempt is counted and the edition locked: it waits for other hosts
    if not _begin(edition_id):
        return
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(id=edition_id)
        if edition.state == State.DUE:
            _end(edition)
            log.info("edition rendered", extra={"edition": edition_id, "state": str(edition.state)})


def drafts(edition: Edition) -> list[Draft]:
    """Every variant of the edition as it would be frozen now; nothing is stored. Raises guarding.Unrenderable."""
    return _made(edition)[0]


def _made(edition: Edition) -> tuple[list[Draft], str]:
    """The variants, and what is held back: of an edition for readers' own rhythms what can be rendered leaves."""
    contents = _contents(edition)
    languages = list(dict.fromkeys(one.language for one in contents if not one.discreet))
    if not edition.is_own:
        return [in_words(draft, edition, one, languages) for one in contents], ""
    as_before = functools.partial(repeating.as_before, make=draft, made_of=templating.newest("email"))
    return holding.rendered(contents, lambda one: in_words(as_before, edition, one, languages))


def _contents(edition: Edition) -> list[gathering.Contents]:
    if edition.is_correction:
        return correcting.contents(edition)
    return tailoring.contents(edition) if edition.is_own else gathering.contents(edition)


def in_words(
    make: Callable[[Edition, gathering.Contents, list[str]], Made],
    edition: Edition,
    contents: gathering.Contents,
    languages: list[str],
) -> Made:
    """Raises guarding.Unrenderable only: a template is a designer's code, and whatever it does is told at the desk."""
    try:
        return make(edition, contents, languages)
    except guarding.Unrenderable:
        raise
    except Exception as error:  # see above
        log.warning("an edition could not be rendered", extra={"edition": edition.id, "error": type(error).__name__})
        raise guarding.Unrenderable(guarding.words(error)) from error


def _begin(edition_id: int) -> bool:
    """Count the attempt before it is made, so that one which ends the worker is not repeated for ever."""
    with transaction.atomic():
        one = Edition.objects.select_for_update().filter(id=edition_id, state=State.DUE).first()
        if one is None:
            return False
        if one.attempts >= PATIENCE:
            words = f"Rendering was begun {PATIENCE} times and never ended; the worker's log says more."
            _close(one, State.FAILED, words)
            return False
        one.attempts, one.tries = one.attempts + 1, retrying.noted(one.tries, timezone.now(), "begun")
        one.save(update_fields=["attempts", "tries"])
    return True


def _end(edition: Edition) -> None:
    try:
        ready, held = _made(edition)
    except guarding.Unrenderable as error:
        _close(edition, State.FAILED, str(error))
        return
    if not ready and not edition.is_own:
        _close(edition, State.WITHDRAWN if edition.is_of_a_story else State.EMPTY)
        edition.stories.all().delete()
        return
    _freeze(edition, subjects.arms(edition, ready))
    _close(edition, State.RENDERED, held)
    queue.enqueue("editions.enlist_edition" if edition.is_urgent else "email.enlist", edition.id)


def _freeze(edition: Edition, ready: Iterable[Draft]) -> None:
    """Store the variants; a story that was taken back in the meantime may come in a later edition."""
    ready = list(ready)
    variants = Variant.objects.bulk_create(
        Variant(
            edition=edition, language=one.language, nonce=one.nonce, subject=one.subject,
            preheader=one.preheader, html=one.html, text=one.text, remark=one.remark,
            hash=digest(one.subject, one.html, one.text), telling=tailoring.labels(one.telling), discreet=one.discreet,
            arm=one.arm,
        )
        for one in ready
    )  # fmt: skip
    says, shows = Variant.revisions.through, Variant.pictures.through
    pairs = list(zip(variants, ready, strict=True))
    says.objects.bulk_create(says(variant=variant, revision=told) for variant, one in pairs for told in one.revisions)
    shows.objects.bulk_create(
        shows(variant=variant, picture_id=shown) for variant, one in pairs for shown in one.pictures
    )
    said = {story for one in ready for story in one.stories}
    if edition.is_own:  # so that the desk can say what it brings
        EditionStory.objects.bulk_create(
            EditionStory(edition=edition, newsletter=edition.newsletter, story_id=story, is_further=True)
            for story in sorted(said)
        )
    edition.stories.exclude(story__in=said).delete()


def _close(edition: Edition, state: State, trouble: str = "") -> None:
    edition.state, edition.trouble = state, trouble[:300]
    edition.rendered_at = timezone.now() if state == State.RENDERED else None
    if state != State.RENDERED:  # that has its moment
        edition.tries = retrying.noted(edition.tries, timezone.now(), state, edition.trouble)
    edition.save(update_fields=["state", "trouble", "rendered_at", "tries"])


def draft(edition: Edition, contents: gathering.Contents, languages: Iterable[str]) -> Draft:
    """The variant; of a digest too big for Gmail with summaries instead of bodies."""
    whole = _compose(edition, contents, languages, brief=False)
    if len(whole.html.encode()) > LIMIT and len(contents.stories) > 1:
        return _compose(edition, contents, languages, brief=True)
    return whole


def _compose(edition: Edition, contents: gathering.Contents, languages: Iterable[str], *, brief: bool) -> Draft:
    nonce = slots.new_nonce()
    shown = pictures.inside(contents.stories) if contents.discreet and edition.newsletter.discreet_pictures else {}
    held = {address: f"cid:{picture.content_id}" for address, picture in shown.items()}
    letter = letters.letter(edition, contents, languages, nonce=nonce, brief=brief, inside=held)
    message = functools.partial(_say, letter, _kind(edition, contents))
    css = _template("parts/article.css").render(letter=letter)
    is_plain = contents.discreet and not shown
    html = "" if is_plain else _html(message("body.mjml"), letter.bodies, nonce, css)
    text = message("body.txt").strip() + "\n"
    _check(html, text, nonce, edition.newsletter)
    return Draft(
        language=contents.language,
        nonce=nonce,
        subject=wording.line(letter.subject, 250) or template_subject(edition, contents, letter),
        preheader="" if contents.discreet else wording.line(letter.preheader, 200),
        html=html,
        text=text,
        remark=_remark(html, brief=brief),
        revisions=tuple(story.revision for story in contents.stories),
        stories=frozenset(story.article.story_id for story in contents.stories),
        telling=contents.telling,
        discreet=contents.discreet,
        pictures=tuple({one.content_id: one.pk for one in shown.values() if one.content_id in html}.values()),
    )


def _html(source: str, articles: Mapping[str, str], nonce: str, css: str) -> str:
    """MJML to finished HTML; the bodies come in between, past the compiler."""
    guarding.check_depth(source, "The template")
    html: str = guarding.decode(mjml.mjml2html(guarding.encode(source), fonts=FONTS))
    for token, body in articles.items():
        if html.count(token) > 1:
            raise guarding.Unrenderable("The template brings an article's body twice.")
        html = html.replace(token, body)
    inlined: str = css_inline.inline(
        html, extra_css=css, inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False
    )
    if slots.count(inlined, nonce) != slots.count(html, nonce):
        raise guarding.Unrenderable("A reader's slot was lost when styles were inlined.")
    return inlined


def _check(html: str, text: str, nonce: str, newsletter: Newsletter) -> None:
    found = checking.troubles(html, bodies.Policy(newsletter.picture_hosts, {}).allows) if html else []
    if found:
        raise guarding.Unrenderable("The mail would not be safe to open: " + "; ".join(found[:3]) + ".")
    if not all(slots.count(body, nonce)["leave"] for body in (html, text) if body):
        raise guarding.Unrenderable("The template offers no way to leave: it needs {{ letter.slots.leave }}.")


def _kind(edition: Edition, contents: gathering.Contents) -> str:
    """The folder of its message: the discreet one, the newsletter's own, else that of a story or of a digest."""
    newsletter = edition.newsletter
    if contents.discreet:
        return "discreet"
    if edition.is_correction:
        return "correction"
    is_story = len(contents.stories) == 1 if edition.is_own else newsletter.cadence == Newsletter.Cadence.EACH
    is_story = is_story or edition.is_breaking
    return newsletter.template or ("story" if is_story else "digest")


def template_subject(edition: Edition, contents: gathering.Contents, letter: letters.Letter) -> str:
    """What the template says where no editor wrote a subject."""
    return wording.line(_say(letter, _kind(edition, contents), "subject.txt"), 250)


def _say(letter: letters.Letter, kind: str, part: str) -> str:
    return _template(f"{kind}/{part}").render(letter=letter, words=letter.words)


def _template(name: str) -> jinja2.Template:
    return _environment(settings.DISPATCH_TEMPLATES).get_template(name)


@functools.cache
def _environment(_own_folder: str) -> jinja2.Environment:
    """MJML is escaped, text and CSS are not; the newsroom's folder comes first."""
    loader = jinja2.FileSystemLoader([folder / "email" for folder in templating.folders()])
    return templating.environment(loader=loader, autoescape=lambda name: bool(name) and name.endswith(".mjml"))


def _remark(html: str, *, brief: bool) -> str:
    size = len(html.encode())
    if size > LIMIT:
        return f"The HTML is {size / 1024:.0f} KB: Gmail shows the first 102 KB and a link to the rest."
    return "Whole articles would not fit under Gmail's 102 KB: this letter brings summaries." if brief else ""
