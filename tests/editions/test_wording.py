from datetime import UTC, datetime

import pytest

from dispatch.editions import wording


@pytest.mark.parametrize(
    ("language", "direction", "name"),
    [
        ("en", "ltr", "English"),
        ("be", "ltr", "Беларуская"),
        ("ar", "rtl", "العربية"),
        ("fa", "rtl", "فارسی"),
        ("he", "rtl", "עברית"),
        ("xx-nowhere", "ltr", "xx-nowhere"),
    ],
)
def test_a_language_knows_its_direction_and_its_name(language, direction, name):
    assert (wording.direction(language), wording.name(language)) == (direction, name)


def test_a_language_without_words_of_its_own_uses_its_base_then_english():
    assert wording.words("be-tarask") == wording.words("be")
    assert wording.words("fr") == wording.words("en")
    assert wording.words("../../words/be") == wording.words("en")


@pytest.mark.parametrize(
    ("language", "said"), [("en", "3 May 2026"), ("be", "3 мая 2026"), ("ru", "3 мая 2026"), ("ar", "3 مايو 2026")]
)
def test_dates_are_said_as_the_language_says_them(language, said):
    assert wording.date(datetime(2026, 5, 3, tzinfo=UTC), language).startswith(said)
