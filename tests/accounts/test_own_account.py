"""One's own account: where one is signed in, and one's password."""

import hashlib
import re
import time

import newsroom
import pytest
import time_machine
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from dispatch.accounts import sessions, signing_in
from dispatch.accounts.models import AuditEntry

pytestmark = pytest.mark.django_db
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"
OLD, NEW = "correct horse battery", "seven ladders in the sea"


@pytest.fixture
def alice():
    return newsroom.person("editor")


def signed_in(user, agent=LINUX):
    client = Client(headers={"User-Agent": agent})
    client.post(signing_in.link(user))
    return client


def is_in(client):
    return client.get("/account/").status_code == 200


def code(secret):
    return f"{totp.hotp_value(secret, int(time.time()) // 30):06}"


def choose(client, new, old=""):
    return client.post("/account/password/", {"old_password": old, "new_password1": new, "new_password2": new})


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (LINUX, "Firefox, Linux"),
        (PHONE, "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge, Windows"),
        ("curl/8.5.0", "A program"),
        ("", "A program"),
    ],
)
def test_a_browser_is_told_as_coarsely_as_a_person_knows_it(agent, words):
    assert sessions.described(agent) == words


def test_a_person_sees_where_they_are_signed_in_and_nobody_else(alice):
    desk, _, _ = signed_in(alice), signed_in(alice, PHONE), signed_in(newsroom.person(name="Bob"), "curl")
    page = desk.get("/account/").content.decode()
    assert 'Firefox, Linux <span class="tag">here</span>' in page
    assert page.count("Safari, iPhone</span></button>") == 1
    assert "A program" not in page
    assert desk.session.session_key not in page


def test_no_network_address_is_kept_of_a_session(alice):
    desk = Client(REMOTE_ADDR="192.0.2.77", headers={"X-Forwarded-For": "198.51.100.9", "User-Agent": LINUX})
    desk.post(signing_in.link(alice))
    kept = str(dict(desk.session))
    assert "Firefox, Linux" in kept
    assert not any(sign in kept for sign in ("192.0.2.77", "198.51.100.9", "rv:140"))


def test_one_session_is_ended_or_all_others(alice):
    desk, phone, program = signed_in(alice), signed_in(alice, PHONE), signed_in(alice, "curl")
    (name,) = [one.name for one in sessions.of(alice) if one.where == "Safari, iPhone"]
    answer = desk.post("/account/sessions/end", {"name": name}, follow=True)
    assert "1 session ended" in answer.content.decode()
    assert (is_in(desk), is_in(phone), is_in(program)) == (True, False, True)
    desk.post("/account/sessions/end", {})
    assert (is_in(desk), is_in(program)) == (True, False)
    assert list(AuditEntry.objects.filter(act="account.sessions").values_list("reason", flat=True)) == [
        "one of their own",
        "all others of their own",
    ]


def test_nobody_ends_the_session_of_another_person(alice):
    desk, bobs = signed_in(alice), signed_in(bob := newsroom.person(name="Bob"))
    desk.post("/account/sessions/end", {"name": sessions.of(bob)[0].name})
    assert is_in(bobs)


def test_a_session_that_is_over_is_not_shown(alice):
    signed_in(alice)
    with time_machine.travel(time.time() + 9 * 3600):
        assert sessions.of(alice) == []


def test_a_password_is_chosen_and_changed_by_who_knows_the_old_one(alice):
    desk, phone = signed_in(alice), signed_in(alice, PHONE)
    assert choose(desk, OLD).url == "/account/"
    assert (is_in(desk), is_in(phone)) == (True, False)
    assert "entered incorrectly" in choose(desk, NEW, "something else").content.decode()
    phone = signed_in(alice, PHONE)
    assert choose(desk, NEW, OLD).url == "/account/"
    assert (is_in(desk), is_in(phone), len(sessions.of(alice))) == (True, False, 1)
    door = Client()
    answers = [door.post("/account/login/", {"login": alice.email, "password": typed}) for typed in (OLD, NEW)]
    assert [answer.status_code for answer in answers] == [200, 302]
    assert AuditEntry.objects.filter(act="account.password").count() == 2


def test_a_password_is_changed_after_showing_the_second_factor_anew(alice, settings):
    settings.SECOND_FACTOR = True
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(alice, secret)
    desk = signed_in(alice)
    assert desk.post("/account/factors/show/", {"code": code(secret)}).status_code == 302
    with time_machine.travel(time.time() + 16 * 60):
        assert choose(desk, NEW).url.startswith("/account/factors/again/")
        alice.refresh_from_db()
        assert not alice.has_usable_password()


@pytest.mark.django_db(transaction=True)
def test_with_a_factor_more_or_less_every_other_session_ends(alice):
    desk, phone = signed_in(alice), signed_in(alice, PHONE)
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", desk.get("/account/factors/codes/add/").content.decode())[1]
    desk.post("/account/factors/codes/add/", {"code": code(secret)})
    assert (is_in(desk), is_in(phone)) == (True, False)
    with time_machine.travel(time.time() + 60):
        phone = signed_in(alice, PHONE)
        phone.post("/account/factors/show/", {"code": code(secret)})
        assert is_in(phone)
        desk.post("/account/factors/codes/remove/")
        assert (is_in(desk), is_in(phone)) == (True, False)


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        ("Alice Dispatch 24", False),
        ("alice@example.org", False),
        ("courier-courier", False),
        ("courier by seven ladders", True),
        (NEW, True),
    ],
)
def test_a_password_is_more_than_our_own_words(alice, settings, password, is_good):
    settings.OWN_WORDS = ["Courier"]
    if is_good:
        validate_password(password, alice)
    else:
        with pytest.raises(ValidationError, match="eight more characters"):
            validate_password(password, alice)


def test_a_password_of_a_breach_is_refused_wherever_it_stands_in_the_file(settings, tmp_path):
    breached = [f"a breached password {number}" for number in range(40)]
    lines = sorted(hashlib.sha1(one.encode()).hexdigest().upper() for one in breached)
    file = tmp_path / "pwned.txt"
    file.write_text("".join(f"{line}:{'7' * (number % 5 + 1)}\r\n" for number, line in enumerate(lines)))
    settings.BREACHED_PASSWORDS = file
    for password in breached:
        with pytest.raises(ValidationError, match="breach"):
            validate_password(password)
    for number in range(40):
        validate_password(f"another password {number}")
