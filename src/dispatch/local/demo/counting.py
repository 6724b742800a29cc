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
    public_ids: tuple[str, ...]  # what its web views' addresses say, one for each departure; none: everyone misses it
    languages: frozenset[str]  # that its stories are in
    is_tailored: bool = False  # each letter is in its reader's own language, also around a story in the second one


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
    doubled: int  # mails beyond the first to the same reader of the same mailing
    strays: int  # mails that nobody should have got: wrong language, wrong person, unknown edition
    posts: Mapping[str, int]  # by network
    posts_wanted: int  # on each of them

    @property
    def right(self) -> bool:
        """Each reader has exactly one mail of each edition, and each channel one post of each story."""
        posts = all(count == self.posts_wanted for count in self.posts.values())
        return posts and not (self.missing or self.doubled or self.strays)


def language_for(reader: Reader, edition: Edition) -> str:
    """That of the reader's letter: their own, else the second one; empty: the edition says nothing to this reader."""
    spoken = next((one for one in (reader.language, reader.second_language) if one in edition.languages), "")
    return reader.language if spoken and edition.is_tailored else spoken


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
        (one, reader.address): language
        for one in editions
        for reader in people
        if (language := language_for(reader, one))
    }
    mailings = {public_id: one for one in editions for public_id in one.public_ids}
    letters_of = [(mailings.get(one.edition), one.recipient, one.newsletter, one.language) for one in letters]
    good = {
        (mailing, recipient): number
        for (mailing, recipient, newsletter, language), number in Counter(letters_of).items()
        if mailing and newsletter == mailing.newsletter and wanted.get((mailing, recipient)) == language
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
    wanted: Mapping[tuple[Edition, str], str],
    good: Iterable[tuple[Edition, str]],
) -> Iterable[Line]:
    readers = Counter((edition, language) for (edition, _), language in wanted.items())
    accepted = Counter((edition, wanted[edition, recipient]) for edition, recipient in good)
    for one in editions:
        for language in sorted(language for edition, language in readers if edition is one):
            count, have = readers[one, language], accepted[one, language]
            yield Line(one.name, language, count, have, count - have)
