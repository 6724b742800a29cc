"""The composer: one story as the posts of every channel, while others write at it, too.

A form is saved by its buttons as any form is; the page's script saves it by itself, and is answered in JSON.
"""

from dataclasses import dataclass, replace
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dispatch import saying
from dispatch.accounts import desks, permissions, presence
from dispatch.accounts.models import Role, User
from dispatch.articles import embargo
from dispatch.articles.models import Story
from dispatch.desk import acting, company, naming, writing
from dispatch.desk import stories as telling
from dispatch.social import acts, adding, composition, drafting, planning
from dispatch.social.drafting import Closed, Saved, Stale, Typed
from dispatch.social.models import Channel, Post
from dispatch.social.networks.base import Unsupported

TAKEN = "Somebody else saved another text meanwhile. Nothing was changed; look at both."


@dataclass(frozen=True)
class Conflict:
    """What an editor typed upon a version that is not the latest, and what stands there instead."""

    stale: Stale
    mine: Typed


@permissions.requires(Role.EDITOR)
@require_safe
def page(request: HttpRequest, story_id: int) -> HttpResponse:
    """Every channel's posts of a story, to be written; `?post=` opens at one."""
    return _page(request, get_object_or_404(Story, pk=story_id))


@permissions.requires(Role.EDITOR)
@require_POST
def here(request: HttpRequest, story_id: int) -> JsonResponse:
    """A sign of life of an open page: who else has it open, and which posts changed since."""
    story = get_object_or_404(Story, pk=story_id)
    others = presence.here(_subject(story_id), _user(request))
    return JsonResponse({"others": company.names(others), "posts": composition.stands(story)})


@permissions.requires(Role.EDITOR)
@require_POST
def leave(request: HttpRequest, story_id: int) -> HttpResponse:
    """The page was closed."""
    presence.leave(_subject(story_id), _user(request))
    return HttpResponse(status=204)


@permissions.requires(Role.EDITOR)
@require_POST
def begin(request: HttpRequest, story_id: int, channel_id: int) -> HttpResponse:
    """A post for a channel that has none."""
    story, channel = get_object_or_404(Story, pk=story_id), get_object_or_404(Channel, pk=channel_id)
    desks.insist(_user(request), channel)
    versions = {str(one.pk): one for one in planning.standing(story)}
    article = versions.get(request.POST.get("article", "")) or planning.choose(channel, list(versions.values()))
    if article is None:
        messages.warning(request, "None of its versions may be posted there. Nothing was changed.")
        return redirect("composer", story_id)
    return _back(adding.begin(channel, article, _user(request)))


@permissions.requires(Role.EDITOR)
@require_POST
def look(request: HttpRequest, post_id: int) -> HttpResponse:
    """How what is being typed would be counted and seen. A POST for its length only: nothing is changed."""
    post = _owned(request, post_id)
    typed = writing.typed(request.POST, post.channel.network)
    shown = composition.look(post, typed, numbered="numbered" in request.POST)
    return render(request, "desk/composer_look.html", {"look": shown})


@permissions.requires(Role.EDITOR)
@require_POST
def write(request: HttpRequest, post_id: int) -> HttpResponse:
    """Save what was typed, then do what its button says. Too late, nothing is changed, and both texts are shown."""
    post = _owned(request, post_id)
    if not writing.is_known(request.POST.get("do", "save")):
        raise Http404
    form = writing.Written(request.POST)
    if not form.is_valid():
        return _wrong(request, post, form.problem)
    typed = replace(writing.typed(request.POST, post.channel.network), link=form.cleaned_data["link"])
    match drafting.write(post_id, form.cleaned_data["version"], typed, _user(request)):
        case Saved():
            return _saved(request, post, *writing.act(request, post_id))
        case Stale() as stale:
            return _stale(request, Conflict(stale, typed))
        case Closed(why=why):
            return _wrong(request, post, f"{why} What you typed was not saved.", status=423)


@permissions.requires(Role.EDITOR)
@require_safe
def thread(request: HttpRequest, post_id: int) -> HttpResponse:
    """One channel of the page, as it stands."""
    return HttpResponse(_thread(request, _found(post_id)))


@permissions.requires(Role.EDITOR)
@require_POST
def change(request: HttpRequest, post_id: int) -> HttpResponse:
    """Say something else where a post is out."""
    post = _owned(request, post_id)
    text = request.POST.get("text", "").replace("\r\n", "\n")
    if why := acting.reason(request):
        warning = request.POST.get("content_warning", "").strip()[:300]
        wanted = acts.edit(post_id, _user(request), why, text=text[: drafting.LONGEST], content_warning=warning)
        _tell(request, wanted, "It is being changed there.")
    return _back(post)


@permissions.requires(Role.EDITOR, freshly=True)
@require_POST
def take_back(request: HttpRequest, post_id: int) -> HttpResponse:
    """Delete it where it is out."""
    post = _owned(request, post_id)
    if why := acting.reason(request):
        _tell(request, acts.take_back(post_id, _user(request), why), "It is being deleted there.")
    return _back(post)


def _page(request: HttpRequest, story: Story, conflict: Conflict | None = None, status: int = 200) -> HttpResponse:
    lines = composition.lines(story, {conflict.stale.post.pk: conflict.mine} if conflict else None)
    asked = str(conflict.stale.post.pk) if conflict else request.GET.get("post", "")
    chosen = next((line for line in lines if any(str(part.post.pk) == asked for part in line.parts)), None)
    articles = list(story.articles.select_related("current").defer("current__html", "current__text").order_by("id"))
    shown: dict[str, Any] = {
        "story": story,
        "title": naming.title(articles),
        "language": articles[0].language if articles else "en",
        "lines": lines,
        "chosen": chosen or next(iter(lines), None),
        "conflict": conflict,
        "under_embargo": embargo.holds(story),
        "others": company.names(presence.others(_subject(story.pk), _user(request))),
        "unsent": Post.UNSENT,
        "why_absent": {one.channel.pk: one.why for one in telling.absent(story)},
    }
    return render(request, "desk/composer.html", shown, status=status)


def _saved(request: HttpRequest, post: Post, done: str, troubles: list[str]) -> HttpResponse:
    fresh = Post.objects.filter(pk=post.pk).first()
    if not _wants_json(request):
        _say(request, done or "Saved.", troubles)
        return _back(fresh or post)
    said: dict[str, Any] = {"said": f"Saved {saying.moment(timezone.now())}", "done": done, "troubles": troubles}
    if fresh:
        said["version"] = fresh.version
    if request.POST.get("do", "save") != "save":
        said["html"] = _thread(request, composition.first(post))
    return JsonResponse(said)


def _stale(request: HttpRequest, conflict: Conflict) -> HttpResponse:
    theirs = conflict.stale.post
    if not _wants_json(request):
        messages.warning(request, TAKEN)
        return _page(request, theirs.story, conflict, status=409)
    shown = render_to_string("desk/composer_conflict.html", {"conflict": conflict}, request)
    return JsonResponse({"html": shown, "version": theirs.version, "text": theirs.text}, status=409)


def _wrong(request: HttpRequest, post: Post, words: str, *, status: int = 400) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"problem": words}, status=status)
    messages.error(request, words)
    return _back(post)


def _say(request: HttpRequest, done: str, troubles: list[str]) -> None:
    for words in troubles:
        messages.error(request, words)
    if done:
        messages.success(request, done)


def _tell(request: HttpRequest, wanted: object, words: str) -> None:
    unsupported = isinstance(wanted, Unsupported)
    otherwise = (
        "This network cannot do that; do it there by hand." if unsupported else "It is not out; nothing was changed."
    )
    acting.tell(request, wanted is not None and not unsupported, words, otherwise)


def _thread(request: HttpRequest, post: Post) -> str:
    line = composition.line_of(post)
    shown: dict[str, Any] = {
        "line": line,
        "chosen": line,
        "conflict": None,
        "unsent": Post.UNSENT,
        "why_absent": {},
        "story": post.story,
    }
    return render_to_string("desk/composer_thread.html", shown, request)


def _found(post_id: int) -> Post:
    try:
        return composition.one(post_id)
    except Post.DoesNotExist as error:
        raise Http404 from error


def _owned(request: HttpRequest, post_id: int) -> Post:
    post = _found(post_id)
    desks.insist(_user(request), post.channel)
    return post


def _back(post: Post) -> HttpResponse:
    return redirect(f"{reverse('composer', args=[post.story_id])}?post={post.pk}#post-{post.pk}")


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "") == "application/json"


def _subject(story_id: int) -> str:
    return f"story:{story_id}"


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
