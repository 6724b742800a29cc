"""What the story pages answer: a story's languages side by side, what was made of it, and what is missing."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from dispatch.accounts import desks
from dispatch.articles.models import Article, Story
from dispatch.audience.models import Newsletter
from dispatch.delivery import progress
from dispatch.desk import naming, overview
from dispatch.editions.models import Edition
from dispatch.operations import stats
from dispatch.social.models import Channel, Post

PAGE = 40


@dataclass(frozen=True)
class Version:
    """A language of a story; `article` is None where a newsletter speaks it and the story does not."""

    language: str
    article: Article | None


@dataclass(frozen=True)
class Mailing:
    """An edition that brings a story."""

    edition: Edition
    name: str
    state: tuple[str, str]
    send: stats.SendNow | None
    shares: list[stats.Share]
    trouble: str  # of the edition, or why some of its mail stands still


@dataclass(frozen=True)
class Absent:
    """A channel without a post of a story, and why."""

    channel: Channel
    why: str


@dataclass(frozen=True)
class Listed:
    """A story in the list."""

    story: Story
    title: str
    versions: list[Article]
    mailings: dict[tuple[str, str], int]  # how many editions, by kind and state
    posts: dict[str, int]  # how many, by state


def listed(words: str, page: int) -> tuple[list[Listed], bool]:
    """A page of stories, the latest first, and whether there are older ones. `words` are looked for in titles."""
    found = Story.objects.filter(articles__current__title__icontains=words).distinct() if words else Story.objects.all()
    start = (page - 1) * PAGE
    stories = list(with_everything(found).order_by("-id")[start : start + PAGE + 1])
    return [_listed(story) for story in stories[:PAGE]], len(stories) > PAGE


def latest(count: int) -> list[Listed]:
    """For Home."""
    return [_listed(story) for story in with_everything(Story.objects.all()).order_by("-id")[:count]]


def with_everything(stories: QuerySet[Story]) -> QuerySet[Story]:
    """With what pages show of them, in a fixed number of queries."""
    articles = Article.objects.select_related("current", "source").defer("current__html", "current__text")
    posts = Post.objects.select_related("channel").order_by("channel__name")
    return stories.prefetch_related(
        Prefetch("articles", articles.order_by("id")),
        Prefetch("posts", posts),
        "editions__edition__newsletter",
        "editions__edition__send",
    )


def versions(story: Story) -> list[Version]:
    """Those there are, and those that a newsletter speaks and the story does not."""
    there = [Version(article.language, article) for article in story.articles.all()]
    spoken = sorted({code for newsletter in Newsletter.objects.filter(active=True) for code in newsletter.languages})
    known = {version.language for version in there}
    return [*there, *(Version(code, None) for code in spoken if code not in known)]


def mailings(story: Story) -> list[Mailing]:
    """Editions made of it, with how far each is."""
    editions = [place.edition for place in story.editions.all()]
    now = {send.id: send for send in stats.sends()} if editions else {}
    return [_mailing(edition, now) for edition in sorted(editions, key=lambda edition: edition.pk)]


def absent(story: Story) -> list[Absent]:
    """Active channels that have no post of it."""
    having = {post.channel_id for post in story.posts.all()}
    channels = Channel.objects.filter(active=True).exclude(pk__in=having).order_by("name")
    return [Absent(channel, _why(channel, list(story.articles.all()))) for channel in channels]


def places(story_id: int) -> list[desks.Owned]:
    """The newsletters and channels that have something of a story: whoever acts on all of it must be at home in each."""
    newsletters = Newsletter.objects.filter(editions__stories__story=story_id).distinct()
    channels = Channel.objects.filter(posts__story=story_id).distinct()
    return [*newsletters, *channels]


def _why(channel: Channel, articles: list[Article]) -> str:
    if all(article.visibility != Article.Visibility.PUBLIC for article in articles):
        return "the story is not public"
    spoken = [article for article in articles if not channel.languages or article.language in channel.languages]
    if not spoken:
        return f"it posts in {', '.join(channel.languages)} only"
    topics = {topic for article in spoken if article.current for topic in article.current.topics}
    if channel.topics and not topics & set(channel.topics):
        return f"it posts {', '.join(channel.topics)} only"
    if any(article.planned_at is None for article in spoken):
        return "not planned yet"
    return "connected after the story was planned"


def _mailing(edition: Edition, now: dict[int, stats.SendNow]) -> Mailing:
    send = getattr(edition, "send", None)
    shares = stats.shares(send.pk) if send else []
    return Mailing(
        edition,
        naming.newsletter(edition.newsletter),
        overview.state_of(edition),
        (now.get(send.pk) or stats.ended(send)) if send else None,
        shares,
        edition.trouble or (progress.trouble(send) if send else ""),
    )


def _listed(story: Story) -> Listed:
    articles = list(story.articles.all())
    states = [overview.state_of(place.edition) for place in story.editions.all()]
    posts = Counter(post.state for post in story.posts.all())
    return Listed(story, naming.title(articles), articles, Counter(states), posts)
