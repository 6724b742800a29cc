"""An operator says who is told; nobody else does, and nothing half."""

import newsroom
import pytest
from django.db import connection

from dispatch import vault
from dispatch.api import endpoints
from dispatch.api.models import Delivery, Endpoint
from dispatch.desk import happening
from dispatch.local import restore
from dispatch.operations import resealing

pytestmark = pytest.mark.django_db
SAID = {"name": "Site", "url": "https://office.example.org/hook", "events": ["post.sent"], "reason": "the front page"}


@pytest.fixture
def alice(client):
    return newsroom.signed_in(client)


@pytest.fixture
def endpoint():
    return endpoints.add("Site", SAID["url"], ["post.sent"], newsroom.person(name="Bob"), "a drill")[0]


def test_an_editor_neither_sees_nor_adds_one(client, endpoint):
    newsroom.signed_in(client, "editor")
    assert client.get("/webhooks/out/").status_code == 403
    assert client.get(f"/webhooks/out/{endpoint.pk}").status_code == 403
    assert client.post("/webhooks/out/add", SAID).status_code == 403
    assert Endpoint.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"url": "http://office.example.org/"}, "only https"),
        ({"url": "ftp://office.example.org/"}, "only https"),
        ({"url": "https://alice:secret@office.example.org/"}, "a password in it"),
        ({"events": ["reader.left"]}, "reader.left"),
        ({"events": []}, "Choose what it is to be told of"),
        ({"name": ""}, "Say what it is"),
        ({"reason": ""}, "Say why"),
    ],
)
def test_what_cannot_be_told_is_said(alice, wrong, words):
    page = alice.post("/webhooks/out/add", SAID | wrong, follow=True).content.decode()
    assert words in page
    assert not Endpoint.objects.exists()


def test_a_second_factor_is_asked_for_anew(alice, endpoint, settings):
    settings.SECOND_FACTOR = True
    for path in ("add", f"{endpoint.pk}/secret", f"{endpoint.pk}/switch/off"):
        assert alice.post(f"/webhooks/out/{path}", SAID).status_code == 302
    assert Endpoint.objects.get().active


def test_a_secret_is_shown_once_and_kept_sealed(alice):
    page = alice.post("/webhooks/out/add", SAID).content.decode()
    made = Endpoint.objects.get()
    (secret,) = endpoints.secrets_of(made)
    assert secret in page
    assert secret not in alice.get(f"/webhooks/out/{made.pk}").content.decode()
    assert secret.encode() not in bytes(made.secrets)
    fresh = alice.post(f"/webhooks/out/{made.pk}/secret", {"reason": "somebody left"}).content.decode()
    assert endpoints.secrets_of(Endpoint.objects.get())[0] in fresh


def test_off_and_on_again(alice, endpoint):
    endpoints.test(endpoint)
    alice.post(f"/webhooks/out/{endpoint.pk}/switch/off", {"reason": "it moves"})
    assert Delivery.objects.get().state == "void"
    alice.post(f"/webhooks/out/{endpoint.pk}/test")
    assert Delivery.objects.count() == 1
    assert not endpoints.again(Delivery.objects.get())
    alice.post(f"/webhooks/out/{endpoint.pk}/switch/on", {"reason": "it has moved"})
    alice.post(f"/webhooks/out/again/{Delivery.objects.get().pk}")
    assert Delivery.objects.get().state == "waiting"
    assert alice.post(f"/webhooks/out/{endpoint.pk}/switch/sideways", {"reason": "why"}).status_code == 404


def test_a_further_key_seals_its_secrets_too(endpoint):
    column = next(one for one in resealing.COLUMNS if one.model is Endpoint)
    place = f"{column.kind}:{getattr(endpoint, column.name)}:{column.field}"
    assert vault.unseal(bytes(endpoint.secrets), place).startswith("whsec_")


def test_what_comes_back_from_a_backup_tells_nobody(endpoint):
    endpoints.test(endpoint)
    with connection.cursor() as cursor:
        for statement in restore.ENDED:
            cursor.execute(statement)
    kept = Endpoint.objects.get()
    assert (kept.active, Delivery.objects.get().state) == (False, "void")
    assert "backup" in kept.trouble


def test_one_that_was_given_up_is_told_and_one_that_a_person_switched_off_is_not(endpoint):
    endpoints.switch(endpoint, None, "a drill", on=False)
    assert not any(one.kind == "webhook" for one in happening.now())
    endpoints.switch(endpoint, None, "a drill", on=True)
    endpoints.switch(endpoint, None, "410", on=False, trouble="It says that it is gone.")
    (thing,) = [one for one in happening.now() if one.kind == "webhook"]
    assert thing.words == "Site is told of nothing any more: its webhook was switched off. It says that it is gone."
    assert thing.path == f"/webhooks/out/{endpoint.pk}"
