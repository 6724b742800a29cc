"""WordPress says only that something happened; what it is now, its REST API says. The look is work for a worker."""

from dispatch import queue
from dispatch.articles.incoming import Act, Incoming
from dispatch.articles.models import Source


def is_hint(source: Source, incoming: Incoming) -> bool:
    """Whether the payload names an article without telling it."""
    return source.kind == Source.Kind.WORDPRESS and incoming.act is Act.PUBLISH


def note(source: Source, delivery_id: str, body: bytes, incoming: Incoming) -> str:  # noqa: ARG001 - hints repeat freely
    """Ask a worker to look. A lost doorbell is made good by the next poll, which the hint brings forward."""
    Source.objects.filter(pk=source.pk).update(polled_at=None)
    queue.enqueue("articles.fetch_article", source.pk, incoming.external_id)
    return "the article is fetched from the site"
