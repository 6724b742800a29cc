"""Newsletters are made and changed at the terminal, and what could not work is told at once."""

import pytest

from dispatch import cli
from dispatch.audience.models import Newsletter

pytestmark = pytest.mark.django_db
OFFICE = ["--from-name", "Office", "--from-address", "news@example.org", "--languages", "en", "be"]


def test_a_newsletter_is_added_changed_and_listed(capsys):
    assert cli.main(["newsletter", "add", "office", *OFFICE, "--name-be", "Навіны", "--cadence", "daily"]) == 0
    assert cli.main(["newsletter", "set", "office", "--name-en", "News", "--at", "07:30"]) == 0
    office = Newsletter.objects.get()
    assert office.names == {"en": "News", "be": "Навіны"}
    assert (office.cadence, office.at.isoformat(), office.languages) == ("daily", "07:30:00", ["en", "be"])
    assert cli.main(["newsletter", "list"]) == 0
    assert "office\tdaily\ten be\t0 readers" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (["--zone", "Europe/Nowhere"], "zone"),
        (["--at", "25:00"], "at"),
        (["--from-address", "nobody"], "from_address"),
    ],
)
def test_what_could_not_work_is_refused_with_the_field(capsys, given, field):
    assert cli.main(["newsletter", "add", "office", *OFFICE, *given]) == 1
    assert f"dispatch newsletter: {field}:" in capsys.readouterr().err
    assert not Newsletter.objects.exists()


def test_one_that_is_not_there_cannot_be_changed(capsys):
    assert cli.main(["newsletter", "set", "office", "--at", "07:30"]) == 1
    assert "there is no office" in capsys.readouterr().err
