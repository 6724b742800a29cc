"""The vault: what it seals opens again in its own place and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import vault


@given(st.text(), st.text(min_size=1))
def test_what_is_sealed_opens_in_its_place(text, place):
    assert vault.unseal(vault.seal(text, place), place) == text


def test_a_sealed_address_moved_to_another_row_does_not_open():
    sealed = vault.seal("alice@example.org", "subscriber:1:address")
    with pytest.raises(vault.Unreadable):
        vault.unseal(sealed, "subscriber:2:address")


def test_a_changed_byte_does_not_open():
    sealed = bytearray(vault.seal("alice@example.org", "here"))
    sealed[-1] ^= 1
    with pytest.raises(vault.Unreadable):
        vault.unseal(bytes(sealed), "here")


def test_equal_addresses_have_equal_indexes_and_others_do_not():
    assert vault.blind_index("alice@example.org") == vault.blind_index("alice@example.org")
    assert vault.blind_index("alice@example.org") != vault.blind_index("bob@example.org")
