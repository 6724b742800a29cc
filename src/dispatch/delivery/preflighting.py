"""Everything that is looked at before an edition leaves: at once what its letters say and how they travel; by a worker what
takes time (links, DNS, spam), whose findings are kept until the next look."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from email import message_from_bytes

from django.utils import timezone

from dispatch import queue, saying
from dispatch.delivery import domains, quoting, sampling, spam
from dispatch.delivery.domains import Standing
from dispatch.editions import guarding, links, preflight, previewing
from dispatch.editions.links import Fate
from dispatch.editions.models import Edition, Preflight
from dispatch.editions.phrasing import OPEN
from dispatch.editions.preflight import Body, Finding, Level
from dispatch.editions.rendering import LIMIT

LOST = timedelta(minutes=5)
"""After which a look that never ended is asked for again."""
SPAM, NEARLY_SPAM = 5.0, 2.0
"""SpamAssassin's own limit, and where a look is worth it."""
AHEAD, OLD = timedelta(hours=1), timedelta(minutes=50)
"""How long before a digest leaves it is looked at by itself, and after which a look is too old for that."""


def at_once(edition: Edition) -> list[Finding]:
    """What can be said without asking anybody."""
    try:
        bodies = previewing.letters(edition)
    except guarding.Unrenderable as trouble:
        return [
            Finding(Level.BLOCKS, "Rendering", f"It cannot be rendered. {trouble}", "Mend the story or the template.")
        ]
    return [*preflight.of_letters(edition, bodies), *_sizes(bodies), *_headers(edition, bodies)]


def findings(edition: Edition) -> list[Finding]:
    """All of them, the gravest first; those that take time as they were found last."""
    return preflight.worst_first([*at_once(edition), *kept(edition)])


def blocking(edition: Edition) -> list[Finding]:
    """What an approver must overrule, with a reason, before they let it leave."""
    return [one for one in findings(edition) if one.level is Level.BLOCKS]


def kept(edition: Edition) -> list[Finding]:
    """What the last look that took time found."""
    looked = Preflight.objects.filter(edition=edition).first()
    lasting = [one for one in looked.found if not one.get("seen_at_once")] if looked else []
    return [Finding(Level(one["level"]), one["what"], one["words"], one["todo"]) for one in lasting]


def ask(edition: int) -> bool:
    """Have a worker look. False: one is at it."""
    now = timezone.now()
    Preflight.objects.bulk_create([Preflight(edition_id=edition, asked_at=now, done_at=now)], ignore_conflicts=True)
    over = Preflight.objects.filter(edition=edition).exclude(done_at=None, asked_at__gt=now - LOST)
    asked = bool(over.update(asked_at=now, done_at=None))
    if asked:
        queue.enqueue("upkeep.preflight", edition)
    return asked


def run(edition_id: int) -> None:
    """Look, and keep what was found. Rung twice or in vain: it is looked at once."""
    waiting = Preflight.objects.filter(edition=edition_id, done_at=None).select_related("edition__newsletter").first()
    if waiting is None:
        return
    found = [asdict(one) for one in _outside(waiting.edition)]
    found += [{**asdict(one), "seen_at_once": True} for one in at_once(waiting.edition) if one.level is Level.BLOCKS]
    Preflight.objects.filter(pk=waiting.pk, asked_at=waiting.asked_at).update(found=found, done_at=timezone.now())


def due(now: datetime) -> list[int]:
    """Digests that leave within the hour and were not looked at lately."""
    soon = Edition.objects.filter(
        state=Edition.State.GATHERING, due_at__gt=now, due_at__lte=now + AHEAD, newsletter__active=True
    )
    return list(soon.exclude(preflight__asked_at__gt=now - OLD).values_list("pk", flat=True)[:20])


def unheard(now: datetime) -> list[int]:
    """Looks whose doorbell was lost."""
    waiting = Preflight.objects.filter(done_at=None, asked_at__lt=now - timedelta(seconds=10), asked_at__gt=now - LOST)
    return list(waiting.values_list("edition", flat=True)[:20])


def before_leaving() -> list[tuple[Edition, Finding]]:
    """Of digests that leave within the hour, the first thing that blocks them, where the last look found any."""
    now = timezone.now()
    looked = Preflight.objects.filter(
        edition__state__in=OPEN, edition__due_at__lte=now + AHEAD, edition__due_at__gt=now
    )
    blocked = looked.filter(found__contains=[{"level": Level.BLOCKS}]).select_related("edition__newsletter")[:5]
    return [(one.edition, found[0]) for one in blocked if (found := blocking(one.edition))]


def _outside(edition: Edition) -> Iterator[Finding]:
    try:
        bodies = previewing.letters(edition)
    except guarding.Unrenderable:
        return
    yield from _links(bodies)
    yield from _spam(edition, [body for body in bodies if not body.discreet])
    newsletter = edition.newsletter
    for address in dict.fromkeys(filter(None, (newsletter.from_address, newsletter.discreet_address))):
        for record in domains.look(address.rpartition("@")[2]):
            level = {
                Standing.WELL: Level.OK,
                Standing.MAY: Level.OK,
                Standing.LOOK: Level.LOOK,
                Standing.WRONG: Level.BLOCKS,
            }[record.standing]
            yield Finding(level, record.what, record.words, record.told)


def _links(bodies: Sequence[Body]) -> Iterator[Finding]:
    asked = links.check(links.addresses(body.html for body in bodies if not body.discreet))
    dead = [link for link in asked if link.fate is Fate.DEAD]
    unsure = [link for link in asked if link.fate is Fate.UNSURE]
    for link in dead[:10]:
        yield Finding(
            Level.BLOCKS,
            "Links",
            f"{link.url} leads nowhere: {link.why}.",
            "Mend the address in the story or the intro.",
        )
    if unsure:
        said = f"Of {saying.many(len(unsure), 'link')} nobody could tell: {unsure[0].url} ({unsure[0].why})."
        yield Finding(Level.LOOK, "Links", said, "Open them yourself; many sites turn programs away.")
    if not dead and not unsure:
        yield Finding(Level.OK, "Links", f"{saying.many(len(asked), 'link')} looked at, all there.")


def _spam(edition: Edition, bodies: Sequence[Body]) -> Iterator[Finding]:
    for body in bodies:
        _, head, parts = sampling.message(body, edition.newsletter, sampling.example())
        opinion = spam.ask(b"".join((head, *parts)))
        if isinstance(opinion, spam.NoOpinion):
            yield Finding(Level.LOOK, "Spam words", opinion.words, opinion.todo)
            return
        rules = f" ({', '.join(opinion.rules[:6])})" if opinion.rules else ""
        said = f"SpamAssassin gives the letter in {body.language} {opinion.score:.1f} of 5{rules}."
        level = Level.BLOCKS if opinion.score >= SPAM else Level.LOOK if opinion.score >= NEARLY_SPAM else Level.OK
        yield Finding(level, "Spam words", said, "" if level is Level.OK else "Change what the rules name.")


def _sizes(bodies: Sequence[Body]) -> Iterator[Finding]:
    """Gmail counts the HTML; whether as it reads or as it travels (quoted-printable, RFC 2045) it does not say."""
    largest = 0
    for body in (body for body in bodies if body.html):
        read, sent = len(body.html.encode()), len(quoting.quoted(body.html))
        largest = max(largest, sent)
        kilobytes = f"{read / 1024:.0f} KB, {sent / 1024:.0f} KB as it travels"
        if read > LIMIT:
            said = f"The letter in {body.language} is too large: {kilobytes}. Gmail hides the rest beyond 102 KB."
            yield Finding(Level.BLOCKS, "Size", said, "Take out a story, or shorten the longest.")
        elif sent > LIMIT:
            said = f"The letter in {body.language} is {kilobytes}; Gmail may cut it at 102 KB."
            yield Finding(Level.LOOK, "Size", said, "Take out a story if that matters.")
    if largest <= LIMIT:
        yield Finding(Level.OK, "Size", f"{largest / 1024:.0f} KB at most as it travels; Gmail cuts at 102 KB.")


def _headers(edition: Edition, bodies: Sequence[Body]) -> Iterator[Finding]:
    """RFC 2369 and RFC 8058: what makes a mailbox offer to leave."""
    missing: dict[str, None] = {}
    for body in bodies:
        try:
            _, head, _ = sampling.message(body, edition.newsletter, sampling.example())
        except ValueError as problem:
            yield Finding(
                Level.BLOCKS,
                "Headers",
                f"The letter in {body.language} cannot be built: {problem}.",
                "Change its subject.",
            )
            return
        said = message_from_bytes(head)
        wanted = (("List-Unsubscribe", "<http"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        missing |= {f"{name} ({body.language})": None for name, value in wanted if value not in str(said.get(name, ""))}
    if missing:
        yield Finding(
            Level.BLOCKS,
            "Headers",
            f"Missing: {', '.join(itertools.islice(missing, 4))}.",
            "This is a fault of Dispatch; tell us.",
        )
    elif bodies:
        yield Finding(Level.OK, "Headers", "Mailboxes offer to leave with one click (List-Unsubscribe) in each letter.")
