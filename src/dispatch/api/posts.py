"""Calls about posts: found, written, planned, and changed where they are out."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Status

from dispatch.accounts import desks
from dispatch.accounts.models import Role
from dispatch.api import asked, cursors, door, seen, told
from dispatch.api.calling import asks
from dispatch.api.problems import Problem
from dispatch.api.tokens import Scope
from dispatch.desk.posting import WHY_NOT
from dispatch.social import acts, media, timing, writing
from dispatch.social.models import Change, Channel, Post
from dispatch.social.networks.base import Unsupported
from dispatch.social.timing import Placed
from dispatch.social.writing import NotWritten, Said, Shown

router = Router(tags=["Posts"])


@router.get("/posts", response=cursors.Page[told.PostOut], **asks(Scope.POSTS, query=asked.PostListing))
def list_posts(request: HttpRequest, find: Query[asked.PostListing]) -> dict[str, Any]:
    """Posts, those that were made last first."""
    wanted: dict[str, Any] = {
        "state": find.state,
        "channel__slug": find.channel,
        "story": find.story,
        "due_at__gte": find.due_from,
        "due_at__lt": find.due_before,
    }
    rows = seen.posts(door.token_of(request)).filter(**{name: one for name, one in wanted.items() if one is not None})
    return cursors.page(request, rows, told.PostOut.of, cursor=find.cursor, limit=find.limit)


@router.get("/posts/{int:post_id}", response=told.PostInFull, **asks(Scope.POSTS))
def one_post(request: HttpRequest, response: HttpResponse, post_id: asked.Number) -> told.PostInFull:
    """One post, with what its network would have against it. ETag is its version."""
    return _told(response, _find(request, post_id))


@router.post("/posts", response={201: told.PostInFull}, **asks(Scope.DRAFT))
def create_post(request: HttpRequest, response: HttpResponse, said: asked.PostIn) -> Status[told.PostInFull]:
    """A draft for a story and a channel, which has one post of a story at most. It goes out when it is planned."""
    token = door.token_of(request)
    story = seen.stories(token).filter(pk=said.story).first()
    channel = Channel.objects.filter(slug=said.channel, active=True).first()
    if story is None:
        raise Problem("invalid", errors={"story": "there is none of this number"})
    if channel is None:
        raise Problem("invalid", errors={"channel": "there is no active one of this name"})
    desks.insist(token.user, channel)
    made = writing.create(story, channel, _said(said), token.user)
    if made is NotWritten.EXISTS:
        there = Post.objects.filter(story=story, channel=channel, turn=0, place=0).first()
        raise Problem("exists", f"Post {there.pk} is {channel.slug}'s of this story." if there else "")
    return Status(201, _told(response, _written(made)))


@router.patch("/posts/{int:post_id}", response=told.PostInFull, **asks(Scope.DRAFT))
def edit_post(
    request: HttpRequest, response: HttpResponse, post_id: asked.Number, said: asked.PostEdit
) -> told.PostInFull:
    """Change what is not out: text, language, content warning, pictures and what is said of them."""
    post = _mine(request, post_id)
    version = _matching(request, post) or said.version
    if version is None:
        raise Problem("no-version")
    made = writing.edit(post.pk, version, _said(said), door.token_of(request).user)
    return _told(response, _written(made))


@router.post("/media", response={201: told.Picture}, **asks(Scope.DRAFT))
def bring_picture(request: HttpRequest, said: asked.PictureIn) -> Status[told.Picture]:
    """Fetch a picture, without its metadata, for posts to show. Only public https addresses are fetched from."""
    try:
        return Status(201, told.Picture.of(media.bring(said.url)))
    except media.Unfit as problem:
        raise Problem("invalid", errors={"url": str(problem)}) from problem


@router.post("/posts/{int:post_id}/schedule", response=told.PostInFull, **asks(Scope.SCHEDULE))
def schedule_post(
    request: HttpRequest, response: HttpResponse, post_id: asked.Number, said: asked.Schedule
) -> told.PostInFull:
    """At a moment, in the channel's next free slot, or now; the further parts of its thread come along."""
    post, user = _mine(request, post_id), door.token_of(request).user
    if sum(one is not None for one in (said.at, said.slot, said.now)) != 1:
        raise Problem("invalid", errors={"at": "say exactly one of at, slot and now"})
    if said.slot:
        placed, _ = timing.in_next_slot(post.pk, user, said.reason)
    else:
        placed = timing.at(post.pk, said.at or timezone.now(), user, said.reason)
    if placed is not Placed.DONE:
        raise Problem("too-late" if placed is Placed.TOO_LATE else "not-then", WHY_NOT[placed])
    return _told(response, _find(request, post_id))


@router.post("/posts/{int:post_id}/drop", response=told.PostInFull, **asks(Scope.SCHEDULE))
def drop_post(request: HttpRequest, response: HttpResponse, post_id: asked.Number, said: asked.Why) -> told.PostInFull:
    """Decide against it while it is not out."""
    post = _mine(request, post_id)
    _done(acts.drop(post.pk, door.token_of(request).user, said.reason, states=Post.UNSENT))
    return _told(response, _find(request, post_id))


@router.post("/posts/{int:post_id}/retry", response=told.PostInFull, **asks(Scope.SCHEDULE, Role.OPERATOR))
def retry_post(request: HttpRequest, response: HttpResponse, post_id: asked.Number, said: asked.Why) -> told.PostInFull:
    """Try a refused, deferred or late one again, now. An unknown one is for `settle`."""
    post = _mine(request, post_id)
    _done(acts.retry(post.pk, door.token_of(request).user, said.reason))
    return _told(response, _find(request, post_id))


@router.post("/posts/{int:post_id}/settle", response=told.PostInFull, **asks(Scope.SCHEDULE))
def settle_post(
    request: HttpRequest, response: HttpResponse, post_id: asked.Number, said: asked.Settle
) -> told.PostInFull:
    """Somebody looked for an unknown one: it is out, or it is not and is posted again."""
    post, user = _mine(request, post_id), door.token_of(request).user
    _done(acts.settle(post.pk, user, said.reason, went_out=said.went_out, address=said.address))
    return _told(response, _find(request, post_id))


@router.post("/posts/{int:post_id}/edit", response={202: told.ChangeOut}, **asks(Scope.CHANGE))
def edit_public_post(request: HttpRequest, post_id: asked.Number, said: asked.PublicEdit) -> Status[told.ChangeOut]:
    """Say something else where it is out. A worker does it; the post's `changes` tell what became of it."""
    post, user = _mine(request, post_id), door.token_of(request).user
    return _wanted(acts.edit(post.pk, user, said.reason, text=said.text, content_warning=said.content_warning))


@router.post("/posts/{int:post_id}/take-back", response={202: told.ChangeOut}, **asks(Scope.CHANGE))
def take_back_post(request: HttpRequest, post_id: asked.Number, said: asked.Why) -> Status[told.ChangeOut]:
    """Delete it where it is out or, where nobody knows whether it is, as soon as that is known."""
    post = _mine(request, post_id)
    return _wanted(acts.take_back(post.pk, door.token_of(request).user, said.reason))


def _find(request: HttpRequest, number: int) -> Post:
    return seen.one(seen.posts(door.token_of(request)), number)


def _mine(request: HttpRequest, number: int) -> Post:
    """One that its person may act on. Raises PermissionDenied where it is another desk's."""
    post = _find(request, number)
    desks.insist(door.token_of(request).user, post.channel)
    return post


def _told(response: HttpResponse, post: Post) -> told.PostInFull:
    response["ETag"] = f'"{post.version}"'
    return told.PostInFull.of(post)


def _matching(request: HttpRequest, post: Post) -> int | None:
    """The version that If-Match names. Raises Problem where the post has another."""
    said = request.headers.get("If-Match", "").strip().removeprefix("W/")  # a proxy that compresses weakens an ETag
    if said not in {"", "*", f'"{post.version}"'}:
        raise Problem("changed", f"It is version {post.version} now.")
    return post.version if said else None


def _said(asked_for: asked.PostIn | asked.PostEdit) -> Said:
    shown = asked_for.media
    return Said(
        text=asked_for.text,
        language=asked_for.language,
        content_warning=asked_for.content_warning,
        media=None if shown is None else [Shown(one.id, one.alt, (one.focus_x, one.focus_y)) for one in shown],
    )


def _written(made: Post | NotWritten) -> Post:
    match made:
        case NotWritten.STALE:
            raise Problem("stale")
        case NotWritten.NO_VERSION:
            raise Problem("invalid", errors={"language": "the story is not told publicly in it"})
        case NotWritten.NO_PICTURE:
            raise Problem("invalid", errors={"media": "each once, and each from POST /media"})
        case NotWritten():
            raise Problem("too-late")
        case Post():
            return made


def _done(done: bool) -> None:
    if not done:
        raise Problem("too-late")


def _wanted(wanted: Change | Unsupported | None) -> Status[told.ChangeOut]:
    match wanted:
        case None:
            raise Problem("too-late")
        case Unsupported():
            raise Problem("too-late", "Its network has no such act: do it there by hand.")
        case Change():
            return Status(202, told.ChangeOut.of(wanted))
