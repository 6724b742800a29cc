"""kill -9 while mail goes out: nobody misses a mail, and a second one is at most what the ledger calls ambiguous."""

import pytest

SHORT = {"DISPATCH_LEASE_SECONDS": "5", "DISPATCH_RESEND_WAIT_SECONDS": "1", "DISPATCH_WINDOW": "20"}


@pytest.mark.long
@pytest.mark.parametrize(
    "names",
    [
        ("mail", "mail", "inbox", "mail"),
        ("database", "broker", "clock", "web"),
        ("work", "networks", "database", "mail"),
    ],
    ids=" ".join,
)
def test_whatever_is_killed_nothing_is_lost_and_doubt_is_shown(killing, names):
    ran = killing(*names, **SHORT)
    assert ran.code == 0, ran.said + ran.complained
    told = ran.told
    assert told["killed"] == list(names)
    assert (told["missing"], told["strays"]) == (0, 0)
    assert told["doubled"] <= told["doubt"]
    assert told["posted_twice"] == {}
