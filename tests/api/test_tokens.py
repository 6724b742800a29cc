"""How tokens are made, told from chance, and kept."""

import newsroom
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from dispatch import logs
from dispatch.accounts import audit
from dispatch.accounts.models import AuditEntry, Token
from dispatch.api import tokens
from dispatch.api.tokens import Scope


@given(st.integers(0, 39), st.sampled_from(tokens.LETTERS))
def test_any_single_mistake_shows(place, letter):
    secret = tokens._secret()
    wrong = secret[:place] + letter + secret[place + 1 :]
    assert tokens.is_shaped(secret)
    assert tokens.is_shaped(wrong) == (wrong == secret)


@pytest.mark.parametrize("text", ["", "dsp_", "dsp_" + "0" * 36, " " + "dsp_x" * 8])
def test_what_is_no_token_is_none(text):
    assert not tokens.is_shaped(text)


def test_a_token_in_a_log_is_masked():
    assert logs.scrub(f"Bearer {tokens._secret()}") == "Bearer …"


@pytest.mark.django_db
def test_only_its_hash_is_kept_and_making_it_is_told():
    alice = newsroom.person()
    token, secret = tokens.mint(alice, "Screen", [Scope.POSTS], 30)
    kept = Token.objects.get()
    assert secret.encode() not in bytes(kept.hash)
    assert 29 <= (kept.expires_at - timezone.now()).days <= 30
    assert tokens.find(secret) == token
    assert AuditEntry.objects.get(act="token.make").reason == "Screen: posts"


@pytest.mark.django_db
def test_an_editor_is_not_offered_what_they_could_not_use():
    assert Scope.STOP not in tokens.offered(newsroom.person("editor"))
    assert Scope.STOP in tokens.offered(newsroom.person("operator", "Bob"))


@pytest.mark.django_db
def test_the_page_shows_a_fresh_token_once(client):
    newsroom.signed_in(client, "editor")
    page = client.post("/account/tokens/make", {"name": "Screen", "days": 90, "scopes": ["posts", "stories"]})
    secret = tokens.SHAPE.search(page.content.decode())[0]
    assert tokens.find(secret).scopes == ["posts", "stories"]
    assert page["Cache-Control"] == "no-store"
    assert secret not in client.get("/account/tokens/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"scopes": []}, {"scopes": ["stop:pull"]}, {"scopes": ["everything"]}, {"days": 3650}]
)
def test_a_token_is_not_made_of_what_makes_no_sense(client, wrong):
    newsroom.signed_in(client, "editor")
    client.post("/account/tokens/make", {"name": "Screen", "days": 90, "scopes": ["posts"]} | wrong)
    assert not Token.objects.exists()


@pytest.mark.django_db
def test_one_ends_ones_own_and_nobody_elses(client):
    newsroom.signed_in(client, "editor")
    theirs, _ = tokens.mint(newsroom.person("editor", "Bob"), "Screen", [Scope.POSTS], 30)
    assert client.post(f"/account/tokens/{theirs.pk}/end").status_code == 404
    client.post("/account/tokens/make", {"name": "Mine", "days": 30, "scopes": ["posts"]})
    mine = Token.objects.get(name="Mine")
    client.post(f"/account/tokens/{mine.pk}/end")
    mine.refresh_from_db()
    assert mine.revoked_at
    assert Token.objects.get(pk=theirs.pk).revoked_at is None


@pytest.mark.django_db
def test_a_second_factor_is_asked_for_anew(client, settings):
    settings.SECOND_FACTOR = True
    newsroom.signed_in(client, "editor")
    answer = client.post("/account/tokens/make", {"name": "Screen", "days": 90, "scopes": ["posts"]})
    assert (answer.status_code, Token.objects.exists()) == (302, False)


@pytest.mark.django_db(transaction=True)
def test_the_audit_chain_holds_over_entries_with_and_without_a_program():
    alice = newsroom.person()
    audit.record(alice, "post.drop", "post:1", "by hand")
    with audit.through("token:1 Screen"):
        by_program = audit.record(alice, "post.drop", "post:2", "by program")
    audit.record(alice, "post.drop", "post:3", "by hand")
    assert audit.verify() is None
    for via in ("", "token:2 Other"):
        quietly = AuditEntry.objects.filter(pk=by_program.pk)
        entry = quietly.get()
        entry.via = via
        assert audit._digest(
            bytes(entry.previous), entry.at, entry.who_id, *audit._texts(entry.act, entry.target, entry.reason, via)
        ) != bytes(entry.hash)
