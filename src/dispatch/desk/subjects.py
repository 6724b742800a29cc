"""Two subjects at the desk: an editor plans the test and notes what the newsroom's own site counted; an approver chooses."""

from dataclasses import dataclass
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from dispatch.accounts import desks, permissions
from dispatch.accounts.models import Role, User
from dispatch.delivery import comparing
from dispatch.delivery.models import Send
from dispatch.desk import acting
from dispatch.editions import subjects
from dispatch.editions.models import Edition, Variant

WRONG = "Say how many clicks each had, at most as many as readers. Nothing was changed."


@dataclass(frozen=True)
class Arm:
    """One of the subjects."""

    key: str  # "a" or "b"
    subjects: list[Variant]  # a language each
    readers: int  # who got it first
    clicks: int | None  # None: nobody counted yet


@dataclass(frozen=True)
class Tested:
    """A test that was rendered, as the edition's page shows it."""

    arms: list[Arm]
    winner: str
    verdict: str
    has_begun: bool

    @classmethod
    def of(cls, send: Send | None) -> "Tested | None":
        """None: there is none."""
        test = comparing.of(send) if send else None
        if send is None or test is None:
            return None
        readers = comparing.readers(send.pk)
        arms = [_arm(send, key, readers.get(key, 0), test.clicks.get(key)) for key in ("a", "b")]
        return cls(arms, test.winner, _verdict(test.winner, test.why, test.clicks, readers), bool(readers))


@permissions.requires(Role.EDITOR)
@require_POST
def plan(request: HttpRequest, edition_id: int) -> HttpResponse:
    """Keep second subjects, or test nothing."""
    edition = get_object_or_404(Edition.objects.select_related("newsletter"), pk=edition_id)
    desks.insist(cast("User", request.user), edition.newsletter)
    said = {code: request.POST.get(f"subject-{code}", "") for code in edition.newsletter.languages}
    share, wait = (_number(request.POST.get(name, "")) for name in ("share", "wait"))
    by_clicks = request.POST.get("by_clicks") == "on"
    try:
        test = subjects.plan(edition_id, said, share=share, wait=wait, by_clicks=by_clicks)
    except subjects.Unfit as problem:
        messages.error(request, f"{problem} Nothing was changed.")
    else:
        messages.success(request, "Two subjects will be tested." if test else "Nothing is tested.")
    return redirect("edition_page", edition_id)


@permissions.requires(Role.EDITOR)
@require_POST
def count(request: HttpRequest, send_id: int) -> HttpResponse:
    """Write down the clicks that the newsroom's site counted."""
    send = get_object_or_404(Send.objects.select_related("edition__newsletter"), pk=send_id)
    user = cast("User", request.user)
    desks.insist(user, send.edition.newsletter)
    readers = comparing.readers(send_id)
    clicks = {key: _number(request.POST.get(key, "")) for key in ("a", "b")}
    if any(not 0 <= number <= readers.get(key, 0) for key, number in clicks.items()):
        messages.error(request, WRONG)
    elif why := acting.reason(request):
        done = comparing.count(send, clicks, user, why)
        acting.tell(request, done, "Written down.", "It is decided already; nothing was changed.")
    return redirect("edition_page", send.edition_id)


@permissions.requires(Role.APPROVER, freshly=True)
@require_POST
def choose(request: HttpRequest, send_id: int, arm: str) -> HttpResponse:
    """The rest gets this one, now."""
    send = get_object_or_404(Send.objects.select_related("edition__newsletter"), pk=send_id)
    user = cast("User", request.user)
    desks.insist(user, send.edition.newsletter)
    if arm not in {"a", "b"}:
        raise Http404
    if why := acting.reason(request):
        done = comparing.choose(send_id, arm, user, why)
        acting.tell(request, done, "The rest gets it now.", "It is decided already; nothing was changed.")
    return redirect("edition_page", send.edition_id)


def _arm(send: Send, key: str, readers: int, clicks: int | None) -> Arm:
    said = send.edition.variants.filter(arm=key).only("language", "subject").order_by("language")
    return Arm(key, list(said), readers, clicks)


def _verdict(winner: str, why: str, clicks: dict[str, int], readers: dict[str, int]) -> str:
    """In words for people who never heard of a p-value."""
    if winner:
        return f"{winner.upper()} goes to the rest. {why}"
    if not readers:
        return f"Fewer readers than a test needs ({subjects.LEAST} for each subject): everybody gets A."
    if not clicks:
        return "No clicks were counted yet. If nobody chooses, A goes to the rest."
    hundred = round(100 * subjects.chance(clicks, readers))
    leader = subjects.leader(clicks, readers)
    said = f"Of a hundred tests of two equal subjects, {max(hundred, 1)} would differ as much."
    return (
        f"{leader.upper()} leads. {said}"
        if leader
        else f"Too close to tell: A goes to the rest unless someone chooses. {said}"
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else -1
