"""The editors' pages. GET shows; what changes something is a POST with a reason."""

from dataclasses import replace
from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from dispatch.accounts import desks, permissions
from dispatch.accounts.models import Role, User
from dispatch.articles import embargo
from dispatch.articles.models import Story
from dispatch.audience.models import Newsletter
from dispatch.delivery import approving, missing
from dispatch.delivery.models import Send
from dispatch.desk import acting, afterwards, company, doubts, editing, naming, overruling, overview, returned
from dispatch.desk import breaking as breaking_news
from dispatch.desk import stories as telling
from dispatch.desk.letters import Letter, Previewed
from dispatch.editions import breaking
from dispatch.editions.models import Edition
from dispatch.operations import stats
from dispatch.social import acts as post_acts
from dispatch.social.models import Post


@permissions.requires(Role.EDITOR)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What goes out today, what needs me, what failed, the latest stories."""
    now = stats.now()
    shown = {
        "needs": list(overview.needs(now)),
        "leaving": overview.leaving(now),
        "posts": overview.posts_today(),
        "steps": overview.first_steps(),
        "latest": telling.latest(8),
    }
    return render(request, "desk/home.html", shown)


@permissions.requires(Role.EDITOR)
@require_safe
def stories(request: HttpRequest) -> HttpResponse:
    """Every story, the latest first."""
    words, asked = request.GET.get("words", "").strip()[:100], request.GET.get("page", "")
    page = int(asked) if asked.isdecimal() and 0 < int(asked) < 100_000 else 1
    found, has_older = telling.listed(words, page)
    shown = {"stories": found, "words": words, "page": page, "has_older": has_older}
    return render(request, "desk/stories.html", shown)


@permissions.requires(Role.EDITOR)
@require_safe
def story(request: HttpRequest, story_id: int) -> HttpResponse:
    """One story: its languages side by side, every edition and post made of it, what is missing."""
    one = get_object_or_404(telling.with_everything(Story.objects.all()), pk=story_id)
    shown = {
        "story": one,
        "title": naming.title(one.articles.all()),
        "versions": telling.versions(one),
        "mailings": telling.mailings(one),
        "posts": list(one.posts.all()),
        "unsent": Post.UNSENT,
        "under_embargo": embargo.holds(one),
        "held": breaking_news.held(request, story_id),
        "breaking": breaking.possible(one, desks.visible(cast("User", request.user), Newsletter.objects.all())),
        "absent": telling.absent(one),
        "changed": afterwards.plan(one),
        "places": telling.places(one.pk),
    }
    return render(request, "desk/story.html", shown)


@permissions.requires(Role.EDITOR)
@require_safe
def edition(request: HttpRequest, edition_id: int) -> HttpResponse:
    """One edition: what it brings, how it looks, how far it is."""
    one = get_object_or_404(
        Edition.objects.select_related("newsletter", "send").prefetch_related(naming.titles()), pk=edition_id
    )
    asked, words = request.GET, request.GET.get("find", "").strip()[:100]
    shown = {
        "letter": Letter.of(one),
        "preview": Previewed.of(one, asked.get("language", ""), asked.get("show", "")),
        "editing": editing.Editing.of(one, words),
        "others": company.others(one.pk, cast("User", request.user)),
        "returned_kinds": returned.KINDS.values(),
        "returned": returned.rows(one.send.pk, exactly=permissions.may(cast("User", request.user), Role.OPERATOR))
        if hasattr(one, "send")
        else [],
    }
    return render(request, "desk/edition.html", shown)


@permissions.requires(Role.EDITOR)
@require_POST
def act_on_edition(request: HttpRequest, edition_id: int, act: str) -> HttpResponseBase:
    """Render a failed one again, or let a digest leave before its time."""
    one = get_object_or_404(Edition.objects.select_related("newsletter"), pk=edition_id)
    desks.insist(cast("User", request.user), one.newsletter)
    doing = overruling.asked(request, acting.ON_EDITION.get(act), one)
    return doing if isinstance(doing, HttpResponse) else _act(request, doing, one.pk, one.pk)


@permissions.requires(Role.EDITOR)
@require_POST
def act_on_send(request: HttpRequest, send_id: int, act: str) -> HttpResponseBase:
    """Pause, resume, cancel."""
    one = get_object_or_404(Send.objects.select_related("edition__newsletter"), pk=send_id)
    desks.insist(cast("User", request.user), one.edition.newsletter)
    doing = overruling.asked(request, _as_it_stands(acting.ON_SEND.get(act), one), one.edition)
    return doing if isinstance(doing, HttpResponse) else _act(request, doing, one.pk, one.edition_id)


def _as_it_stands(act: acting.Act | None, send: Send) -> acting.Act | None:
    """To go on with a send that was stopped before its first letter is to let it leave. Of one whose details are gone nobody
    knows who is missing."""
    if act is acting.ON_SEND["missing"] and send.is_forgotten:
        return replace(act, too_late=acting.NOBODY_KNOWN)
    begins = act is acting.ON_SEND["resume"] and editing.has_left_nobody(send)
    return replace(act, leaves=True) if act and begins else act


@permissions.requires(Role.EDITOR)
@require_safe
def who_is_missing(request: HttpRequest, send_id: int) -> HttpResponse:
    """Who of a send's audience has no mail of it, by reason, in numbers."""
    send = get_object_or_404(Send.objects.select_related("edition__newsletter"), pk=send_id)
    reasons = missing.reasons(send.pk)
    shown = {
        "send": send,
        "have": send.frozen_count - sum(reason.readers for reason in reasons),
        "reasons": reasons,
        "sendable": missing.sendable(send.pk),
    }
    return render(request, "desk/missing.html", shown)


@permissions.requires(Role.APPROVER, freshly=True)
@require_POST
def approve(request: HttpRequest, send_id: int) -> HttpResponse:
    """A second person lets a big or odd send go, as they saw it."""
    one = get_object_or_404(Send.objects.select_related("edition__newsletter"), pk=send_id)
    blocking, user = overruling.blocking(one.edition), cast("User", request.user)
    desks.insist(user, one.edition.newsletter)
    if not overruling.is_held(request, blocking) and (why := acting.reason(request)):
        done = approving.agree(send_id, request.POST.get("seen", ""), user, why)
        if done and blocking:
            overruling.note(one.edition_id, user, why, blocking)
        acting.tell(
            request, done, "It leaves now.", "It changed, or somebody was faster, or you asked yourself. Look again."
        )
    return redirect("edition_page", one.edition_id)


@permissions.requires(Role.EDITOR)
@require_safe
def unknown_posts(request: HttpRequest) -> HttpResponse:
    """Did it go out? Every post, change and reader of which nobody knows, with the evidence."""
    shown = {"doubts": doubts.posts(), "changes": doubts.changes(), "readers": doubts.readers()}
    return render(request, "desk/unknown_posts.html", shown)


@permissions.requires(Role.EDITOR)
@require_POST
def settle_post(request: HttpRequest, post_id: int) -> HttpResponse:
    """Someone looked: it is out, or it is not and goes out again."""
    post = get_object_or_404(Post.objects.select_related("channel"), pk=post_id)
    desks.insist(cast("User", request.user), post.channel)
    went_out = request.POST.get("went_out", "")
    if went_out not in {"yes", "no"}:
        raise Http404
    if why := acting.reason(request):
        address = request.POST.get("address", "")
        user = cast("User", request.user)
        done = post_acts.settle(post_id, user, why, went_out=went_out == "yes", address=address)
        words = "Noted: it is out." if went_out == "yes" else "It is posted again now."
        acting.tell(request, done, words, "Someone settled it before you; nothing was changed.")
    return redirect("unknown_posts")


def _act(request: HttpRequest, act: acting.Act | None, target: int, edition_id: int) -> HttpResponse:
    if act is None:
        raise Http404
    user = cast("User", request.user)
    if not permissions.may(user, act.role):
        raise PermissionDenied(f"This is for people whose role is {act.role.label.lower()} or above.")
    if act.freshly and (elsewhere := permissions.prove(request)):
        return elsewhere
    if why := acting.reason(request):
        done = act.do(target, user, why)
        words = f"{act.done} {acting.at_most(target)}" if act.holds else act.done
        acting.tell(request, bool(done), words, act.too_late)
    return redirect("edition_page", edition_id)
