"""Many posts planned from a file. First a look, which plans nothing and says what would become of each line; then all of
what was shown is planned, or nothing, if what was seen still holds. The same file again finds its posts standing."""

import enum
import hashlib
import itertools
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from dispatch import saying
from dispatch.accounts import audit
from dispatch.accounts.models import AuditEntry, User
from dispatch.social import adding, bulk_lines, bulk_pictures, drafting, sheets, timing
from dispatch.social.bulk_lines import Outcome, Row
from dispatch.social.models import Channel, Post, PostMedia
from dispatch.social.sheets import Sheet

ACT = "posts.import"


@dataclass(frozen=True)
class Look:
    """What would become of a file's lines. `digest` is another one as soon as the file, or anything that was seen, is."""

    rows: tuple[Row, ...]
    ignored: tuple[str, ...]  # columns that are not taken
    digest: str

    @property
    def plannable(self) -> list[Row]:
        """Lines that would be planned."""
        return [row for row in self.rows if row.outcome is Outcome.PLAN]

    @property
    def counts(self) -> Counter[Outcome]:
        """How many lines by outcome."""
        return Counter(row.outcome for row in self.rows)


class Refused(enum.Enum):
    """Why nothing was planned."""

    CHANGED = "changed"  # since the look: look again
    DONE = "done"  # exactly this was planned already
    EMPTY = "empty"  # no line of it can be planned


def look(content: bytes, by: User | None = None) -> Look:
    """For `by`, who may be limited to some channels. Plans nothing. Raises sheets.Unusable."""
    sheet = sheets.read(content)
    return _look(content, sheet, bulk_pictures.bring(sheet), by)


def plan(content: bytes, seen: str, by: User | None) -> int | Refused:
    """Plan every line that a look with the digest `seen` would plan. How many; or why none. Raises sheets.Unusable."""
    sheet = sheets.read(content)
    pictures = bulk_pictures.bring(sheet)  # before anything is locked
    try:
        with transaction.atomic():
            slugs = {line["channel"] for line in sheet.lines}
            list(Channel.objects.select_for_update().filter(slug__in=slugs).order_by("pk").values_list("pk"))
            if AuditEntry.objects.filter(act=ACT, target=f"import:{seen}").exists():
                return Refused.DONE
            now = _look(content, sheet, pictures, by)
            if now.digest != seen:
                return Refused.CHANGED
            return _write(now, by) if now.plannable else Refused.EMPTY
    except IntegrityError:  # somebody planned one of them between the look and the write
        return Refused.CHANGED


def results(seen: Look) -> str:
    """The file with what came of each line, to be opened in a spreadsheet and brought again."""
    return sheets.written((row.line.said, f"{row.outcome.value}: {row.words}") for row in seen.rows)


def _look(content: bytes, sheet: Sheet, pictures: bulk_pictures.Pictures, by: User | None) -> Look:
    rows = tuple(bulk_lines.judge(sheet.lines, pictures, by))
    return Look(rows, sheet.ignored, _digest(content, rows))


def _write(seen: Look, by: User | None) -> int:
    wishes = [row.wish for row in seen.plannable if row.wish]
    posts = [adding.unsaved(wish) for wish in wishes]
    for post in posts:
        post.state, post.placed = Post.State.SCHEDULED, True
    made = Post.objects.bulk_create(posts)
    shown = (drafting.shown(post, wish.pictures) for post, wish in zip(made, wishes, strict=True))
    PostMedia.objects.bulk_create(itertools.chain.from_iterable(shown))
    audit.record(by, ACT, f"import:{seen.digest}", f"{saying.many(len(made), 'post')} from a file")
    return len(made)


def _digest(content: bytes, rows: tuple[Row, ...]) -> str:
    said = [hashlib.sha256(content).hexdigest(), [_seen(row) for row in rows]]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _seen(row: Row) -> list[Any]:
    wish = row.wish
    if wish is None or wish.moment is None:
        return [row.line.number, row.outcome.value, row.column, row.post]
    what = [
        wish.channel.pk,
        wish.article.pk,
        timing.minute(wish.moment).isoformat(),
        row.text,
        wish.link,
        wish.language,
        wish.content_warning,
        [(one.picture.pk, one.alt) for one in wish.pictures],
    ]
    return [row.line.number, row.outcome.value, *what, row.notes]
