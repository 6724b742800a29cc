"""Each night the sending domains are looked at; what was right and is no more is told, and silence is not taken for loss."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from dispatch.delivery import rotating, ticks, watching
from dispatch.delivery.domains import asking
from dispatch.delivery.reputation import Looked
from dispatch.desk import happening
from dispatch.operations import domains
from dispatch.workers import upkeep

pytestmark = pytest.mark.django_db
SPF, DMARC = ["v=spf1 ip4:203.0.113.7 -all"], ["v=DMARC1; p=none"]
NIGHT = datetime(2026, 11, 29, 3, 30, tzinfo=ZoneInfo("Europe/Vilnius"))


@pytest.fixture
def zone(names, newsletter, settings):
    """What the DNS holds of example.org, where the newsletter's letters come from; its relays' address is on no list."""
    settings.SENDING_ADDRESSES, settings.BLOCKLISTS, settings.DEMO = ["203.0.113.7"], ["list.example"], False
    settings.BOUNCES = {**settings.BOUNCES, "domain": "", "discreet_domain": ""}
    names.zone = {
        "example.org": SPF,
        "_dmarc.example.org": DMARC,
        "7.113.0.203.in-addr.arpa": {"PTR": ["mail.example.org."]},
        "mail.example.org": {"A": ["203.0.113.7"]},
    }
    return names


def look():
    watching.look_at_all()
    return {row.what: row for row in Looked.objects.all()}


def told():
    return [(one.name, one.words) for one in happening.now() if one.kind == "domain"]


def test_a_look_keeps_how_each_record_stands(zone):
    seen = {what: row.standing for what, row in look().items()}
    assert seen == {
        "SPF": "well",
        "DKIM": "look",
        "DMARC": "well",
        "Alignment": "well",
        "BIMI": "may",
        "PTR": "well",
        "list.example": "well",
    }
    assert not told()
    (check,) = domains.checks()
    assert check.state == "ok"


def test_what_was_right_and_is_wrong_is_told_once_until_it_stands_again(zone):
    look()
    zone.zone["example.org"] = ["v=spf1 -all"]
    row = look()["SPF"]
    assert (row.standing, row.well_at < row.at) == ("wrong", True)
    ((name, words),) = told()
    assert "example.org: SPF was right and is not any more" in words
    (check,) = domains.checks()
    assert (check.state, "203.0.113.7" in check.words) == ("todo", True)
    look()
    assert [one for one, _ in told()] == [name]
    zone.zone["example.org"] = SPF
    assert look()["SPF"].fell_at is None
    assert not told()


def test_a_record_that_is_gone_is_a_fall_and_one_that_never_was_is_none(zone):
    look()
    del zone.zone["_dmarc.example.org"]
    look()
    assert ["DMARC was right" in words for _, words in told()] == [True]


def test_an_address_that_comes_onto_a_list_is_told(zone):
    look()
    zone.zone["7.113.0.203.list.example"] = {"A": ["127.0.0.2"]}
    look()
    assert ["list.example lists 203.0.113.7" in words for _, words in told()] == [True]


@pytest.mark.parametrize("silent", ["example.org", "_dmarc.example.org", "7.113.0.203.list.example"])
def test_silence_changes_nothing_that_was_seen(zone, silent, monkeypatch):
    monkeypatch.setattr(asking, "SECONDS", 0.3)
    before = {what: (row.standing, row.at) for what, row in look().items()}
    zone.silent = {silent}
    after = {what: (row.standing, row.at) for what, row in look().items()}
    assert {what: standing for what, (standing, _) in after.items()} == {what: one for what, (one, _) in before.items()}
    assert not told()


def test_a_list_that_stops_answering_us_has_not_listed_us(zone):
    look()
    zone.zone["7.113.0.203.list.example"] = {"A": ["127.255.255.254"]}
    assert look()["list.example"].standing == "well"
    assert not told()


def test_a_domain_that_nothing_comes_from_any_more_is_forgotten(zone, newsletter):
    look()
    newsletter.from_address = "news@other.example"
    newsletter.save()
    look()
    assert set(Looked.objects.values_list("domain", flat=True)) == {"", "other.example"}


def test_it_is_looked_at_once_a_night_and_later_where_a_night_was_missed(zone, settings):
    assert watching.is_due(NIGHT)
    assert not watching.is_due(NIGHT + timedelta(hours=9)), "nobody is asked by day before there was a first look"
    look()
    Looked.objects.update(at=NIGHT)
    assert not watching.is_due(NIGHT + timedelta(minutes=20))
    assert not watching.is_due(NIGHT + timedelta(hours=9))
    assert watching.is_due(NIGHT + timedelta(hours=24))
    assert watching.is_due(NIGHT + timedelta(hours=31))
    settings.DEMO = True
    assert not watching.is_due(NIGHT + timedelta(hours=24))


def test_the_clock_rings_and_a_worker_looks(zone, monkeypatch):
    rung = []
    monkeypatch.setattr(ticks.queue, "enqueue", lambda *words: rung.append(words))
    with time_machine.travel(NIGHT, tick=False):
        ticks.look_at_domains()
        ticks.rotate_keys()
        assert rung == [("upkeep.look_at_domains",)]
        upkeep.look_at_domains()
        ticks.look_at_domains()
        assert len(rung) == 1
    assert Looked.objects.filter(domain="example.org", what="SPF", standing="well").exists()
    rotating.rotate("example.org", "s1")
    ticks.rotate_keys()
    assert rung[1:] == [("upkeep.rotate_keys",)]
    upkeep.rotate_keys()
