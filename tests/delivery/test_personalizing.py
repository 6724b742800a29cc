"""A reader's message, parsed back by the standard library: slot by slot what was put in, and nothing else."""

import email
import email.policy
import html
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.audience import tokens
from dispatch.audience.models import Newsletter
from dispatch.delivery import personalizing
from dispatch.delivery.mailers import base
from dispatch.delivery.personalizing import Reader
from dispatch.editions import slots
from dispatch.editions.models import Variant

NONCE = "0123456789abcdef"
NAME, LEAVE = slots.token(NONCE, "name"), slots.token(NONCE, "leave")
ALLOWED = {
    *(
        "From",
        "To",
        "Subject",
        "Message-ID",
        "Date",
        "Reply-To",
        "List-Id",
        "Feedback-ID",
        "MIME-Version",
        "Content-Type",
    ),
    *("List-Unsubscribe", "List-Unsubscribe-Post"),
}
AWKWARD = [
    "Аліса",
    "O'Neill",
    '"quoted" \\ back',
    "<b>bold</b> & co",
    ".dot",
    "=20=",
    "李雷",
    "فاطمة",
    "🧑‍🚀" * 12,
    "a" * 120,
    "two  blanks ",
    "tab\tand\nline",
    "=?utf-8?b?ZXZl?=",
    "a" * 1200,
    "x\r\nBcc: eve@example.org",
    "\u2028\x85",
]
NASTY = st.one_of(
    st.sampled_from(
        [*AWKWARD, "", ".", "..", "\u202eecilA", "e\u0301\u0323" * 40, "А" * 300, '">', "&amp;", "=", "-- ", "\0"]
    ),
    st.text(max_size=300),
    st.text(alphabet=".= \t\r\n<>&\"'\\\u2028\u202e\u0301А🧑", max_size=100),
)
PIECES = st.lists(
    st.one_of(
        st.sampled_from(["name", "leave", "preferences"]).map(slots.Slot),
        st.text(max_size=90),
        st.text(alphabet=".= \nАa", max_size=90),
    ),
    max_size=12,
).map(lambda pieces: [one if isinstance(one, slots.Slot) else one.replace("\r", "") for one in pieces])


def compiled(text=f"Hello{NAME}!\n\n.A dot\nLeave: {LEAVE}\n", page=None, subject="Навіны — news", name="Офіс"):
    newsletter = Newsletter(slug="office", from_name=name, from_address="news@example.org", reply_to="desk@example.org")
    page = page or f'<p title="x{NAME}">Hello{NAME}!</p>\n<a href="{LEAVE}">Leave</a>'
    variant = Variant(pk=7, nonce=NONCE, subject=subject, text=text, html=page, language="be")
    return personalizing.compile_variant(variant, newsletter, 5, datetime(2026, 11, 23, 8, tzinfo=UTC))


def reader(name="Alice", address="alice@example.org"):
    return Reader(1, address, name, b"12345678")


def whole(*arguments):
    head, body = personalizing.fill(*arguments)
    return b"".join((head, *body))


def parsed(data):
    return email.message_from_bytes(data, policy=email.policy.default)


def one_line(name):
    return ", " + " ".join(name.split()) if name.split() else ""


def check_wire(data):
    assert data.isascii()
    assert data.endswith(b"\r\n")
    assert b"\r" not in data.replace(b"\r\n", b"")
    assert b"\n" not in data.replace(b"\r\n", b"")
    lines = data.split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert not any(line.startswith(b".") for line in lines)
    body = data.partition(b"\r\n\r\n")[2].split(b"\r\n")
    assert not any(line != line.rstrip() for line in body)


@pytest.mark.parametrize("name", AWKWARD)
def test_an_awkward_name_comes_back_as_it_was(name):
    data = whole(compiled(), reader(name))
    check_wire(data)
    message = parsed(data)
    said = one_line(name)
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n").startswith(f"Hello{said}!\n\n.A dot\n")
    assert f'<p title="x{html.escape(said)}">Hello{html.escape(said)}!</p>' in message.get_body(("html",)).get_content()


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), st.text(max_size=400), st.text(max_size=120))
def test_any_name_text_and_subject_survive(name, text, subject):
    clean = text.replace("\r", "")
    data = whole(compiled(text=f"{clean}{NAME}{clean}", page=f"{clean}{NAME}", subject=subject), reader(name))
    check_wire(data)
    plain = parsed(data).get_body(("plain",)).get_payload(decode=True).decode().replace("\r\n", "\n")
    wanted = clean.encode("utf-8", "replace").decode()
    said = one_line(name)
    assert plain.removesuffix("\n") == f"{wanted}{said}{wanted}".removesuffix("\n")


def with_tokens(pieces):
    return "".join(slots.token(NONCE, one.name) if isinstance(one, slots.Slot) else one for one in pieces)


def content(message, kind):
    body = message.get_body((kind,)).get_payload(decode=True).decode()
    return body.replace("\r\n", "\n").removesuffix("\n")


@settings(max_examples=400, deadline=None)
@given(text=PIECES, page=PIECES, name=NASTY)
def test_every_slot_comes_back_wherever_it_stands_and_the_text_around_it_too(text, page, name):
    data = whole(compiled(text=with_tokens(text), page=with_tokens(page) or "<p>"), reader(name))
    check_wire(data)
    message, own = parsed(data), tokens.token(reader().handle)
    values = {
        "name": one_line(name),
        **{link: f"http://dispatch.test/{link}/{own}" for link in ("leave", "preferences")},
    }
    escaped = {slot: html.escape(value) for slot, value in values.items()}
    filled = slots.fill(with_tokens(text), NONCE, values)
    assert content(message, "plain") == filled.removesuffix("\n")
    filled = slots.fill(with_tokens(page) or "<p>", NONCE, escaped)
    assert content(message, "html") == filled.removesuffix("\n")
    assert message["List-Unsubscribe"] == f"<http://dispatch.test/leave/{own}>"


class Attributes(HTMLParser):
    """What a browser would make of a page: its first element's attributes, and how many elements there are."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


@settings(max_examples=200, deadline=None)
@given(NASTY)
def test_no_name_leaves_its_attribute(name):
    data = whole(compiled(page=f'<p title="x{NAME}"><a href="{LEAVE}">Leave</a></p>'), reader(name))
    (p, attributes), (a, link) = Attributes(content(parsed(data), "html")).found
    assert (p, attributes) == ("p", {"title": f"x{one_line(name)}"})
    assert (a, list(link)) == ("a", ["href"])


@settings(max_examples=200, deadline=None)
@given(NASTY)
def test_no_name_adds_a_header_or_a_part(name):
    message = parsed(whole(compiled(subject=f"News{NAME}"), reader(name)))
    assert sorted(message.keys()) == sorted(ALLOWED)
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert message["To"] == "alice@example.org"
    assert not [defect for part in message.walk() for defect in part.defects]


@settings(max_examples=100, deadline=None)
@given(NASTY)
def test_an_address_goes_into_the_header_whole_or_not_at_all(address):
    try:
        data = whole(compiled(), reader(address=address))
    except ValueError:
        return
    assert base.Message("news@example.org", address, data).whole() == data


@pytest.mark.parametrize("name", AWKWARD)
@pytest.mark.parametrize(("before", "after"), [("News", " for you"), ("Навіны", ""), ("", "hello")])
def test_a_name_in_the_subject_comes_back_on_one_line(name, before, after):
    data = whole(compiled(subject=f"{before}{NAME}{after}"), reader(name))
    check_wire(data)
    assert parsed(data)["Subject"] == f"{before}{one_line(name)}{after}"


def test_the_headers_are_the_ones_named_and_no_others():
    message = parsed(whole(compiled(), reader()))
    assert set(message.keys()) == ALLOWED
    assert len(message.keys()) == len(ALLOWED)
    assert message["To"] == "alice@example.org"
    assert message["Subject"] == "Навіны — news"
    assert message["Date"] == "Mon, 23 Nov 2026 08:00:00 +0000"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"<http://dispatch\.test/leave/[a-z2-7]{26}>", message["List-Unsubscribe"])


def test_a_resent_message_is_the_same_to_the_byte_and_another_readers_is_not():
    assert whole(compiled(), reader()) == whole(compiled(), reader())
    assert personalizing.message_id(5, 1) != personalizing.message_id(5, 2)
    assert personalizing.message_id(5, 1) != personalizing.message_id(6, 1)


def test_a_message_for_someone_else_is_stopped_before_the_wire():
    data = whole(compiled(), reader())
    assert base.Message("news@example.org", "alice@example.org", data).whole() == data
    with pytest.raises(base.Misaddressed):
        base.Message("news@example.org", "bob@example.org", data)


@pytest.mark.parametrize("name", ["Office", "Офіс", 'The "Office"', ""])
def test_the_senders_name_comes_back(name):
    message = parsed(whole(compiled(name=name), reader()))
    (sender,) = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (name, "news@example.org")


def test_an_address_that_is_two_is_a_bug_and_stops():
    with pytest.raises(ValueError, match="one address"):
        whole(compiled(), reader(address="a@example.org, b@example.org"))
