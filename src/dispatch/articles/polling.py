"""What a webhook missed: feeds and CMS APIs are asked every few minutes. The same article twice does nothing."""

from django.utils import timezone

from dispatch.articles import feeds, gone, hints, intake, sites
from dispatch.articles.models import Source

SITES = {Source.Kind.GHOST: sites.ask_ghost, Source.Kind.WORDPRESS: sites.ask_wordpress}


def poll(source: Source) -> str:
    """Ask once, take what is new, keep where to go on from. Answers what the trouble was, or nothing."""
    ask, asked_at = SITES.get(Source.Kind(source.kind), feeds.ask), timezone.now()
    found = ask(source)
    for incoming in found.incoming:  # a feed may be older than its answer
        accepted = intake.take(source, incoming, asked_at=asked_at if source.kind in SITES else None)
        hints.doubt(source, accepted.doubtful)
        intake.tell(accepted)
    trouble = found.trouble or (_take_back(source) if source.kind in SITES else "")
    state = source.poll_state if found.state is None else found.state
    # Only these columns, and only after all was taken: a poll that dies is done again from where it began.
    Source.objects.filter(pk=source.pk).update(poll_trouble=trouble[:300], polled_at=timezone.now(), poll_state=state)
    return trouble


def _take_back(source: Source) -> str:
    asked_at = timezone.now()
    found = gone.look(source)
    for incoming in found.incoming:
        intake.tell(intake.take(source, incoming, asked_at=asked_at))
    return found.trouble


def fetch_one(source: Source, external_id: str) -> str:
    """Ask Ghost or WordPress about what a hint pointed at. Answers what the trouble was, or nothing."""
    looked_at = timezone.now()
    incoming = sites.look_at(source, external_id)
    if isinstance(incoming, str):
        hints.put_off(source, external_id)
        return incoming
    accepted = intake.take(source, incoming, asked_at=looked_at)
    intake.tell(accepted)
    if accepted.doubtful:  # it was withdrawn while the site answered
        hints.put_off(source, external_id)
    else:
        hints.settle(source, external_id, looked_at)
    return ""
