"""What is done to a relay at a terminal leaves a line in the audit log, and what is only looked at does not."""

import newsroom
import pytest

from dispatch import cli
from dispatch.accounts.models import AuditEntry

pytestmark = pytest.mark.django_db


def noted():
    return list(AuditEntry.objects.order_by("pk").values_list("act", "target", "reason"))


def test_each_change_is_kept_with_its_reason(capsys):
    assert cli.main(["relay", "add", "main", "fake://", "--reason", "the new provider"]) == 0
    assert cli.main(["relay", "pace", "main", "--per-second", "20"]) == 0
    assert cli.main(["relay", "connections", "main", "--most", "20", "--reason", "they allow so many"]) == 0
    assert cli.main(["relay", "connections", "main", "--to", "gmail=0"]) == 0
    assert cli.main(["relay", "pause", "main"]) == 0
    assert noted() == [
        ("relay.add", "relay:main", "the new provider"),
        ("relay.pace", "relay:main", "at a terminal"),
        ("relay.connections", "relay:main", "they allow so many"),
        ("relay.connections", "relay:main", "at a terminal"),
        ("relay.pause", "relay:main", "at a terminal"),
    ]


def test_looking_and_what_could_not_be_done_leave_none(capsys):
    newsroom.relay()
    assert cli.main(["relay", "list"]) == 0
    assert cli.main(["relay", "pace", "main"]) == 0
    assert cli.main(["relay", "connections", "main"]) == 0
    assert cli.main(["relay", "weight", "nowhere", "3"]) == 1
    assert noted() == []
