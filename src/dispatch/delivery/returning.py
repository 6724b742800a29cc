"""Stories of a cancelled send come back to those who did not get them: their next letter tells them."""

from django.utils import timezone

from dispatch.audience import rhythms
from dispatch.delivery import statements
from dispatch.delivery.models import Send


def give_back(send: Send) -> None:
    """Owe a cancelled send's stories to whoever surely has no mail of it, if it was for readers with rhythms of their own.

    In the transaction that ends the send. No letter is made due: who cancelled would not want the same to leave at once.
    """
    edition = send.edition
    if not edition.is_own:  # of the newsletter's own editions nothing is kept by reader; missing.py sends to those
        return
    counted = rhythms.tally(edition.newsletter_id)
    due = rhythms.next_due(edition.newsletter, "", None, "", timezone.now())
    values = {"send": send.pk, "newsletter": edition.newsletter_id, "since": counted.editions, "due": due}
    statements.execute("give_back", **values)
