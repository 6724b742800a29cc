"""Addresses: one spelling each, and nothing that a library could cut into somebody else's."""

import email.utils

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.audience import addresses
from dispatch.audience.addresses import ProviderClass


@pytest.mark.parametrize(
    ("written", "parsed"),
    [
        (" alice@Example.ORG ", "alice@example.org"),
        ("Alice.B+news@example.org", "Alice.B+news@example.org"),
        ("аліса@пошта.бел", "аліса@xn--80a1acn3a.xn--90ais"),
        ("o'neill@example.co.uk", "o'neill@example.co.uk"),
    ],
)
def test_an_address_has_one_spelling(written, parsed):
    assert addresses.parse(written) == parsed


@pytest.mark.parametrize(
    "written",
    [
        *("", "alice", "@example.org", "alice@", "a@b@c.org", "alice@localhost", "alice@[127.0.0.1]", "alice@1.2.3.4"),
        *("b@b.org, c@c.org", "b@b.org>\r\nRCPT TO:<c@c.org", "a b@example.org", '"a b"@example.org', ".a@example.org"),
        *(
            "a..b@example.org",
            "a@-example.org",
            "a@example..org",
            "a\0@example.org",
            "a(c)@example.org",
            "a@exa mple.org",
        ),
        *("x" * 65 + "@example.org", "a@" + "x" * 64 + ".org", "a@" + ".".join(["x" * 60] * 5) + ".org"),
    ],
)
def test_what_is_not_plainly_one_address_is_refused_without_repeating_it(written):
    with pytest.raises(addresses.Malformed) as refusal:
        addresses.parse(written)
    assert "example" not in str(refusal.value).replace("example.org)", "")


NEARLY = st.from_regex(r"[\w.+'\",;<> -]{1,12}@[\w.-]{1,20}(\.|,)[\w]{2,4}", fullmatch=True)


@given(st.one_of(st.text(), NEARLY))
def test_parsing_what_was_parsed_changes_nothing(text):
    try:
        once = addresses.parse(text)
    except addresses.Malformed:
        return
    assert addresses.parse(once) == once
    assert once.count("@") == 1
    assert not set(once) & set('\r\n\t ,;:<>"()[]\\')
    assert email.utils.getaddresses([once]) == [("", once)]


@given(st.from_regex(r"[a-zA-Z0-9.+_-]{1,12}@[a-zA-Z0-9.-]{1,20}\.[a-zA-Z]{2,4}", fullmatch=True))
def test_however_the_letters_are_sized_it_is_one_reader(text):
    try:
        spellings = [addresses.parse(spelled) for spelled in (text, text.upper(), text.lower())]
    except addresses.Malformed:
        return
    assert len({addresses.unique_form(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("address", "provider"),
    [
        ("a@gmail.com", ProviderClass.GMAIL),
        ("a@office.tut.by", ProviderClass.BELARUS),
        ("a@anything.by", ProviderClass.BELARUS),
        ("a@yandex.by", ProviderClass.YANDEX),
        ("a@mail.ru", ProviderClass.MAILRU),
        ("a@example.org", ProviderClass.OTHER),
    ],
)
def test_a_provider_is_known_by_its_domain(address, provider):
    assert addresses.provider_class(address) == provider
