"""An edition's public page, and its preview for the desk: the mail itself, with no reader in it."""

from html import escape

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe
from lxml import html

from dispatch.accounts import permissions
from dispatch.accounts.models import Role
from dispatch.articles.models import Article
from dispatch.editions import guarding, lighting, phrasing, previewing, rendering, slots, subjects, wording
from dispatch.editions.models import Edition, Variant

SAMPLE = {
    "name": ", Alice",
    "leave": f"{settings.PUBLIC_URL}/leave/…",
    "preferences": f"{settings.PUBLIC_URL}/preferences/…",
}
"""What a preview shows where a reader's own would stand."""


@require_safe
def edition(request: HttpRequest, public_id: str, language: str) -> HttpResponse:
    """The web view: the same bytes for everybody, without what only a reader's own mail can offer.

    410 once all it says was taken back (docs/decisions/0011). Of an edition for readers' own rhythms, its largest variant:
    a page for each would mark its few readers.
    """
    written = Variant.objects.filter(edition__public_id=public_id, language=language, discreet=False)
    variant = written.select_related("edition__newsletter").order_by("-telling__len", "pk").first()
    if variant is None or is_under_embargo(variant):
        raise Http404
    if is_taken_back(variant):
        page = _gone(request, language)
    else:
        page = _page(without_reader(variant), variant.edition, framed_by="'none'")
    page["X-Robots-Tag"] = "noindex, nofollow"
    page["Cache-Control"] = "public, max-age=300"
    return page


@permissions.requires(Role.EDITOR)
@require_safe
def preview(request: HttpRequest, edition_id: int, language: str) -> HttpResponse:
    """The HTML as frozen, or as it would be rendered now; for a frame of the desk, where it can run and load nothing.

    `?scheme=light` or `dark` shows it as a device of that setting would; `?discreet` as who wants discreet letters gets it.
    """
    one, shown = _shown(edition_id, language, is_discreet="discreet" in request.GET)
    if isinstance(shown, guarding.Unrenderable):
        return _plain(f"This edition cannot be rendered. {shown}")
    body = slots.fill(shown.html, shown.nonce, {name: escape(value) for name, value in SAMPLE.items()})
    if (scheme := request.GET.get("scheme")) in lighting.SCHEMES:
        body = lighting.lit(body, scheme)
    page = _page(body, one, framed_by="'self'", sandbox="; sandbox")
    page["Cache-Control"] = "no-store"
    return page


@permissions.requires(Role.EDITOR)
@require_safe
def preview_text(request: HttpRequest, edition_id: int, language: str) -> HttpResponse:
    """The plain text likewise."""
    _, shown = _shown(edition_id, language, is_discreet="discreet" in request.GET)
    if isinstance(shown, guarding.Unrenderable):
        return _plain(f"This edition cannot be rendered. {shown}")
    return _plain(slots.fill(shown.text, shown.nonce, SAMPLE))


def is_taken_back(variant: Variant) -> bool:
    """Whether nothing that it says stands any more."""
    return set(variant.revisions.values_list("article__state", flat=True)) == {Article.State.WITHDRAWN}


def is_under_embargo(variant: Variant) -> bool:
    """Whether any of its stories may not be shown yet."""
    return variant.revisions.filter(article__story__embargo_until__gt=timezone.now()).exists()


def without_reader(variant: Variant) -> str:
    """The variant's HTML without its `reader-only` parts; a slot that stands elsewhere is left empty."""
    document = html.document_fromstring(variant.html)
    for part in list(document.iter()):
        if isinstance(part, html.HtmlElement) and "reader-only" in part.get("class", "").split():
            part.drop_tree()
    page = html.tostring(document, encoding="unicode", doctype="<!doctype html>")
    if variant.arm:
        page = subjects.unmarked(page)
    return slots.fill(page, variant.nonce, dict.fromkeys(slots.NAMES, ""))


def _gone(request: HttpRequest, language: str) -> HttpResponse:
    said = {
        "language": language,
        "direction": wording.direction(language),
        "words": {**wording.words(wording.FALLBACK), **wording.words(language)},
    }
    return render(request, "editions/gone.html", said, status=410)


def _plain(text: str) -> HttpResponse:
    page = HttpResponse(text, content_type="text/plain; charset=utf-8")
    page["Cache-Control"] = "no-store"
    return page


def _shown(
    edition_id: int, language: str, *, is_discreet: bool
) -> tuple[Edition, Variant | rendering.Draft | guarding.Unrenderable]:
    one = get_object_or_404(Edition.objects.select_related("newsletter"), id=edition_id)
    frozen = one.variants.filter(language=language, discreet=is_discreet).order_by("-telling__len", "pk").first()
    if frozen:
        return one, frozen
    if one.state not in phrasing.OPEN:
        raise Http404
    try:
        drafts = previewing.drafts(one)
        return one, next(draft for draft in drafts if (draft.language, draft.discreet) == (language, is_discreet))
    except guarding.Unrenderable as trouble:
        return one, trouble
    except StopIteration:
        raise Http404 from None


def _page(body: str, one: Edition, *, framed_by: str, sandbox: str = "") -> HttpResponse:
    pictures = " ".join(f"https://{host}" for host in one.newsletter.picture_hosts) or "'none'"
    page = HttpResponse(body)
    page["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src {pictures}; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {framed_by}{sandbox}"
    )
    page["Referrer-Policy"] = "no-referrer"
    page["X-Frame-Options"] = "DENY" if framed_by == "'none'" else "SAMEORIGIN"
    return page
