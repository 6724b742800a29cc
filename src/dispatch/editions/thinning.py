"""What is kept of an edition for readers' own rhythms once its send is over and forgotten.

A day may make thousands of its letters, of some tens of kilobytes each. Those that its web pages show stay, one a language;
of each other letter its subject, its hash (what a second person agreed to), what it told and of which revisions.
"""

from dispatch.editions.models import Edition


def thin(edition: Edition) -> None:
    """Drop the bodies of letters that nobody can ask for any more. Of a newsletter's own edition all stay."""
    if not edition.is_own:
        return
    written = edition.variants.filter(discreet=False).order_by("language", "-telling__len", "pk")
    shown = list(written.distinct("language").values_list("pk", flat=True))
    edition.variants.exclude(pk__in=shown).update(html="", text="", preheader="")
