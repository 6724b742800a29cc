"""What a call may say: every field checked, none unknown, moments with their zone, texts that a database can keep."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from ninja import Path, Schema
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field

MOST = 2**63 - 1


def _plain(text: str) -> str:
    if "\0" in text:
        raise ValueError("a NUL character cannot be kept")
    return text


def _written(value: Any) -> Any:
    if not isinstance(value, str | datetime):
        raise ValueError("an RFC 3339 moment, such as 2026-11-23T08:30:00+02:00")  # noqa: TRY004 - pydantic listens for this
    return value


def _thinkable(moment: datetime) -> datetime:
    """In UTC: a database knows no zone that is sixteen hours off, and RFC 3339 does."""
    if not 2000 <= moment.year < 2200:
        raise ValueError("a moment between the years 2000 and 2200")
    return moment.astimezone(UTC)


Text = Annotated[str, AfterValidator(_plain)]
Reason = Annotated[str, Field(min_length=3, max_length=300), AfterValidator(_plain)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_thinkable)]
Number = Annotated[int, Path(ge=1, le=MOST)]
Language = Annotated[str, Field(min_length=2, max_length=12, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]+)*$")]


class Strict(Schema):
    """Refuses what it does not know."""

    model_config = ConfigDict(extra="forbid")


class Listing(Strict):
    """Of a list."""

    cursor: Annotated[Text, Field(max_length=100, description="From `next` of the page before.")] = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 40


class StoryListing(Listing):
    """Of stories."""

    words: Annotated[Text, Field(max_length=100, description="Looked for in titles.")] = ""


class PostListing(Listing):
    """Of posts."""

    state: Annotated[Text, Field(max_length=20)] | None = None
    channel: Annotated[Text, Field(max_length=60, description="Its slug.")] | None = None
    story: Annotated[int, Field(ge=1, le=MOST)] | None = None
    due_from: Moment | None = None
    due_before: Moment | None = None


class EditionListing(Listing):
    """Of editions."""

    newsletter: Annotated[Text, Field(max_length=60, description="Its slug.")] | None = None


class AuditListing(Listing):
    """Of the audit log."""

    act: Annotated[Text, Field(max_length=60, description="What acts begin with: `post.`")] | None = None


class Span(Strict):
    """A stretch of the calendar, 62 days at most."""

    begin: Annotated[Moment, Field(description="From here on.")]
    end: Annotated[Moment, Field(description="Up to, and not at, this moment.")]


class Why(Strict):
    """An act that the audit log keeps."""

    reason: Reason


class ShownIn(Strict):
    """A picture of a post."""

    id: Annotated[int, Field(ge=1, le=MOST, description="From POST /media.")]
    alt: Annotated[Text, Field(max_length=5000)] = ""
    focus_x: Annotated[float, Field(ge=0, le=1)] = 0.5
    focus_y: Annotated[float, Field(ge=0, le=1)] = 0.5


class PictureIn(Strict):
    """A picture to be fetched."""

    url: Annotated[Text, Field(min_length=8, max_length=1000, pattern=r"^https?://")]


class PostIn(Strict):
    """A draft for a story and a channel."""

    story: Annotated[int, Field(ge=1, le=MOST)]
    channel: Annotated[Text, Field(max_length=60, description="Its slug.")]
    text: Annotated[Text, Field(max_length=50_000, description="Left out: by the newsroom’s template.")] | None = None
    language: Annotated[Language, Field(description="Left out: the channel’s own.")] | None = None
    content_warning: Annotated[Text, Field(max_length=300)] | None = None
    media: Annotated[list[ShownIn], Field(max_length=20)] | None = None


class PostEdit(Strict):
    """What to change of a post that is not out; what is left out stays."""

    version: (
        Annotated[int, Field(ge=1, le=2**31 - 1, description="The one you read, unless If-Match says it.")] | None
    ) = None
    text: Annotated[Text, Field(max_length=50_000)] | None = None
    language: Language | None = None
    content_warning: Annotated[Text, Field(max_length=300)] | None = None
    media: Annotated[list[ShownIn], Field(max_length=20, description="These and no others.")] | None = None
    settings: (
        Annotated[dict[Text, bool], Field(max_length=8, description="What the network alone knows: `pin`.")] | None
    ) = None


class Schedule(Strict):
    """When a post is to go out: exactly one of these."""

    at: Moment | None = None
    slot: Annotated[Literal["next"], Field(description="The channel’s next free slot.")] | None = None
    now: Literal[True] | None = None
    reason: Annotated[Text, Field(max_length=200)] = ""


class Settle(Why):
    """What somebody saw who looked for an unknown post."""

    went_out: bool
    address: Annotated[Text, Field(max_length=1000, description="Where people see it.")] = ""


class PublicEdit(Why):
    """What a post is to say where it is out."""

    text: Annotated[Text, Field(min_length=1, max_length=50_000)]
    content_warning: Annotated[Text, Field(max_length=300)] = ""


class StopIn(Why):
    """What is to stop."""

    scope: Literal["everything", "newsletter", "channel"]
    target: Annotated[Text, Field(max_length=60, description="The newsletter’s or channel’s slug.")] | None = None
