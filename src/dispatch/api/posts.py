"""Calls about posts: found, written, planned, and changed where they are out."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Status

from dispatch.accounts import desks
from dispatch.accounts.models import Role
from dispatch.api import asked, cursors, door, reached, seen, told
from dispatch.api.calling import asks
from dispatch.api.problems import Problem
from dispatch.api.tokens import Scope
from dispatch.articles.models import Article
from dispatch.desk import deciding
from dispatch.desk.models import Decision
from dispatch.desk.posting import WHY_NOT
from dispatch.social import acts, adding, drafting, media, preferences, timing
from dispatch.social.adding import Stands, Wish
from dispatch.social.drafting import Closed, Partly, Saved, Shown, Stale, Written
from dispatch.social.models import Change, Channel, Media, Post
from dispatch.social.networks.base import Unsupported
from dispatch.social.timing import Placed

router = Router(tags=["Posts"])
NO_VERSION = "the story is not told publicly in it, or in none that the channel speaks"


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
    return answered(response, reached.post(request, post_id))


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
    article = adding.version(story, channel, said.language or "")
    if article is None:
        raise Problem("invalid", errors={"language": NO_VERSION})
    warning, pictures = said.content_warning or "", _pictures(said.media) or ()
    wish = Wish(channel, article, text=said.text, content_warning=warning, pictures=pictures)
    made = adding.draft(wish, token.user)
    if isinstance(made, Stands):
        raise Problem("exists", f"Post {made.post.pk} is {channel.slug}'s of this story.")
    return Status(201, answered(response, made))


@router.patch("/posts/{int:post_id}", response=told.PostInFull, **asks(Scope.DRAFT))
def edit_post(
    request: HttpRequest, response: HttpResponse, post_id: asked.Number, said: asked.PostEdit
) -> told.PostInFull:
    """Change what is not out: text, language, content warning, pictures and what is said of them."""
    post = reached.own_post(request, post_id)
    version = reached.matching(request, post.version) or said.version
    if version is None:
        raise Problem("no-version")
    wanted = Partly(
        text=said.text,
        content_warning=said.content_warning,
        settings=_settings(post, said.settings),
        article=_other(post, said),
        pictures=_pictures(said.media),
    )
    return answered(response, _written(drafting.rewrite(post.pk, version, wanted, door.token_of(request).user)))


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
    post, user = reached.own_post(request, post_id), door.token_of(request).user
    if sum(one is not None for one in (said.at, said.slot, said.now)) != 1:
        raise Problem("invalid", errors={"at": "say exactly one of at, slot and now"})
    if said.slot:
        placed, _ = timing.in_next_slot(post.pk, user, said.reason)
    else:
        placed = timing.at(post.pk, said.at or timezone.now(), user, said.reason)
    if placed is not Placed.DONE:
        raise Problem("too-late" if placed is Placed.TOO_LATE else "not-then", WHY_NOT[placed])
    return answered(response, reached.post(request, post_id))


@router.post("/posts/{int:post_id}/drop", response=told.PostInFull, **asks(Scope.SCHEDULE))
def drop_post(request: HttpRequest, response: HttpResponse, post_id: asked.Number, said: asked.Why) -> told.PostInFull:
    """Decide against it while it is not out."""
    post = reached.own_post(request, post_id)
    _done(acts.drop(post.pk, door.token_of(request).user, said.reason, states=Post.UNSENT))
    return answered(response, reached.post(request, post_id))


@router.post("/posts/{int:post_id}/begin", response=told.PostInFull, **asks(Scope.DRAFT))
def begin_post_again(request: HttpRequest, response: HttpResponse, post_id: asked.Number) -> told.PostInFull:
    """What somebody decided against, or whose article was taken back, is a draft again, as it was."""
    post, user = reached.own_post(request, post_id), door.token_of(request).user
    article = adding.version(post.story, post.channel, post.language) or adding.version(post.story, post.channel)
    if article is None:
        raise Problem("too-late", "None of its story's versions may be posted there.")
    if post.turn or post.place or post.state not in adding.OVER:
        raise Problem("too-late")
    begun = adding.begin(post.channel, article, user)
    if begun.state != Post.State.DRAFT:
        raise Problem("too-late", drafting.MAY_BE_OUT)
    return answered(response, begun)


@router.post("/posts/{int:post_id}/retry", response=told.PostInFull, **asks(Scope.SCHEDULE, Role.OPERATOR))
def retry_post(request: HttpRequest, response: HttpResponse, post_id: asked.Number, said: asked.Why) -> told.PostInFull:
    """Try a refused, deferred or late one again, now. An unknown one is for `settle`."""
    post = reached.own_post(request, post_id)
    _done(acts.retry(post.pk, door.token_of(request).user, said.reason))
    return answered(response, reached.post(request, post_id))


@router.post("/posts/{int:post_id}/settle", response=told.PostInFull, **asks(Scope.SCHEDULE))
def settle_post(
    request: HttpRequest, response: HttpResponse, post_id: asked.Number, said: asked.Settle
) -> told.PostInFull:
    """Somebody looked for an unknown one: it is out, or it is not and is posted again."""
    post, user = reached.own_post(request, post_id), door.token_of(request).user
    _done(acts.settle(post.pk, user, said.reason, went_out=said.went_out, address=said.address))
    return answered(response, reached.post(request, post_id))


@router.post("/posts/{int:post_id}/edit", response={202: told.ChangeOut}, **asks(Scope.CHANGE))
def edit_public_post(request: HttpRequest, post_id: asked.Number, said: asked.PublicEdit) -> Status[told.ChangeOut]:
    """Say something else where it is out. A worker does it; the post's `changes` tell what became of it."""
    post, user = reached.own_post(request, post_id), door.token_of(request).user
    wanted = _wanted(acts.edit(post.pk, user, said.reason, text=said.text, content_warning=said.content_warning))
    deciding.of_post(post, Decision.How.EDITED, user, said.reason)
    return wanted


@router.post("/posts/{int:post_id}/take-back", response={202: told.ChangeOut}, **asks(Scope.CHANGE))
def take_back_post(request: HttpRequest, post_id: asked.Number, said: asked.Why) -> Status[told.ChangeOut]:
    """Delete it where it is out or, where nobody knows whether it is, as soon as that is known."""
    post, user = reached.own_post(request, post_id), door.token_of(request).user
    wanted = _wanted(acts.take_back(post.pk, user, said.reason))
    deciding.of_post(post, Decision.How.DELETED, user, said.reason)
    return wanted


def answered(response: HttpResponse, post: Post) -> told.PostInFull:
    """In full, under its version."""
    response["ETag"] = f'"{post.version}"'
    return told.PostInFull.of(post)


def _other(post: Post, said: asked.PostEdit) -> Article | None:
    """The version in another language, if one is asked for. Raises Problem: an editor's words are not replaced unasked."""
    if said.language in {None, post.language}:
        return None
    article = adding.version(post.story, post.channel, said.language or "")
    if article is None:
        raise Problem("invalid", errors={"language": NO_VERSION})
    if post.edited and said.text is None:
        raise Problem("invalid", errors={"text": "somebody wrote it; say what it is to be in the other language"})
    return article


def _settings(post: Post, wanted: dict[str, bool] | None) -> dict[str, bool] | None:
    unknown = sorted(set(wanted or {}) - set(preferences.KEEPERS.get(post.channel.network, {})))
    if unknown:
        raise Problem("invalid", errors={"settings": f"{post.channel.network} has none of these: {', '.join(unknown)}"})
    return wanted


def _pictures(wanted: list[asked.ShownIn] | None) -> tuple[Shown, ...] | None:
    """Raises Problem."""
    if wanted is None:
        return None
    kept = Media.objects.defer("content").in_bulk([one.id for one in wanted])
    if len(kept) != len(wanted):
        raise Problem("invalid", errors={"media": "each once, and each from POST /media"})
    return tuple(Shown(kept[one.id], one.alt, one.focus_x, one.focus_y) for one in wanted)


def _written(made: Written) -> Post:
    match made:
        case Saved(post):
            return post
        case Stale(post):
            raise Problem("stale", f"It is version {post.version} now.")
        case Closed(why=why):
            raise Problem("too-late", why)


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
