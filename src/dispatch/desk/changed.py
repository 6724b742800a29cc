"""After a story changed: edit, delete, reply with a correction, or let be; and all of its posts at once."""

from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from dispatch.accounts import desks, permissions
from dispatch.accounts.models import Role, User
from dispatch.articles.models import Story
from dispatch.desk import acting, afterwards, deciding, differing, naming
from dispatch.desk.models import Decision
from dispatch.editions.models import Edition
from dispatch.social import acts, correcting, taking_back
from dispatch.social.models import Change, Channel, Post
from dispatch.social.networks.base import Unsupported

How = Decision.How
TOO_LATE = "It is not out any more, or nobody knows where it is. Nothing was changed."


@permissions.requires(Role.EDITOR)
@require_safe
def changes(request: HttpRequest, story_id: int) -> HttpResponse:
    """What was said where, what is true now, and what may be done about it."""
    story = get_object_or_404(Story.objects.prefetch_related("articles__current"), pk=story_id)
    plan = afterwards.plan(story)
    shown = {
        "story": story,
        "title": naming.title(story.articles.all()),
        "plan": plan,
        "all": afterwards.all_of(story),
        "failed": afterwards.failed(story),
        "diff": lambda before, now: differing.shortened(differing.words(before, now)),
    }
    return render(request, "desk/changes.html", shown)


@permissions.requires(Role.EDITOR)
@require_POST
def on_post(request: HttpRequest, post_id: int, act: str) -> HttpResponseBase:
    """One of the buttons beside a post whose story changed."""
    post = get_object_or_404(Post.objects.select_related("channel", "story", "article__current"), pk=post_id)
    user = _user(request)
    desks.insist(user, post.channel)
    doing = {"edit": _edit, "delete": _delete, "correct": _correct, "let-be": _let_be}.get(act)
    if doing is None or post.state not in acts.MAYBE_OUT:
        raise Http404
    if act == "delete" and (elsewhere := permissions.prove(request)):
        return elsewhere
    if why := acting.reason(request):
        doing(request, post, user, why)
    return redirect("story_changes", post.story_id)


@permissions.requires(Role.EDITOR)
@require_POST
def on_edition(request: HttpRequest, story_id: int, edition_id: int, act: str) -> HttpResponse:
    """A correction was mailed, or the edition is let be."""
    edition = get_object_or_404(Edition.objects.select_related("newsletter"), pk=edition_id, stories__story=story_id)
    desks.insist(_user(request), edition.newsletter)
    how = {"corrected": How.CORRECTED, "let-be": How.LET_BE}.get(act)
    told = afterwards.of_edition(get_object_or_404(Story, pk=story_id), edition)
    if how is None or told is None:
        raise Http404
    if why := acting.reason(request):
        deciding.of_edition(story_id, told, how, _user(request), why)
        messages.success(request, "Noted. It is asked again only when the story changes again.")
    return redirect("story_changes", story_id)


@permissions.requires(Role.EDITOR, freshly=True)
@require_POST
def take_back(request: HttpRequest, story_id: int) -> HttpResponse:
    """Every post of a story at once."""
    get_object_or_404(Story, pk=story_id)
    channels = list(Channel.objects.filter(posts__story=story_id).distinct())
    if not channels and desks.of(_user(request)):
        raise PermissionDenied("It has no post that is your desk's. Nothing was changed.")
    desks.insist(_user(request), *channels)
    if why := acting.reason(request):
        done = taking_back.all_of(story_id, _user(request), why)
        words = f"Kept in: {done.dropped}. Being deleted: {done.deleting}. In doubt: {done.doubtful}."
        by_hand = f" To be deleted by hand: {len(done.by_hand)}, see below." if done.by_hand else ""
        messages.success(request, words + by_hand)
    return redirect("story_changes", story_id)


@permissions.requires(Role.EDITOR)
@require_POST
def settle(request: HttpRequest, change_id: int) -> HttpResponse:
    """Someone did by hand what a network refused or never answered, or lets it be."""
    change = get_object_or_404(Change.objects.select_related("post__channel"), pk=change_id)
    desks.insist(_user(request), change.post.channel)
    by_hand = request.POST.get("done", "")
    if by_hand not in {"yes", "no"}:
        raise Http404
    if why := acting.reason(request):
        done = acts.settle_change(change_id, _user(request), why, done=by_hand == "yes")
        acting.tell(request, done, "Noted.", "Someone settled it before you; nothing was changed.")
    if request.POST.get("back") == "unknown":
        return redirect("unknown_posts")
    return redirect("story_changes", change.post.story_id)


def _edit(request: HttpRequest, post: Post, by: User, why: str) -> None:
    text = request.POST.get("text", "").strip()
    if problem := correcting.problem(post, text):
        messages.error(request, f"{problem} Nothing was changed.")
        return
    done = acts.edit(post.pk, by, why, text=text, content_warning=post.content_warning)
    if isinstance(done, Unsupported):
        messages.error(request, "This network cannot edit. Nothing was changed; delete it, or reply with a correction.")
        return
    _tell(request, post, How.EDITED, why, done=done is not None, words="It is being edited there.")


def _delete(request: HttpRequest, post: Post, by: User, why: str) -> None:
    done = acts.take_back(post.pk, by, why)
    if isinstance(done, Unsupported):
        taking_back.leave_to_hand(post)
        messages.warning(request, "Dispatch cannot delete there. Do it by hand, and say so below.")
        return
    _tell(request, post, How.DELETED, why, done=done is not None, words="It is being deleted there.")


def _correct(request: HttpRequest, post: Post, by: User, why: str) -> None:
    text = request.POST.get("text", "").strip()
    if problem := correcting.problem(post, text):
        messages.error(request, f"{problem} Nothing was changed.")
        return
    done = correcting.reply(post.pk, by, why, text) is not None
    _tell(request, post, How.CORRECTED, why, done=done, words="The correction is posted beneath it now.")


def _let_be(request: HttpRequest, post: Post, _by: User, why: str) -> None:
    _tell(request, post, How.LET_BE, why, done=True, words="It stays as it is. It is asked again only at a new change.")


def _tell(request: HttpRequest, post: Post, how: How, why: str, *, done: bool, words: str) -> None:
    if done:
        deciding.of_post(post, how, _user(request), why)
    acting.tell(request, done, words, TOO_LATE)


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
