"""What people may do to an edition and its send, by name, with who may do it; and reading why they did."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest

from dispatch import saying
from dispatch.accounts import audit
from dispatch.accounts.models import Role, User
from dispatch.delivery import acts, enlisting, hold_window, ledger, missing
from dispatch.desk import forms
from dispatch.editions import lateness, planning
from dispatch.editions.models import Edition

NOBODY_KNOWN = "Nothing was sent: who is missing is not known any more. That is forgotten a week after a send's end."


@dataclass(frozen=True)
class Act:
    """One button. `do` takes the row's id, who, and why; False: the world had moved on."""

    do: Callable[[int, User, str], int]
    role: Role
    done: str
    too_late: str
    freshly: bool = False  # the second factor is asked for anew
    leaves: bool = False  # it puts mail on the wire, so preflight is asked first
    holds: bool = False  # what is on the wire at that moment still leaves


def _late_now(edition: int, by: User, reason: str) -> bool:
    with transaction.atomic():
        if enlisting.too_late(Edition.objects.get(pk=edition)):
            return False
        return lateness.send_now(edition, by, reason)


def _again(edition: int, by: User, reason: str) -> bool:
    with transaction.atomic():
        moved = planning.try_again(edition)
        if moved:
            audit.record(by, "edition.retry", f"edition:{edition}", reason)
    return moved


def _send_now(edition: int, by: User, reason: str) -> bool:
    with transaction.atomic():
        moved = planning.send_now(edition)
        if moved:
            audit.record(by, "edition.send_now", f"edition:{edition}", reason)
    return moved


ON_SEND = {
    "pause": Act(
        acts.pause,
        Role.EDITOR,
        "Paused.",
        "It was not going any more; nothing was changed.",
        holds=True,
    ),
    "resume": Act(
        acts.resume, Role.APPROVER, "It goes on where it stopped.", "It was not paused; nothing was changed."
    ),
    "let-go": Act(
        hold_window.let_go,
        Role.APPROVER,
        "It leaves now.",
        "It does not wait any more; nothing was changed.",
        freshly=True,
        leaves=True,
    ),
    "rest": Act(
        acts.send_rest,
        Role.APPROVER,
        "The rest goes out now.",
        "Nothing of it waits for its first wave any more; nothing was changed.",
        freshly=True,
    ),
    "keep": Act(
        acts.keep_paused,
        Role.EDITOR,
        "It stays paused until someone lets the rest go, or cancels it.",
        "Someone decided before you; nothing was changed.",
    ),
    "missing": Act(
        missing.send_to,
        Role.APPROVER,
        "It goes to those who were missing now.",
        "Nobody was left to whom it could be sent; nothing was changed.",
        freshly=True,
    ),
    "cancel": Act(
        acts.cancel,
        Role.APPROVER,
        "Cancelled for everyone who was not written to yet.",
        "It was over already; nothing was changed.",
        holds=True,
    ),
}
ON_EDITION = {
    "retry": Act(
        _again, Role.EDITOR, "It is being rendered again.", "It has not failed any more; nothing was changed."
    ),
    "send-now": Act(
        _send_now,
        Role.APPROVER,
        "It leaves now.",
        "It is not gathering any more; nothing was changed.",
        freshly=True,
        leaves=True,
    ),
    "late-now": Act(
        _late_now,
        Role.APPROVER,
        "It leaves now.",
        "Nothing was changed: somebody decided before, or who has it already is not known any more.",
        freshly=True,
        leaves=True,
    ),
    "with-next": Act(
        lateness.with_the_next,
        Role.EDITOR,
        "Its stories leave with the next digest.",
        "There is no next digest, or somebody decided before; nothing was changed.",
    ),
    "leave-out": Act(
        lateness.leave_out, Role.APPROVER, "It is left out.", "Somebody decided before; nothing was changed."
    ),
}
"""A pause harms nobody, so every editor may; what puts mail on the wire, or takes it from readers, is an approver's."""


def at_most(send: int | None = None, newsletter: int | None = None) -> str:
    """What something that was held a moment ago may still let through, in a sentence."""
    count = ledger.may_leave(send, newsletter)
    return f"At most {saying.many(count, 'message')} may still leave." if count else "Nothing is on the wire."


def reason(request: HttpRequest) -> str:
    """Why, as given; empty, with a word to the person, when they did not say."""
    form = forms.Reason(request.POST)
    if form.is_valid():
        return str(form.cleaned_data["reason"])
    messages.error(request, str(form.errors["reason"][0]))
    return ""


def tell(request: HttpRequest, done: bool, words: str, otherwise: str) -> None:
    """What came of an act."""
    if done:
        messages.success(request, words)
    else:
        messages.warning(request, otherwise)
