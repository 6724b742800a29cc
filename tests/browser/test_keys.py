"""A reader's OpenPGP key on the preferences page, in a browser."""

import newsroom
import pytest
from pysequoia import Tsk

from dispatch.audience import letters
from dispatch.audience.models import Letter, Subscription

pytestmark = pytest.mark.browser
ALICE = Tsk.generate(user_id="Alice <alice@example.org>").extract_certificate()


@pytest.mark.parametrize(("language", "save"), [("en", "Encrypt my letters"), ("ar", "شفّروا رسائلي")])
def test_a_key_is_pasted_and_its_fingerprint_shown(visitor, language, save):
    newsroom.readers(newsroom.newsletter(languages=["en", "ar"]), **{language: 1})
    reader = Subscription.objects.get()
    letter = letters.write(
        Letter.Kind.PREFERENCES, reader.newsletter, language, "alice@example.org", subscriber=reader.subscriber
    )
    visitor.page.goto(letters.link(letter).removeprefix("http://dispatch.test"))
    visitor.page.locator("#key").fill("hello")
    visitor.page.get_by_role("button", name=save).click()
    visitor.page.get_by_role("alert").wait_for()
    visitor.look(f"key-refused-{language}")
    visitor.page.locator("#key").fill(str(ALICE))
    visitor.page.get_by_role("button", name=save).click()
    shown = visitor.page.locator(".fingerprint").inner_text()
    assert shown.replace(" ", "") == ALICE.fingerprint.upper()
    visitor.look(f"key-given-{language}")
