"""A lost second factor in a browser: asked for at the sign-in, granted by one, agreed by another, stopped by its owner."""

import newsroom
from allauth.mfa.models import Authenticator

from dispatch.accounts import losing
from dispatch.accounts.models import LostFactor


def test_two_administrators_see_to_a_lost_factor_and_its_owner_stops_it(visitor, page):
    alice = newsroom.person("editor")
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={"secret": "sealed"})
    bob, carol = (newsroom.person("administrator", name) for name in ("Bob", "Carol"))
    page.goto("/account/login/")
    page.get_by_role("link", name="Lost your second factor?").click()
    visitor.look("lost-factor")
    page.get_by_label("Your address here").fill(alice.email)
    page.get_by_role("button", name="I lost it").click()
    page.get_by_text("If somebody works here by this address").wait_for()
    visitor.look("lost-factor-asked")
    for number in losing.unread():
        losing.read(number)
    one = LostFactor.objects.get()

    visitor.sign_in(bob)
    page.goto("/people/")
    mine = page.locator(f"#lost-{one.pk}")
    mine.get_by_text("Grant", exact=True).first.click()
    mine.get_by_label("Why?").first.fill("I called her at home")
    mine.get_by_role("button", name="Grant").click()
    page.get_by_text("Granted, and they are told.").wait_for()
    assert mine.get_by_text("Agree", exact=True).count() == 0

    visitor.context.clear_cookies()
    visitor.sign_in(carol)
    page.goto("/people/")
    mine.get_by_text("Agree", exact=True).first.click()
    visitor.look("people-lost")
    mine.get_by_label("Why?").first.fill("I met her at the door")
    mine.get_by_role("button", name="Agree").click()
    page.get_by_text("Its owner is told, and the waiting time runs.").wait_for()
    mine.get_by_text("agreed, waits").wait_for()

    visitor.context.clear_cookies()
    visitor.look("lost-factor-stop", losing.stop_path(one.pk))
    page.get_by_role("button", name="Stop it").click()
    page.get_by_text("Your second factor stays as it is.").wait_for()
    assert LostFactor.objects.get().state == "stopped"
    assert Authenticator.objects.filter(user=alice).exists()
