"""Two subjects: each letter is made twice where there is a second one, and nothing in it tells one reader from another."""

import newsroom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.editions import planning, rendering, subjects, views
from dispatch.editions.models import Edition, SubjectTest, Variant
from dispatch.editions.subjects import Unfit

pytestmark = pytest.mark.django_db
SECOND = {"en": "What stands beside the river?"}


@pytest.fixture
def digest():
    office = newsroom.newsletter(cadence="daily", languages=["en", "be"])
    for article in newsroom.story("en", "be").articles.all():
        planning.plan(article)
    return Edition.objects.get(newsletter=office)


def plan(digest, said=SECOND, **how):
    return subjects.plan(digest.pk, said, **({"share": 10, "wait": 60, "by_clicks": False} | how))


def rendered(digest):
    Edition.objects.filter(pk=digest.pk).update(state="due")
    rendering.render(digest.pk)
    return {(one.language, one.arm): one for one in Variant.objects.filter(edition=digest)}


def test_a_language_with_a_second_subject_has_two_letters(digest):
    plan(digest)
    letters = rendered(digest)
    assert set(letters) == {("en", "a"), ("en", "b"), ("be", "")}
    assert letters["en", "b"].subject == "What stands beside the river?"
    assert letters["en", "a"].subject != letters["en", "b"].subject
    assert (
        letters["en", "a"].html.replace(letters["en", "a"].nonce, letters["en", "b"].nonce) == letters["en", "b"].html
    )
    assert all(one.is_as_frozen for one in letters.values())


def test_links_are_marked_only_where_clicks_are_counted_and_alike_for_all(digest):
    plan(digest, by_clicks=True)
    letters = rendered(digest)
    address = digest.stories.get().story.articles.get(language="en").url
    assert f'href="{address}?letter=a"' in letters["en", "a"].html
    assert f"{address}?letter=b" in letters["en", "b"].text
    assert "letter=" not in letters["be", ""].html
    page = views.without_reader(letters["en", "a"])
    assert f'href="{address}"' in page
    assert "letter=a" not in page


def test_without_second_subjects_nothing_is_tested(digest):
    plan(digest)
    assert plan(digest, {"en": "  ", "be": ""}) is None
    assert not SubjectTest.objects.exists()
    assert set(rendered(digest)) == {("en", ""), ("be", "")}


def test_the_same_subject_twice_is_one(digest):
    same = next(draft.subject for draft in rendering.drafts(digest) if draft.language == "en")
    plan(digest, {"en": same})
    assert ("en", "") in rendered(digest)


@pytest.mark.parametrize("how", [{"share": 0}, {"share": 41}, {"wait": 5}, {"said": {"en": "x" * 251}}])
def test_what_cannot_be_tested_is_said(digest, how):
    with pytest.raises(Unfit):
        plan(digest, **how)
    assert not SubjectTest.objects.exists()


def test_a_rendered_edition_is_not_tested_any_more(digest):
    rendered(digest)
    with pytest.raises(Unfit, match="It is rendered"):
        plan(digest)


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.data())
def test_chance_is_a_probability_and_names_no_leader_of_equals(a, b, data):
    clicks = {"a": data.draw(st.integers(0, a)), "b": data.draw(st.integers(0, b))}
    readers = {"a": a, "b": b}
    assert 0 <= subjects.chance(clicks, readers) <= 1
    turned = {"a": clicks["b"], "b": clicks["a"]}
    other = subjects.leader(turned, {"a": b, "b": a})
    assert subjects.leader(clicks, readers) == {"a": "b", "b": "a", "": ""}[other]


def test_a_leader_is_better_by_more_than_chance():
    readers = {"a": 1000, "b": 1000}
    assert subjects.leader({"a": 40, "b": 45}, readers) == ""
    assert subjects.leader({"a": 40, "b": 70}, readers) == "b"
    assert subjects.leader({"a": 70, "b": 40}, readers) == "a"
    assert subjects.leader({}, readers) == ""
    assert subjects.leader({"a": 3}, {}) == ""
