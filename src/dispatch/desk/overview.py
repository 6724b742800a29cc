"""What Home answers: what goes out today, what needs someone, and what is still to be set up."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from dispatch import saying
from dispatch.accounts import stopping
from dispatch.accounts.models import Role
from dispatch.articles.models import Article, Source
from dispatch.audience.models import Newsletter, Subscription
from dispatch.delivery import preflighting
from dispatch.delivery.models import Relay, Send
from dispatch.desk import afterwards, naming, surroundings
from dispatch.editions import departures
from dispatch.editions.models import Edition
from dispatch.operations import stats
from dispatch.social import changing, expiring, lateness, probing
from dispatch.social.models import Change, Channel, Post


@dataclass(frozen=True)
class Need:
    """Something that waits for a person. `shape` as in states.Shown."""

    shape: str
    words: str
    path: str

    @property
    def role(self) -> Role:
        """Who may open it: the queue is the operators'."""
        return Role.OPERATOR if self.path.startswith(reverse("queue")) else Role.EDITOR


@dataclass(frozen=True)
class Step:
    """A first step of a new newsroom, and the command that takes it."""

    words: str
    command: str
    is_done: bool


@dataclass(frozen=True)
class Leaving:
    """An edition that goes, or went, out today."""

    edition: Edition
    send: stats.SendNow | None
    state: tuple[str, str]  # kind and state, for the badge


def needs(now: stats.Now) -> Iterator[Need]:
    """The most pressing first; nothing when all is well."""
    if stopping.in_force().exists():
        yield Need("held", "A STOP is in force.", f"{reverse('queue')}#stop")
    yield from _held()
    yield from _blocked()
    yield from _pressing(now)
    yield from _unapproved()
    yield from _changed()
    yield from _waiting(now)


def _pressing(now: stats.Now) -> Iterator[Need]:
    """What does not go on without someone."""
    queue, board = reverse("queue"), now.board
    for send in now.sends:
        if send.state == Send.State.UNBALANCED:
            yield Need(
                "bad",
                f"Send {send.id} does not add up: its readers must be looked at before anything is repeated.",
                queue,
            )
    yield from _counted(
        board["post"]["unknown"].count,
        "unsure",
        "post",
        "may or may not be out. Look, then say so.",
        reverse("unknown_posts"),
    )
    yield from _counted(
        board["chunk"]["failed"].count,
        "bad",
        "chunk",
        "of mail stuck. The queue says why.",
        f"{queue}#chunks",
    )
    yield from _counted(
        board["webhook"]["failed"].count, "bad", "webhook", "could not be taken in.", f"{queue}#webhooks"
    )
    yield from _unrendered()
    yield from _late()
    yield from _at_risk()
    for relay in Relay.objects.filter(active=True).exclude(breaker=Relay.Breaker.CLOSED):
        yield Need(
            "bad",
            f"The relay {relay.name} is left alone until {saying.moment(relay.probe_at)}. {relay.trouble}",
            reverse("health"),
        )
    for _, _, words in surroundings.coming_back(timezone.now()):
        yield Need("bad", words, reverse("health"))


def _unrendered() -> Iterator[Need]:
    """Editions that could not be rendered, wholly or in part."""
    since = timezone.now() - departures.HELD
    partly = Q(state=Edition.State.RENDERED, rendered_at__gt=since) & ~Q(trouble="")
    for edition in Edition.objects.filter(Q(state=Edition.State.FAILED) | partly).select_related("newsletter")[:5]:
        said = "could not be rendered" if edition.state == Edition.State.FAILED else "left without a part of it"
        then = " Mend the story or its template: it is tried again by itself." if edition.is_own else ""
        words = f"{naming.newsletter(edition.newsletter)} {said}. {edition.trouble}{then}"
        yield Need("bad", words, reverse("edition_page", args=[edition.pk]))


def _late() -> Iterator[Need]:
    """What was not sent at its moment, and waits for a person since nothing is sent late by itself."""
    posts, editions = lateness.late().count(), Edition.objects.filter(state=Edition.State.LATE).count()
    found = [saying.many(count, noun) for count, noun in ((posts, "post"), (editions, "edition")) if count]
    if found:
        yield Need(
            "held", f"Late: {' and '.join(found)}. Send them now, move them or drop them.", reverse("late_posts")
        )


def _held() -> Iterator[Need]:
    """Sends whose first wave went badly."""
    for held in Send.objects.filter(is_held=True, state=Send.State.PAUSED).select_related("edition__newsletter"):
        yield Need(
            "held",
            f"{naming.newsletter(held.edition.newsletter)} paused by itself. {held.trouble}",
            reverse("edition_page", args=[held.edition_id]),
        )


def _blocked() -> Iterator[Need]:
    """Digests of the next hour in which something was found that should not leave so."""
    for edition, finding in preflighting.before_leaving():
        name, path = naming.newsletter(edition.newsletter), reverse("edition_page", args=[edition.pk])
        yield Need("bad", f"{name} leaves at {saying.moment(edition.due_at)}. {finding.what}: {finding.words}", path)


def _unapproved() -> Iterator[Need]:
    """Sends that wait for a second person."""
    waiting = Send.objects.filter(state=Send.State.DRAFT).exclude(approval=None)
    for send in waiting.select_related("edition__newsletter", "approval")[:5]:
        name, path = naming.newsletter(send.edition.newsletter), reverse("edition_page", args=[send.edition_id])
        yield Need("held", f"{name} waits for a second person. {send.approval.why}", path)


def _changed() -> Iterator[Need]:
    """Stories that changed after they were out, one line each."""
    for plan in afterwards.changed_lately():
        words = f"“{afterwards.title(plan)}” changed after it was out: {plan.words} to look at."
        yield Need("unsure", words, reverse("story_changes", args=[plan.story.pk]))


def _at_risk() -> Iterator[Need]:
    """Scheduled posts that will not go out at their moment."""
    for risk in probing.risks():
        is_of_channel = risk.channel.trouble or not risk.channel.active
        where = ("channel_page", risk.channel.slug) if is_of_channel else ("story", risk.posts[0].story_id)
        path = reverse(where[0], args=[where[1]])
        yield Need("bad", f"{risk.channel.name} will not post {risk.words}: {risk.why.rstrip('.')}.", path)
    for expiry in expiring.soon():
        path = reverse("channel_page", args=[expiry.channel.slug])
        yield Need(expiry.shape, f"Reconnect {expiry.channel.name}: {expiry.words}", path)
    for change in changing.failed()[:5]:
        path = reverse("story_changes", args=[change.post.story_id])
        asked = "deleted" if change.act == Change.Act.DELETE else "edited"
        yield Need("bad", f"A post on {change.post.channel.name} could not be {asked}. {change.trouble}", path)


def _waiting(now: stats.Now) -> Iterator[Need]:
    """What someone should look at, and what goes on by itself."""
    queue, board = reverse("queue"), now.board
    yield from _counted(
        board["post"]["failed"].count, "bad", "post", "refused, or too late to go by itself.", f"{queue}#posts"
    )
    yield from _counted(
        board["mail"]["unknown"].count,
        "unsure",
        "reader",
        "of whom nobody knows whether they got their mail.",
        f"{queue}#mail",
    )
    yield from _counted(
        board["mail"]["deferred"].count,
        "later",
        "reader",
        "deferred by their mail server. It is tried again by itself.",
        f"{queue}#mail",
    )
    for source in Source.objects.exclude(poll_trouble=""):
        yield Need("later", f"{source.name or source.slug} cannot be polled. {source.poll_trouble}", reverse("health"))
    for channel in Channel.objects.filter(active=True).exclude(trouble="").exclude(posts__state__in=Post.WAITING):
        yield Need("later", f"{channel.name}: {channel.trouble}", reverse("channel_page", args=[channel.slug]))


def leaving(now: stats.Now) -> list[Leaving]:
    """Editions due or sent between this midnight and the next, in the newsroom's zone."""
    start, end = today()
    theirs = (
        Q(due_at__gte=start, due_at__lt=end)
        | Q(send__started_at__gte=start)
        | Q(send__state__in=["sending", "first_wave", "paused", "cancelling"])
    )
    editions = Edition.objects.filter(theirs).exclude(state=Edition.State.EMPTY).select_related("newsletter", "send")
    return [_leaving(edition, now) for edition in editions.order_by("due_at").prefetch_related(naming.titles())[:60]]


def posts_today() -> dict[str, int]:
    """How many posts by state, of those due or out today."""
    start, end = today()
    theirs = Post.objects.filter(Q(due_at__gte=start, due_at__lt=end) | Q(sent_at__gte=start))
    found = dict(theirs.values_list("state").annotate(many=Count("pk")))
    return {state: found[state] for state in Post.State.values if state in found}


def first_steps() -> list[Step]:
    """In the order that makes sense; none left for a newsroom that is set up."""
    steps = [
        Step(
            "Add a newsletter.",
            "dispatch newsletter add news --name-en News --languages en --from-name … --from-address …",
            Newsletter.objects.exists(),
        ),
        Step("Bring its readers.", "dispatch import readers.csv --newsletter news", Subscription.objects.exists()),
        Step(
            "Say where mail is handed over.",
            "dispatch relay add main smtp://user:password@host:587",
            Relay.objects.exists(),
        ),
        Step(
            "Connect a channel.",
            "Channels, “Connect a channel”; or: dispatch channel add mastodon --slug masto --server https://…",
            Channel.objects.exists(),
        ),
        Step(
            "Connect your CMS, or publish a file.",
            "dispatch source add ghost --slug site --base-url https://…",
            Article.objects.exists(),
        ),
    ]
    return [] if all(step.is_done for step in steps) else steps


def state_of(edition: Edition) -> tuple[str, str]:
    """Kind and state of what is further along: the send where there is one."""
    send = getattr(edition, "send", None)
    return ("send", send.state) if send else ("edition", edition.state)


def today() -> tuple[datetime, datetime]:
    """This midnight and the next."""
    day = timezone.localdate()
    zone = timezone.get_current_timezone()
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone)


def _leaving(edition: Edition, now: stats.Now) -> Leaving:
    send = getattr(edition, "send", None)
    return Leaving(
        edition,
        (now.send(send.pk) or stats.ended(send)) if send else None,
        state_of(edition),
    )


def _counted(count: int, shape: str, noun: str, rest: str, path: str) -> Iterator[Need]:
    if count:
        yield Need(shape, f"{saying.many(count, noun)} {rest}", path)
