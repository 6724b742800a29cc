"""`dispatch check`: whether the host of discreet letters' links works, and tells nothing."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from dispatch.local.finding import Finding, ok, todo, wrong

NAME = "DISPATCH_DISCREET_URL"


def url() -> Iterator[Finding]:
    """One finding."""
    from django.conf import settings

    if settings.DISCREET_URL:
        yield _judged(settings.DISCREET_URL, settings.PUBLIC_URL, settings.ALLOWED_HOSTS)
    else:
        yield todo(f"Links of discreet letters name the newsroom's own host. Set {NAME} to a neutral one.")


def _judged(given: str, own: str, allowed: list[str]) -> Finding:
    from django.http.request import validate_host

    parts = urlsplit(given)
    host = parts.hostname or ""
    if parts.scheme != "https" or not host or parts.path or parts.query:
        return wrong(f"{NAME} is {given!r}; give https:// and a host, nothing behind it.")
    if _owner(host) == _owner(urlsplit(own).hostname or ""):
        return wrong(
            f"{NAME} is {given}, under the same domain as DISPATCH_PUBLIC_URL: it says whose letters these are."
        )
    if not validate_host(host, allowed):
        return wrong(f"DISPATCH_HOSTS does not name {host}, so the web refuses its readers. Add it to DISPATCH_HOSTS.")
    return ok(f"Links of discreet letters lead to {given}.")


def _owner(host: str) -> str:
    """Its last two labels: near enough to who registered it, for hosts of one newsroom."""
    return ".".join(host.lower().split(".")[-2:])
