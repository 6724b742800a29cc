"""A language's own words, dates, direction and name."""

import functools
import json
from collections.abc import Mapping
from datetime import datetime

from babel import Locale, UnknownLocaleError, dates

from dispatch import templating

FALLBACK = "en"


def words(language: str) -> Mapping[str, str]:
    """What templates say around the articles: `templates/email/words/<language>.json`, the newsroom's own first.

    A language without a table of its own ("be-tarask") gets its base's ("be"), any other the English one.
    """
    for code in (language, language.partition("-")[0], FALLBACK):
        for folder in templating.folders():
            file = folder / "email" / "words" / f"{code}.json"
            if code.replace("-", "").isalnum() and file.is_file():
                table: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
                return table
    raise LookupError(f"templates/email/words/{FALLBACK}.json is missing.")


def direction(language: str) -> str:
    """`rtl` or `ltr`."""
    known = _locale(language)
    return known.text_direction if known else "ltr"


def name(language: str) -> str:
    """The language's name in itself, as a heading: "Беларуская"; of an unknown one its code."""
    known = _locale(language)
    own = known.get_display_name() if known else None
    return own[:1].upper() + own[1:] if own else language


def date(moment: datetime, language: str) -> str:
    """The day in words: "23 November 2026"."""
    return dates.format_date(moment, "long", locale=_locale(_written_in(language)) or FALLBACK)


def line(text: str, most: int) -> str:
    """One line without control characters, cut at `most` characters."""
    line = " ".join("".join(sign if sign.isprintable() or sign in "\u200c\u200d" else " " for sign in text).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _written_in(language: str) -> str:
    """English dates stand day first, as our readers write them."""
    return "en_GB" if language == "en" else language


@functools.cache
def _locale(language: str) -> Locale | None:
    for code in (language, language.replace("_", "-").partition("-")[0]):
        try:
            return Locale.parse(code.replace("-", "_"))
        except (ValueError, UnknownLocaleError):
            continue
    return None
