"""Keys that readers paste, and what can be encrypted to them. Alice's are made here; GnuPG is what readers have."""

import contextlib
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from pysequoia import Cert, CipherSuite, Tsk, decrypt

from dispatch import openpgp

ALICE = Tsk.generate(user_id="Alice <alice@example.org>", validity_seconds=10 * 24 * 3600)
BOB = Tsk.generate(user_id="Bob <bob@example.org>")
PUBLIC = str(ALICE.extract_certificate())


def refusal(text):
    with pytest.raises(openpgp.Unusable) as refused:
        openpgp.read(text)
    return str(refused.value)


@pytest.mark.parametrize("suite", [CipherSuite.Cv25519, CipherSuite.RSA2k, CipherSuite.P256])
def test_what_is_encrypted_only_the_owner_reads(suite):
    owner = Tsk.generate(user_id="Alice", cipher_suite=suite)
    key = openpgp.read(f"Here it is:\n\n{owner.extract_certificate()}\n-- \nAlice\n")
    made = openpgp.encrypt(key.armored, b"News\r\n")
    assert decrypt(decryptor=owner.decryptor(), bytes=made).bytes == b"News\r\n"
    assert made.startswith(b"-----BEGIN PGP MESSAGE-----\r\n")
    assert made.count(b"\n") == made.count(b"\r\n") > 3
    with pytest.raises(RuntimeError):
        decrypt(decryptor=BOB.decryptor(), bytes=made)


def test_a_key_is_shown_as_people_compare_it():
    held = openpgp.held(PUBLIC)
    assert held.fingerprint.replace(" ", "") == ALICE.extract_certificate().fingerprint.upper()
    assert {len(group) for group in held.fingerprint.split()} == {4}
    assert held.trouble == ""


@pytest.mark.parametrize(
    ("pasted", "why"),
    [
        ("", "none"),
        ("hello", "none"),
        (PUBLIC[:300], "none"),
        ("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n\n-----END PGP PUBLIC KEY BLOCK-----", "none"),
        (str(ALICE), "private"),
        ("a" * 40_000, "large"),
        (f"{PUBLIC}\n{BOB.extract_certificate()}", "several"),
    ],
)
def test_what_is_no_single_public_key_is_refused_by_its_reason(pasted, why):
    assert refusal(pasted) == why


def test_an_expired_key_gets_nothing_though_the_library_would():
    with time_machine.travel(datetime.now(UTC) + timedelta(days=11)):
        assert refusal(PUBLIC) == "expired"
        assert openpgp.held(PUBLIC).trouble == "expired"
        assert openpgp.held(PUBLIC).fingerprint
        with pytest.raises(openpgp.Unusable, match="expired"):
            openpgp.encrypt(PUBLIC, b"News")


def test_a_revoked_key_gets_nothing():
    whole = str(BOB.extract_certificate().merge(Cert.from_bytes(_revoked(BOB))))
    assert refusal(whole) == "revoked"


def _revoked(tsk):
    certificate = tsk.extract_certificate()
    return bytes(certificate) + bytes(certificate.revoke(tsk.certifier()))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(PUBLIC) - 1), st.characters(codec="ascii"))
def test_a_damaged_key_is_refused_or_still_alices(place, letter):
    with contextlib.suppress(openpgp.Unusable):
        key = openpgp.read(PUBLIC[:place] + letter + PUBLIC[place + 1 :])
        assert decrypt(decryptor=ALICE.decryptor(), bytes=openpgp.encrypt(key.armored, b"News")).bytes == b"News"


@pytest.fixture
def gpg(tmp_path_factory):
    """gpg("--export", …), in a home of its own."""
    program = shutil.which("gpg")
    if not program:
        pytest.skip("GnuPG is not installed (Debian: gnupg); the library's own decryption is tested all the same")
    home = tmp_path_factory.mktemp("g")
    home.chmod(0o700)
    command = [program, "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]

    def run(*arguments, given=b""):
        return subprocess.run([*command, *arguments], input=given, capture_output=True, check=True).stdout

    yield run
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)


def test_gnupg_opens_what_was_encrypted_to_its_key(gpg):
    gpg("--quick-gen-key", "alice@example.org", "default", "default", "2y")
    key = openpgp.read(gpg("--armor", "--export", "alice@example.org").decode())
    assert gpg("--decrypt", given=openpgp.encrypt(key.armored, "Навіны\r\n".encode())) == "Навіны\r\n".encode()


def test_a_key_that_only_signs_is_refused(gpg):
    gpg("--quick-gen-key", "alice@example.org", "ed25519", "sign", "2y")
    assert refusal(gpg("--armor", "--export", "alice@example.org").decode()) == "unfit"
