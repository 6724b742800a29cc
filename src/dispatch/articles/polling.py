"""What a webhook missed: feeds and CMS APIs are asked every few minutes. The same article twice does nothing."""

from django.utils import timezone

from dispatch import fetching
from dispatch.articles import feeds, gone, hints, intake, sites
from dispatch.articles.incoming import Malformed
from dispatch.articles.models import Source
from dispatch.articles.payloads import wordpress

SITES = {Source.Kind.GHOST: sites.ask_ghost, Source.Kind.WORDPRESS: sites.ask_wordpress}


def poll(source: Source) -> str:
    """Ask once, take what is new, keep where to go on from. Answers what the trouble was, or nothing."""
    ask = SITES.get(Source.Kind(source.kind), feeds.ask)
    found = ask(source)
    for incoming in found.incoming:
        intake.tell(intake.take(source, incoming))
    trouble = found.trouble or (_take_back(source) if source.kind in SITES else "")
    state = source.poll_state if found.state is None else found.state
    # Only these columns, and only after all was taken: a poll that dies is done again from where it began.
    Source.objects.filter(pk=source.pk).update(poll_trouble=trouble[:300], polled_at=timezone.now(), poll_state=state)
    return trouble


def _take_back(source: Source) -> str:
    found = gone.look(source)
    for incoming in found.incoming:
        intake.tell(intake.take(source, incoming))
    return found.trouble


def fetch_one(source: Source, external_id: str) -> str:
    """Ask WordPress about what a hint pointed at. Answers what the trouble was, or nothing."""
    looked_at = timezone.now()
    answer = sites.read_json(fetching.fetch(wordpress.address(source, external_id)))
    try:
        incoming = sites.understand_post(source, external_id, answer)
    except Malformed as malformed:
        incoming, answer = None, str(malformed)
    if incoming is None:
        hints.put_off(source, external_id)
        return answer if isinstance(answer, str) else "the site answers with something else than a post"
    intake.tell(intake.take(source, incoming))
    hints.settle(source, external_id, looked_at)
    return ""
