"""The page where lists leave: one operator asks, another agrees, the first takes the file, once."""

import newsroom
import pyrage
import pytest
from django.test import Client

from dispatch.accounts import views
from dispatch.audience.models import Export, Honey

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    one = newsroom.newsletter()
    newsroom.readers(one, en=2)
    return one


@pytest.fixture
def people():
    """Alice and Bob, each in a browser of their own."""

    def signed_in(name):
        client = Client()
        client.force_login(newsroom.person("operator", name), views.BACKEND)
        return client

    return signed_in("Alice"), signed_in("Bob")


def asked(client, office, **fields):
    given = {"newsletter": office.pk, "form": "csv", "recipient": "", "reason": "the auditors"} | fields
    return client.post("/exports/ask", given, follow=True).content.decode()


def test_two_people_and_a_key_make_a_file(people, office, settings):
    settings.HONEY_DOMAINS = ["letters.example.org"]
    alice, bob = people
    key = pyrage.x25519.Identity.generate()
    assert "A second operator has a day" in asked(alice, office, recipient=str(key.to_public()))
    number = Export.objects.get().pk
    assert f"/exports/{number}/do/agree" not in alice.get("/exports/").content.decode()
    assert f"/exports/{number}/do/agree" in bob.get("/exports/").content.decode()
    bob.post(f"/exports/{number}/do/agree", {"reason": "they asked me"})
    answer = alice.post(f"/exports/{number}/take")
    assert answer["Content-Disposition"] == f'attachment; filename="readers-office-{number}.csv.age"'
    text = pyrage.decrypt(b"".join(answer.streaming_content), [key]).decode()
    assert len(text.splitlines()) == 1 + 2 + 5
    assert "cannot be taken" in alice.post(f"/exports/{number}/take", follow=True).content.decode()


def test_a_bad_key_and_a_missing_reason_are_told(people, office):
    alice, _ = people
    assert "This is no age key" in asked(alice, office, recipient="alice")
    assert "Say why" in asked(alice, office, recipient="age1", reason="")
    assert not Export.objects.exists()


def test_a_file_that_got_out_is_named(people, office):
    alice, _ = people
    key = pyrage.x25519.Identity.generate()
    asked(alice, office, recipient=str(key.to_public()))
    Honey.objects.create(
        file=f"export:{Export.objects.get().pk}", address_index=b"i" * 32, seen_at="2026-11-23T10:00Z", seen_in="mail"
    )
    page = alice.get("/exports/").content.decode()
    assert "got out" in page
    assert "mail," in page


@pytest.mark.parametrize("role", ["editor", "approver"])
def test_others_do_not_see_it(client, office, role):
    newsroom.signed_in(client, role)
    assert client.get("/exports/").status_code == 403
    assert client.post("/exports/ask").status_code == 403
