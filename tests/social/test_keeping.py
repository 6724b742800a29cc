"""Connections to networks: kept for the next post, never idle for long, and not after an error."""

import pytest
import requests

from dispatch.social.networks import keeping

NAME = ("network", "https://example.org", "token")


class Client:
    """Knows whether it was closed."""

    def __init__(self):
        self.is_closed = False

    def close(self):
        self.is_closed = True


@pytest.fixture
def use(monkeypatch):
    """use() makes a call and says with which client."""
    monkeypatch.setattr(keeping, "_idle", {})

    def call(name=NAME, error=None):
        def make():
            made = Client()
            return made, made.close

        with keeping.client(name, make) as client:
            if error:
                raise error
        return client

    return call


def test_the_next_post_of_a_channel_has_the_same_connection_and_no_other_channel_has(use):
    assert use() is use()
    assert use(("network", "https://example.org", "another token")) is not use()


def test_one_that_lay_idle_is_closed_and_not_used(use, monkeypatch):
    first = use()
    monkeypatch.setattr(keeping, "IDLE", -1.0)
    assert use() is not first
    assert first.is_closed


def test_one_that_met_an_error_is_not_used_again(use):
    first = use()
    with pytest.raises(requests.ConnectionError):
        use(error=requests.ConnectionError())
    assert first.is_closed
    assert use() is not first


def test_a_process_keeps_only_so_many(use, monkeypatch):
    monkeypatch.setattr(keeping, "MOST", 1)
    first, second = use(), use(("network", "https://example.com", ""))
    assert (first.is_closed, second.is_closed) == (True, False)


def test_proxies_come_from_the_environment_and_passwords_never(monkeypatch, tmp_path):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:8118")
    monkeypatch.setenv("NO_PROXY", "inside.example.org")
    assert keeping.session("https://example.org").proxies["https"] == "http://127.0.0.1:8118"
    assert keeping.session("https://inside.example.org").proxies == {}
    netrc = tmp_path / "netrc"
    netrc.write_text("machine example.org login alice password secret")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    asked = requests.Request("GET", "https://example.org", headers={"Authorization": "Bearer token"})
    assert keeping.session("https://example.org").prepare_request(asked).headers["Authorization"] == "Bearer token"
