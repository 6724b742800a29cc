"""What someone decided of a post or an edition whose story changed after it was out: kept with how the story stood then, so
that it is asked again only when that changes. For pages and the API."""

from django.db import transaction

from dispatch.accounts import audit
from dispatch.accounts.models import User
from dispatch.desk import afterwards
from dispatch.desk.afterwards import Mailed
from dispatch.desk.models import Decision
from dispatch.social.models import Post

How = Decision.How


def of_post(post: Post, how: How, by: User, why: str) -> None:
    """Of one that is, or may be, out. The act itself stands in the audit log; letting be is none but this."""
    with transaction.atomic():
        if how is How.LET_BE:
            audit.record(by, "post.let_be", f"post:{post.pk}", why)
        _keep(afterwards.about_post(post), afterwards.stands(post), how, by, why)


def of_edition(story_id: int, mailed: Mailed, how: How, by: User, why: str) -> None:
    """Of what an edition says of a story."""
    with transaction.atomic():
        _keep(afterwards.about_edition(mailed.edition.pk, story_id), mailed.stands, how, by, why)
        audit.record(by, f"edition.{how.name.lower()}", f"edition:{mailed.edition.pk}", why)


def _keep(about: str, seen: str, how: How, by: User, why: str) -> None:
    Decision.objects.update_or_create(about=about, seen=seen, defaults={"how": how, "reason": why, "by": by})
