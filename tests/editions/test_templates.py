"""Every template renders in every language; what the letters look like is kept in artefacts/letters."""

import json
import shutil
from pathlib import Path

import pytest
from lxml import html as parser

from dispatch import templating
from dispatch.editions import slots, wording

ARTEFACTS = Path(__file__).parents[2] / "artefacts" / "letters"
WORDS = templating.SHIPPED / "email" / "words"
LANGUAGES = sorted(path.stem for path in WORDS.glob("*.json"))
TEMPLATES = ["story", "digest"]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
READER = {
    "name": ", Alice",
    "leave": "https://dispatch.example.org/leave/a",
    "preferences": "https://dispatch.example.org/preferences/a",
}

pytestmark = pytest.mark.parametrize("template", TEMPLATES)
in_every_language = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture
def letter(imagine, samples, template, language):
    """The template's letter; a digest ends with a story in a foreign language."""
    own, foreign = samples[language]["stories"], "ar" if language == "en" else "en"
    told = own[:1] if template == "story" else [*own, {**samples[foreign]["stories"][1], "language": foreign}]
    return imagine(*told, language=language, cadence="each" if template == "story" else "daily", languages=LANGUAGES)


@in_every_language
def test_every_template_renders_and_says_its_language(letter, template, language):
    root = parser.document_fromstring(letter.html)
    assert root.get("lang") == language
    assert root.get("dir") == wording.direction(language)
    assert letter.subject
    assert letter.preheader
    assert letter.remark == ""


@in_every_language
def test_every_letter_greets_and_can_be_left_in_html_and_text(letter, template, language):
    for part in (letter.html, letter.text):
        assert all(slots.count(part, letter.nonce).values())
        assert slots.token(letter.nonce, "name") not in slots.fill(part, letter.nonce, READER)
    assert wording.words(language)["leave"] in letter.text


@in_every_language
def test_every_language_has_every_word(template, language):
    english = json.loads((WORDS / "en.json").read_text())
    words = json.loads((WORDS / f"{language}.json").read_text())
    assert words.keys() == english.keys()
    for key, word in english.items():
        assert [place in words[key] for place in ("{name}", "{newsletter}", "{alt}")] == [
            place in word for place in ("{name}", "{newsletter}", "{alt}")
        ], key


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium here (scripts/ensure-browser says how to get it)")
@in_every_language
def test_every_letter_is_seen_on_phone_and_desk_by_day_and_night(letter, template, language, in_browser):
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    page = slots.fill(letter.html, letter.nonce, READER)
    (ARTEFACTS / f"{template}-{language}.txt").write_text(slots.fill(letter.text, letter.nonce, READER))
    seen = in_browser(lambda browser: look(browser, page, f"{template}-{language}"))
    assert seen["requests"] == []
    assert seen["too wide at"] == []
    assert set(seen["directions"]) == {wording.direction(language)}


def look(browser, letter, name):
    """Take the letter's pictures; what it asked of the network, where it did not fit, which way its own text runs."""
    page, requests, too_wide = browser.new_page(), [], []
    page.on("request", lambda request: requests.append(request.url))
    page.set_content(letter)
    for width in (375, 700):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 600})
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=ARTEFACTS / f"{name}-{width}-{scheme}.png", full_page=True)
            too_wide += [width] if page.evaluate("document.documentElement.scrollWidth") > width else []
    directions = page.evaluate(
        "[...document.querySelectorAll('td div, td a')]"
        ".filter(part => part.innerText && !part.closest('td [lang]')).map(part => getComputedStyle(part).direction)"
    )
    page.close()
    return {"requests": requests, "too wide at": too_wide, "directions": directions}
