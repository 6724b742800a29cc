"""The page of who is told what."""

import newsroom
import pytest

from dispatch.desk.models import Notice, Target

pytestmark = pytest.mark.django_db
GIVEN = {
    "name": "Night desk",
    "way": "mail",
    "address": "alice@example.org",
    "kinds": ["stop", "post_failed"],
    "languages": "en, be",
    "quiet_from": "22:00",
    "quiet_to": "07:00",
    "reason": "someone has to hear",
}


@pytest.fixture
def press(client, monkeypatch):
    monkeypatch.setattr("dispatch.queue.enqueue", lambda *_: None)
    newsroom.signed_in(client)

    def pressed(path, fields):
        return client.post(f"/telling/{path}", fields, follow=True).content.decode()

    return pressed


def test_a_target_is_added_tested_and_removed(press):
    page = press("add", GIVEN)
    assert "Added." in page
    assert "alice@example.org" not in page
    target = Target.objects.get()
    assert (target.kinds, target.languages) == (["post_failed", "stop"], ["en", "be"]) or target.kinds == GIVEN["kinds"]
    assert "It is on its way." in press(f"{target.pk}/do/test", {})
    assert Notice.objects.get().is_test
    assert "Say why" in press(f"{target.pk}/do/remove", {})
    assert "Removed." in press(f"{target.pk}/do/remove", {"reason": "she left"})
    assert not Target.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Say what it is called"),
        ({"address": "alice"}, "This is no mail address"),
        ({"way": "chat"}, "It begins with one of"),
        ({"kinds": []}, "Choose what it is told of"),
        ({"quiet_to": ""}, "or neither"),
        ({"quiet_to": "7 o'clock"}, "Say a time"),
        ({"reason": ""}, "Say why"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_added(press, wrong, words):
    assert words in press("add", GIVEN | wrong)
    assert not Target.objects.exists()


def test_two_of_one_name_are_one_too_many(press):
    press("add", GIVEN)
    assert "There is one of this name" in press("add", GIVEN)


def test_editors_do_not_enter(client):
    newsroom.signed_in(client, "editor")
    assert client.get("/telling/").status_code == 403
