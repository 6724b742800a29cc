"""Pictures that Dispatch keeps, for signed-in people's pages: none of them asks another host."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from dispatch.accounts import permissions
from dispatch.accounts.models import Role
from dispatch.articles.models import Article
from dispatch.social import illustrating, media
from dispatch.social.models import Media

KINDS = ("image/jpeg", "image/png", "image/gif")
"""What media.take makes; anything else is not shown as a picture."""


@permissions.requires(Role.EDITOR)
@require_safe
def kept(_request: HttpRequest, number: int) -> HttpResponse:
    """A picture that was brought."""
    return _shown(get_object_or_404(Media, pk=number))


@permissions.requires(Role.EDITOR)
@require_safe
def of_article(_request: HttpRequest, article_id: int) -> HttpResponse:
    """The one that an article's CMS names, as Dispatch fetched it."""
    article = get_object_or_404(Article.objects.select_related("current"), pk=article_id)
    try:
        return _shown(illustrating.of_article(article))
    except media.Unfit as error:
        raise Http404(str(error)) from error


def _shown(picture: Media) -> HttpResponse:
    if picture.kind not in KINDS:
        raise Http404
    headers = {"Cache-Control": "private, max-age=3600", "Content-Security-Policy": "default-src 'none'; sandbox"}
    return HttpResponse(bytes(picture.content), content_type=picture.kind, headers=headers)
