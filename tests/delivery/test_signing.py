"""A signed letter holds at other people's verifiers, whatever it says, and no longer once somebody has touched it."""

import functools
import re
import shutil
import subprocess
from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.audience.models import Newsletter
from dispatch.delivery import personalizing, signing
from dispatch.delivery.mailers import base
from dispatch.delivery.personalizing import Reader
from dispatch.editions import slots
from dispatch.editions.models import Variant

OPENDKIM = shutil.which("opendkim", path="/usr/sbin:/usr/local/sbin:/usr/bin")
NONCE = "0123456789abcdef"
NAME, LEAVE = slots.token(NONCE, "name"), slots.token(NONCE, "leave")
SAYS = re.compile(r'"([^"]*)"')


@functools.cache
def privates():
    return {
        "s1-rsa._domainkey.example.org": rsa.generate_private_key(65537, 2048),
        "s1-ed25519._domainkey.example.org": ed25519.Ed25519PrivateKey.generate(),
    }


@functools.cache
def keys():
    return tuple(signing.key(host, private) for host, private in privates().items())


@functools.cache
def records():
    return {host: "".join(SAYS.findall(signing.record(private))) for host, private in privates().items()}


def compiled(text=f"Hello{NAME}!\n\n.A  dot \n{LEAVE}\n", page=f"<p>Hello{NAME}</p>", subject="Навіны"):
    newsletter = Newsletter(slug="office", from_name="Офіс", from_address="news@example.org", reply_to="d@example.org")
    variant = Variant(pk=7, nonce=NONCE, subject=subject, text=text, html=page, language="be")
    return personalizing.compile_variant(variant, newsletter, 5, datetime(2026, 11, 23, 8, tzinfo=UTC))


def letter(name="Alice", address="alice@example.org", **content):
    return personalizing.fill(compiled(**content), Reader(1, address, name, b"12345678"))


def signed(*arguments, **content):
    head, body = letter(*arguments, **content)
    return b"".join((signing.sign(head, body, keys()), *body))


def verdicts(data):
    """Whether dkimpy finds each signature good, from the top."""
    return [holds(data, place) for place in range(len(re.findall(rb"(?m)^DKIM-Signature:", data)))]


def holds(data, place):
    try:
        return dkim.DKIM(data).verify(place, dnsfunc=answer)
    except dkim.ValidationError:  # the body is another one
        return False


def answer(host, **_):
    return records()[host.decode().rstrip(".")].encode()


def test_dkimpy_finds_both_signatures_good():
    assert verdicts(signed()) == [True, True]


@pytest.mark.skipif(not OPENDKIM, reason="no opendkim here: apt-get install opendkim")
def test_opendkim_finds_both_signatures_good(tmp_path):
    (tmp_path / "public").write_text("".join(f"{host} {record}\n" for host, record in records().items()))
    (tmp_path / "conf").write_text(f"TestPublicKeys {tmp_path}/public\nMode v\n")
    (tmp_path / "letter").write_bytes(signed(".Аліса 🧑‍🚀"))
    command = [OPENDKIM, "-x", tmp_path / "conf", "-t", tmp_path / "letter", "-v", "-v"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said
    found = re.findall(r"dkim=(\w+).* header\.a=(\S+)", said.stdout)
    assert found == [("pass", "rsa-sha256"), ("pass", "ed25519-sha256")]


@settings(max_examples=60, deadline=None)
@given(name=st.text(max_size=300), text=st.text(max_size=400), subject=st.text(max_size=120))
def test_whatever_a_letter_says_its_signatures_hold(name, text, subject):
    data = signed(name, text=f"{text}{NAME}{text}", page=f"{text}{NAME}", subject=subject)
    assert verdicts(data) == [True, True]


def test_an_international_recipients_letter_holds():
    assert verdicts(signed(address="аліса@прыклад.бел")) == [True, True]


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"\r\nTo: alice@", b"\r\nTo: bob@"),
        (b"\r\nTo: ", b"\r\nTo: bob@example.org\r\nTo: "),
        (b"\r\nTo: ", b"\r\nCc: bob@example.org\r\nTo: "),
        (b"\r\nFrom: ", b"\r\nFrom: eve@example.org\r\nFrom: "),
        (b"\r\nSubject: ", b"\r\nSubject: Pay\r\nSubject: "),
        (b"/leave/", b"/love/"),
        (b"\r\nList-Unsubscribe: ", b"\r\nList-Unsubscribe: <https://example.org/>\r\nList-Unsubscribe: "),
        (b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b"\r\n"),
        (b"\r\nReply-To: d@", b"\r\nReply-To: e@"),
        (b"\r\nMessage-ID: <", b"\r\nMessage-ID: <0"),
        (b"</p>", b"</p><p>more</p>"),
        (b"--\r\n", b"--\r\nmore\r\n"),
    ],
)
def test_what_is_changed_on_the_way_no_longer_holds(was, becomes):
    data = signed()
    assert was in data
    top, _, bottom = data.rpartition(was)
    assert verdicts(top + becomes + bottom) == [False, False]


LINE = st.lists(st.sampled_from(["a", "B", "é", ":", " ", "\t", "  ", "\r\n ", "\r\n\t x"]), max_size=12).map("".join)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["To", "Subject", "X-a"]), LINE), min_size=1, max_size=5))
def test_headers_are_made_canonical_as_dkimpy_does(headers):
    """Whatever spaces and folds they have (RFC 6376 section 3.4.2)."""
    pairs = [(name.encode(), f"{value} end\r\n".encode()) for name, value in headers]
    names, head = signing._relaxed(b"".join(name + b":" + value for name, value in pairs))
    theirs = dkim.canonicalization.Relaxed.canonicalize_headers(pairs)
    assert head == b"".join(name + b":" + value for name, value in theirs)
    assert names == b":".join(name for name, _ in theirs)


def test_what_relays_do_to_white_space_and_what_they_put_on_top_does_no_harm():
    data = signed().replace(b"\r\nTo: ", b"\r\nto:\r\n\t ").replace(b"; boundary", b";\r\n   boundary")
    assert verdicts(b"Received: by relay.example.org\r\n" + data + b"\r\n\r\n") == [True, True]


def test_a_letter_that_is_signed_again_is_the_same_to_the_byte():
    assert signed() == signed()


def test_the_hash_of_a_shared_opening_gives_the_same_signature():
    late = {"text": "The same for all.\n" * 200 + NAME}
    head, body = letter(**late)
    assert len(body[0]) > 3000
    assert signing.sign(head, body, keys()) == signing.sign(head, [b"".join(body)], keys())


def test_a_signed_letter_keeps_every_rule_of_a_letter():
    data = signed("Аліса" * 60)
    assert base.Message("news@example.org", "alice@example.org", data).whole() == data
    assert data.endswith(b"\r\n")
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 78
    assert b"\n" not in data.replace(b"\r\n", b"")


def test_without_keys_a_letter_is_left_alone():
    head, body = letter()
    assert signing.sign(head, body, ()) == head
