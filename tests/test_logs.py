import json
import logging
import smtplib
import sys

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
