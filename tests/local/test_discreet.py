import pytest

from dispatch.local import discreet


@pytest.mark.parametrize(
    ("url", "state", "words"),
    [
        ("", "todo", "Set DISPATCH_DISCREET_URL"),
        ("https://post.example.net", "ok", "lead to https://post.example.net"),
        ("http://post.example.net", "WRONG", "give https://"),
        ("https://post.example.net/x", "WRONG", "nothing behind it"),
        ("post.example.net", "WRONG", "give https://"),
        ("https://dispatch.example.org", "WRONG", "whose letters"),
        ("https://post.example.org", "WRONG", "whose letters"),
        ("https://other.example.com", "WRONG", "Add it to DISPATCH_HOSTS"),
    ],
)
def test_the_neutral_address_is_judged(settings, url, state, words):
    settings.DISCREET_URL, settings.PUBLIC_URL = url, "https://dispatch.example.org"
    settings.ALLOWED_HOSTS = ["dispatch.example.org", "post.example.net", "post.example.org"]
    (finding,) = discreet.url()
    assert finding.state == state
    assert words in finding.words
