"""What the composer's form says of one post, and what its buttons do besides saving."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.validators import URLValidator
from django.db import transaction
from django.http import HttpRequest, QueryDict

from dispatch import saying
from dispatch.accounts import audit
from dispatch.articles.models import Article
from dispatch.social import drafting, illustrating, media, planning, preferences, threads
from dispatch.social.drafting import Described, Typed
from dispatch.social.models import Post

if TYPE_CHECKING:
    from dispatch.accounts.models import User

TOO_LONG = f"The text has more than {drafting.LONGEST:,} characters; no network takes that. It was not saved."
NO_LANGUAGE = "Say its language by its tag, such as en or be. It was not saved."
NO_LINK = "The link has to begin with https:// or http://. It was not saved."


class Written(forms.Form):
    """One post's form. `version` is the one that the editor saw."""

    version = forms.IntegerField(error_messages={"required": "Load the page again.", "invalid": "Load the page again."})
    text = forms.CharField(
        required=False, strip=False, max_length=drafting.LONGEST, error_messages={"max_length": TOO_LONG}
    )
    link = forms.URLField(
        required=False,
        max_length=1000,
        assume_scheme="https",
        validators=[URLValidator(schemes=["https", "http"], message=NO_LINK)],
        error_messages={
            "invalid": NO_LINK,
            "max_length": "The link is longer than 1,000 characters. It was not saved.",
        },
    )
    language = forms.CharField(max_length=12, error_messages={"required": NO_LANGUAGE, "max_length": NO_LANGUAGE})
    content_warning = forms.CharField(
        required=False,
        max_length=300,
        error_messages={"max_length": "The warning has more than 300 characters. It was not saved."},
    )

    @property
    def problem(self) -> str:
        """The first thing that is wrong, in words."""
        return next((str(said[0]) for said in self.errors.values()), "")


def typed(data: QueryDict, network: str) -> Typed:
    """All of it as it was typed, right or wrong: to be looked at."""
    said = {name: data.get(name, "").replace("\r\n", "\n") for name in ("text", "link", "language", "content_warning")}
    return Typed(
        text=said["text"][: drafting.LONGEST],
        link=said["link"].strip(),
        language=said["language"],
        content_warning=said["content_warning"].strip(),
        settings={name: f"keep-{name}" in data for name in preferences.KEEPERS.get(network, {})},
        pictures=tuple(_described(data)),
    )


def act(request: HttpRequest, post_id: int) -> tuple[str, list[str]]:
    """What a button asks for besides saving: what was done, in words, and what could not be."""
    troubles: list[str] = []
    by = cast("User", request.user)
    name, _, target = request.POST.get("do", "save").partition(":")
    done = _take_files(request, post_id, troubles) if request.FILES else ""
    doing = ACTS.get(name)
    if doing is None:
        return done, troubles
    try:
        brought = _bring(post_id) if name == "bring" else None
        with transaction.atomic():
            post = drafting.locked(post_id)
            if why := drafting.closed(post):
                return done, [*troubles, why]
            done = doing(post, target, request.POST) if brought is None else _add(post, *brought)
            if name in AUDITED:
                audit.record(by, f"post.{name}", f"post:{post_id}")
    except (threads.Undoable, media.Unfit) as error:
        troubles.append(_sentence(str(error)))
    return done, troubles


def _template(post: Post, target: str, _data: QueryDict) -> str:
    article = next((one for one in planning.standing(post.story) if str(one.pk) == target), None)
    if post.follows_id:
        raise threads.Undoable("The template is for the first part. Nothing was changed.")
    if article is None:
        raise threads.Undoable("That version does not stand any more. Nothing was changed.")
    others = sum(one.place > 0 and one.state in Post.UNSENT for one in threads.of(post))
    drafting.follow_template(post, article)
    left = f" What comes after it was left as it was: {saying.many(others, 'part')}." if others else ""
    return f"It says what the template says, and follows the article again.{left}"


def _split(post: Post, _target: str, data: QueryDict) -> str:
    threads.split(post, numbered="numbered" in data)
    return "It is a thread now."


def _join(post: Post, _target: str, _data: QueryDict) -> str:
    threads.join(post)
    return "It is one post again."


def _part(post: Post, _target: str, _data: QueryDict) -> str:
    threads.add(post)
    return "A part was added."


def _comment(post: Post, _target: str, _data: QueryDict) -> str:
    threads.comment(post)
    return "A first comment was added."


def _remove(post: Post, _target: str, _data: QueryDict) -> str:
    threads.remove(post)
    return "It was taken out."


def _unpicture(post: Post, target: str, _data: QueryDict) -> str:
    illustrating.remove(post, int(target))
    return "The picture was taken out."


def _earlier(post: Post, target: str, _data: QueryDict) -> str:
    illustrating.move(post, int(target), -1)
    return "Moved."


def _later(post: Post, target: str, _data: QueryDict) -> str:
    illustrating.move(post, int(target), 1)
    return "Moved."


def _nothing(_post: Post, _target: str, _data: QueryDict) -> str:
    return ""


ACTS: dict[str, Callable[[Post, str, QueryDict], str]] = {
    "template": _template,
    "split": _split,
    "join": _join,
    "part": _part,
    "comment": _comment,
    "remove": _remove,
    "bring": _nothing,
    "unpicture": _unpicture,
    "earlier": _earlier,
    "later": _later,
}
AUDITED = {"template", "split", "join", "part", "comment", "remove"}
NUMBERED = {"unpicture", "earlier", "later"}


def is_known(asked: str) -> bool:
    """Whether a button of that name is there."""
    name, _, target = asked.partition(":")
    return name in {"save", "upload"} or (name in ACTS and (name not in NUMBERED or target.isdecimal()))


def _bring(post_id: int) -> tuple[Any, str]:
    """Fetched before the post is locked: nobody waits for another host."""
    article = Article.objects.select_related("current").get(posts=post_id)
    return illustrating.of_article(article), article.current.picture_alt if article.current else ""


def _add(post: Post, picture: Any, alt: str) -> str:
    illustrating.add(post, picture, alt)
    return "The article's picture was added."


def _take_files(request: HttpRequest, post_id: int, troubles: list[str]) -> str:
    """Each picture for itself: one that cannot be taken keeps none of the others out."""
    taken = 0
    for file in request.FILES.getlist("files"):
        try:
            if (file.size or 0) > media.LARGEST:
                raise media.Unfit(f"{saying.size(file.size or 0)}; {media.LARGEST / 1e6:.0f} MB are taken")
            picture = media.take(file.read())
            with transaction.atomic():
                post = drafting.locked(post_id)
                if why := drafting.closed(post):
                    raise media.Unfit(why.rstrip("."))
                illustrating.add(post, picture)
            taken += 1
        except media.Unfit as error:
            troubles.append(f"{file.name}: {error}. It was not added.")
    return f"{saying.many(taken, 'picture')} added." if taken else ""


def _described(data: QueryDict) -> list[Described]:
    numbers = [int(number) for number in data.getlist("picture") if number.isdecimal()]
    return [
        Described(
            number,
            data.get(f"alt-{number}", "").replace("\r\n", "\n"),
            _share(data.get(f"x-{number}", "")),
            _share(data.get(f"y-{number}", "")),
        )
        for number in dict.fromkeys(numbers)
    ]


def _share(said: str) -> float:
    """From 0 to 1; the middle where it is none."""
    try:
        found = float(said)
    except ValueError:
        return 0.5
    return min(max(found, 0.0), 1.0) if math.isfinite(found) else 0.5


def _sentence(words: str) -> str:
    return words if words.endswith(".") else f"{words[:1].upper()}{words[1:]}. Nothing was changed."
