"""One article, one address: what differs by the road a reader took is left out."""

from urllib.parse import parse_qsl, urlencode, urlsplit

ROADS = {"fbclid", "gclid", "yclid", "igshid", "mc_cid", "mc_eid", "ref", "source"}
"""Query fields that say where a reader came from, beside all that begin with `utm_`."""


def canonical(url: str) -> str:
    """The address without scheme, `www.`, road, fragment and last slash: to compare by, not to open."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.")
        port = f":{parts.port}" if parts.port and parts.port not in {80, 443} else ""
    except ValueError:
        return ""
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _is_road(pair[0])]
    query = f"?{urlencode(sorted(kept))}" if kept else ""
    return f"{host}{port}{parts.path.rstrip('/')}{query}"[:1000] if host else ""


def _is_road(name: str) -> bool:
    return name.startswith("utm_") or name in ROADS
