"""What preflight found to block an edition holds it, unless an approver says why it leaves all the same."""

from dataclasses import replace
from typing import cast

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from dispatch.accounts import audit, permissions
from dispatch.accounts.models import User
from dispatch.delivery import preflighting
from dispatch.desk.acting import Act
from dispatch.editions.models import Edition
from dispatch.editions.preflight import Finding


def is_held(request: HttpRequest, blocking: list[Finding]) -> bool:
    """Whether something blocks that the person did not overrule; they are told what."""
    if not blocking or request.POST.get("although") == "yes":
        return False
    named = " ".join(f"{one.what}: {one.words}" for one in blocking[:3])
    messages.error(request, f"Nothing left. {named} Mend it, or tick that it leaves all the same, and say why.")
    return True


def blocking(edition: Edition) -> list[Finding]:
    """What holds it."""
    return preflighting.blocking(edition)


def asked(request: HttpRequest, act: Act | None, edition: Edition) -> Act | HttpResponse | None:
    """The act as it may be done to an edition or its send: where it lets mail leave, with what it overrules.

    A response: it is held, and that is where the person is led. Whether they may do it at all is asked after this.
    """
    user = cast("User", request.user)
    if act is None or not act.leaves or not permissions.may(user, act.role):
        return act
    found = blocking(edition)
    if is_held(request, found):
        return redirect("edition_page", edition.pk)
    return _over(act, edition.pk, found)


def _over(act: Act, edition: int, blocking: list[Finding]) -> Act:
    """The same act, which notes what was overruled once it is done."""

    def do(target: int, by: User, reason: str) -> int:
        with transaction.atomic():
            done = act.do(target, by, reason)
            if done and blocking:
                note(edition, by, reason, blocking)
        return done

    return replace(act, do=do)


def note(edition: int, by: User, reason: str, blocking: list[Finding]) -> None:
    """Who let it leave against what, and why."""
    against = ", ".join(dict.fromkeys(one.what for one in blocking))
    audit.record(by, "edition.overrule", f"edition:{edition}", f"against {against}: {reason}"[:300])
