"""The neutral host: a discreet reader's own pages, and nothing that says whose they are."""

import re

import pytest

from dispatch.audience import letters, preferences, rhythms, tokens
from dispatch.audience.models import Letter, Newsletter, Subscription

pytestmark = pytest.mark.django_db
HOST = "post.example.net"
NAMES = re.compile("Lantern|lantern|news.example.org")


@pytest.fixture(autouse=True)
def neutral(settings):
    settings.DISCREET_URL, settings.MIRRORS = f"https://{HOST}", ["https://news.example.org"]
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, HOST]


@pytest.fixture
def alice(newsletter, reader):
    """Alice reads The Lantern discreetly, and Bob's paper is there too."""
    newsletter.slug, newsletter.names, newsletter.discreet_address = "lantern", {"en": "The Lantern"}, "a@example.net"
    newsletter.save()
    Newsletter.objects.create(slug="lantern-weekly", names={"en": "Lantern weekly"}, languages=["en"], from_name="O")
    alice = reader("alice@example.org")
    preferences.save(alice.subscriber, preferences.choices(alice.subscriber), "", None, rhythms.Wishes(discreet=True))
    return alice


@pytest.fixture
def mailed(alice):
    preferences.mail_link(alice)
    return Letter.objects.get()


def test_a_discreet_readers_letter_leads_there_and_comes_from_the_neutral_address(alice, mailed, reader):
    assert letters.link(mailed).startswith(f"https://{HOST}/choose/")
    assert letters.sender(mailed) == "a@example.net"
    preferences.mail_link(reader("bob@example.org"))
    others = Letter.objects.latest("pk")
    assert letters.link(others).startswith("http://dispatch.test/choose/")
    assert letters.sender(others) == "news@example.org"


@pytest.mark.parametrize("page", ["leave", "preferences"])
@pytest.mark.parametrize("act", ["get", "post"])
def test_a_letters_own_pages_name_no_newsroom(client, alice, page, act):
    path = f"/{page}/{tokens.token(alice.handle)}"
    shown = getattr(client, act)(path, headers={"host": HOST})
    assert shown.status_code == 200
    assert not NAMES.search(shown.content.decode())
    assert page == "preferences" or act == "post" or NAMES.search(client.get(path).content.decode())


def test_one_click_leaves_there_too(client, alice):
    client.post(f"/leave/{tokens.token(alice.handle)}", {"List-Unsubscribe": "One-Click"}, headers={"host": HOST})
    assert Subscription.objects.get().state == "left"


def test_preferences_there_are_the_readers_newsletters_without_their_names(client, alice, mailed):
    path = letters.link(mailed).removeprefix(f"https://{HOST}")
    shown = client.get(path, headers={"host": HOST}).content.decode()
    assert not NAMES.search(shown)
    assert shown.count("Newsletter 1</strong>") == 1
    assert "Newsletter 2" not in shown
    assert NAMES.search(client.get(path).content.decode())
    chosen = {
        "act": "save",
        f"on-{alice.newsletter_id}": "on",
        f"language-{alice.newsletter_id}": "be",
        "discreet": "on",
    }
    client.post(path, chosen, headers={"host": HOST})
    alice.refresh_from_db()
    assert (alice.language, alice.state) == ("be", "active")


@pytest.mark.parametrize(
    "path",
    ["/", "/account/login/", "/subscribe/lantern", "/settings/lantern", "/archive/lantern/en.atom", "/static/desk.css",
     "/hooks/desk", "/operations/", "/demo/inbox", "/nowhere", "/confirm/aaaa", "/leave/", "/metrics", "/favicon.ico"],
)  # fmt: skip
def test_nothing_else_is_there(client, alice, path):
    answer = client.get(path, headers={"host": HOST})
    assert (answer.status_code, answer.content) == (404, b"")
    assert not answer.cookies


def test_its_pages_have_their_style(client):
    answer = client.get("/static/reader.css", headers={"host": HOST})
    assert b"body" in b"".join(answer.streaming_content)
    answer.close()


def test_without_a_host_of_their_own_discreet_links_lead_where_all_do(client, alice, mailed, settings):
    settings.DISCREET_URL = ""
    assert letters.link(mailed).startswith("http://dispatch.test/choose/")
    assert NAMES.search(client.get(f"/leave/{tokens.token(alice.handle)}").content.decode())
