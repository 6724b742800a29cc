"""The public page has no reader in it; the preview is for the newsroom."""

import pytest
from django.urls import reverse

from dispatch.accounts.models import User
from dispatch.articles.models import Article
from dispatch.editions import planning, rendering, slots
from dispatch.editions.models import Edition, Variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition(newsletter, article):
    """One story's edition, rendered in two languages."""
    newsletter(picture_hosts=["media.example.org"])
    english = article("en", title="Bridges")
    planning.plan(article("be", story=english.story, title="Масты"))
    planning.plan(english)
    rendering.render(Edition.objects.get().id)
    return Edition.objects.get()


@pytest.fixture
def editor(client):
    client.force_login(User.objects.create_user("editor@example.org"))
    return client


def test_the_web_view_is_the_same_for_everybody_and_marks_nobody(client, edition):
    address = reverse("edition", args=[edition.public_id, "be"])
    page = client.get(address)
    assert page.status_code == 200
    assert "Масты" in page.text
    assert "Адпісацца" not in page.text
    assert "падпісаліся" not in page.text
    assert not any(slots.count(page.text, Variant.objects.get(language="be").nonce).values())
    assert page.text == client.get(address, headers={"cookie": "a=b"}).text
    assert not page.cookies


def test_of_an_edition_with_many_letters_in_a_language_the_web_view_is_the_one_that_tells_most(client, edition):
    larger = Variant.objects.get(language="en")
    larger.pk, larger.telling, larger.html = None, ["1/en", "2/en"], larger.html.replace("Bridges", "Bridges and roads")
    larger.save()
    page = client.get(reverse("edition", args=[edition.public_id, "en"]))
    assert "Bridges and roads" in page.text


def test_the_web_view_runs_and_loads_nothing_of_others(client, edition):
    page = client.get(reverse("edition", args=[edition.public_id, "en"]))
    policy = page["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src https://media.example.org;")
    assert "script" not in policy
    assert (page["X-Robots-Tag"], page["Referrer-Policy"]) == ("noindex, nofollow", "no-referrer")


def test_a_letter_leads_to_its_web_view(client, edition):
    address = reverse("edition", args=[edition.public_id, "en"])
    assert f'href="http://dispatch.test{address}"' in Variant.objects.get(language="en").html


@pytest.mark.parametrize("language", ["ru", "xx", "../en"])
def test_a_language_it_has_not_is_not_found(client, edition, language):
    assert client.get(f"/e/{edition.public_id}/{language}").status_code == 404


def test_the_web_view_changes_nothing_when_posted_to(client, edition):
    assert client.post(reverse("edition", args=[edition.public_id, "en"])).status_code == 405


@pytest.mark.parametrize("name", ["edition_preview", "edition_preview_text"])
def test_a_preview_is_for_the_newsroom_only(client, edition, name):
    page = client.get(reverse(name, args=[edition.id, "en"]))
    assert page.status_code == 302
    assert page.url.startswith(reverse("account_login"))


def test_an_editor_sees_the_mail_in_a_sandbox(editor, edition):
    page = editor.get(reverse("edition_preview", args=[edition.id, "en"]))
    assert "Hello, Alice!" in page.text
    assert page["Content-Security-Policy"].endswith("frame-ancestors 'self'; sandbox")
    assert page["X-Frame-Options"] == "SAMEORIGIN"


def test_an_editor_sees_the_plain_text(editor, edition):
    page = editor.get(reverse("edition_preview_text", args=[edition.id, "be"]))
    assert page["Content-Type"] == "text/plain; charset=utf-8"
    assert "Вітаем, Alice!" in page.text


def test_an_editor_sees_a_digest_that_still_gathers(editor, newsletter, article):
    newsletter(cadence="daily")
    planning.plan(article("ru", title="Мосты"))
    address = reverse("edition_preview", args=[Edition.objects.get().id, "ru"])
    assert "Мосты" in editor.get(address).text
    assert not Variant.objects.exists()
    assert editor.get(address.replace("/ru/", "/en/")).status_code == 404


@pytest.mark.parametrize("name", ["edition_preview", "edition_preview_text"])
def test_an_editor_is_told_why_there_is_no_preview(editor, newsletter, article, name):
    newsletter(cadence="daily")
    planning.plan(article(html="<b>" * 200))
    page = editor.get(reverse(name, args=[Edition.objects.get().id, "en"]))
    assert page.text == "This edition cannot be rendered. An article nests more than 100 elements."


def test_a_page_of_which_everything_was_taken_back_is_gone_in_its_own_language(client, edition):
    belarusian, english = (reverse("edition", args=[edition.public_id, language]) for language in ("be", "en"))
    Article.objects.filter(language="be").update(state=Article.State.WITHDRAWN)
    page = client.get(belarusian)
    assert page.status_code == 410
    assert '<html lang="be" dir="ltr">' in page.text
    assert "Гэты ліст адкліканы" in page.text
    assert "Масты" not in page.text
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert client.get(english).status_code == 200
    Article.objects.update(state=Article.State.PUBLISHED)
    assert "Масты" in client.get(belarusian).text


def test_a_digest_of_which_one_story_was_taken_back_stays_as_it_was_mailed(client, newsletter, article):
    newsletter(cadence="daily")
    for title in ("Bridges", "Rivers"):
        planning.plan(article("en", title=title))
    Edition.objects.update(state=Edition.State.DUE)
    rendering.render(Edition.objects.get().id)
    Article.objects.filter(current__title="Rivers").update(state=Article.State.WITHDRAWN)
    page = client.get(reverse("edition", args=[Edition.objects.get().public_id, "en"]))
    assert (page.status_code, "Bridges" in page.text, "Rivers" in page.text) == (200, True, True)
