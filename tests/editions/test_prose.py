"""What an editor types: Markdown, of which no tag comes out that articles may not have, and no link but https and mailto."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html

from dispatch.articles import cleaning
from dispatch.editions import prose

MARKUP = st.text(
    st.one_of(st.sampled_from("<>[]()*_`#!&\"'=\\/: \n-+1.|~{}"), st.sampled_from("aбאscriptonhref")), max_size=120
)


def test_it_becomes_html_and_text():
    made = prose.in_html("Good *morning*!\n\n- one\n- [two](https://example.org/2)")
    assert made == (
        '<p>Good <em>morning</em>!</p>\n<ul>\n<li>one</li>\n<li><a href="https://example.org/2">two</a></li>\n</ul>'
    )
    assert prose.in_text(made) == "Good morning!\n\n  * one\n  * two (https://example.org/2)"


def test_nothing_is_nothing():
    assert prose.in_html(" \n") == prose.in_text("") == ""


def test_html_is_said_and_not_done():
    assert prose.in_html("<b onclick=x>hi</b>") == "<p>&lt;b onclick=x&gt;hi&lt;/b&gt;</p>"


def test_a_link_elsewhere_is_its_words_only():
    for address in (
        "http://example.org",
        "javascript:alert(1)",
        "/home",
        "//example.org",
        "tel:112",
        "data:text/html,x",
    ):
        assert "href" not in prose.in_html(f"[words]({address})"), address
    assert 'href="mailto:desk@example.org"' in prose.in_html("[write](mailto:desk@example.org)")


def test_what_names_somebody_is_left_out_by_the_paragraph():
    made = prose.in_html("Hello.\n\nThis is the OFFICE.\n\n[Read](https://office.example.org/1)\n\nBye.")
    assert prose.in_text(prose.without(made, ["The Office", "office.example.org"])) == "Hello.\n\nBye."


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MARKUP)
def test_no_tag_or_address_outside_the_allowlist_ever_comes_out(markdown):
    root = html.fragment_fromstring(prose.in_html(markdown) or "<p></p>", create_parent="main")
    for element in root.iter():
        assert element.tag in {*cleaning.TAGS, "main"}
        for name, value in element.attrib.items():
            assert name in cleaning.ATTRIBUTES["*"] | cleaning.ATTRIBUTES.get(element.tag, set())
            assert name != "href" or value.lower().startswith(("https://", "mailto:"))
