"""Calls about stories."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Query, Router, Schema

from dispatch.accounts import desks
from dispatch.api import asked, cursors, door, reached, seen, told
from dispatch.api.calling import asks
from dispatch.api.problems import Problem
from dispatch.api.tokens import Scope
from dispatch.articles import embargo
from dispatch.desk import embargoes
from dispatch.desk import stories as telling
from dispatch.social import taking_back

router = Router(tags=["Stories"])


class EmbargoIn(asked.Why):
    """Nothing of it leaves before this moment."""

    until: asked.Moment


class EmbargoOut(Schema):
    """It is held; at most `may_still_leave` letters of mail that was under way are on the wire."""

    until: datetime
    may_still_leave: int


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


@router.post("/stories/{int:story_id}/embargo", response=EmbargoOut, **asks(Scope.SCHEDULE))
def place_embargo(request: HttpRequest, story_id: asked.Number, said: EmbargoIn) -> EmbargoOut:
    """Hold a story until a moment, or longer than it is held; mail of it that is under way is paused. To let it go earlier
    takes a person."""
    token, story = door.token_of(request), reached.story(request, story_id)
    desks.insist(token.user, *telling.places(story.pk))
    if said.until <= timezone.now():
        raise Problem("invalid", errors={"until": "a moment to come"})
    if embargo.would_shorten(story, said.until):
        raise Problem("needs-a-person", "It would be over earlier.", desk=reverse("story", args=[story.pk]))
    embargo.place(story.pk, said.until, token.user, said.reason)
    paused = embargoes.pause(story.pk, token.user, said.reason)
    return EmbargoOut(until=said.until, may_still_leave=embargoes.may_leave(paused))
