"""A relay's address: what may stand in it, and what is said where it cannot be understood."""

import pytest

from dispatch.delivery import relays


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.org", "smtp://"),
        ("smtp://", "host"),
        ("smtp://u:p@mail.example.org?security=none", "password"),
        ("smtp://u@mail.example.org?security=none&password_file=/run/token", "password"),
        ("smtp://mail.example.org:many", "port"),
        ("smtp://mail.example.org?security=maybe", "security"),
        ("smtp://mail.example.org?colour=red", "colour"),
        ("smtp://mail.example.org?auth=cram-md5", "auth"),
        ("smtp://mail.example.org?connections=0", "connections"),
        ("smtp://mail.example.org?connections=0.5", "connection"),
        ("smtp://mail.example.org?wait_final=soon", "wait_final"),
        ("smtp://127.0.0.1?requiretls=yes", "requiretls"),
        ("smtp://mail.example.org?dane=maybe", "dane is one of no, yes, must"),
        ("smtp://mail.example.org?dane=yes&security=none", "dane needs a connection that is encrypted"),
        ("smtp://relay?dane=yes", "dane needs a connection that is encrypted"),
        ("smtp://mail.example.org?dane=must&cafile=/etc/ca.pem", "whom to trust; use one"),
        ("smtp://192.0.2.7?dane=yes", "dane needs the relay's name"),
        ("anymail+pigeon://", "pigeon"),
    ],
)
def test_it_is_judged_in_words(url, words):
    with pytest.raises(relays.Unusable, match=words):
        relays.mailer_of(url)


def test_it_may_hold_any_password_and_shows_none():
    _, mailer = relays.mailer_of("smtps://user%40example.org:p%40ss%2F@mail.example.org")
    assert (mailer.relay.user, mailer.relay.password) == ("user@example.org", "p@ss/")
    assert (mailer.relay.port, mailer.relay.security) == (465, "tls")
    assert "p@ss/" not in repr(mailer.relay)


def test_limits_and_time_outs_stand_in_it():
    _, mailer = relays.mailer_of(
        "smtp://mail.example.org?connections=8&messages=100&seconds=60&wait_final=120&auth=xoauth2"
    )
    assert (mailer.relay.connections, mailer.relay.messages, mailer.relay.seconds) == (8, 100, 60)
    assert (mailer.relay.patience.final, mailer.relay.patience.command) == (120, 300)
    assert mailer.relay.auth == "xoauth2"
