"""A story that cannot be rendered holds up itself alone: an edition for readers' own rhythms leaves without it. Pure.

Whoever waits for it is still owed it, and is looked at again after `departures.HELD`.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import TypeVar

from dispatch.editions.gathering import Contents
from dispatch.editions.guarding import Unrenderable

Made = TypeVar("Made")
Part = tuple[int, str]
"""A story's number, and the language that it is told in."""


def rendered(contents: list[Contents], make: Callable[[Contents], Made]) -> tuple[list[Made], str]:
    """What `make` makes of each, and in words what is held back; "" where nothing is.

    Of a variant that fails, each story is tried alone; those that fail so are left out of it. Raises Unrenderable where
    nothing at all can be made.
    """
    made, failed = _tried(contents, make)
    if not failed:
        return list(made.values()), ""
    singles = dict.fromkeys(_only(one, {part}) for one in failed for part in one.telling)
    fine, alone = _tried([one for one in singles if one not in made and one not in failed], make)
    bad = {one: words for one, words in {**failed, **alone}.items() if len(one.telling) == 1}
    parts = {one.telling[0] for one in bad}
    rest = dict.fromkeys(_only(one, set(one.telling) - parts) for one in failed)
    more, whole = _tried([one for one in rest if one.telling and one not in made and one not in fine], make)
    ready = {**made, **{one: fine[one] for one in rest if one in fine}, **more}
    held = _words({**bad, **whole})
    if not ready:
        raise Unrenderable(held)
    return list(ready.values()), held


def _tried(
    contents: Iterable[Contents], make: Callable[[Contents], Made]
) -> tuple[dict[Contents, Made], dict[Contents, str]]:
    made: dict[Contents, Made] = {}
    failed: dict[Contents, str] = {}
    for one in contents:
        try:
            made[one] = make(one)
        except Unrenderable as why:
            failed[one] = str(why)
    return made, failed


def _only(one: Contents, parts: Collection[Part]) -> Contents:
    stories = tuple(told for told in one.stories if (told.number, told.article.language) in parts)
    said = one.said if len(stories) == len(one.stories) else None  # a digest's words speak of all of them
    return replace(one, stories=stories, telling=tuple(part for part in one.telling if part in parts), said=said)


def _words(held: dict[Contents, str]) -> str:
    """The first of them, and how many more there are."""
    (one, why), *others = held.items()
    stories = dict.fromkeys(f"“{told.revision.title}”" for told in one.stories)
    more = f" and {len(others)} more" if others else ""
    return f"Held back: {', '.join(stories)} ({one.language}){more}. {why}"
