"""Readers and editions of some size, for the benchmarks of sending."""

import itertools
from pathlib import Path

LANGUAGES = ("be", "en", "ru")
VARIANTS = [
    f"{language}-{letters[0]}{letters[1]}x"
    for language in LANGUAGES
    for letters in itertools.product("abcdefghij", repeat=2)
]
"""Three hundred, as languages × topics × frequencies make them; each stands as a language of its own."""
NAMES = ("Аліса", "Alice", "Алиса")


def take_in(folder: Path, slug: str, many: int, languages: tuple[str, ...] | list[str] = LANGUAGES) -> None:
    """A newsletter and its readers, through the import that a newsroom uses. More readers where it is there already."""
    from dispatch.audience import importing
    from dispatch.audience.models import Newsletter

    Newsletter.objects.get_or_create(
        slug=slug,
        defaults={
            "languages": list(languages),
            "from_name": "Office",
            "from_address": "news@example.org",
            "names": {"en": "Office"},
        },
    )
    file = folder / "readers.csv"
    with file.open("w", encoding="utf-8") as lines:
        lines.write("email,name,language\n")
        for number in range(many):
            lines.write(f"reader-{number:07}@example.org,{NAMES[number % 3]},{languages[number % len(languages)]}\n")
    report = importing.run(file, importing.Defaults(slug), apply=True)
    assert not report.faults, report.faults[0]
    settle()


def settle() -> None:
    """What PostgreSQL does by itself in the minutes after an import; else it does it while a send is measured."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE audience_subscriber, audience_subscription")
        cursor.execute("CHECKPOINT")


def rendered(slug: str, slot: str) -> int:
    """An edition of some 30 KB in each of the newsletter's languages, as rendering leaves it."""
    from django.utils import timezone

    from dispatch.audience.models import Newsletter
    from dispatch.editions import slots
    from dispatch.editions.models import Edition, Variant, digest

    newsletter = Newsletter.objects.get(slug=slug)
    edition = Edition.objects.create(
        newsletter=newsletter, slot=slot, state=Edition.State.RENDERED, due_at=timezone.now()
    )
    for language in newsletter.languages:
        nonce = slots.new_nonce()
        text, page = letter(*(slots.token(nonce, each) for each in slots.NAMES))
        Variant.objects.create(
            edition=edition,
            language=language,
            nonce=nonce,
            subject="A reading room opens",
            text=text,
            html=page,
            hash=digest("A reading room opens", page, text),
        )
    return edition.pk


def letter(name: str, leave: str, preferences: str) -> tuple[str, str]:
    """Plain text and HTML with these in their places."""
    body = "<p>The shelves were built by volunteers. Паліцы зрабілі валанцёры.</p>\n" * 150
    page = f'<h1>Hello{name}!</h1>{body}<a href="{preferences}">What you get</a> <a href="{leave}">Leave</a>'
    return f"Hello{name}!\n\n" + "The shelves were built by volunteers.\n" * 50 + f"\n{preferences}\n{leave}\n", page
