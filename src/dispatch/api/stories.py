"""Calls about stories."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from dispatch.accounts import desks
from dispatch.api import asked, cursors, door, reached, seen, told
from dispatch.api.calling import asks
from dispatch.api.tokens import Scope
from dispatch.desk import stories as telling
from dispatch.social import taking_back

router = Router(tags=["Stories"])


@router.get("/stories", response=cursors.Page[told.StoryOut], **asks(Scope.STORIES, query=asked.StoryListing))
def list_stories(request: HttpRequest, find: Query[asked.StoryListing]) -> dict[str, Any]:
    """Every story, the latest first, in all its languages."""
    found = seen.stories(door.token_of(request))
    if find.words:
        found = found.filter(articles__current__title__icontains=find.words).distinct()
    rows = telling.with_everything(found)
    return cursors.page(request, rows, told.StoryOut.of, cursor=find.cursor, limit=find.limit)


@router.get("/stories/{int:story_id}", response=told.StoryOut, **asks(Scope.STORIES))
def one_story(request: HttpRequest, story_id: asked.Number) -> told.StoryOut:
    """One story."""
    return told.StoryOut.of(seen.one(telling.with_everything(seen.stories(door.token_of(request))), story_id))


@router.post("/stories/{int:story_id}/take-back", response=told.TakenBackOut, **asks(Scope.CHANGE))
def take_back_story(request: HttpRequest, story_id: asked.Number, said: asked.Why) -> told.TakenBackOut:
    """Every post of it, in each language and channel: what waits stays in, what is out is deleted where that can be."""
    token, story = door.token_of(request), reached.story(request, story_id)
    desks.insist(token.user, *telling.places(story.pk))
    done = taking_back.all_of(story.pk, token.user, said.reason)
    by_hand = [post.pk for post in done.by_hand]
    return told.TakenBackOut(dropped=done.dropped, deleting=done.deleting, doubtful=done.doubtful, by_hand=by_hand)
