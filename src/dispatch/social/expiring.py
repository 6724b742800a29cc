"""Credentials that will be over: told a fortnight, three days and a day ahead, with the scheduled posts that come after."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from dispatch import saying, vault
from dispatch.social import channels, networks, probing
from dispatch.social.models import Channel, Post
from dispatch.social.networks.base import Renewing

FORTNIGHT = timedelta(days=14)
PRESSING = timedelta(days=3)
LAST = timedelta(days=1)


@dataclass(frozen=True)
class Expiry:
    """One channel, whose credentials nobody but a person can renew."""

    channel: Channel
    left: timedelta
    posts: tuple[Post, ...]  # scheduled for after it, the soonest first

    @property
    def shape(self) -> str:
        """As states.Shown: more pressing within three days, most within one or where posts would be lost within three."""
        return "bad" if self.left <= LAST or (self.left <= PRESSING and self.posts) else "later"

    @property
    def words(self) -> str:
        """ "Office on LinkedIn has to be reconnected by Fri 4 Dec, 10:00, before 4 scheduled posts: …"."""
        moment = saying.moment(self.channel.expires_at)
        said = f"its permission ended {moment}" if self.left <= timedelta(0) else f"its permission ends {moment}"
        if not self.posts:
            return f"{said}, and no post is scheduled for after that."
        named = probing.named(self.posts)
        return f"{said}, before {saying.many(len(self.posts), 'scheduled post')}: {named}."


def soon() -> list[Expiry]:
    """One a channel, the most pressing first. Those that are in trouble already are told of by that."""
    now = timezone.now()
    ending = Channel.objects.filter(active=True, trouble="", refused_at=None, expires_at__lte=now + FORTNIGHT)
    return [of(channel) for channel in ending.order_by("expires_at") if not _renews_itself(channel)]


def of(channel: Channel) -> Expiry:
    """Of a channel whose credentials are known to end."""
    assert channel.expires_at is not None
    waiting = Post.objects.filter(channel=channel, state__in=Post.WAITING, due_at__gte=channel.expires_at)
    rows = waiting.select_related("article__current").defer("article__current__html", "article__current__text")
    return Expiry(channel, channel.expires_at - timezone.now(), tuple(rows.order_by("due_at")))


def _renews_itself(channel: Channel) -> bool:
    """Whether a worker asks for new ones in time; where that fails, the channel is in trouble and says so."""
    network = networks.of(channel.network)
    try:
        return isinstance(network, Renewing) and network.renews_at(channels.account(channel)) is not None
    except vault.Unreadable:
        return False
