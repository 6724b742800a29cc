"""Who has an edition's page open is told to the others, and forgotten when they leave."""

import newsroom
import pytest

from dispatch.accounts import presence

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition():
    office = newsroom.newsletter()
    newsroom.readers(office, en=1)
    return newsroom.edition(office, newsroom.story("en"))


def test_each_sees_the_other_until_they_leave(client, edition):
    newsroom.signed_in(client, "editor")
    bob = newsroom.person(role="editor", name="Bob")
    assert client.post(f"/editions/{edition.pk}/here").json() == {"others": []}
    assert "Also open at" not in client.get(f"/editions/{edition.pk}").content.decode().replace("\n", " ")
    presence.here(f"edition:{edition.pk}", bob)
    assert client.post(f"/editions/{edition.pk}/here").json() == {"others": ["Bob"]}
    assert "Also open at Bob." in client.get(f"/editions/{edition.pk}").content.decode()
    assert client.post(f"/editions/{edition.pk}/leave").status_code == 204
    assert presence.others(f"edition:{edition.pk}", bob) == []


def test_an_edition_that_is_not_there_has_no_company(client):
    newsroom.signed_in(client, "editor")
    assert client.post("/editions/999999/here").status_code == 404
