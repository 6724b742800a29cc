from hypothesis import given
from hypothesis import strategies as st

from dispatch.editions import slots

NONCE = "0123456789abcdef"
pieces = st.lists(st.one_of(st.text(), st.sampled_from(slots.NAMES).map(slots.Slot)))


def joined(parts):
    return "".join(part if isinstance(part, str) else slots.token(NONCE, part.name) for part in parts)


@given(pieces)
def test_a_text_split_at_its_slots_joins_to_itself(parts):
    assert joined(slots.split(joined(parts), NONCE)) == joined(parts)


@given(pieces)
def test_each_slot_is_found_in_its_place(parts):
    found = [part for part in slots.split(joined(parts), NONCE) if isinstance(part, slots.Slot)]
    assert found == [part for part in parts if isinstance(part, slots.Slot)]


def test_a_token_is_letters_and_digits_only():
    assert all(slots.token(slots.new_nonce(), name).isascii() for name in slots.NAMES)
    assert all(slots.token(slots.new_nonce(), name).isalnum() for name in slots.NAMES)


def test_another_nonces_token_is_text():
    assert slots.split(slots.token("f" * 16, "leave"), NONCE) == [slots.token("f" * 16, "leave")]
