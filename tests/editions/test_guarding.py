"""Each guard around the MJML compiler, beside what the compiler does without it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as parser
from markupsafe import escape

from dispatch.editions import guarding, rendering, slots

HOSTILE = {
    "no-break space": "в\u00a0Минске",
    "soft hyphen": "пра\u00adва",
    "zero width joiner": "👩\u200d⚖️",
    "zero width non-joiner": "می\u200cخواهم",
    "right-to-left mark": "سنة!\u200f",
    "combining accent": "за́мок",
    "Arabic vowel": "يومَي",
    "byte order mark": "a\ufeffb",
    "private use": "a\ue000b",
    "backslash": "C:\\new",
    "double quote": 'the "archive"',
    "tag": "</mj-text><mj-image src='https://evil.example.net/x.png' />",
    "template": "{{ letter.slots.leave }}{% raw %}",
    "include": '<mj-include path="file:///etc/passwd" />',
    "references": "&#1234; &quot; &amp;amp;",
}


def compiled(attribute: str, text: str = "x") -> str:
    link = f"<mj-text><a {attribute}>{text}</a></mj-text>"
    source = f"<mjml><mj-body><mj-section><mj-column>{link}</mj-column></mj-section></mj-body></mjml>"
    return guarding.decode(rendering.mjml.mjml2html(guarding.encode(source), fonts={}))


def title(document: str) -> str:
    return parser.document_fromstring(document).find(".//a").get("title")


@pytest.mark.parametrize("sign", HOSTILE)
def test_an_attribute_says_what_was_written(sign):
    assert title(compiled(f'title="{escape(HOSTILE[sign])}"')) == HOSTILE[sign]


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=40))
def test_any_text_survives_an_attribute_with_its_white_space_on_one_line(value):
    said = title(compiled(f'title="{escape(value)}"'))
    assert said.split() == value.split()


def test_white_space_in_an_attribute_becomes_one_blank():
    assert title(compiled('title="one\n\ttwo\r\n three"')) == "one two three"


def test_a_double_quote_in_single_quotes_does_not_end_the_attribute():
    found = parser.document_fromstring(compiled("""title='a" onclick="alert(1)'""")).find(".//a")
    assert found.get("onclick") is None
    assert found.get("title") == 'a" onclick="alert(1)'


def test_references_of_markup_stay_and_others_become_characters():
    assert guarding.decode("&#34;&#1234;&#160;&#38;&#55296;&#9999999;") == "&#34;Ӓ\u00a0&#38;&#55296;&#9999999;"


@pytest.mark.parametrize("what", ["<mj-section>" * 10_000, "<div><p title='>'>" * 60, "<b>" + "x" * 2_000_001])
def test_what_would_end_the_process_is_refused_before_it_is_compiled(what):
    with pytest.raises(guarding.Unrenderable):
        guarding.check_depth(what, "It")


def test_many_elements_beside_each_other_are_fine():
    guarding.check_depth("<p>one<br>two<img src='x'/></p>" * 5_000, "It")


def test_an_article_nested_beyond_reason_is_refused_with_words(imagine):
    with pytest.raises(guarding.Unrenderable, match="An article nests more than 100 elements"):
        imagine({"html": "<blockquote>" * 10_000})


def test_there_is_no_include_loader():
    with pytest.raises(ValueError, match="include"):
        compiled("", '</a></mj-text><mj-include path="/etc/passwd" /><mj-text><a>')


@pytest.mark.parametrize("sign", HOSTILE)
@pytest.mark.parametrize("cadence", ["each", "daily"])
def test_a_hostile_title_is_said_and_nothing_more(imagine, sign, cadence):
    hostile = HOSTILE[sign]
    letter = imagine({"title": hostile, "summary": hostile, "picture_url": "", "text": hostile}, cadence=cadence)
    plain = imagine({"title": "plain", "summary": "plain", "text": "plain"}, cadence=cadence)
    said = parser.document_fromstring(letter.html)
    assert " ".join(hostile.split()) in " ".join(said.text_content().split())
    assert [element.tag for element in said.iter("img", "a", "td")] == [
        element.tag for element in parser.document_fromstring(plain.html).iter("img", "a", "td")
    ]
    assert slots.count(letter.html, letter.nonce) == slots.count(plain.html, plain.nonce)


def test_a_body_passes_no_compiler_and_comes_out_as_it_was(imagine):
    body = '<p>{{ letter }} &lt;mj-text&gt; за́мок\u00a0👩\u200d⚖️ <a href="https://news.example.org/?a=1&amp;b=2">“x”</a></p>'
    said = parser.document_fromstring(imagine({"html": body}).html).find_class("article")[0]
    assert said.text_content() == "{{ letter }} <mj-text> за́мок\u00a0👩\u200d⚖️ “x”"
    assert said.find(".//a").get("href") == "https://news.example.org/?a=1&b=2"


def test_an_article_cannot_forge_a_slot(imagine):
    forged = slots.token("0" * 16, "leave")
    letter = imagine({"title": forged, "html": f"<p>{forged} x{'0' * 16}body0x</p>", "text": forged})
    assert forged in letter.html
    assert slots.count(letter.html, letter.nonce) == {"name": 1, "leave": 1, "preferences": 1}
    assert letter.nonce != "0" * 16


def test_no_font_icon_or_script_is_fetched_from_anyone(imagine):
    assert "fonts.googleapis" not in imagine({}).html
    assert "<link" not in imagine({}).html
