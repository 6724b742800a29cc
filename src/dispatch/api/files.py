"""Calls about many posts from a file: a look first, which plans nothing; then all that was shown, or nothing."""

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from dispatch.accounts.models import Token
from dispatch.api import asked, door
from dispatch.api.calling import asks
from dispatch.api.problems import Problem
from dispatch.api.tokens import Scope
from dispatch.desk.calendar.bulk import WHY_NOT
from dispatch.social import bulk, sheets
from dispatch.social.bulk import Refused
from dispatch.social.bulk_lines import Row

router = Router(tags=["Channels and calendar"])
KINDS = {Refused.CHANGED: "stale", Refused.DONE: "exists", Refused.EMPTY: "invalid"}
SEES_ALL = f"A file may name any story, so it takes the scope {Scope.EMBARGOED}, too."


class File(asked.Strict):
    """Lines of posts: channel, moment and story, and if wished zone, text, language, link, content_warning, picture, alt."""

    csv: Annotated[asked.Text, Field(min_length=1, max_length=900_000, description="As spreadsheets write it.")]


class Seen(File):
    """The same file again, and the look that was agreed to."""

    digest: Annotated[asked.Text, Field(min_length=64, max_length=64, description="Of the look.")]


class LineOut(Schema):
    """One line, by its number in the file, and what would become of it."""

    line: int
    outcome: str
    words: str
    column: str
    channel: str
    at: datetime | None
    text: str
    post: int | None
    notes: list[str]

    @classmethod
    def of(cls, row: Row) -> "LineOut":
        """As it was judged."""
        return cls(
            line=row.line.number,
            outcome=row.outcome.name.lower(),
            words=row.words,
            column=row.column,
            channel=row.line["channel"],
            at=row.wish.moment if row.wish else None,
            text=row.text,
            post=row.post or None,
            notes=list(row.notes),
        )


class LookOut(Schema):
    """What would become of the lines; `digest` is another one as soon as anything that was seen is."""

    digest: str
    plannable: int
    ignored: list[str]
    lines: list[LineOut]


class PlannedOut(Schema):
    """How many posts."""

    planned: int


@router.post("/imports/look", response=LookOut, **asks(Scope.SCHEDULE))
def look_at_file(request: HttpRequest, said: File) -> LookOut:
    """What would become of each line. Nothing is planned."""
    token = _sees_all(request)
    try:
        found = bulk.look(said.csv.encode(), token.user)
    except sheets.Unusable as problem:
        raise Problem("invalid", errors={"csv": str(problem)}) from problem
    lines = [LineOut.of(row) for row in found.rows]
    return LookOut(digest=found.digest, plannable=len(found.plannable), ignored=list(found.ignored), lines=lines)


@router.post("/imports", response={201: PlannedOut}, **asks(Scope.SCHEDULE))
def plan_file(request: HttpRequest, said: Seen) -> Status[PlannedOut]:
    """Plan every line that the look would plan, or, where something changed since, none."""
    token = _sees_all(request)
    try:
        made = bulk.plan(said.csv.encode(), said.digest, token.user)
    except sheets.Unusable as problem:
        raise Problem("invalid", errors={"csv": str(problem)}) from problem
    if isinstance(made, Refused):
        raise Problem(KINDS[made], WHY_NOT[made])
    return Status(201, PlannedOut(planned=made))


def _sees_all(request: HttpRequest) -> Token:
    token = door.token_of(request)
    if Scope.EMBARGOED not in token.scopes:
        raise Problem("not-allowed", SEES_ALL)
    return token
