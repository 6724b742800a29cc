"""Calls about what people of the newsroom were told of, for whoever looks after that."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from dispatch.accounts.models import Role, Token
from dispatch.api import asked, cursors, door
from dispatch.api.calling import asks
from dispatch.api.tokens import Scope
from dispatch.desk.models import Notice

router = Router(tags=["The newsroom"])


class NoticeOut(Schema):
    """A message to one target. Its text may name stories, so that it takes the scope `stories:embargoed`; null without."""

    id: int
    target: str
    way: str
    state: str
    text: str | None
    is_test: bool
    made_at: datetime
    finished_at: datetime | None
    trouble: str

    @classmethod
    def of(cls, notice: Notice, token: Token) -> "NoticeOut":
        """Without the address that it went to."""
        assert notice.target is not None
        told = {name: getattr(notice, name) for name in ("state", "is_test", "made_at", "finished_at", "trouble")}
        text = notice.text if Scope.EMBARGOED in token.scopes else None
        return cls(id=notice.pk, target=notice.target.name, way=notice.target.way, text=text, **told)


@router.get("/notices", response=cursors.Page[NoticeOut], **asks(Scope.AUDIT, Role.OPERATOR, query=asked.Listing))
def list_notices(request: HttpRequest, find: Query[asked.Listing]) -> dict[str, Any]:
    """Who was told what, and what became of it, the latest first. Not what people are told about their own accounts."""
    rows, token = Notice.objects.exclude(target=None).select_related("target"), door.token_of(request)
    return cursors.page(request, rows, lambda row: NoticeOut.of(row, token), cursor=find.cursor, limit=find.limit)
