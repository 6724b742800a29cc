"""`dispatch relay connections`: how many there may be in all and to a provider, and how many are in use."""

import pytest

from dispatch import cli
from dispatch.delivery import berths, relays
from dispatch.delivery.models import Relay

GMAIL = 1


@pytest.fixture
def relay(db):
    return relays.save("main", "fake://")


def test_relay_connections_sets_shows_and_takes_away(relay, capsys):
    assert cli.main(["relay", "connections", "main", "--most", "20", "--to", "gmail=5"]) == 0
    assert capsys.readouterr().out == "main: 0 of 20 in use; to gmail 0 of 5.\n"
    assert berths.take(Relay.objects.get(), GMAIL, 3).allowed == 3
    assert cli.main(["relay", "connections", "main"]) == 0
    assert capsys.readouterr().out == "main: 3 of 20 in use; to gmail 3 of 5.\n"
    assert cli.main(["relay", "connections", "main", "--most", "0", "--to", "gmail=0"]) == 0
    assert capsys.readouterr().out == "main: as many connections as its workers make.\n"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--to", "hotmail=3"], "there is no provider hotmail; known are other, gmail, microsoft"),
        (["--to", "gmail=2.5"], "2.5 is no number of connections"),
        (["--most", "-1"], "a limit is 0 (none) or a whole number of connections"),
    ],
)
def test_relay_connections_says_what_is_wrong(relay, capsys, words, why):
    assert cli.main(["relay", "connections", "main", *words]) == 1
    assert why in capsys.readouterr().err
