"""Who gets in, how often, and what they are told when not."""

import json

import newsroom
import pytest
from django.test import Client
from django.utils import timezone

from dispatch.accounts import signing_in
from dispatch.accounts.models import Desk, Role, Token, User
from dispatch.api import door, problems, tokens
from dispatch.api.tokens import Scope

pytestmark = pytest.mark.django_db


def kind(answer):
    assert answer["Content-Type"] == problems.TYPE
    said = answer.json()
    assert said["status"] == answer.status_code
    return said["type"].rpartition("/")[2]


def test_without_a_token_nobody_learns_what_there_is(client):
    for path in ("/posts", "/posts/1", "/nothing/of/the/kind"):
        answer = client.get(f"/api/v1{path}")
        assert (answer.status_code, kind(answer)) == (401, "no-token")
        assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_cookie_opens_nothing_here(client):
    newsroom.signed_in(client)
    assert client.get("/").status_code == 200
    assert client.get("/api/v1/posts").status_code == 401


def test_a_token_needs_no_cookie_and_no_form(alice):
    assert alice.post("/stops", {"scope": "everything", "reason": "a drill"}).status_code == 201


def test_no_page_elsewhere_may_read_an_answer(alice):
    answer = alice.get("/me", origin="https://evil.example.net")
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("Access-Control")]
    assert alice.call("options", "/me", origin="https://evil.example.net").status_code == 405


def test_a_token_weakens_with_its_person(alice):
    assert alice.get("/audit").status_code == 200
    User.objects.update(role=Role.EDITOR)
    assert (alice.get("/audit").status_code, kind(alice.get("/audit"))) == (403, "not-allowed")
    assert alice.get("/me").json()["role"] == "editor"
    User.objects.update(is_active=False)
    assert alice.get("/me").status_code == 401


def test_a_token_ends_when_it_is_revoked_when_its_time_is_over_and_when_all_are_signed_out(program):
    alice, bob = program(), program(name="Bob")
    tokens.revoke(alice.token, alice.person)
    assert alice.get("/me").status_code == 401
    signing_in.sign_out(None, None, "somebody lost a laptop")
    assert bob.get("/me").status_code == 401
    late = program(name="Charlie")
    Token.objects.filter(pk=late.token.pk).update(expires_at=timezone.now())
    assert late.get("/me").status_code == 401


def test_signing_one_person_out_leaves_the_others_programs(program):
    alice, bob = program(), program(name="Bob")
    signing_in.sign_out(bob.person, alice.person, "a lost laptop")
    assert (alice.get("/me").status_code, bob.get("/me").status_code) == (200, 401)


def test_its_last_day_of_use_is_kept_and_nothing_finer(alice):
    alice.get("/me")
    assert Token.objects.get().used_on == timezone.now().date()


def test_a_burst_is_let_in_and_then_a_steady_few(alice, monkeypatch):
    monkeypatch.setattr(door, "EACH", 3600.0)
    monkeypatch.setattr(door, "BURST", 3 * 3600.0)
    answers = [alice.get("/me") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert (kind(answers[3]), answers[3]["Retry-After"]) == ("too-many", "1")
    Token.objects.update(paid_until=timezone.now())
    assert alice.get("/me").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("get", "/nothing", 404), ("get", "/posts/0", 422), ("delete", "/posts", 405), ("get", "/posts/abc", 404)],
)
def test_whatever_goes_wrong_is_said_in_json(alice, method, path, status):
    answer = alice.call(method, path)
    assert answer.status_code == status
    kind(answer)
    if status == 405:
        assert set(answer["Allow"].split(", ")) == {"GET", "POST"}


def test_what_breaks_is_said_in_json_without_a_word_of_why(alice, monkeypatch, caplog):
    monkeypatch.setattr("dispatch.operations.health.checks", lambda: 1 // 0)
    answer = alice.get("/health")
    assert (answer.status_code, kind(answer)) == (500, "broken")
    assert "ZeroDivision" not in answer.content.decode()
    assert "a call broke" in caplog.text


def test_a_body_is_json_an_object_and_no_larger_than_a_megabyte(alice):
    def post(data):
        headers = {"authorization": f"Bearer {alice.secret}"}
        return alice.client.post("/api/v1/stops", data, content_type="application/json", headers=headers)

    assert kind(post("{")) == "unreadable"
    assert kind(post("[]")) == "invalid"
    assert kind(post(json.dumps({"reason": "x" * door.LARGEST}))) == "too-large"
    assert kind(post(json.dumps({"scope": "everything", "reason": "a drill", "why": "not"}))) == "invalid"


def test_a_problem_never_repeats_what_was_sent(alice):
    answer = alice.post("/stops", {"scope": "alice@example.org", "reason": 5})
    assert set(answer.json()["errors"]) == {"scope", "reason"}
    assert "alice@" not in answer.content.decode()


def test_where_a_problems_type_leads(client):
    for name in problems.KINDS:
        answer = client.get(f"/api/problems/{name}")
        assert answer["Location"] == f"/api/docs#problem-{name}"
    assert client.get("/api/problems/other").status_code == 404


def test_who_is_limited_to_a_desk_acts_by_program_there_alone(program):
    bob, culture = program("administrator", name="Bob"), Desk.objects.create(slug="culture", name="Culture")
    bob.person.desks.add(Desk.objects.create(slug="sports", name="Sports"))
    newsroom.relay()
    office, masto = newsroom.newsletter(desk=culture), newsroom.channel(desk=culture)
    newsroom.readers(office, en=1)
    send = newsroom.send(office, newsroom.story("en"))
    post = newsroom.post(on=masto, about=newsroom.story("en"), state="draft")
    why = {"reason": "I want it"}
    calls = {
        f"/posts/{post.pk}/schedule": {"now": True},
        f"/posts/{post.pk}/drop": why,
        f"/posts/{post.pk}/retry": why,
        f"/posts/{post.pk}/settle": why | {"went_out": True},
        f"/posts/{post.pk}/edit": why | {"text": "x"},
        f"/posts/{post.pk}/take-back": why,
        f"/stories/{post.story_id}/take-back": why,
        "/posts": {"story": newsroom.story("en").pk, "channel": "masto"},
        f"/sends/{send.pk}/pause": why,
        "/stops": why | {"scope": "newsletter", "target": "office"},
    }
    answers = {path: bob.post(path, said) for path, said in calls.items()}
    answers["edit"] = bob.patch(f"/posts/{post.pk}", {"version": 1, "text": "x"})
    for path, answer in answers.items():
        assert (answer.status_code, kind(answer)) == (403, "not-allowed"), path
        assert "another desk (Culture)" in answer.json()["detail"]
    assert bob.get(f"/posts/{post.pk}").json()["state"] == "draft"


ALWAYS_A_PERSON = [
    *[f"/sends/1/{act}" for act in ("approve", "resume", "rest", "missing", "cancel")],
    *[f"/editions/1/{act}" for act in ("send-now", "late-now", "leave-out", "retry")],
    "/stories/1/breaking",
    "/stops/1/lift",
    "/stories/1/lift-embargo",
    "/exports",
]


@pytest.mark.parametrize("path", ALWAYS_A_PERSON)
def test_no_token_approves_sends_lifts_or_exports_whosever_it_is(program, path):
    answer = program("administrator").post(path)
    assert (answer.status_code, kind(answer)) == (403, "needs-a-person")
    assert answer.json()["desk"].startswith("http://dispatch.test/")


def test_no_token_reads_an_address(program):
    assert kind(program("administrator").get("/readers")) == "needs-a-person"


def test_a_role_keeps_its_tokens_and_a_closed_account_does_not(program, client):
    bob = program("operator", name="Bob")
    newsroom.signed_in(client, "administrator")
    page = f"/people/{bob.person.pk}/do"
    client.post(f"{page}/role", {"role": "editor", "reason": "less to do"})
    assert bob.get("/me").json()["role"] == "editor"
    client.post(f"{page}/close", {"reason": "has left"})
    client.post(f"{page}/open", {"reason": "is back"})
    assert bob.get("/me").status_code == 401


def test_the_document_and_the_reference_are_there_for_everyone():
    client = Client()
    assert client.get("/api/openapi.json").json()["openapi"].startswith("3.1")
    page = client.get("/api/docs").content.decode()
    assert "/api/v1/posts/{post_id}/schedule" in page
    assert "needs-a-person" in page


def test_every_scope_that_a_call_asks_for_can_be_given_to_some_token():
    asked = {
        scope
        for methods in Client().get("/api/openapi.json").json()["paths"].values()
        for one in methods.values()
        for scope in one["security"][0]["token"]
    }
    assert asked == set(map(str, Scope)) - {Scope.EMBARGOED}


def test_a_host_that_is_none_is_said_in_the_form_of_the_caller(client):
    below, beside = (client.get(path, HTTP_HOST="f$") for path in ("/api/v1/channels", "/stories/"))
    assert (below.status_code, below["Content-Type"]) == (400, "application/problem+json")
    assert below.json()["status"] == 400
    assert (beside.status_code, beside["Content-Type"]) == (400, "text/html; charset=utf-8")
