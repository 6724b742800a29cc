"""The neutral host in a real browser: a discreet reader's own pages, and not a word of whose they are."""

import re

import newsroom
import pytest
import serving

from dispatch.audience import preferences, rhythms, tokens
from dispatch.audience.models import Letter, Subscription

pytestmark = [pytest.mark.browser, pytest.mark.long]
OFFICE = re.compile("Office|Офис|Офіс|Dispatch", re.IGNORECASE)


@pytest.fixture
def neutral(a_visitor, chromium, django_db_setup, transactional_db, tmp_path):
    """Whoever is there, on a host that differs from the newsroom's in its name."""
    with serving.web(tmp_path, DISPATCH_DISCREET_URL="http://localhost:{port}") as base:
        one = a_visitor(chromium, base.replace("127.0.0.1", "localhost"))
        yield one
        one.context.close()
    assert one.strayed == []
    assert one.complaints == []


@pytest.fixture
def bob():
    """He reads discreetly."""
    newsroom.readers(newsroom.newsletter(), en=1)
    bob = Subscription.objects.get()
    preferences.save(bob.subscriber, preferences.choices(bob.subscriber), "", None, rhythms.Wishes(discreet=True))
    return bob


def test_preferences_and_leaving_name_nobody(neutral, bob):
    preferences.mail_link(bob)
    pages = {
        "choose": f"/choose/{tokens.token(bytes(Letter.objects.get().handle))}",
        "preferences": f"/preferences/{tokens.token(bytes(bob.handle))}",
        "leave": f"/leave/{tokens.token(bytes(bob.handle))}",
    }
    for name, path in pages.items():
        neutral.look(f"neutral-{name}", path)
        assert not OFFICE.search(neutral.page.content()), name
    neutral.page.get_by_role("button").click()
    neutral.page.get_by_role("heading", name="Done").wait_for()
    assert Subscription.objects.get().state == "left"
    assert not OFFICE.search(neutral.page.content())
    assert neutral.context.cookies() == []
