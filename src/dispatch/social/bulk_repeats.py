"""Lines of a file of posts that say nearly the same as a post of their channel, or as a line before them, within a week."""

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from dispatch import saying
from dispatch.social import repeats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatch.social.bulk_lines import Row
    from dispatch.social.models import Post


def alike(rows: "Sequence[Row]") -> dict[int, tuple[str, ...]]:
    """By the line's number what to look at; only of rows that would be planned."""
    wishes = [(row, row.wish.channel.pk, row.wish.moment) for row in rows if row.wish and row.wish.moment]
    there = repeats.near({channel for _, channel, _ in wishes}, [moment for _, _, moment in wishes])
    before: defaultdict[int, list[tuple[datetime, int, frozenset[str]]]] = defaultdict(list)
    found: dict[int, tuple[str, ...]] = {}
    for row, channel, moment in sorted(wishes, key=lambda one: one[0].line.number):
        mine = repeats.words(row.text)
        told = [
            f"nearly the same as {_named(one.post)}" for one in there.get(channel, ()) if _is_same(one, mine, moment)
        ]
        told += [
            f"nearly the same as line {line}"
            for at, line, said in before[channel]
            if abs(at - moment) <= repeats.WITHIN and repeats.are_alike(mine, said)
        ]
        found[row.line.number] = tuple(told[:1])
        before[channel].append((moment, row.line.number, mine))
    return found


def _is_same(one: repeats.Said, mine: frozenset[str], moment: datetime) -> bool:
    return abs(one.at - moment) <= repeats.WITHIN and repeats.are_alike(mine, one.words)


def _named(post: "Post") -> str:
    return f"a post of {saying.moment(post.sent_at or post.due_at)} on the same channel"
