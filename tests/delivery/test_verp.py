"""A letter's own return address names it to us and to nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dispatch.delivery import verp

DOMAIN = "bounces.example.org"
numbers = {"send": some.integers(0, 2**32 - 1), "reader": some.integers(0, 2**40 - 1)}


@pytest.fixture(autouse=True)
def _domain(settings):
    settings.BOUNCES = {**settings.BOUNCES, "domain": DOMAIN}


@given(**numbers)
def test_it_is_read_back_whatever_became_of_its_case(send, reader):
    address = verp.address(send, reader, DOMAIN)
    assert verp.read(address) == verp.read(address.upper()) == verp.Letter(send, reader)
    assert len(address.partition("@")[0]) <= 64


@given(**numbers, place=some.integers(0, 31), letter=some.sampled_from("0123456789abcdef"))
def test_none_can_be_made_from_another(send, reader, place, letter):
    address = verp.address(send, reader, DOMAIN)
    changed = address[: 2 + place] + letter + address[3 + place :]
    assert changed == address or verp.read(changed) is None


def test_two_letters_to_one_reader_have_nothing_in_common():
    first, second = (verp.address(send, 42, DOMAIN) for send in (1, 2))
    assert sum(a == b for a, b in zip(first[2:34], second[2:34], strict=True)) < 16


@pytest.mark.parametrize("text", ["", "b-00@bounces.example.org", "news@bounces.example.org", f"b-{'0' * 32}@{DOMAIN}"])
def test_what_is_none_is_none(text):
    assert verp.read(text) is None


def test_another_domains_address_is_not_ours():
    assert verp.read(verp.address(1, 2, "example.net")) is None
