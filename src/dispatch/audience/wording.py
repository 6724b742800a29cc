"""The words of readers' pages, by language; a designer edits them in templates/web/audience/words/."""

import functools
import json
from collections.abc import Mapping

from dispatch import templating

FALLBACK = "en"


@functools.cache
def words(language: str) -> Mapping[str, str]:
    """In this language, else its parent's ("be" for "be-tarask"), else English."""
    for wanted in (language, language.partition("-")[0], FALLBACK):
        for folder in templating.folders():
            path = folder / "web" / "audience" / "words" / f"{wanted}.json"
            if wanted.replace("-", "").isalnum() and path.exists():
                return {**_read(FALLBACK), **json.loads(path.read_text(encoding="utf-8")), "language": wanted}
    raise FileNotFoundError("templates/web/audience/words/en.json")


def _read(language: str) -> dict[str, str]:
    path = templating.SHIPPED / "web" / "audience" / "words" / f"{language}.json"
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found
