"""Doors to the networks whose own modules may come later: what each asks for, what it is given, what it keeps of it."""

import contextlib
import functools
import threading
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as some
from jwt.algorithms import ECAlgorithm

from dispatch.local.networks import signing_in
from dispatch.local.networks.server import Answer, Server, Speaker
from dispatch.social import doors, dpop, programs, renewing
from dispatch.social.doors import asking, atproto, bluesky_oauth
from dispatch.social.doors.base import No

BACK = "http://dispatch.test/channels/connect/back/{}"
LATER = ("facebook", "instagram", "threads")


def exchanged(_request, _store):
    """developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived"""
    return Answer({"access_token": "user-token", "token_type": "bearer", "expires_in": 5_183_944})


@pytest.fixture
def place(tmp_path, settings, db):
    """Stand-ins that know of signing in, and nothing else."""
    speakers = {
        name: Speaker(
            exchanged,
            lambda _: False,
            lambda _: Answer({}, 429),
            signs_in=functools.partial(signing_in.answer, name, {}),
        )
        for name in LATER
    }
    server = Server(0, tmp_path / "posts.sqlite", speakers)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    settings.FETCH_ALLOW = ["127.0.0.1"]
    for name in LATER:
        programs.keep(name, programs.Program(f"http://127.0.0.1:{server.server_port}/{name}", "id", "secret"))
    yield server
    server.shutdown()
    server.server_close()
    server.store.connection.close()


def through(door):
    """Begin, say yes, finish: the accounts."""
    network = door.way.network
    begun = door.begin({}, BACK.format(network), "a state")
    address = urlsplit(httpx.get(f"{begun.url}&answer=yes").headers["location"])
    said = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert said["state"] == "a state"
    return door.finish(said, begun.kept, BACK.format(network))


@pytest.mark.usefixtures("place")
def test_pages_of_facebook_have_tokens_of_their_own_and_what_renews_them():
    first, second = through(doors.meta.Facebook())
    assert (first.account, second.account) == ("Office", "Office, culture")
    kept = {"access_token", "page_id", "user_token", "app_id", "app_secret"}
    assert kept <= set(first.credentials)


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("door", [doors.meta.Instagram(), doors.meta.Threads()])
def test_instagram_and_threads_give_a_token_for_sixty_days(door):
    (found,) = through(door)
    assert (found.account, found.credentials["user_id"]) == ("@office", "1")
    assert timedelta(days=59) < found.expires_at - timezone.now() < timedelta(days=60)
    assert found.credentials["expires_at"] == found.expires_at.isoformat()


@pytest.mark.parametrize(
    ("typed", "server"),
    [
        ("social.example.org", "https://social.example.org"),
        (" https://Social.Example.org/ ", "https://social.example.org"),
        ("https://social.example.org/@office", "https://social.example.org"),
        ("@office@social.example.org", "https://social.example.org"),
        ("http://127.0.0.1:8330/mastodon", "http://127.0.0.1:8330/mastodon"),
        ("https://user:password@social.example.org", "https://social.example.org"),
    ],
)
def test_an_instance_is_understood_as_people_write_it(typed, server):
    assert asking.server(typed) == server


@given(some.text(max_size=40))
def test_whatever_is_typed_is_a_server_or_told(typed):
    with contextlib.suppress(No):
        assert asking.server(asking.server(typed)) == asking.server(typed)


def test_a_verifier_and_its_challenge_are_those_of_the_standard():
    """RFC 7636, appendix B."""
    assert (
        asking.challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )
    assert 43 <= len(asking.verifier()) <= 128


def test_a_proof_is_of_its_request_its_token_and_its_key():
    key = dpop.new_key()
    signed = dpop.proof(key, "POST", "https://pds.example/xrpc/x?y=1", nonce="n", token="t")
    header = jwt.get_unverified_header(signed)
    assert (header["typ"], header["alg"], "d" in header["jwk"]) == ("dpop+jwt", "ES256", False)
    said = jwt.decode(signed, ECAlgorithm.from_jwk(header["jwk"]), algorithms=["ES256"])
    assert (said["htm"], said["htu"], said["nonce"]) == ("POST", "https://pds.example/xrpc/x", "n")
    # RFC 9449 section 4.2: ath is the token's hash.
    assert said["ath"] == asking.challenge("t")
    assert (
        jwt.decode(dpop.proof(key, "GET", "https://a.example/"), options={"verify_signature": False})["jti"]
        != said["jti"]
    )


def test_the_program_shows_the_public_half_of_its_key_and_never_the_other(client, db, settings):
    assert client.get("/channels/connect/program.json").status_code == 404
    settings.PUBLIC_URL, settings.SECURE = "https://dispatch.example.org", True
    said = client.get("/channels/connect/program.json").json()
    assert (
        said["client_id"]
        == bluesky_oauth.client_id(said["redirect_uris"][0])
        == "https://dispatch.example.org/channels/connect/program.json"
    )
    (shown,) = said["jwks"]["keys"]
    assert "d" not in shown
    sealed = dpop._ourselves(said["client_id"], "https://pds.example")["client_assertion"]
    claims = jwt.decode(sealed, ECAlgorithm.from_jwk(shown), algorithms=["ES256"], audience="https://pds.example")
    assert claims["iss"] == claims["sub"] == said["client_id"]
    assert client.get("/channels/connect/program.json").json() == said


def test_signing_in_at_bluesky_needs_https_and_says_so():
    with pytest.raises(No, match="Use an app password"):
        bluesky_oauth.client_id("http://localhost:8321/channels/connect/back/bluesky")


@pytest.mark.parametrize("iss", ["https://evil.example", ""])
def test_an_answer_of_another_server_is_refused(iss):
    kept = {"issuer": "https://pds.example"}
    with pytest.raises(No, match="another server"):
        bluesky_oauth.SignInThere().finish({"code": "c", "iss": iss}, kept, "https://dispatch.example.org/back")


@pytest.mark.parametrize(
    "handle", ["office", "office.", "a b.example", "did:plc:short", "-x.example", "http://x.example"]
)
def test_what_is_no_handle_is_not_looked_up(handle):
    with pytest.raises(No, match="is no handle"):
        atproto.find(handle)


def test_a_server_that_is_away_renews_later_and_loses_nothing(settings):
    settings.FETCH_ALLOW = []
    keys = {"refresh_token": "r", "client_id": "http://localhost", "token_url": "http://127.0.0.1:9/token"}
    answer = renewing.bound(keys | {"dpop_key": dpop.new_key(), "issuer": "i", "identifier": "did:plc:x"})
    assert "cannot be asked" in answer.reason
    assert not hasattr(answer, "credentials")
