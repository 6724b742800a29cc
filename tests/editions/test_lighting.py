"""A mail by day or by night, whatever the device prefers."""

import pytest

from dispatch.editions import lighting

PAGE = (
    '<meta name="color-scheme" content="light dark"><style>:root { color-scheme: light dark; }'
    "@media (prefers-color-scheme: dark) { body { color: white } }"
    "@media screen and (prefers-color-scheme:light) { body { color: black } }</style><p>(prefers dark tea)</p>"
)


@pytest.mark.parametrize("scheme", lighting.SCHEMES)
def test_conditions_hold_or_do_not_and_nothing_else_is_touched(scheme):
    lit = lighting.lit(PAGE, scheme)
    holds, does_not = lighting.HOLDS, lighting.DOES_NOT
    dark, light = (holds, does_not) if scheme == "dark" else (does_not, holds)
    assert f"@media {dark} {{ body {{ color: white }} }}" in lit
    assert f"@media screen and {light} {{ body {{ color: black }} }}" in lit
    assert f'content="{scheme}"' in lit
    assert f"color-scheme: {scheme};" in lit
    assert "<p>(prefers dark tea)</p>" in lit


def test_a_page_that_asks_nothing_stays_as_it_is():
    assert lighting.lit("<p>a dark night</p>", "dark") == "<p>a dark night</p>"
