"""A send through a provider's API that loses answers: each reader has one mail, and what is in doubt is known by its key."""

import json
from collections import Counter

import provider_api
import pytest

from dispatch.delivery import closing, ledger, relays, sending, statements
from dispatch.delivery.models import Chunk, DeliveryException, Send

pytestmark = pytest.mark.django_db
CAST = ("alice", "bob", "charlie", "dora", "erin", "frank")


class Resend:
    """Puts one mail in a mailbox for each key; so many answers for each reader never arrive."""

    def __init__(self, **lost):
        self.lost, self.mails, self.keys = Counter(lost), {}, Counter()

    def __call__(self, asked):
        key, reader = asked.headers["Idempotency-Key"], json.loads(asked.body)["to"][0].partition("@")[0]
        self.mails.setdefault(key, reader)
        self.keys[key] += 1
        self.lost[reader] -= 1
        return provider_api.HANG_UP if self.lost[reader] >= 0 else (200, json.dumps({"id": key}))


@pytest.fixture
def sent(edition, subscribe):
    """sent(api, "resend_once") sends to the cast, with all that the clock does later."""

    def send_all(api, policy):
        relays.save("resend", f"anymail+resend://?api_key=k&api_url={api.url}")
        readers = {name: subscribe(name) for name in CAST}
        send = ledger.enlist(edition.pk)
        Send.objects.filter(pk=send.pk).update(ambiguity=policy)
        for _ in range(3):
            for number in Chunk.objects.filter(send=send).exclude(state="done").values_list("number", flat=True):
                sending.send_chunk(send.pk, number)
            DeliveryException.objects.filter(state="deferred").update(next_attempt_at=statements.now())
            ledger.promote_due()
        assert closing.close(send) == "finished"
        return {name: ledger.fate(send.pk, reader.pk) for name, reader in readers.items()}

    return send_all


@pytest.mark.parametrize("policy", ["resend_once", "never_twice"])
def test_an_answer_that_is_lost_once_is_asked_for_again(sent, policy):
    with provider_api.serving(answer=Resend(bob=1, erin=1)) as api:
        assert sent(api, policy) == dict.fromkeys(CAST, "sent")
    assert sorted(api.answer.mails.values()) == sorted(CAST)
    assert api.most_at_once == 1 or policy == "resend_once"


def test_who_is_in_doubt_gets_the_same_key_again_and_one_mail(sent):
    with provider_api.serving(answer=Resend(bob=3)) as api:
        assert sent(api, "resend_once") == dict.fromkeys(CAST, "sent")
    assert sorted(api.answer.mails.values()) == sorted(CAST)
    assert sorted(api.answer.keys.values()) == [1, 1, 1, 1, 1, 4]


def test_who_is_in_doubt_under_never_twice_is_left_to_a_person(sent):
    with provider_api.serving(answer=Resend(bob=2)) as api:
        assert sent(api, "never_twice") == dict.fromkeys(CAST, "sent") | {"bob": "unknown"}
    assert sorted(api.answer.mails.values()) == sorted(CAST)
