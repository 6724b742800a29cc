"""What people of the newsroom may want to be told of, as it stands now. Each thing has one name as long as it lasts."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from dispatch import logs, saying
from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.articles import embargo
from dispatch.delivery import preflighting
from dispatch.delivery.models import Send
from dispatch.desk import naming, shell, standstill, surroundings
from dispatch.editions.models import Edition
from dispatch.social import changing, expiring, probing
from dispatch.social.models import Change, Channel, Post

KINDS = {
    "post_failed": "A post was refused",
    "post_unknown": "Nobody knows whether a post is out",
    "post_late": "A post is late",
    "channel": "A channel is in trouble, or expires",
    "edition_failed": "An edition could not be made, or does not add up",
    "edition_held": "An edition paused by itself",
    "edition_late": "An edition is late, and waits for somebody",
    "preflight": "A digest is about to leave with something that should not",
    "approval": "An edition waits for a second person",
    "paused": "Somebody paused a send",
    "stop": "A STOP was pulled or lifted",
    "leak": "A list or backup of readers got out",
    "mail_still": "Mail stands still, and nobody said that it should",
    "letters": "Letters that readers asked for wait, or come to nothing",
    "webhook": "A CMS's webhook could not be taken in, or ours to others was given up",
    "intake": "The intake of bounces does not listen",
    "worker": "Nobody works for a queue any more, or a worker is deaf",
    "clock": "No clock leads",
    "broker": "The broker does not answer",
    "relay": "A relay is left alone after failures",
    "domain": "A sending domain's record is not right any more",
    "unread": "A mailbox of bounces and complaints cannot be read",
    "returned": "More complaints or bounces than mailbox providers bear",
    "disk": "The disk is nearly full",
    "backup": "The last backup is old, or there never was one",
    "certificate": "The certificate of our address ends",
}
URGENT = frozenset(
    {
        "edition_failed",
        "edition_held",
        "edition_late",
        "preflight",
        "stop",
        "leak",
        "mail_still",
        "worker",
        "clock",
        "broker",
        "relay",
        "returned",
        "disk",
    }
)
"""These come in quiet hours, too."""
LATE = timedelta(minutes=15)
LOOKED = timedelta(minutes=11)
"""After this, every look for a post without an answer is over (social.resolving.LOOKS)."""
NEWS = timedelta(days=3)
"""What failed before that is for the pages."""
LIFTED = timedelta(days=1)
"""For how long a STOP's end is news."""
LONGEST = 60
"""Of a name, as Told keeps it."""
MOST = 1000
"""Of one kind at once; the pages count the rest."""


@dataclass(frozen=True)
class Thing:
    """Something that happened. `languages`: of whose newsletter, channel or post it is; none: everybody's."""

    name: str  # "post:12:unknown"
    kind: str
    words: str
    path: str
    languages: frozenset[str] = frozenset()

    @property
    def is_urgent(self) -> bool:
        """Whether it cannot wait for the morning."""
        return self.kind in URGENT


def now() -> list[Thing]:
    """Everything that is so at this moment."""
    moment = timezone.now()
    newsroom = [*_stops(moment), *_sends(), *_editions(moment), *_posts(moment), *_changes(), *_channels()]
    newsroom += [_thing(*said) for said in standstill.now(moment)]
    return [*newsroom, *(_thing(*said, reverse("health")) for said in surroundings.now(moment))]


def _stops(moment: datetime) -> Iterator[Thing]:
    for stop in stopping.in_force().select_related("by"):
        by = f" {stop.by.name or 'Someone'}: " if stop.by else " "
        yield _thing(f"stop:{stop.pk}", "stop", f"STOP. {shell.words(stop)}{by}{stop.reason}", reverse("queue"))
    for stop in Stop.objects.filter(lifted_at__gt=moment - LIFTED):
        words = f"A STOP was lifted. It said: {shell.words(stop)}"
        yield _thing(f"stop:{stop.pk}:lifted", "stop", words, reverse("queue"))


def _sends() -> Iterator[Thing]:
    looked_at = [Send.State.PAUSED, Send.State.DRAFT, Send.State.UNBALANCED]
    rows = Send.objects.filter(state__in=looked_at).select_related("edition__newsletter", "approval")
    for send in rows.order_by("-pk")[:MOST]:
        name, path = naming.newsletter(send.edition.newsletter), reverse("edition_page", args=[send.edition_id])
        spoken = frozenset(send.edition.newsletter.languages)
        if send.state == Send.State.UNBALANCED:
            words = f"{name} does not add up: its readers must be looked at."
            yield _thing(f"send:{send.pk}:unbalanced", "edition_failed", words, path, spoken)
        elif send.state == Send.State.PAUSED and send.trouble:
            words = f"{name} paused by itself. {send.trouble}"
            yield _thing(f"send:{send.pk}:held", "edition_held", words, path, spoken)
        elif send.state == Send.State.PAUSED:
            yield _thing(f"send:{send.pk}:paused", "paused", f"{name} is paused.", path, spoken)
        elif (asked := getattr(send, "approval", None)) and asked.agreed_at is None:
            words = f"{name} waits for a second person. {asked.why}"
            yield _thing(f"send:{send.pk}:approval", "approval", words, path, spoken)


def _editions(moment: datetime) -> Iterator[Thing]:
    recent = Edition.objects.filter(due_at__gt=moment - NEWS).select_related("newsletter").order_by("-pk")
    for edition in recent.filter(state=Edition.State.FAILED)[:MOST]:
        yield _about(edition, "failed", "edition_failed", f"could not be rendered. {edition.trouble}")
    for edition in recent.filter(state=Edition.State.LATE)[:MOST]:
        yield _about(edition, "late", "edition_late", f"was not sent at its moment. {edition.trouble}")
    for edition, finding in preflighting.before_leaving():
        words = f"leaves at {saying.moment(edition.due_at)}. {finding.what}: {finding.words}"
        yield _about(edition, "preflight", "preflight", words)


def _about(edition: Edition, what: str, kind: str, words: str) -> Thing:
    path, spoken = reverse("edition_page", args=[edition.pk]), frozenset(edition.newsletter.languages)
    return _thing(
        f"edition:{edition.pk}:{what}", kind, f"{naming.newsletter(edition.newsletter)} {words}", path, spoken
    )


def _posts(moment: datetime) -> Iterator[Thing]:
    for post in _rows().filter(state=Post.State.REFUSED, due_at__gt=moment - NEWS).order_by("-pk")[:MOST]:
        yield _of(post, "failed", "was refused")
    unknown = _rows().filter(state=Post.State.UNKNOWN, due_at__lt=moment - LOOKED)
    for post in unknown.order_by("-pk")[:MOST]:
        yield _of(post, "unknown", "may or may not be out", reverse("unknown_posts"))
    for post in _late(moment).order_by("-pk")[:MOST]:
        yield _of(post, "late", "is late")


def _late(moment: datetime) -> QuerySet[Post]:
    waits = Q(state=Post.State.LATE) | (Q(state=Post.State.DRAFT) & ~Q(trouble=""))
    put_by = waits & Q(due_at__gt=moment - NEWS)
    overdue = Q(state=Post.State.SCHEDULED, due_at__lt=moment - LATE, channel__active=True, follows=None)
    held = Stop.objects.filter(lifted_at=None)
    if held.filter(scope=Stop.Scope.EVERYTHING).exists():
        return _rows().filter(put_by)
    silent = held.filter(scope=Stop.Scope.CHANNEL).values("target")
    return _rows().filter(put_by | (overdue & embargo.free(moment) & ~Q(channel__in=silent)))


def _rows() -> QuerySet[Post]:
    rows = Post.objects.select_related("channel", "story", "article__current")
    return rows.defer("article__current__html", "article__current__text")


def _changes() -> Iterator[Thing]:
    for change in changing.failed().select_related("post__channel", "post__story")[:MOST]:
        asked = "deleted" if change.act == Change.Act.DELETE else "edited"
        words = f"A post on {change.post.channel.name} could not be {asked}. {change.trouble}"
        path = reverse("story_changes", args=[change.post.story_id])
        yield _thing(f"change:{change.pk}", "post_failed", words, path, frozenset({change.post.language}))


def _channels() -> Iterator[Thing]:
    """With the posts that would not go out; of an end, again when a day is left."""
    at_risk = {risk.channel.pk: risk for risk in probing.risks() if risk.channel.trouble}
    for channel in Channel.objects.filter(active=True).exclude(trouble="").order_by("pk"):
        lost = f" It will not post {at_risk[channel.pk].words}." if channel.pk in at_risk else ""
        yield _connected(channel, "trouble", f"{channel.name} is in trouble. {channel.trouble.rstrip('.')}.{lost}")
    for expiry in expiring.soon():
        what = "expires:last" if expiry.left <= expiring.LAST else "expires"
        yield _connected(expiry.channel, what, f"Reconnect {expiry.channel.name}: {expiry.words}")


def _connected(channel: Channel, what: str, words: str) -> Thing:
    path = reverse("channel_page", args=[channel.slug])
    return _thing(f"channel:{channel.pk}:{what}", "channel", words, path, frozenset(channel.languages))


def _of(post: Post, what: str, words: str, path: str = "") -> Thing:
    """A story under embargo is not named outside."""
    is_secret = embargo.holds(post.story) or post.article.current is None
    title = "" if is_secret or post.article.current is None else f" “{post.article.current.title[:120]}”"
    said = f"A post on {post.channel.name}{title} {words}. {post.trouble}"
    where = path or f"{reverse('story', args=[post.story_id])}#post-{post.pk}"
    return _thing(f"post:{post.pk}:{what}", f"post_{what}", said, where, frozenset({post.language}))


def _thing(name: str, kind: str, words: str, path: str, languages: frozenset[str] = frozenset()) -> Thing:
    """No address of anyone, whatever a network or relay put into its words."""
    return Thing(_short(name), kind, logs.scrub(" ".join(words.split()))[:600], path, languages)


def _short(name: str) -> str:
    """A host or relay may be called at length; two of them stay two."""
    if len(name) <= LONGEST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{name[: LONGEST - len(digest) - 1]}~{digest}"
