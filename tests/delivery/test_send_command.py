"""`dispatch send`: a send is held, goes on or ends from a terminal, for people and for programs."""

import json

import newsroom
import pytest

from dispatch import cli
from dispatch.accounts.models import AuditEntry
from dispatch.delivery.models import Approval, Send

pytestmark = pytest.mark.django_db
WHO = ("--by", "alice@example.org", "--reason", "a wrong name in the title")


@pytest.fixture
def send():
    newsroom.person("operator")
    newsroom.person("editor", "Bob")
    office = newsroom.newsletter()
    newsroom.readers(office, en=3)
    return newsroom.send(office, newsroom.story("en"))


def said(capsys, *words):
    """Exit status and what was printed."""
    status = cli.main(["send", *map(str, words)])
    return status, "".join(capsys.readouterr())


def test_it_is_paused_goes_on_and_is_cancelled(send, capsys):
    assert said(capsys, "pause", send.pk, *WHO) == (
        0,
        f"Send {send.pk} is paused now. At most 0 messages may still leave.\n",
    )
    assert said(capsys, "pause", send.pk, *WHO) == (
        1,
        f"dispatch send: send {send.pk} is paused; nothing was changed.\n",
    )
    assert said(capsys, "resume", send.pk, *WHO) == (0, f"Send {send.pk} is sending now.\n")
    status, words = said(capsys, "cancel", send.pk, *WHO, "--json")
    told = json.loads(words)
    assert (status, told["state"], told["moved"], told["may_leave"]) == (0, "cancelling", True, 0)
    entries = (
        AuditEntry.objects.filter(act__startswith="send.").order_by("pk").values_list("act", "who__email", "reason")
    )
    assert list(entries) == [
        (act, "alice@example.org", "a wrong name in the title") for act in ("send.pause", "send.resume", "send.cancel")
    ]


@pytest.mark.parametrize(
    ("words", "sorry"),
    [
        (("--by", "bob@example.org", "--reason", "just so"), "an active operator's account"),
        (("--by", "eve@example.org", "--reason", "just so"), "an active operator's account"),
        (("--by", "alice@example.org"), "say why, by --reason"),
        ((), "an active operator's account"),
    ],
)
def test_it_is_an_operator_who_does_it_and_says_why(send, capsys, words, sorry):
    status, text = said(capsys, "cancel", send.pk, *words)
    assert (status, sorry in text) == (1, True)
    send.refresh_from_db()
    assert send.state == "sending"


def test_a_send_that_is_none_is_said_to_be_none(send, capsys):
    assert said(capsys, "pause", 999999, *WHO)[0] == 1


def test_programs_get_a_list(send, capsys):
    (told,) = json.loads(said(capsys, "list", "--json")[1])
    assert (told["send"], told["newsletter"], told["state"], told["readers"]) == (send.pk, "office", "sending", 3)


def test_the_list_says_why_a_send_stands_still(send, capsys):
    assert said(capsys, "list")[1].count("\t") == 4
    Send.objects.update(state="paused", trouble="It stood still for hours.")
    assert said(capsys, "list")[1].endswith("\tIt stood still for hours.\n")
    Send.objects.update(state="draft", trouble="")
    Approval.objects.create(send=send, why="It goes to many.", then="sending", hash=b"")
    assert said(capsys, "list")[1].endswith("\tIt waits for a second person. It goes to many.\n")
