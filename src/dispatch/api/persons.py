"""What takes a person, whoever's token asks: approving, letting mail go, lifting a STOP, lists and addresses.

Nothing is looked up: the answer is the same for each number, there or not.
"""

from typing import Literal

from django.http import HttpRequest
from django.urls import reverse
from ninja import Router

from dispatch.api import asked
from dispatch.api.calling import asks
from dispatch.api.problems import Problem

router = Router(tags=["Not for programs"])
OnSend = Literal["approve", "resume", "rest", "missing", "cancel", "choose-subject"]
OnEdition = Literal["send-now", "late-now", "leave-out", "retry", "put-off", "move", "test-letters"]


@router.post("/sends/{int:send_id}/{act}", response={204: None}, **asks(None))
def act_on_send(request: HttpRequest, send_id: asked.Number, act: OnSend) -> None:
    """Always 403: what puts mail on the wire, or takes it from readers, takes a person with their second factor."""
    raise Problem("needs-a-person", f"To {act} send {send_id} takes a person.", desk=reverse("stories"))


@router.post("/editions/{int:edition_id}/{act}", response={204: None}, **asks(None))
def act_on_edition(request: HttpRequest, edition_id: asked.Number, act: OnEdition) -> None:
    """Always 403."""
    raise Problem("needs-a-person", desk=reverse("edition_page", args=[edition_id]))


@router.post("/corrections/{int:edition_id}/send", response={204: None}, **asks(None))
def send_correction(request: HttpRequest, edition_id: asked.Number) -> None:
    """Always 403: an approver sends it."""
    raise Problem("needs-a-person", desk=reverse("edition_page", args=[edition_id]))


@router.post("/stops/{int:stop_id}/lift", response={204: None}, **asks(None))
def lift_stop(request: HttpRequest, stop_id: asked.Number) -> None:
    """Always 403: a program may pull a STOP, and a person lifts it."""
    raise Problem("needs-a-person", desk=f"{reverse('queue')}#stop")


@router.post("/stories/{int:story_id}/lift-embargo", response={204: None}, **asks(None))
def lift_embargo(request: HttpRequest, story_id: asked.Number) -> None:
    """Always 403."""
    raise Problem("needs-a-person", desk=reverse("story", args=[story_id]))


@router.post("/stories/{int:story_id}/breaking", response={204: None}, **asks(None))
def break_news(request: HttpRequest, story_id: asked.Number) -> None:
    """Always 403: mail leaves at once."""
    raise Problem("needs-a-person", desk=reverse("story", args=[story_id]))


@router.post("/exports", response={204: None}, **asks(None))
def exports(request: HttpRequest) -> None:
    """Always 403: a list leaves when two people agree."""
    raise Problem("needs-a-person", desk=reverse("exports"))


@router.get("/readers", response={204: None}, **asks(None))
def readers(request: HttpRequest) -> None:
    """Always 403: no program reads an address."""
    raise Problem("needs-a-person", desk=reverse("reader"))
