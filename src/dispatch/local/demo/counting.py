"""The demo's accounting: what should have arrived against what did, counted at the receivers. The ledger is not asked."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dispatch.local.demo.readers import Reader
from dispatch.local.inbox import Letter


@dataclass(frozen=True)
class Edition:
    """A mailing that there must be."""

    name: str
    newsletter: str
    public_id: str  # what its web view's address says; empty: there is none, and everyone misses it
    languages: frozenset[str]


@dataclass(frozen=True)
class Line:
    """One edition in one language."""

    edition: str
    language: str
    readers: int
    accepted: int
    missing: int


@dataclass(frozen=True)
class Account:
    """All of it."""

    lines: tuple[Line, ...]
    readers: int
    accepted: int  # mails that arrived
    missing: int  # mails that should have and did not
    doubled: int  # mails beyond the first to the same reader of the same edition
    strays: int  # mails that nobody should have got: wrong language, wrong person, unknown edition
    posts: Mapping[str, int]  # by network
    posts_wanted: int  # on each of them

    @property
    def right(self) -> bool:
        """Each reader has exactly one mail of each edition, and each channel one post of each story."""
        posts = all(count == self.posts_wanted for count in self.posts.values())
        return posts and not (self.missing or self.doubled or self.strays)


def language_for(reader: Reader, languages: frozenset[str]) -> str:
    """The reader's own, else the second one; empty: the edition says nothing to this reader."""
    return next((one for one in (reader.language, reader.second_language) if one in languages), "")


def account(
    people: Sequence[Reader],
    editions: Sequence[Edition],
    letters: Iterable[Letter],
    posts: Mapping[str, Sequence[str]],
    *,
    stories: int,
    networks: Iterable[str],
) -> Account:
    """Compare. A post counts once for each text, so that the same one twice is one too few."""
    wanted = {
        (one.public_id, reader.address): (one, language)
        for one in editions
        for reader in people
        if (language := language_for(reader, one.languages))
    }
    arrived = Counter(letters_of := [(one.edition, one.recipient, one.newsletter, one.language) for one in letters])
    good = {
        (edition, recipient): number
        for (edition, recipient, newsletter, language), number in arrived.items()
        if (found := wanted.get((edition, recipient))) and (found[0].newsletter, found[1]) == (newsletter, language)
    }
    return Account(
        lines=tuple(_lines(editions, wanted, good)),
        readers=len(people),
        accepted=len(letters_of),
        missing=len(wanted) - len(good),
        doubled=sum(good.values()) - len(good),
        strays=len(letters_of) - sum(good.values()),
        posts={network: _posts(posts.get(network, ())) for network in networks},
        posts_wanted=stories,
    )


def _posts(texts: Sequence[str]) -> int:
    """How many, if each is another one; else a number that cannot be right."""
    return len(texts) if len(set(texts)) == len(texts) else -len(texts)


def _lines(
    editions: Sequence[Edition],
    wanted: Mapping[tuple[str, str], tuple[Edition, str]],
    good: Mapping[tuple[str, str], int],
) -> Iterable[Line]:
    readers = Counter((edition.public_id, language) for edition, language in wanted.values())
    accepted = Counter((wanted[key][0].public_id, wanted[key][1]) for key in good)
    for one in editions:
        for language in sorted(one.languages):
            count, have = readers[one.public_id, language], accepted[one.public_id, language]
            yield Line(one.name, language, count, have, count - have)
