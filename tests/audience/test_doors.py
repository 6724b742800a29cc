"""The form and the page after it: any site may post, no cookie, no script needed, and no answer tells who reads."""

import itertools

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from dispatch import vault
from dispatch.audience import addresses, tickets
from dispatch.audience.models import SignUp, Suppression

pytestmark = pytest.mark.django_db
FORM = {"address": "alice@example.org", "language": "be", "lang": "be"}


def ticket_of(page):
    return page.content.decode().split('name="ticket" value="')[1].split('"')[0]


def work(ticket):
    """What the page's script finds."""
    return next(n for n in itertools.count() if tickets.is_proof(ticket, str(n)))


def press(client, ticket, **more):
    return client.post("/subscribe/office/ask", {"ticket": ticket, "lang": "be", **more})


def test_the_form_speaks_the_newsletters_languages(client, newsletter):
    for language, word in (("en", "Subscribe"), ("be", "Падпісацца"), ("ru", "Подписаться")):
        page = client.get(f"/subscribe/office?lang={language}").content.decode()
        assert f'<html lang="{language}"' in page
        assert f"<button>{word}</button>" in page


def test_another_sites_form_gets_the_page_after_it_and_nothing_is_kept_yet(client, newsletter):
    page = client.post("/subscribe/office", FORM, headers={"origin": "https://office.example.org"})
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    assert not page.cookies
    assert "alice" not in page.content.decode()
    assert not SignUp.objects.exists()


def test_work_is_taken_at_once(client, newsletter):
    ticket = ticket_of(client.post("/subscribe/office", FORM))
    assert "Праверце пошту" in press(client, ticket, proof=work(ticket)).content.decode()
    one = SignUp.objects.get()
    assert tickets.opened(bytes(one.content), f"sign-up:{one.key}:content").address == "alice@example.org"


def test_without_scripts_some_seconds_speak_for_a_person(client, newsletter):
    ticket = ticket_of(client.post("/subscribe/office", FORM))
    again = press(client, ticket)
    assert ticket_of(again) == ticket
    assert not SignUp.objects.exists()
    with time_machine.travel(timezone.now().timestamp() + tickets.PATIENCE + 1):
        assert "Праверце пошту" in press(client, ticket).content.decode()
    assert SignUp.objects.count() == 1


@pytest.mark.parametrize("ticket", ["", "nonsense", "AAAA", "é", "A" * 4000])
def test_a_ticket_that_is_none_leads_back_to_the_form(client, newsletter, ticket):
    page = press(client, ticket)
    assert page.status_code == 422
    assert "Увядзіце адрас яшчэ раз" in page.content.decode()


def test_an_old_ticket_leads_back_to_the_form(client, newsletter):
    ticket = ticket_of(client.post("/subscribe/office", FORM))
    with time_machine.travel(timezone.now().timestamp() + tickets.VALID + 1):
        assert press(client, ticket).status_code == 422


def test_a_ticket_is_good_for_its_newsletter_only(client, newsletter):
    other = type(newsletter).objects.create(slug="other", languages=["be"], from_name="O", from_address="o@example.org")
    ticket = ticket_of(client.post("/subscribe/office", FORM))
    page = client.post(f"/subscribe/{other.slug}/ask", {"ticket": ticket, "proof": work(ticket)})
    assert page.status_code == 422


def test_pages_are_alike_for_new_subscribed_and_unwanted_addresses(client, newsletter, reader):
    reader("bob@example.org")
    Suppression.objects.create(address_index=vault.blind_index("charlie@example.org"), reason="complained")
    steps, answers = set(), set()
    for address in ("alice@example.org", "bob@example.org", "charlie@example.org", "d@@x.org", "e@x.org, f@x.org"):
        page = client.post("/subscribe/office", FORM | {"address": address})
        ticket = ticket_of(page)
        body = page.content.decode().replace(ticket, "").replace(tickets.challenge(ticket), "")
        steps.add((page.status_code, len(page.content), body))
        answers.add(press(client, ticket, proof=work(ticket)).content)
    assert len(answers) == 1
    assert len(steps) == 1


@pytest.mark.parametrize("address", ["", "alice", "@example.org", "alice@", "a@localhost", "x" * 250 + "@example.org"])
def test_what_anyone_can_see_is_no_address_is_said(client, newsletter, address):
    page = client.post("/subscribe/office", FORM | {"address": address})
    assert page.status_code == 422
    assert "На такі адрас пошта не дойдзе" in page.content.decode()


@pytest.mark.parametrize("address", ["alice@mail.ru", "alice@tut.by", "Alice@Corp.MAIL.RU ", "alice@yandex.com"])
def test_a_risky_mailbox_is_told_before_anything_is_kept(client, newsletter, address):
    page = client.post("/subscribe/office", FORM | {"address": address}).content.decode()
    assert "Падумайце пра гэтую скрыню" in page
    assert "data-goes-on" not in page
    assert not SignUp.objects.exists()


@pytest.mark.parametrize("address", ["alice@example.org", "alice@notmail.ru.org", "alice@hotmail.ru", "by@proton.me"])
def test_other_mailboxes_are_not(client, newsletter, address):
    assert not addresses.is_risky(address)
    assert "data-goes-on" in client.post("/subscribe/office", FORM | {"address": address}).content.decode()


def test_the_frame_has_no_script_and_may_stand_on_any_site(client, newsletter):
    page = client.get("/subscribe/office/frame?lang=ru")
    assert "<script" not in page.content.decode()
    assert "X-Frame-Options" not in page
    assert "frame-ancestors *" in page["Content-Security-Policy"]
    assert 'target="_top"' in page.content.decode()


def test_a_newsletter_that_rests_has_no_form(client, newsletter):
    newsletter.active = False
    newsletter.save()
    assert client.get("/subscribe/office").status_code == 404
    assert client.post("/subscribe/office", FORM).status_code == 404


@given(address=st.text(max_size=320), topics=st.lists(st.text(max_size=80), max_size=5))
def test_a_ticket_gives_back_what_was_typed_and_tells_nothing_by_its_length(address, topics):
    wanted = tickets.Wanted(1, address, "be", tuple(topics))
    text = tickets.issue(wanted)
    ticket = tickets.read(text)
    assert ticket is not None
    assert ticket.wanted == wanted
    if len(address.encode()) <= 320 and not topics:
        assert len(text) == len(tickets.issue(tickets.Wanted(1, "a@b.org", "be")))
