"""Before an edition leaves: how large it travels, its headers, and what a worker looks at and keeps."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch import queue
from dispatch.delivery import domains, personalizing, preflighting, spam
from dispatch.delivery.domains import Record, Standing
from dispatch.editions import links, phrasing, planning
from dispatch.editions.links import Fate, Link
from dispatch.editions.models import Edition, Preflight
from dispatch.editions.preflight import Level

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition(monkeypatch):
    monkeypatch.setattr(queue, "enqueue", lambda *_: None)
    newsroom.newsletter("daily", cadence="daily", languages=["en"])
    for article in newsroom.story("en").articles.all():
        planning.plan(article)
    return Edition.objects.get()


@pytest.fixture
def world(monkeypatch):
    """What links, DNS and SpamAssassin would say."""
    monkeypatch.setattr(links, "check", lambda urls: [Link(url, Fate.ALIVE) for url in urls])
    monkeypatch.setattr(domains, "look", lambda domain: [Record("SPF", Standing.WELL, f"{domain} is well.")])
    monkeypatch.setattr(spam, "ask", lambda message: spam.Opinion(0.3, ()))
    return monkeypatch


def lines(findings, what):
    return [(one.level, one.words) for one in findings if one.what == what]


def long(edition, body):
    one = edition.stories.get().story.articles.get().current
    one.html = f"<p>{body}</p>"
    one.save()


def test_a_small_letter_with_its_headers_is_well(edition):
    found = preflighting.at_once(edition)
    assert [level for level, _ in lines(found, "Size") + lines(found, "Headers")] == [Level.OK, Level.OK]
    assert preflighting.blocking(edition) == []


def test_what_gmail_would_cut_blocks_and_what_it_may_cut_is_looked_at(edition):
    long(edition, "Ж" * 20_000)
    ((level, words),) = lines(preflighting.at_once(edition), "Size")
    assert (level, "may cut" in words) == (Level.LOOK, True)
    long(edition, "word " * 25_000)
    ((level, words),) = lines(preflighting.blocking(edition), "Size")
    assert "Gmail hides the rest" in words


def test_a_letter_without_its_unsubscribe_header_blocks(edition, monkeypatch):
    monkeypatch.setattr(personalizing, "_link", lambda page, encode: [b"mailto:nobody@example.org"])
    ((level, words),) = lines(preflighting.at_once(edition), "Headers")
    assert (level, words) == (Level.BLOCKS, "Missing: List-Unsubscribe (en).")


def test_what_cannot_be_rendered_blocks(edition, settings, tmp_path):
    (tmp_path / "email" / "digest").mkdir(parents=True)
    (tmp_path / "email" / "digest" / "subject.txt").write_text("{{ letter.nothing }}")
    settings.DISPATCH_TEMPLATES = str(tmp_path)
    assert lines(preflighting.blocking(edition), "Rendering")
    preflighting.ask(edition.pk)
    preflighting.run(edition.pk)
    assert preflighting.kept(edition) == []


def test_home_hears_of_what_blocks_a_digest_of_the_next_hour_until_it_is_mended(edition, world):
    Edition.objects.update(due_at=timezone.now() + timedelta(minutes=30))
    phrasing.save(edition.pk, "en", phrasing.Said(intro="TODO"), 0, None)
    preflighting.ask(edition.pk)
    preflighting.run(edition.pk)
    assert [finding.what for _, finding in preflighting.before_leaving()] == ["Left over"]
    phrasing.save(edition.pk, "en", phrasing.Said(intro="Done"), 1, None)
    assert preflighting.before_leaving() == []


def test_a_look_is_asked_for_once_and_what_it_found_is_kept(edition, world):
    assert preflighting.ask(edition.pk)
    assert not preflighting.ask(edition.pk)
    preflighting.run(edition.pk)
    preflighting.run(edition.pk)
    kept = {one.what: (one.level, one.words) for one in preflighting.kept(edition)}
    assert kept["Links"] == (Level.OK, "1 link looked at, all there.")
    assert kept["SPF"] == (Level.OK, "example.org is well.")
    assert kept["Spam words"] == (Level.OK, "SpamAssassin gives the letter in en 0.3 of 5.")
    assert preflighting.ask(edition.pk)


def test_a_dead_link_a_wrong_record_and_spam_block_and_come_first(edition, world):
    world.setattr(
        links, "check", lambda urls: [Link(urls[0], Fate.DEAD, "it answers 404"), Link("x", Fate.UNSURE, "slow")]
    )
    world.setattr(domains, "look", lambda domain: [Record("DKIM", Standing.WRONG, "No key.", "Publish it.")])
    world.setattr(spam, "ask", lambda message: spam.Opinion(5.2, ("URI_HEX",)))
    preflighting.ask(edition.pk)
    preflighting.run(edition.pk)
    found = preflighting.findings(edition)
    assert [one.what for one in found[:3]] == ["Links", "Spam words", "DKIM"]
    assert {one.what for one in preflighting.blocking(edition)} == {"Links", "Spam words", "DKIM"}
    assert lines(found, "Links")[1] == (Level.LOOK, "Of 1 link nobody could tell: x (slow).")
    Edition.objects.update(due_at=timezone.now() + timedelta(minutes=30))
    ((blocked, finding),) = preflighting.before_leaving()
    assert (blocked.pk, finding.what) == (edition.pk, "Links")


def test_without_spamassassin_the_line_says_how_to_get_it(edition, world, settings):
    world.undo()
    settings.SPAMASSASSIN = "no-such-program"
    world.setattr(links, "check", lambda urls: [])
    world.setattr(domains, "look", lambda domain: [])
    world.setattr(queue, "enqueue", lambda *_: None)
    preflighting.ask(edition.pk)
    preflighting.run(edition.pk)
    (line,) = [one for one in preflighting.kept(edition) if one.what == "Spam words"]
    assert (line.level, "apt install" in line.todo) == (Level.LOOK, True)


def test_digests_of_the_next_hour_are_looked_at_by_themselves_once(edition, world):
    now = timezone.now()
    Edition.objects.update(due_at=now + timedelta(minutes=50))
    assert preflighting.due(now) == [edition.pk]
    preflighting.ask(edition.pk)
    assert preflighting.due(now) == []
    assert preflighting.unheard(now + timedelta(seconds=30)) == [edition.pk]
    preflighting.run(edition.pk)
    assert preflighting.unheard(now + timedelta(seconds=30)) == []


def test_a_look_whose_worker_died_is_asked_for_again(edition, world):
    preflighting.ask(edition.pk)
    Preflight.objects.update(asked_at=timezone.now() - timedelta(minutes=6))
    assert preflighting.ask(edition.pk)


def test_words_of_today_are_looked_at_at_once(edition):
    phrasing.save(edition.pk, "en", phrasing.Said(intro="TODO"), 0, None)
    assert [one.what for one in preflighting.blocking(edition)] == ["Left over"]
