"""The vault: what it seals opens again in its own place and nowhere else."""

import base64
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import env, vault

OLD, NEW = (base64.b64encode(letter * 32).decode() for letter in (b"k", b"n"))


@pytest.fixture
def keys(monkeypatch):
    """keys("1 …", "2 …"): the process starts again with these."""

    def restart(*lines):
        monkeypatch.setenv("DISPATCH_VAULT_KEYS", "\n".join(lines))
        for kept in (vault._keys, vault._subkey, vault._keyed, vault._cipher, vault._lasting):
            kept.cache_clear()

    yield restart
    monkeypatch.undo()
    restart(f"1 {OLD}")


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


@given(st.binary(max_size=200))
def test_a_keyed_hash_is_hmac(message):
    key = vault._subkey(vault.oldest(), "a purpose")
    assert vault.mac("a purpose", message) == hmac.digest(key, message, "sha256")


def test_equal_addresses_have_equal_indexes_and_others_do_not():
    assert vault.blind_index("alice@example.org") == vault.blind_index("alice@example.org")
    assert vault.blind_index("alice@example.org") != vault.blind_index("bob@example.org")


def test_a_further_key_seals_what_comes_and_opens_what_was_there(keys):
    keys(f"1 {OLD}")
    before, index, token = vault.seal("alice@example.org", "here"), vault.blind_index("a"), vault.mac("token", b"a")
    keys(f"2 {NEW}", f"1 {OLD}")
    after = vault.seal("alice@example.org", "here")
    assert (before[0], after[0]) == (1, 2)
    assert vault.unseal(before, "here") == vault.unseal(after, "here") == "alice@example.org"
    assert (vault.blind_index("a"), vault.mac("token", b"a")) == (index, token)


def test_without_its_key_nothing_opens_and_nothing_of_it_is_told(keys):
    keys(f"1 {OLD}")
    sealed = vault.seal("alice@example.org", "subscriber:12:address")
    keys(f"2 {NEW}")
    with pytest.raises(vault.Unreadable) as refusal:
        vault.unseal(sealed, "subscriber:12:address")
    assert "alice" not in str(refusal.value)


def test_what_is_left_of_a_retired_key_finds_and_proves_but_opens_nothing(keys):
    keys(f"1 {OLD}", f"2 {NEW}")
    index, token, name = vault.blind_index("a"), vault.mac("token", b"a"), vault.fingerprint()
    left = vault.retired_key_line(1)
    keys(f"1 {OLD}")
    before = vault.seal("alice@example.org", "here")
    keys(left, f"2 {NEW}")
    assert OLD not in left
    assert (vault.blind_index("a"), vault.mac("token", b"a"), vault.fingerprint()) == (index, token, name)
    assert vault.seal("bob@example.org", "here")[0] == 2
    assert (vault.numbers(), vault.oldest()) == ([2], 1)
    with pytest.raises(vault.Unreadable):
        vault.unseal(before, "here")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "holds no key"),
        (["1 short"], "32 bytes"),
        ([f"one {OLD}"], "a number and 32 bytes"),
        ([f"300 {OLD}"], "from 1 to 255"),
        ([f"1 {OLD}", f"1 {NEW}"], "two lines"),
        ([f"1 index {OLD}"], "holds no key"),
        ([f"1 other {OLD}"], "a number and 32 bytes"),
    ],
)
def test_keys_that_are_none_are_told_in_words_without_the_key(keys, lines, words):
    keys(*lines)
    with pytest.raises(env.Misconfigured, match=words) as refusal:
        vault.seal("alice@example.org", "here")
    assert OLD not in str(refusal.value)


def test_what_is_sealed_for_good_opens_when_its_key_is_retired(keys):
    keys(f"1 {OLD}")
    sealed = vault.seal_lasting("a secret", "second factor")
    retired = vault.retired_key_line(1)
    keys(retired, f"2 {NEW}")
    assert vault.unseal_lasting(sealed, "second factor") == "a secret"
    with pytest.raises(vault.Unreadable, match="second factor"):
        vault.unseal_lasting(sealed[:-4] + "AAA=", "second factor")
    with pytest.raises(vault.Unreadable):
        vault.unseal_lasting(sealed, "elsewhere")
