"""What is published here and gone at its CMS: deleted or hidden while no webhook came through. No list of changes tells it,
so the CMS is asked for what it should still have, and for whatever it leaves out once more by itself."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from dispatch import fetching
from dispatch.articles import sites
from dispatch.articles.found import Found
from dispatch.articles.incoming import Incoming
from dispatch.articles.models import Article, Source
from dispatch.articles.payloads import ghost, wordpress

RECENT = timedelta(days=14)
AT_ONCE = 100
"""Of the newest posts; neither CMS gives more to a page."""
MANY = 10
"""So many at once: rather it is another site that answers there, or one restored from an old copy."""


def look(source: Source) -> Found:
    """Withdrawals of what is gone there; where that would be many, none, and a trouble that says so."""
    here = _published(source)
    answer = _ask(source, here) if here else []
    if not isinstance(answer, list):
        return Found(trouble=answer if isinstance(answer, str) else "")
    standing = {str(post.get("id")) for post in answer if isinstance(post, dict)}
    missing = [number for number in here if number not in standing]
    if len(missing) > MANY:
        return Found(
            trouble=f"{len(missing)} of its newest {len(here)} posts are not there; none was taken back for that"
        )
    told = (_told(source, number) for number in missing)
    return Found(tuple(incoming for incoming in told if incoming))


def _published(source: Source) -> list[str]:
    """Numbers of what the CMS's list should hold. A mail-only post has no place in Ghost's Content API."""
    here = Article.objects.filter(
        source=source, state=Article.State.PUBLISHED, published_at__gt=timezone.now() - RECENT
    )
    public = here.exclude(visibility=Article.Visibility.EMAIL_ONLY)
    return list(public.order_by("-published_at").values_list("external_id", flat=True)[:AT_ONCE])


def _ask(source: Source, numbers: list[str]) -> Any:
    if source.kind == Source.Kind.WORDPRESS:
        return sites.from_wordpress(source, {"include": ",".join(numbers), "_fields": "id", "per_page": AT_ONCE})
    query = {"filter": f"id:[{','.join(numbers)}]", "fields": "id", "limit": AT_ONCE}
    answer = sites.from_ghost(source, "posts/", query)
    return answer.get("posts") if isinstance(answer, dict) else answer


def _told(source: Source, number: str) -> Incoming | None:
    """That it is gone, if the CMS says so of it alone."""
    if source.kind == Source.Kind.WORDPRESS:
        answer = sites.read_json(fetching.fetch(wordpress.address(source, number)))
        is_gone = isinstance(answer, dict) and answer.get("code") in wordpress.GONE
        return wordpress.gone(source, number) if is_gone else None
    answer = sites.from_ghost(source, f"posts/{number}/", {})
    errors = answer.get("errors") if isinstance(answer, dict) else None
    is_gone = isinstance(errors, list) and any(ghost.is_not_found(error) for error in errors)
    return ghost.gone(source, number) if is_gone else None
