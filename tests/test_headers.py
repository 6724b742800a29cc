"""What every answer tells a browser, and what an https newsroom's cookies are."""

import runpy
from pathlib import Path

import newsroom
import pytest

import dispatch

SETTINGS = Path(dispatch.__file__).parent / "settings.py"


@pytest.fixture
def https(monkeypatch):
    """The settings of a newsroom whose public address is https."""
    monkeypatch.setenv("DISPATCH_PUBLIC_URL", "https://letters.example.org")
    return runpy.run_path(str(SETTINGS))


def test_cookies_of_an_https_newsroom_belong_to_its_host_alone(https):
    assert (https["SESSION_COOKIE_NAME"], https["CSRF_COOKIE_NAME"]) == ("__Host-sessionid", "__Host-csrftoken")
    assert https["SESSION_COOKIE_SECURE"]
    assert https["CSRF_COOKIE_SECURE"]
    assert https["SESSION_COOKIE_HTTPONLY"]
    assert not {"SESSION_COOKIE_DOMAIN", "SESSION_COOKIE_PATH", "SESSION_COOKIE_SAMESITE"} & set(
        https
    )  # Django's: none, / and Lax


def test_an_https_newsroom_is_asked_for_by_https_only(https):
    assert https["SECURE_HSTS_SECONDS"] >= 365 * 86400


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/account/login/", "/subscribe/office", "/nothing", "/operations/live"])
def test_every_page_says_what_a_browser_may_do(client, path):
    newsroom.newsletter()
    answer = client.get(path, headers={"origin": "https://evil.example.net"})
    policy = answer["Content-Security-Policy"]
    for rule in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'self'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] in {"same-origin", "no-referrer"}
    assert "Access-Control-Allow-Origin" not in answer
    assert "charset=utf-8" in answer["Content-Type"] or answer["Content-Type"] == "application/json"


@pytest.mark.django_db
def test_pages_of_people_are_not_kept_by_browsers(client):
    newsroom.signed_in(client)
    page = client.get("/")
    assert page["Cache-Control"] == "no-store"
    assert '"historyCacheSize": 0' in page.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/account/login/", "/subscribe/office", "/operations/health.json"])
def test_a_trace_is_refused(client, path):
    newsroom.newsletter()
    if path == "/":
        newsroom.signed_in(client)
    assert client.trace(path).status_code == 405
