"""The contract of a network: what fits, what is put there first, one call that publishes, and a look at what is out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from dispatch.outcomes import Deferred, Outcome, Refused

TIMEOUT = 30.0
"""Seconds any request to a network may take."""
CLOCKS_DIFFER = timedelta(minutes=2)
"""How far a network's clock may be from ours where posts are looked for by their time."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What fits into one post, in the network's own units, and what the network can do besides."""

    longest: int
    unit: str  # in words, for the desk: "characters"
    counting: str = ""  # where its count differs from what people count, how: a sentence for the desk
    link_cost: int | None = None  # a link costs this much whatever its length; None: its own length
    longest_bytes: int | None = None
    longest_caption: int | None = None  # of a text that comes with pictures; None: as long as any other
    pictures: int = 0  # how many; 0: none are taken
    pictures_needed: int = 0  # how many at the least
    pictures_by_address: bool = False  # it takes no bytes and fetches them where `Picture.url` says
    picture_bytes: int = 5_000_000
    picture_side: int = 4096  # pixels of the longer side
    picture_kinds: tuple[str, ...] = ("image/jpeg", "image/png")  # an animated GIF is one only where it is named
    card_bytes: int = 0  # of the picture on a link's card, where we draw the card; 0: the network does
    frame: tuple[float, float] | None = None  # narrowest and widest width / height; others are cropped. None: any
    alt_longest: int = 0  # characters; 0: there is no field for it
    threads: bool = False  # a post may follow another as a part of its thread
    comments: bool = False  # a post may follow another as its first comment
    warnings: bool = False  # a text may hide behind a content warning
    edits: bool = False
    deletes: bool = False
    price: float = 0.0  # dollars that the network takes for a post …
    price_with_link: float = 0.0  # … and for one with a link in its text


@dataclass(frozen=True, kw_only=True)
class Account:
    """A channel as a network sees it: where, who, and the opened credentials. Lives in memory only."""

    server: str
    name: str
    credentials: Mapping[str, str] = field(repr=False)
    known: Mapping[str, Any] = field(default_factory=dict)  # what the server said at the last probe
    settings: Mapping[str, Any] = field(default_factory=dict)  # what the newsroom wants: {"threads": true}


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture as it goes to one network: within its limits, without metadata."""

    kind: str  # "image/jpeg"
    width: int
    height: int
    alt: str = ""
    content: bytes = field(default=b"", repr=False)  # empty where a draft is only checked or looked for
    url: str = ""  # where the network may fetch it, for those that take no bytes


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A text that is to be published, with all that must not change between two attempts."""

    text: str
    link: str
    language: str
    title: str = ""
    summary: str = ""
    key: str = ""  # the same for every attempt of the same text
    created_at: datetime | None = None  # frozen at the first attempt
    content_warning: str = ""
    media: tuple[Picture, ...] = ()
    card: Picture | None = None  # the article's own picture, for a link's card that the client has to draw
    reply_to: str = ""  # remote_id of the post that this one follows
    settings: Mapping[str, Any] = field(default_factory=dict)  # what one network alone knows: {"pin": true}
    prepared: Mapping[str, Any] = field(
        default_factory=dict
    )  # what `prepare` put there, in this attempt or an earlier one


@dataclass(frozen=True)
class Found:
    """It is out there."""

    remote_id: str
    url: str


@dataclass(frozen=True)
class NotFound:
    """It is not there, as far as the network shows."""


@dataclass(frozen=True)
class CannotTell:
    """The network gives no way to look, or did not answer."""

    reason: str


@dataclass(frozen=True)
class NotAllowed(CannotTell):
    """The network does not let this account see it, nor anything of the kind: asking of another post is in vain."""


@dataclass(frozen=True)
class Health:
    """Whether an account can publish now."""

    ok: bool
    words: str = ""
    known: Mapping[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None  # of the credentials, where the network says
    code: str = ""  # of a refusal, as in outcomes.Refused: "401" is about the credentials
    account: str = ""  # whose credentials they are, as people say it, where the network tells


@dataclass(frozen=True)
class Unsupported:
    """The network has no such act."""


@dataclass(frozen=True)
class Renewed:
    """New credentials for old ones. What the network gave no successor for (a refresh token) is carried over."""

    credentials: Mapping[str, str] = field(repr=False)
    expires_at: datetime | None


@dataclass(frozen=True)
class Counts:
    """How a post is taken, in the numbers that its network shows to everybody. None: it does not say."""

    replies: int | None = None
    likes: int | None = None
    reposts: int | None = None


def ends(credentials: Mapping[str, str]) -> datetime | None:
    """When they end, by `expires_at` (ISO 8601; UTC where it names no zone); None: nobody says, or it is no moment."""
    try:
        moment = datetime.fromisoformat(credentials["expires_at"])
    except (KeyError, TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Look = Found | NotFound | CannotTell
Prepared = Mapping[str, Any] | Deferred | Refused
"""What was put at the network, as JSON; or why the post cannot go now. Never Unknown: nothing of it is public yet."""


class Network(Protocol):
    """One network. Every request has a time-out; nothing is retried inside; nothing raises for what the world answers."""

    name: str

    def replays(self, draft: Draft) -> bool:
        """Whether publishing this same draft again is safe: the network itself recognises it."""
        ...

    def limits(self, account: Account) -> Limits:
        """What fits, read from the server where it says."""
        ...

    def count(self, text: str, account: Account) -> int:
        """The length of a text as this network counts it."""
        ...

    def check(self, draft: Draft, account: Account) -> list[str]:
        """What stands against publishing it, in words; empty: nothing."""
        ...

    def prepare(self, draft: Draft, account: Account) -> Prepared:
        """Put there what the post needs and what nobody sees yet: pictures, a container; look up what it replies to.

        Safe to repeat, and may take several calls. What it returns is stored before `publish` is called and comes back as
        `draft.prepared`, also in a later attempt of the same: what is there already is not asked for again."""
        ...

    def publish(self, draft: Draft, account: Account) -> Outcome:
        """One call."""
        ...

    def find(self, draft: Draft, account: Account) -> Look:
        """Look whether it is out, before anything is sent again."""
        ...

    def edit(self, remote_id: str, draft: Draft, account: Account) -> Outcome | Unsupported:
        """Change the text of what is out. Safe to repeat. `remote_id` of Sent is its name from now on."""
        ...

    def delete(self, remote_id: str, account: Account) -> Outcome | Unsupported:
        """Take back what is out. Safe to repeat: what is gone already is Sent."""
        ...

    def probe(self, account: Account) -> Health:
        """Is the token alive? What does the server say of its limits?"""
        ...


@runtime_checkable
class Renewing(Protocol):
    """A network whose credentials wear out and can be renewed without a person."""

    def renews_at(self, account: Account) -> datetime | None:
        """From when on they should be; None: never."""
        ...

    def renew(self, account: Account) -> Renewed | Deferred | Refused:
        """Ask for new ones, once; called by one worker at a time. Refused: a person has to connect the channel again."""
        ...


@runtime_checkable
class Counting(Protocol):
    """A network that tells how a post is taken, in public numbers; never who."""

    def counts(self, remote_id: str, account: Account) -> Counts | CannotTell:
        """Ask once. CannotTell: it is gone, the network did not answer, or the channel's settings do not allow the cost;
        NotAllowed: this account may see no post's numbers."""
        ...
