"""What came back, at the edition: exactly and by provider for operators, for editors nothing that points at a reader."""

import newsroom
import pytest

from dispatch.accounts.models import Role
from dispatch.delivery.models import ReturnedCount
from dispatch.desk import returned

pytestmark = pytest.mark.django_db


@pytest.fixture
def send():
    newsroom.relay()
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=3)
    made = newsroom.send(office, newsroom.story("en"))
    for provider, kind, count in ((1, "hard", 2), (6, "hard", 41), (6, "complaint", 1), (6, "notice", 9)):
        ReturnedCount.objects.create(send=made, provider_class=provider, kind=kind, count=count)
    return made


def test_operators_see_numbers_by_provider(send):
    assert [(row.provider, row.counts[:3]) for row in returned.rows(send.pk, exactly=True)] == [
        ("everywhere", ["43", "0", "1"]),
        ("Gmail", ["2", "0", "0"]),
        ("Yandex", ["41", "0", "1"]),
    ]


def test_editors_see_steps_and_no_provider(send):
    (row,) = returned.rows(send.pk, exactly=False)
    assert row.counts[:3] == ["at least 40", "fewer than 20", "fewer than 20"]


def test_where_nothing_came_back_nothing_is_shown(send):
    ReturnedCount.objects.all().delete()
    assert returned.rows(send.pk, exactly=True) == []


@pytest.mark.parametrize(("role", "shown"), [(Role.OPERATOR, "Yandex"), (Role.EDITOR, "at least 40")])
def test_the_page_shows_each_role_its_own(client, send, role, shown):
    newsroom.signed_in(client, role)
    page = client.get(f"/editions/{send.edition_id}").content.decode()
    assert "What came back" in page
    assert shown in page
    assert ("Yandex" in page) == (role == Role.OPERATOR)
