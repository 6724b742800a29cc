"""A correction as a reply to what is out, where a network shows replies: the reader of the post finds it beneath."""

import jinja2
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from dispatch import queue, templating
from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.articles.models import Article
from dispatch.social import channels, composing, networks, withdrawing
from dispatch.social.models import Post
from dispatch.social.networks.base import Limits

State = Post.State


def can_follow(limits: Limits) -> bool:
    """Whether the network shows a post beneath another."""
    return limits.threads or limits.comments


def offered(post: Post, title_before: str) -> str:
    """What the newsroom's template says of it, for an editor to look over: the wrong title is named where both fit."""
    current = post.article.current
    now = current.title if current and post.article.state == Article.State.PUBLISHED else ""
    said = {"now": now, "link": post.link if now else "", "language": post.language}
    network, account = networks.of(post.channel.network), channels.unopened(post.channel)
    before = title_before if title_before != now else ""
    whole = _render(before=before, **said)
    return whole if composing.fits(network, whole, account) else _render(before="", **said)


def problem(post: Post, text: str) -> str:
    """Why a text cannot be posted there, in words; empty: it can."""
    network, account = networks.of(post.channel.network), channels.unopened(post.channel)
    if not text.strip():
        return "It says nothing."
    if not composing.fits(network, text, account):
        limits = network.limits(account)
        return f"It is too long: {network.count(text, account)} of {limits.longest} {limits.unit}."
    return ""


def reply(post_id: int, by: User | None, reason: str, text: str) -> Post | None:
    """Post it beneath, now. None: what it would follow is not out, nobody knows where it is, or the same was said already."""
    try:
        with transaction.atomic():
            before = Post.objects.select_for_update().filter(pk=post_id, state=State.SENT).exclude(remote_id="").first()
            if before is None or before.followed_by.filter(text=text).exclude(state=State.DROPPED).exists():
                return None
            made = _after(before, text)
            audit.record(by, "post.correct", f"post:{post_id}", reason)
    except IntegrityError:  # a part of its thread took the place meanwhile
        return None
    queue.enqueue("social.publish_post", made.pk)
    return made


def _after(before: Post, text: str) -> Post:
    beside = Post.objects.filter(channel=before.channel_id, story=before.story_id, turn=before.turn)
    last = beside.aggregate(last=Max("place"))["last"]
    return Post.objects.create(
        channel_id=before.channel_id,
        story_id=before.story_id,
        article_id=before.article_id,
        turn=before.turn,
        place=last + 1,
        follows=before,
        text=text,
        language=before.language,
        settings={withdrawing.CORRECTS: True},
        edited=True,
        due_at=timezone.now(),
    )


def _render(*, before: str, now: str, link: str, language: str) -> str:
    loader = jinja2.FileSystemLoader([folder / "social" for folder in templating.folders()])
    plain = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, autoescape=False)  # noqa: S701 - plain text
    wanted = [f"correction.{code}.txt" for code in (language, language.partition("-")[0], "en")]
    return plain.select_template(wanted).render(before=before, now=now, link=link, language=language).strip()
