"""What is looked at before an edition leaves, by what its letters say: each thing that is wrong is named, with what to do."""

import newsroom
import pytest

from dispatch.editions import contrast, links, phrasing, planning, preflight, previewing
from dispatch.editions.models import Edition
from dispatch.editions.phrasing import Said
from dispatch.editions.preflight import Level

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition(rung):
    daily = newsroom.newsletter("daily", cadence="daily", languages=["en", "be"], from_address="news@office.example")
    for article in newsroom.story("en", "be").articles.all():
        planning.plan(article)
    return Edition.objects.get(newsletter=daily)


def looked(edition):
    return preflight.of_letters(edition, previewing.letters(edition))


def found(edition, what):
    return [(one.level, one.words) for one in looked(edition) if one.what == what]


def revise(edition, language="en", **fields):
    one = edition.stories.get().story.articles.get(language=language).current
    for name, value in fields.items():
        setattr(one, name, value)
    one.save()


def test_an_edition_that_is_well_says_so_line_by_line(edition):
    assert [one for one in looked(edition) if one.level is not Level.OK] == []
    assert len({one.what for one in looked(edition)}) == 6


def test_a_language_without_a_story_is_named(edition):
    edition.newsletter.languages = ["en", "be", "uk"]
    ((level, words),) = found(edition, "Languages")
    assert (level, "in uk:" in words) == (Level.LOOK, True)


def test_an_edition_without_stories_would_not_be_sent(edition):
    edition.stories.all().delete()
    assert [one.words for one in looked(edition)] == ["There is nothing to say, so nothing would be sent."]


def test_a_subject_that_is_missing_blocks_and_a_long_one_is_looked_at(edition):
    phrasing.save(edition.pk, "en", Said("x" * 71), 0, None)
    assert found(edition, "Subject") == [(Level.LOOK, "In en it is longer than 70 signs; inboxes cut it.")]
    (english, belarusian, *_) = previewing.letters(edition)
    empty = [type(one)(**{**vars(one), "subject": " "}) for one in (english, belarusian)]
    levels = [one.level for one in preflight.of_letters(edition, empty) if one.what == "Subject"]
    assert levels == [Level.BLOCKS]


def test_a_picture_without_words_is_named_by_its_story_even_where_it_is_not_shown(edition):
    revise(edition, html='<p><img src="https://img.example.org/1.jpg"></p>')
    revise(edition, "be", picture_url="https://img.example.org/2.jpg")
    ((level, words),) = found(edition, "Pictures")
    assert level is Level.LOOK
    assert "reading room opens beside the river” (en)" in words
    assert "(be)" in words
    revise(edition, html='<p><img src="https://img.example.org/1.jpg" alt="The river"></p>')
    revise(edition, "be", picture_alt="Рака")
    assert found(edition, "Pictures")[0][0] is Level.OK


@pytest.mark.parametrize("left", ["Lorem ipsum dolor", "TODO: a quote", "Dear {{ name }}", "{% if %}"])
def test_what_was_meant_to_be_replaced_blocks(edition, left):
    phrasing.save(edition.pk, "en", Said(intro=left), 0, None)
    ((level, words),) = found(edition, "Left over")
    assert level is Level.BLOCKS
    assert "in the letter (en)" in words


def test_todo_in_spanish_is_a_word(edition):
    phrasing.save(edition.pk, "en", Said(intro="Gracias por todo"), 0, None)
    assert found(edition, "Left over")[0][0] is Level.OK


def test_words_for_which_a_template_has_no_place_block(edition, settings, tmp_path):
    folder = tmp_path / "email" / "digest"
    folder.mkdir(parents=True)
    (folder / "body.txt").write_text("{{ letter.stories[0].title }} {{ letter.slots.leave }}\n")
    settings.DISPATCH_TEMPLATES = str(tmp_path)
    phrasing.save(edition.pk, "en", Said(intro="Good morning"), 0, None)
    assert found(edition, "Intro and outro")[0][0] is Level.BLOCKS


def test_what_discreet_letters_leave_out_is_said(edition):
    phrasing.save(edition.pk, "en", Said(intro="Office news is five."), 0, None)
    assert found(edition, "Discreet letters")[0][0] is Level.LOOK


def test_a_letter_without_a_way_to_leave_blocks(edition):
    bodies = [type(one)(**{**vars(one), "text": "Nothing"}) for one in previewing.letters(edition)]
    blocked = [one.words for one in preflight.of_letters(edition, bodies) if one.level is Level.BLOCKS]
    assert blocked == ["The letter in en, be, en, discreet, be, discreet has no way to leave."]


def test_grey_upon_grey_is_pale_by_day_and_black_upon_black_by_night():
    day = '<p style="color:#999999">Hard to read</p><p style="color:#767676;background:#fff">Enough</p>'
    assert [(one.text, one.scheme) for one in contrast.pale(day)] == [("Hard to read", "light")]
    night = (
        "<style>@media (prefers-color-scheme: dark) { .sheet { background-color: #111 !important }"
        ' .ink, .ink a { color: #eee !important } }</style><div class="sheet" style="background:#fff">'
        '<p style="color:#222">Forgotten</p><p class="ink" style="color:#222">Seen <a style="color:#222">to</a></p></div>'
    )
    assert [(one.text, one.scheme) for one in contrast.pale(night)] == [("Forgotten", "dark")]


def test_large_text_may_be_paler_and_hidden_text_may_be_anything():
    assert contrast.pale('<h1 style="color:#949494;font-size:24px">Large</h1>') == []
    assert contrast.pale('<div style="display:none;color:#ffffff">Preview</div>') == []


@pytest.mark.parametrize(("one", "other", "ratio"), [("000000", "ffffff", 21.0), ("777777", "ffffff", 4.48)])
def test_the_ratio_is_that_of_wcag(one, other, ratio):
    colours = [tuple(bytes.fromhex(colour)) for colour in (one, other)]
    assert round(contrast.ratio(*colours), 2) == ratio


def test_links_are_gathered_once_and_our_own_pages_are_not_among_them(edition):
    revise(edition, html='<p><a href="https://example.org/a#b">A</a> <a href="https://example.org/a">A</a></p>')
    found = links.addresses(one.html for one in previewing.letters(edition))
    assert "https://example.org/a" in found
    assert len(found) == len(set(found))
    assert not [url for url in found if "dispatch.test" in url]
