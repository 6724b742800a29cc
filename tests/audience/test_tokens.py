"""A reader's token says nothing, and is found again by what it was made of."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from dispatch import vault
from dispatch.audience import tokens


@given(st.binary(min_size=8, max_size=8))
def test_a_token_is_the_base32_of_a_handle_and_its_proof(handle):
    whole = handle + vault.mac("reader token", handle)[:8]
    assert tokens.token(handle) == base64.b32encode(whole)[:26].decode().lower()
    assert tokens._parts(tokens.token(handle)) == (handle, whole[8:])
