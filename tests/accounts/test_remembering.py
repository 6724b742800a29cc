"""What one process remembers every process knows: tries that were counted, codes that were used."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import newsroom
import pytest
import time_machine
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.db import connection, connections

from dispatch.accounts import remembering, signing_in
from dispatch.accounts.models import Remembered

GONE = "redis://127.0.0.1:1"
ELSEWHERE = """
import django, sys, time
django.setup()
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from dispatch import env
from dispatch.accounts import signing_in
from dispatch.accounts.models import User

client, secret = Client(), sys.argv[2]
client.post(signing_in.link(User.objects.get()))
for _ in range(int(sys.argv[1])):
    client.post("/account/factors/show/", {"code": "000000"})
moment = time.time()
client.post("/account/factors/show/", {"code": f"{totp.hotp_value(secret, int(moment) // 30):06}"})
print("in" if "_auth_user_id" in client.session else "out", moment)
"""


def elsewhere(wrong, secret, **environment):
    """A process of its own, that shares the database alone: wrong codes, then the right one. Whether it got in, and when."""
    url = f"postgresql://dispatch@/{connection.settings_dict['NAME']}?host={connection.settings_dict['HOST']}"
    said = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(wrong), secret],
        env=os.environ | {"DISPATCH_DATABASE_URL": url, "DISPATCH_DATABASE_POOL": "0"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    outcome, moment = said.stdout.split()
    return outcome, float(moment)


@pytest.fixture
def secret(client):
    """Alice's, who set up an app."""
    alice = newsroom.person()
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(alice, secret)
    client.post(signing_in.link(alice))
    return secret


@pytest.mark.django_db(transaction=True)
def test_codes_guessed_in_two_processes_are_counted_together_whatever_became_of_the_broker(client, secret):
    for _ in range(6):
        client.post("/account/factors/show/", {"code": "000000"})
    assert elsewhere(4, secret, DISPATCH_BROKER_URL=GONE)[0] == "out"
    assert elsewhere(0, secret, DISPATCH_BROKER_URL=GONE)[0] == "out"
    Remembered.objects.all().delete()
    assert elsewhere(0, secret)[0] == "in"


@pytest.mark.django_db(transaction=True)
def test_a_code_that_was_used_in_another_process_is_not_good_again(client, secret):
    outcome, moment = elsewhere(0, secret)
    with time_machine.travel(moment):
        client.post("/account/factors/show/", {"code": f"{totp.hotp_value(secret, int(moment) // 30):06}"})
    assert (outcome, "_auth_user_id" in client.session) == ("in", False)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_add_at_once_one_does():
    def add(_):
        try:
            return cache.add("a code", "y", 30)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as several:
        assert sum(several.map(add, range(8))) == 1


@pytest.mark.django_db
def test_what_is_remembered_is_forgotten_in_time():
    now = time.time()
    assert cache.add("tries", [1.5], 30)
    assert not cache.add("tries", [2.5], 30)
    cache.set("name", None, None)
    with time_machine.travel(now + 20):
        assert cache.get("tries") == [1.5]
        assert cache.touch("tries", 30)
    with time_machine.travel(now + 40):
        assert cache.get("tries") == [1.5]
    with time_machine.travel(now + 60):
        assert cache.get("tries", "none") == "none"
        assert cache.add("tries", [3.5], 5)
    with time_machine.travel(now + 90):
        remembering.forget_old()
        assert Remembered.objects.count() == 1
        assert cache.get("name", "none") is None
        assert cache.delete("name")
        assert not cache.delete("name")


@pytest.mark.django_db
def test_the_database_does_not_tell_which_code_or_person_is_remembered():
    cache.set("allauth.mfa.totp.used?user=1&code=123456", "y")
    assert b"123456" not in bytes(Remembered.objects.get().key)
