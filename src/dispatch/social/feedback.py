"""How posts are taken: their networks' public numbers, asked a few times after each went out. Never who."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.social import channels, networks
from dispatch.social.models import Channel, Counted, Post
from dispatch.social.networks.base import Account, CannotTell, Counting, Counts, NotAllowed

MOMENTS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3), timedelta(days=7))
"""After a post went out. One that nobody asked at in time is passed over for the next."""
LATEST = MOMENTS[-1] + timedelta(days=1)
AT_ONCE = 100
PATIENCE = timedelta(days=1)
"""A network that lets a channel see no numbers is not asked for it again before that."""


def due() -> list[int]:
    """Posts that a network should be asked of now."""
    now = timezone.now()
    out = Post.objects.filter(state=Post.State.SENT, channel__active=True).exclude(remote_id="")
    out = out.filter(sent_at__gt=now - LATEST, sent_at__lte=now - MOMENTS[0])
    found = [
        post for post in out.select_related("channel").prefetch_related("counted").order_by("sent_at") if _is_due(post)
    ]
    return [post.pk for post in found[:AT_ONCE]]


def count(post_id: int) -> None:
    """Ask once for the latest moment that is over. Rung twice, late or in vain: no harm."""
    out = Post.objects.select_related("channel").prefetch_related("counted")
    post = out.filter(pk=post_id, state=Post.State.SENT, channel__active=True).exclude(remote_id="").first()
    if post is None or not _is_due(post) or _is_stopped(post) or (asked := _begin(post)) is None:
        return
    answer = _ask(post)
    if isinstance(answer, Counts):
        asked.replies, asked.likes, asked.reposts = answer.replies, answer.likes, answer.reposts
        asked.why_not = ""
        channels.see_anew(post.channel)
    else:
        asked.why_not, asked.refused = answer.reason[:300], isinstance(answer, NotAllowed)
    asked.save(update_fields=["replies", "likes", "reposts", "why_not", "refused"])


def tells(network: str) -> bool:
    """Whether a network tells how its posts are taken."""
    return isinstance(networks.of(network), Counting)


def refusal(channel: Channel) -> Counted | None:
    """The last time that its network let a channel see no numbers, unless it told some since or was connected again."""
    return Counted.objects.filter(post__channel=channel, refused=True).order_by("-asked_at").first()


def _is_due(post: Post) -> bool:
    moment = _moment(post)
    return (
        moment is not None and tells(post.channel.network) and moment not in {one.after for one in post.counted.all()}
    )


def _moment(post: Post) -> timedelta | None:
    """The latest that is over."""
    passed = timezone.now() - post.sent_at if post.sent_at else timedelta()
    return max((moment for moment in MOMENTS if moment <= passed), default=None)


def _begin(post: Post) -> Counted | None:
    """One worker asks: written before the call, so that a dead one is not followed by others. None: somebody did."""
    try:
        with transaction.atomic():
            return Counted.objects.create(post=post, after=_moment(post), why_not="it was asked and did not answer")
    except IntegrityError:
        return None


def _ask(post: Post) -> Counts | CannotTell:
    refused = refusal(post.channel)
    if refused and refused.asked_at > timezone.now() - PATIENCE:
        return CannotTell(refused.why_not)
    network, account = networks.of(post.channel.network), channels.ready(post.channel)
    if not isinstance(account, Account):
        return CannotTell(account.reason)
    assert isinstance(network, Counting)
    return network.counts(post.remote_id, account)


def _is_stopped(post: Post) -> bool:
    held = {(Stop.Scope.EVERYTHING, None), (Stop.Scope.CHANNEL, post.channel_id)}
    return any((Stop.Scope(stop.scope), stop.target) in held for stop in stopping.in_force())
