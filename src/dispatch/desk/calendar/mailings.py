"""An approver moves a digest that gathers: dropped in the calendar, or by the form on its page; one act."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from dispatch import saying
from dispatch.accounts import desks, permissions
from dispatch.accounts.models import Role, User
from dispatch.desk import acting, forms, naming
from dispatch.desk.calendar import moving as drops
from dispatch.editions import moving
from dispatch.editions.models import Edition
from dispatch.editions.moving import FARTHEST, Doubt, Moved

WHY_KEPT = {
    Moved.CHANGED: "Somebody moved it, or it does not gather any more, since this page was loaded. Nothing was changed.",
    Moved.OVER: "That moment is over. Nothing was changed.",
    Moved.FAR: f"That is more than {FARTHEST} days away. Nothing was changed.",
}
DRAGGED = "moved in the calendar"


@permissions.requires(Role.APPROVER, freshly=True)
@require_POST
def move(request: HttpRequest, edition_id: int) -> HttpResponse:
    """Let it leave at another moment, if it stands as it was seen. Scripts get JSON: outcome, words, the edition."""
    user = cast("User", request.user)
    desks.insist(user, get_object_or_404(Edition.objects.select_related("newsletter"), pk=edition_id).newsletter)
    why = DRAGGED if drops.is_script(request) else acting.reason(request)
    if not why:
        return redirect("edition_page", edition_id)
    moment, seen = drops.moment(request.POST.get("moment", "")), drops.moment(request.POST.get("seen_due", ""))
    if moment is None or seen is None:
        return _answer(request, edition_id, "refused", forms.Moment.WRONG)
    done = moving.move(edition_id, moment, user, why, seen=seen, anyway=request.POST.get("anyway") == "yes")
    if isinstance(done, Doubt):
        return _answer(request, edition_id, "ask", doubted(done))
    if done is not Moved.DONE:
        return _answer(request, edition_id, "refused", WHY_KEPT[done])
    return _answer(request, edition_id, "moved", f"It leaves {saying.moment(moment)}.")


def doubted(doubt: Doubt) -> str:
    """In words, for whoever may confirm it."""
    said = [f"Its newsletter mails another edition near then: {saying.moment(doubt.beside)}."] if doubt.beside else []
    said += [
        f"“{naming.title(story.articles.all())}” is still under embargo then, and would stay out."
        for story in doubt.held
    ]
    return " ".join([*said, "Nothing was changed yet."])


def _answer(request: HttpRequest, edition_id: int, outcome: str, words: str) -> HttpResponse:
    one = Edition.objects.get(pk=edition_id)
    stands = {"state": one.state, "due": one.due_at.isoformat()}
    return drops.answer(request, outcome, words, stands, f"{reverse('edition_page', args=[edition_id])}#move")
