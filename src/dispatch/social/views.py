"""The one page of posts that the world may ask for: a picture, for the network that was told of it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dispatch.social import showing


@require_safe
def shown_picture(request: HttpRequest, token: str) -> HttpResponse:  # noqa: ARG001 - a view
    """A picture that waits to be fetched. Whatever is wrong with the address looks the same."""
    picture = showing.picture(token)
    if picture is None:
        raise Http404
    answer = HttpResponse(picture.content, content_type=picture.kind)
    answer["Cache-Control"] = "no-store"
    answer["X-Robots-Tag"] = "noindex"
    return answer
