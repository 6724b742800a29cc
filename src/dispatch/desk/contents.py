"""An editor arranges a digest, writes around it, has it looked at and tested."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from dispatch import saying
from dispatch.accounts import desks, permissions
from dispatch.accounts.models import Role, User
from dispatch.delivery import preflighting, trials
from dispatch.desk import acting, editing, forms, naming
from dispatch.editions import arranging, phrasing
from dispatch.editions.arranging import Outcome, Step
from dispatch.editions.models import Edition


@permissions.requires(Role.EDITOR)
@require_POST
def move(request: HttpRequest, edition_id: int, story_id: int) -> HttpResponse:
    """One story up, down, first or last."""
    _theirs(request, edition_id)
    step = request.POST.get("step", "")
    if step not in set(Step):
        raise Http404
    _told(request, arranging.move(edition_id, story_id, Step(step)))
    return _back(edition_id, "contents")


@permissions.requires(Role.EDITOR)
@require_POST
def order(request: HttpRequest, edition_id: int) -> JsonResponse:
    """All stories as they were dragged; for edition.js."""
    _theirs(request, edition_id)
    wanted = [int(number) for number in request.POST.getlist("story") if number.isdecimal()]
    done = arranging.order(edition_id, wanted)
    return JsonResponse({"words": editing.WHY_NOT.get(done, "")}, status=200 if done is Outcome.DONE else 409)


@permissions.requires(Role.EDITOR)
@require_POST
def drop(request: HttpRequest, edition_id: int, story_id: int) -> HttpResponse:
    """Out of this one, or of this newsletter for good."""
    one = _theirs(request, edition_id)
    for_good = request.POST.get("for_good") == "yes"
    if why := acting.reason(request):
        by = cast("User", request.user)
        done = arranging.drop(edition_id, story_id, for_good=for_good, by=by, reason=why)
        later = "It comes with the next edition."
        name = naming.newsletter(one.newsletter)
        _told(request, done, f"It never comes in {name}, unless somebody picks it." if for_good else later)
    return _back(edition_id, "contents")


@permissions.requires(Role.EDITOR)
@require_POST
def pick(request: HttpRequest, edition_id: int, story_id: int) -> HttpResponse:
    """A further story, at the end."""
    _theirs(request, edition_id)
    _told(request, arranging.pick(edition_id, story_id, cast("User", request.user)), "It is in, at the end.")
    return _back(edition_id, "contents")


@permissions.requires(Role.EDITOR)
@require_POST
def write(request: HttpRequest, edition_id: int, language: str) -> HttpResponse:
    """Save the words of one language. A stale save changes nothing and shows both. edition.js gets JSON."""
    one = _theirs(request, edition_id)
    is_script = request.headers.get("Accept") == "application/json"
    form = forms.Phrase(request.POST)
    if language not in one.newsletter.languages:
        raise Http404
    if not form.is_valid():
        words = str(next(iter(form.errors.values()))[0])
        if is_script:
            return JsonResponse({"words": words}, status=400)
        messages.error(request, words)
        return _back(edition_id, f"words-{language}")
    said = form.said
    done = phrasing.save(edition_id, language, said, form.cleaned_data["version"], cast("User", request.user))
    if isinstance(done, phrasing.Stale) and not is_script:
        shown = {
            "edition": one,
            "name": naming.newsletter(one.newsletter),
            "language": language,
            "yours": said,
            "stale": done,
        }
        return render(request, "desk/conflict.html", shown, status=409)
    words = _saved(done)
    if is_script:
        version = done.version if isinstance(done, phrasing.Saved) else None
        return JsonResponse({"words": words, "version": version}, status=409 if version is None else 200)
    acting.tell(request, isinstance(done, phrasing.Saved), words, words)
    return _back(edition_id, f"words-{language}")


@permissions.requires(Role.EDITOR)
@require_POST
def look(request: HttpRequest, edition_id: int) -> HttpResponse:
    """Have links, domain and spam score looked at; the page hears of it."""
    _theirs(request, edition_id)
    asked = preflighting.ask(edition_id)
    acting.tell(request, asked, "It is being looked at; the list changes by itself.", "It is being looked at already.")
    return _back(edition_id, "preflight")


@permissions.requires(Role.EDITOR)
@require_POST
def test(request: HttpRequest, edition_id: int) -> HttpResponse:
    """A test letter to oneself, and to the team."""
    one = _theirs(request, edition_id)
    spoken = one.newsletter.languages
    languages = [code for code in spoken if request.POST.get("language", "") in {code, "all"}]
    if not languages:
        messages.error(request, "Choose a language, or all. Nothing was sent.")
        return _back(edition_id, "tests")
    try:
        count = trials.ask(one, cast("User", request.user), languages, to_team=request.POST.get("to") == "team")
    except trials.TooMany as words:
        messages.error(request, str(words))
        return _back(edition_id, "tests")
    messages.success(request, f"{saying.many(count, 'test letter')} on the way; what becomes of each stands below.")
    return _back(edition_id, "tests")


def _theirs(request: HttpRequest, edition_id: int) -> Edition:
    """The edition, of a newsletter of the person's own desk. Raises PermissionDenied."""
    one = get_object_or_404(Edition.objects.select_related("newsletter"), pk=edition_id)
    desks.insist(cast("User", request.user), one.newsletter)
    return one


def _saved(done: phrasing.Saved | phrasing.Stale | phrasing.Closed) -> str:
    if isinstance(done, phrasing.Saved):
        return "Saved."
    if isinstance(done, phrasing.Stale):
        return f"{done.by or 'Somebody'} saved other words meanwhile. Yours are not saved; look at both."
    return "It is rendered: its words stand. Yours are not saved."


def _told(request: HttpRequest, done: Outcome, words: str = "") -> None:
    if done is not Outcome.DONE:
        messages.warning(request, editing.WHY_NOT[done])
    elif words:
        messages.success(request, words)


def _back(edition_id: int, place: str = "") -> HttpResponse:
    return redirect(reverse("edition_page", args=[edition_id]) + (f"#{place}" if place else ""))
