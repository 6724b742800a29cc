"""A story changed after it was out: what was said where, against what is true now, and what someone decided of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from dispatch.articles.models import Article, Revision, Story
from dispatch.delivery.models import Send
from dispatch.desk import naming, recent
from dispatch.desk.models import Decision
from dispatch.editions.models import Edition, Variant
from dispatch.social import changing, channels, composing, correcting, networks
from dispatch.social.acts import MAYBE_OUT
from dispatch.social.models import Change, Post
from dispatch.social.networks.base import Limits

LATELY = timedelta(days=14)
"""For how long Home asks about a change."""
LOOKED_AT = 40
"""How many stories with something undecided Home looks into."""


@dataclass(frozen=True)
class Told:
    """What readers were told in one language. `now` is None where that is taken back."""

    language: str
    title: str
    summary: str
    text: str  # of the article; empty where only its title and summary were frozen
    number: int  # of the revision; 0: not kept
    now: Revision | None

    @property
    def differs(self) -> bool:
        """Whether something else is true now."""
        if self.now is None:
            return True
        is_other_text = bool(self.text) and self.text != self.now.text
        return is_other_text or (self.title, self.summary) != (self.now.title, self.now.summary)


@dataclass(frozen=True)
class Out:
    """A post that is, or may be, out."""

    post: Post
    told: Told
    stands: str  # Decision.seen of it
    limits: Limits
    proposal: str  # what the template would have it say now; empty: nothing is left to say
    correction: str  # of a reply
    decision: Decision | None = None
    change: Change | None = None  # the latest edit or deletion that was asked for

    @property
    def differs(self) -> bool:
        """Whether it says what is not so any more. What was written after its article was taken back knew of that."""
        gone_at = self.post.article.withdrawn_at if self.told.now is None else None
        knew = gone_at is not None and self.post.created_at >= gone_at
        return self.told.differs and self.post.text != self.proposal and not knew

    @property
    def can_follow(self) -> bool:
        """Whether a reply can stand beneath it."""
        return correcting.can_follow(self.limits) and bool(self.post.remote_id)

    @property
    def failed(self) -> Change | None:
        """A change that someone has to do by hand, or let be."""
        lost = (Change.State.REFUSED, Change.State.UNKNOWN)
        return self.change if self.change and self.change.state in lost else None

    @property
    def is_open(self) -> bool:
        """Whether someone has to decide."""
        return self.failed is not None or (self.differs and self.decision is None)


@dataclass(frozen=True)
class Mailed:
    """An edition that told the story."""

    edition: Edition
    send: Send | None
    told: list[Told]
    stands: str
    decision: Decision | None = None

    @property
    def differs(self) -> bool:
        """Whether one of its languages says what is not so any more."""
        return any(one.differs for one in self.told)

    @property
    def is_open(self) -> bool:
        """Whether someone has to decide."""
        return self.differs and self.decision is None

    @property
    def correct_path(self) -> str:
        """Where a correction to those who got it is begun, by a POST that names the story; empty: not here."""
        try:
            return reverse("edition_correct", args=[self.edition.pk])
        except NoReverseMatch:
            return ""


@dataclass(frozen=True)
class Plan:
    """Everything of a story that is out, with what may be done about it."""

    story: Story
    posts: list[Out] = field(default_factory=list)
    mailings: list[Mailed] = field(default_factory=list)

    @property
    def open(self) -> int:
        """How many things wait for someone."""
        return sum(one.is_open for one in self._everything())

    @property
    def differing(self) -> int:
        """How many things say what is not so any more, decided or not."""
        return sum(one.differs for one in self._everything())

    @property
    def words(self) -> str:
        """ "2 posts and 1 edition"; empty when nothing waits."""
        parts = [(sum(one.is_open for one in rows), noun) for rows, noun in self._rows()]
        return " and ".join(f"{count} {noun}{'s' if count > 1 else ''}" for count, noun in parts if count)

    def _everything(self) -> list[Out | Mailed]:
        return [*self.posts, *self.mailings]

    def _rows(self) -> tuple[tuple[Iterable[Out | Mailed], str], ...]:
        return (self.posts, "post"), (self.mailings, "edition")


def plan(story: Story) -> Plan:
    """Of one story, as it stands now."""
    decided = {(one.about, one.seen): one for one in Decision.objects.select_related("by").filter(_about(story))}
    return Plan(story, list(_posts(story, decided)), list(_mailings(story, decided)))


def changed_lately() -> list[Plan]:
    """Those of stories that changed after they were out and that someone should look at, the latest first."""
    found = Story.objects.filter(pk__in=recent.undecided(timezone.now() - LATELY))
    plans = (plan(story) for story in found.order_by("-pk").prefetch_related("articles__current")[:LOOKED_AT])
    return [one for one in plans if one.open]


def stands(post: Post) -> str:
    """Decision.seen of a post: what is true now of the article that it tells."""
    return _stands([post.article])


def of_edition(story: Story, edition: Edition) -> Mailed | None:
    """What one edition says of a story; None: nothing."""
    return next(_mailings(story, {}, only=edition.pk), None)


def about_post(post: Post) -> str:
    """Decision.about."""
    return f"post:{post.pk}"


def about_edition(edition_id: int, story_id: int) -> str:
    """Likewise."""
    return f"edition:{edition_id}/{story_id}"


def _about(story: Story) -> Q:
    posts = [f"post:{number}" for number in Post.objects.filter(story=story).values_list("pk", flat=True)]
    return Q(about__in=posts) | Q(about__startswith="edition:", about__endswith=f"/{story.pk}")


def _posts(story: Story, decided: dict[tuple[str, str], Decision]) -> Iterator[Out]:
    out = Post.objects.filter(story=story, state__in=MAYBE_OUT).select_related("channel", "article__current")
    posts = list(out.prefetch_related("attempts", "changes").order_by("channel__name", "turn", "place"))
    frozen = {post.pk: _frozen(post) for post in posts}
    made_of = Revision.objects.filter(pk__in={one.get("revision", 0) for one in frozen.values()})
    numbers = dict(made_of.values_list("pk", "number"))
    for post in posts:
        yield _out(post, _told_by(post, frozen[post.pk], numbers), decided)


def _out(post: Post, told: Told, decided: dict[tuple[str, str], Decision]) -> Out:
    stands = _stands([post.article])
    account = channels.unopened(post.channel)
    is_own = post.place == 0 and told.now is not None
    changes = [one for one in post.changes.all() if one.state != Change.State.VOID]
    return Out(
        post=post,
        told=told,
        stands=stands,
        limits=networks.of(post.channel.network).limits(account),
        proposal=composing.compose(post.channel.network, post.article, account) if is_own else "",
        correction=correcting.offered(post, told.title),
        decision=decided.get((about_post(post), stands)),
        change=max(changes, key=lambda one: one.pk, default=None),
    )


def _frozen(post: Post) -> dict[str, Any]:
    """What was frozen with the attempt that put it out."""
    attempt = max(post.attempts.all(), key=lambda one: one.number, default=None)
    return attempt.frozen if attempt else {}


def _told_by(post: Post, frozen: dict[str, Any], numbers: dict[int, int]) -> Told:
    now = _now(post.article)
    title = frozen.get("title", now.title if now else post.text)
    summary = frozen.get("summary", now.summary if now else "")
    return Told(post.language, title, summary, "", numbers.get(frozen.get("revision", 0), 0), now)


def _mailings(story: Story, decided: dict[tuple[str, str], Decision], only: int | None = None) -> Iterator[Mailed]:
    editions = Edition.objects.filter(stories__story=story, state=Edition.State.RENDERED).distinct()
    if only is not None:
        editions = editions.filter(pk=only)
    for edition in editions.select_related("newsletter", "send").order_by("pk"):
        told = _told_in(edition, story)
        if not told:
            continue
        articles = Article.objects.filter(story=story, language__in=[one.language for one in told])
        stands = _stands(articles.select_related("current"))
        decision = decided.get((about_edition(edition.pk, story.pk), stands))
        yield Mailed(edition, getattr(edition, "send", None), told, stands, decision)


def _told_in(edition: Edition, story: Story) -> list[Told]:
    """Of each version, the revision that its variants say."""
    of_variants = Variant.revisions.through.objects.filter(variant__edition=edition, revision__article__story=story)
    numbers = of_variants.values_list("revision_id", flat=True).distinct()
    found = Revision.objects.filter(pk__in=numbers).select_related("article__current").order_by("article_id", "pk")
    return [
        Told(one.article.language, one.title, one.summary, one.text, one.number, _now(one.article)) for one in found
    ]


def _now(article: Article) -> Revision | None:
    return article.current if article.state == Article.State.PUBLISHED else None


def _stands(articles: Iterable[Article]) -> str:
    """What is true now, as a mark: another revision, or taking it back, makes another."""
    return " ".join(sorted(f"{one.language}:{one.state}:{one.current_id or 0}" for one in articles))[:200]


@dataclass(frozen=True)
class All:
    """What taking everything of a story back would do. `by_hand` are out where Dispatch cannot delete."""

    waiting: list[Post]
    deletable: list[Post]
    doubtful: list[Post]
    by_hand: list[Post]

    @property
    def count(self) -> int:
        """How many posts."""
        return sum(map(len, (self.waiting, self.deletable, self.doubtful, self.by_hand)))


def all_of(story: Story) -> All:
    """Before anything is done."""
    found = All([], [], [], [])
    for post in Post.objects.filter(story=story).select_related("channel").order_by("channel__name", "place"):
        if post.state in Post.UNSENT:
            found.waiting.append(post)
        elif post.state in MAYBE_OUT:
            deletes = networks.of(post.channel.network).limits(channels.unopened(post.channel)).deletes
            rows = found.by_hand if not deletes else found.deletable if post.state == "sent" else found.doubtful
            rows.append(post)
    return found


def failed(story: Story) -> list[Change]:
    """Edits and deletions of its posts that someone has to do by hand, or let be."""
    return list(changing.failed().filter(post__story=story))


def title(one: Plan) -> str:
    """What the story is called."""
    return naming.title(one.story.articles.all())
