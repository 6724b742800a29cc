import contextlib
import json
import logging
import smtplib
import subprocess
import sys

import pytest
from django.test import RequestFactory
from django.urls import Resolver404, resolve
from hypothesis import given
from hypothesis import strategies as st

from dispatch import logs

TOKEN = "abcdefghijklmnopqrstuvwxyz"


def record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    return logging.getLogger("dispatch.test").makeRecord(
        "dispatch.test", logging.INFO, "", 0, message, arguments, None, extra=extra
    )


@given(
    st.from_regex(r"[a-z0-9.+_-]{1,30}@[a-z0-9-]{1,20}\.(org|net|example)", fullmatch=True),
    st.sampled_from([logs.Line, logs.Json]),
)
def test_no_address_passes_in_any_field(address, formatter):
    line = formatter().format(record("to %s", f"<{address}>", who=address, many=[{"to": address}]))
    assert address not in line
    assert address.partition("@")[2] not in line


def test_a_name_in_another_alphabet_is_an_address_too():
    assert "аліса" not in logs.scrub("аліса@пошта.бел said no")


def test_a_readers_token_and_a_password_do_not_pass():
    assert TOKEN not in logs.scrub(f"GET /leave/{TOKEN}?x=1")
    assert TOKEN not in logs.scrub(f"token={TOKEN}")
    assert "s3cret" not in logs.scrub("amqp://user:s3cret@broker.example.org/x")


def test_an_exceptions_text_is_scrubbed_with_its_traceback():
    try:
        raise smtplib.SMTPRecipientsRefused({"alice@example.org": (550, b"no alice@example.org here")})
    except smtplib.SMTPRecipientsRefused:
        made = record("refused")
        made.exc_info = sys.exc_info()
    line = json.loads(logs.Json().format(made))
    assert "alice" not in line["trace"]
    assert "SMTPRecipientsRefused" in line["trace"]


def test_ids_and_words_stay_readable():
    with logs.correlated("email.send_chunk(3, 7)"):
        line = json.loads(logs.Json().format(record("chunk done", send=3, chunk=7)))
    assert (line["event"], line["send"], line["chunk"], line["of"]) == ("chunk done", 3, 7, "email.send_chunk(3, 7)")
    assert logs.Line().format(record("chunk done", send=3)).endswith("info dispatch.test chunk done send=3")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/subscription/11111111-2222-4333-8444-555555555555/66666666-7777-4888-8999-000000000000?uuid=abc", "/…"),
        ("/leave/abcdefgh", "/leave/<str:token>"),
        ("/editions/12", "/editions/12"),
    ],
)
def test_of_a_requests_address_its_page_and_numbers_are_told_alone(path, said):
    request = RequestFactory().get(path)
    with contextlib.suppress(Resolver404):
        request.resolver_match = resolve(request.path)
    record = logging.LogRecord("django.request", logging.ERROR, "", 0, "%s: %s", ("Broken", request.path), None)
    record.request = request
    assert logs.Place().filter(record)
    entry = json.loads(logs.Json().format(record))
    assert (entry["event"], entry["request"]) == (f"Broken: {said}", f"GET {said}")


def test_what_a_program_logs_of_a_broken_page_names_no_reader():
    told = """
import logging, types
from dispatch import logs
logs.configure()
request = types.SimpleNamespace(resolver_match=None, path="/old/alice", method="GET")
logging.getLogger("django.request").error("Broken: %s", request.path, extra={"request": request})
"""
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(done.stderr)["event"] == "Broken: /…"
    assert "alice" not in done.stderr
