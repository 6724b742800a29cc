"""What is not out stays in while its article may not be posted, and comes back as it was: a draft as a draft, what somebody
placed at its moment. What became of a call under way at that time is sql/settle.sql's."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import JSONObject
from django.utils import timezone

from dispatch.articles.models import Article, Story
from dispatch.social import timing
from dispatch.social.models import Post

State = Post.State
CORRECTS = "corrects"
"""In the settings of a correction: it goes out though its article does not stand; also in sql/stands.sql."""
TAKEN_BACK = "the article was taken back before this went out"
FOR_SOME = {
    Article.Visibility.MEMBERS: "its article is for members only now",
    Article.Visibility.EMAIL_ONLY: "its article is only mailed now",
}
KEPT = "its language was taken back; what was written is kept, and begun anew it speaks another language"
PASSED = "its moment passed while its article was taken back"


def of_article(article: Article) -> None:
    """Posts of this version that are not out stay in."""
    why = FOR_SOME.get(Article.Visibility(article.visibility), TAKEN_BACK)
    _withdraw(Post.objects.filter(article=article), why if article.state == Article.State.PUBLISHED else TAKEN_BACK)


def follow(story: Story, standing: Iterable[Article]) -> None:
    """Posts of versions that may not be posted any more stay in; those of versions that may again come back."""
    numbers = [article.pk for article in standing]
    fallen = story.articles.filter(posts__state__in=Post.UNSENT).exclude(pk__in=numbers).distinct()
    for article in fallen:
        of_article(article)
    withdrawn = Post.objects.filter(article__in=numbers, state=State.WITHDRAWN, turn=0, channel__removed_at=None)
    for post in withdrawn.select_for_update(of=("self",)).select_related("channel", "story").order_by("pk"):
        if not post.attempts.filter(outcome="unknown").exists():
            Post.objects.filter(pk=post.pk).update(**as_it_was(post))


def as_it_was(post: Post) -> dict[str, Any]:
    """The fields of a withdrawn post before that. A moment somebody chose that passed meanwhile makes it late."""
    was, now = post.before or {"state": State.DRAFT}, timezone.now()
    back = {"state": was["state"], "trouble": was.get("trouble", ""), "before": None}
    if was["state"] not in Post.WAITING:
        return back
    if post.placed and post.due_at < now:
        return {**back, "state": State.LATE, "trouble": PASSED}
    moment = post.due_at if post.placed else max(post.due_at, timing.earliest(post.channel, post.story))
    return {**back, "due_at": moment, "asked_at": now, "rung_at": None}


def _withdraw(posts: QuerySet[Post], why: str) -> None:
    unsent = posts.filter(~Q(settings__has_key=CORRECTS), state__in=Post.UNSENT)
    unsent.update(state=State.WITHDRAWN, trouble=why, before=JSONObject(state=F("state"), trouble=F("trouble")))
