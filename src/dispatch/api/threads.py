"""Calls about the parts of a post that is not out: its thread, its first comment, pictures from one's own disk."""

from typing import Annotated, Any, Literal

from django.db import transaction
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from dispatch.accounts import audit
from dispatch.api import asked, door, reached, seen, told
from dispatch.api.calling import asks
from dispatch.api.problems import Problem
from dispatch.api.tokens import Scope
from dispatch.social import drafting, media, threads
from dispatch.social.models import Post

router = Router(tags=["Posts"])
Act = Literal["split", "join", "part", "comment", "remove"]
BYTES = {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}


class Split(asked.Strict):
    """What to do to the thread, by somebody who saw this version of the post."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    numbered: Annotated[bool, Field(description="With (1/3) at the end of each part; for `split`.")] = False


class PartOut(told.PostOut):
    """One post of a thread."""

    is_comment: bool

    @classmethod
    def of(cls, post: Post) -> "PartOut":
        """As it stands."""
        return cls(**told.PostOut.of(post).dict(), is_comment=threads.is_comment(post))


class Thread(Schema):
    """In its order, the first comment last."""

    items: list[PartOut]


@router.get("/posts/{int:post_id}/thread", response=Thread, **asks(Scope.POSTS))
def one_thread(request: HttpRequest, post_id: asked.Number) -> Thread:
    """The post with what follows it, and what it follows."""
    return _thread(request, reached.post(request, post_id))


@router.post("/posts/{int:post_id}/thread/{act}", response=Thread, **asks(Scope.DRAFT))
def change_thread(request: HttpRequest, post_id: asked.Number, act: Act, said: Split) -> Thread:
    """Split a text that is too long, or join its parts again; add an empty part after this one, or a first comment; take a
    part out. Write the new parts as any post."""
    post, user = reached.own_post(request, post_id), door.token_of(request).user
    try:
        with transaction.atomic():
            one = drafting.locked(post.pk)
            _check(one, said.version)
            _do(one, act, numbered=said.numbered)
            audit.record(user, f"post.{act}", f"post:{post.pk}")
    except threads.Undoable as problem:
        raise Problem("too-late", str(problem)) from problem
    return _thread(request, post)


@router.post("/media/upload", response={201: told.Picture}, **asks(Scope.DRAFT, requestBody=BYTES))
def upload_picture(request: HttpRequest) -> Status[told.Picture]:
    """The picture itself as the body, 12 MB at most; it is kept without its metadata, for posts to show."""
    try:
        return Status(201, told.Picture.of(media.take(request.body)))
    except media.Unfit as problem:
        raise Problem("invalid", errors={"body": str(problem)}) from problem


def _do(post: Post, act: Act, *, numbered: bool) -> None:
    match act:
        case "split":
            threads.split(post, numbered=numbered)
        case "join":
            threads.join(post)
        case "part":
            threads.add(post)
        case "comment":
            threads.comment(post)
        case "remove":
            threads.remove(post)


def _check(post: Post, version: int) -> None:
    if why := drafting.closed(post):
        raise Problem("too-late", why)
    if version != post.version:
        raise Problem("stale", f"It is version {post.version} now.")


def _thread(request: HttpRequest, post: Post) -> Thread:
    about: dict[str, Any] = {"channel": post.channel_id, "story": post.story_id, "turn": post.turn}
    rows = seen.posts(door.token_of(request)).filter(**about).order_by("place")
    return Thread(items=[PartOut.of(one) for one in rows])
