"""A post that comes round again: set and stopped beside the story."""

import re
from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from dispatch.accounts import desks, permissions
from dispatch.accounts.models import Role, User
from dispatch.desk import acting
from dispatch.desk.forms import Moment, Reason
from dispatch.social import recurring
from dispatch.social.models import Post, Recurrence

Unit = Recurrence.Unit
BETWEEN = re.compile(r"^\s*---+\s*$", re.MULTILINE)


class Again(Reason):
    """How often, from when, until when, and in which words."""

    every = forms.IntegerField(min_value=1, max_value=52)
    unit = forms.ChoiceField(choices=Unit.choices)
    first = forms.CharField(max_length=20, error_messages={"required": Moment.WRONG, "max_length": Moment.WRONG})
    until = forms.DateField(required=False)
    most = forms.IntegerField(required=False, min_value=1, max_value=999)
    texts = forms.CharField(required=False, max_length=20_000)
    soon = forms.BooleanField(required=False)

    def clean_first(self) -> datetime:
        """A wall-clock time in the channel's zone, as it stands on a clock there."""
        try:
            return datetime.fromisoformat(self.cleaned_data["first"]).replace(tzinfo=None)
        except ValueError as error:
            raise forms.ValidationError(Moment.WRONG) from error

    def clean(self) -> dict[str, Any]:
        """The most that makes sense, and an end that is not before the beginning."""
        said: dict[str, Any] = super().clean() or {}
        every, unit = said.get("every"), said.get("unit")
        if every and unit and every > recurring.MOST_EVERY[Unit(unit)]:
            self.add_error("every", f"At most every {recurring.MOST_EVERY[Unit(unit)]} {unit}s.")
        if said.get("first") and said.get("until") and said["until"] < said["first"].date():
            self.add_error("until", "The last day is before the first.")
        return said

    def wish(self) -> recurring.Wish:
        """As it was said."""
        said = self.cleaned_data
        texts = tuple(text.strip() for text in BETWEEN.split(said["texts"]) if text.strip())
        when = {"first": said["first"].date(), "at": said["first"].time().replace(second=0, microsecond=0)}
        ends = {"until": said["until"], "most": said["most"], "soon": said["soon"]}
        return recurring.Wish(every=said["every"], unit=said["unit"], texts=texts, **when, **ends)


@permissions.requires(Role.EDITOR)
@require_POST
def begin(request: HttpRequest, post_id: int) -> HttpResponse:
    """Let a post come again."""
    post = get_object_or_404(Post.objects.select_related("channel"), pk=post_id)
    desks.insist(cast("User", request.user), post.channel)
    form = Again(request.POST)
    if form.is_valid():
        problems = recurring.begin(post_id, form.wish(), cast("User", request.user), form.cleaned_data["reason"])
        acting.tell(request, not problems, "It comes again.", f"Nothing was changed: {'; '.join(problems)}.")
    else:
        for name, errors in form.errors.items():
            words = f"{name.capitalize()}: {errors[0]}"
            messages.error(request, words if "Nothing was changed" in words else f"{words} Nothing was changed.")
    return redirect(f"{reverse('story', args=[post.story_id])}#post-{post.pk}")


@permissions.requires(Role.EDITOR)
@require_POST
def stop(request: HttpRequest, number: int) -> HttpResponse:
    """It does not come again."""
    rule = get_object_or_404(Recurrence.objects.select_related("post__channel"), pk=number)
    desks.insist(cast("User", request.user), rule.post.channel)
    if why := acting.reason(request):
        done = recurring.stop(number, cast("User", request.user), why)
        acting.tell(request, done, "It does not come again.", "It was over already; nothing was changed.")
    return redirect(f"{reverse('story', args=[rule.post.story_id])}#post-{rule.post_id}")
