"""A new post on an empty place of the calendar: which story, which channel, when."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from dispatch import saying
from dispatch.accounts import desks, permissions
from dispatch.accounts.models import Role, User
from dispatch.articles.models import Article, Story
from dispatch.desk import naming
from dispatch.desk.calendar import entries
from dispatch.desk.forms import Moment
from dispatch.desk.posting import WHY_NOT
from dispatch.social import adding, repeats, timing
from dispatch.social.models import Channel, Post
from dispatch.social.timing import Placed

SHOWN = 60
NO_VERSION = "That story has no public version in a language of {channel}. Nothing was planned."
SAME = "Nearly the same is on {channel}, {when}. It is planned all the same: look at both."
STANDS = "{channel} has a post of that story already; here it is."


class Wanted(forms.Form):
    """A story, a channel and a moment by the newsroom's clock; without one, the next free slot."""

    CHOOSE = "Choose a story and a channel. Nothing was planned."
    story = forms.ModelChoiceField(Story.objects.all(), error_messages={"required": CHOOSE, "invalid_choice": CHOOSE})
    channel = forms.ModelChoiceField(
        Channel.objects.filter(active=True),
        to_field_name="slug",
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )
    moment = forms.CharField(required=False, max_length=20)

    def clean_moment(self) -> datetime | None:
        """In UTC; None: the next free slot."""
        if not self.cleaned_data["moment"]:
            return None
        asked = Moment({"moment": self.cleaned_data["moment"]})
        if not asked.is_valid():
            raise forms.ValidationError(Moment.WRONG)
        return cast("datetime", asked.cleaned_data["moment"])


@dataclass(frozen=True)
class Offered:
    """A story to choose."""

    story: Story
    title: str
    languages: str


@permissions.requires(Role.EDITOR)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """GET offers the latest stories; POST plans, or opens the post that is there."""
    if request.method == "POST":
        return _plan(request)
    words = request.GET.get("words", "").strip()[:100]
    shown = {
        "stories": _offered(words),
        "words": words,
        "channels": _channels(cast("User", request.user)),
        "chosen": request.GET.get("channel", ""),
        "story": request.GET.get("story", ""),
        "at": request.GET.get("at", "")[:16],
    }
    return render(request, "desk/calendar_new.html", shown)


def _channels(by: User) -> QuerySet[Channel]:
    return desks.visible(by, Channel.objects.filter(active=True).defer("credentials").order_by("name"))


def _plan(request: HttpRequest) -> HttpResponse:
    form, by = Wanted(request.POST), cast("User", request.user)
    if not form.is_valid():
        return _again(request, str(next(iter(form.errors.values()))[0]))
    desks.insist(by, form.cleaned_data["channel"])
    story, channel, moment = (form.cleaned_data[name] for name in ("story", "channel", "moment"))
    article = adding.version(story, channel)
    if article is None:
        return _again(request, NO_VERSION.format(channel=channel.name))
    moment = moment or timing.next_free(channel, timing.earliest(channel, story))
    if moment is None:
        return _again(request, WHY_NOT[Placed.FULL])
    return _told(request, channel, adding.add(adding.Wish(channel, article, moment), by, "planned in the calendar"))


def _told(request: HttpRequest, channel: Channel, made: Post | adding.Stands | Placed) -> HttpResponse:
    if isinstance(made, Placed):
        return _again(request, WHY_NOT[made])
    if isinstance(made, adding.Stands):
        messages.warning(request, STANDS.format(channel=channel.name))
        return redirect(entries.post_path(made.post.story_id, made.post.pk))
    if same := repeats.beside(made):
        messages.warning(request, SAME.format(channel=channel.name, when=saying.moment(same.sent_at or same.due_at)))
    messages.success(request, f"Planned for {saying.moment(made.due_at)} on {channel.name}.")
    return redirect(entries.post_path(made.story_id, made.pk))


def _again(request: HttpRequest, words: str) -> HttpResponse:
    """The form once more, as it was filled in."""
    messages.error(request, words)
    filled = {"story": request.POST.get("story", ""), "channel": request.POST.get("channel", "")}
    return redirect(f"{reverse('calendar_new')}?{urlencode(filled | {'at': request.POST.get('moment', '')[:16]})}")


def _offered(words: str) -> list[Offered]:
    """The latest stories that may be posted."""
    public = {"articles__state": Article.State.PUBLISHED, "articles__visibility": Article.Visibility.PUBLIC}
    named = {"articles__current__title__icontains": words} if words else {"articles__current__isnull": False}
    found = Story.objects.filter(**public, **named).distinct().prefetch_related(naming.versions()).order_by("-pk")
    return [_one(story) for story in found[:SHOWN]]


def _one(story: Story) -> Offered:
    articles = list(story.articles.all())
    return Offered(story, naming.title(articles), ", ".join(article.language for article in articles))
