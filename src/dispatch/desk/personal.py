"""Letters to one person of the newsroom about their own account, by the outbox that tells targets: one row, one try,
one outcome.

The link that stops a lost factor's course is put in as the letter leaves: what is kept in the database lets nobody do
anything.
"""

import re
from typing import Any

from django.conf import settings
from django.utils import timezone

from dispatch import queue, saying
from dispatch.accounts import losing
from dispatch.accounts.models import LostFactor, User
from dispatch.desk.models import Notice

SUBJECT = "Dispatch: your second factor"
STOP = re.compile(r"\[stop (\d+)\]")
WORDS = {
    "asked": (
        "Somebody said at the sign-in that you lost your second factor. Nothing happens unless two administrators "
        "agree; they should ask you in person or by telephone, not by mail."
    ),
    "granted": (
        "{granter} has granted that your second factor be taken away, as you are said to have lost it. Nothing "
        "happens unless a second administrator agrees."
    ),
    "agreed": (
        "{granter} and {agreer} have agreed: your second factor and your recovery codes are taken away {when}. Your "
        "sessions and your programs' tokens end then, too."
    ),
    "done": (
        "Your second factor and your recovery codes were taken away, and your sessions and your programs' tokens "
        "ended. At the next sign-in you set up another, and get new recovery codes. Do it now: until then your "
        "password or a sign-in link is enough."
    ),
    "terminal": (
        "Your second factor and your recovery codes were taken away at the server's terminal, and your sessions and "
        "your programs' tokens ended. At the next sign-in you set up another, and get new recovery codes. If you "
        "did not ask for it, speak with whoever runs the server, now."
    ),
    "stopped": "Your second factor stays: what was begun because it was said to be lost is stopped.",
}
STILL = """Was it not you, or have you found it? Stop it here:
[stop {number}]
Signing in with your second factor stops it, too."""


def tell(user: User, step: str, request: LostFactor | None, **_: Any) -> None:
    """Write to the person concerned; with the step itself, or not at all."""
    granter, agreer, due = (request.granted_by, request.agreed_by, request.due_at) if request else (None, None, None)
    names = {"granter": _name(granter), "agreer": _name(agreer)}
    text = WORDS[step].format(when=f"at {saying.moment(due)} ({settings.TIME_ZONE})" if due else "now", **names)
    if request is not None and step in {"asked", "granted", "agreed"}:
        text = f"{text}\n\n{STILL.format(number=request.pk)}"
    made = Notice.objects.create(person=user, topic=SUBJECT, text=text, due_at=timezone.now())
    queue.enqueue("upkeep.send_notice", made.pk)


def filled(text: str) -> str:
    """As it leaves."""
    return STOP.sub(lambda found: settings.PUBLIC_URL + losing.stop_path(int(found[1])), text)


def latest(users: list[User]) -> dict[int, Notice]:
    """The last letter to each, by person: whether they could be told."""
    found = Notice.objects.filter(person__in=users).order_by("pk")
    return {one.person_id: one for one in found if one.person_id is not None}


def _name(user: User | None) -> str:
    return (user.name or user.email) if user else "Nobody"
