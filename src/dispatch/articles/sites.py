"""Asking a CMS's own API what changed since the last time: Ghost (Admin or Content API) and WordPress (REST API)."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import jwt
from django.utils import timezone

from dispatch import fetching, vault
from dispatch.articles.found import Found
from dispatch.articles.incoming import Act, Incoming, Malformed
from dispatch.articles.models import Article, Source
from dispatch.articles.payloads import ghost, wordpress

AT_ONCE = 50
Tell = Callable[[Source, dict[str, Any]], Incoming]


def ask_ghost(source: Source) -> Found:
    """Posts edited since the last poll, the oldest edit first; the Admin API also tells of what was taken back."""
    moment = _since(source).strftime("%Y-%m-%d %H:%M:%S")
    # >=, since Ghost counts in seconds: what was read before says what it said before.
    query = {"filter": f"updated_at:>='{moment}'", "order": "updated_at asc", "limit": AT_ONCE, "include": "tags"}
    found = from_ghost(source, "posts/", query | {"formats": "html"})
    posts = found.get("posts") if isinstance(found, dict) else None
    return _found(source, posts, ghost.told, "updated_at", found)


def from_ghost(source: Source, path: str, query: Mapping[str, object]) -> Any:
    """What the Admin API or, where the key is one of those, the Content API says; as `read_json` has it."""
    key = vault.unseal(bytes(source.api_key), f"source:{source.slug}:api_key") if source.api_key else ""
    if not key:
        return "Ghost's API needs a key: `dispatch source set --api-key-file`"
    api = f"{source.poll_url.rstrip('/')}/ghost/api"
    if ":" in key:
        return read_json(fetching.fetch(f"{api}/admin/{path}?{urlencode(query)}", headers=_admin_headers(key)))
    return read_json(fetching.fetch(f"{api}/content/{path}?{urlencode({**query, 'key': key})}"))


def ask_wordpress(source: Source) -> Found:
    """Public posts modified since the last poll, the oldest edit first."""
    # WordPress counts in seconds and means later ones: what was read before says what it said before.
    since = _since(source).replace(microsecond=0) - timedelta(seconds=1)
    query = {"modified_after": since.isoformat(), "_embed": 1, "per_page": AT_ONCE}
    found = from_wordpress(source, query | {"orderby": "modified", "order": "asc"})
    return _found(source, found, wordpress.told, "modified_gmt", found)


def from_wordpress(source: Source, query: Mapping[str, object]) -> Any:
    """Posts in every language: WPML would else tell of those in the site's own. As `read_json` has it."""
    asked = urlencode({**query, "wpml_language": "all"})
    return read_json(fetching.fetch(f"{source.poll_url.rstrip('/')}/wp-json/wp/v2/posts?{asked}"))


def look_at(source: Source, number: str) -> Incoming | str:
    """What the CMS says about one post: how it stands, or that it is gone; in a string why it says neither."""
    is_ghost = source.kind == Source.Kind.GHOST
    answer = _one_of_ghost(source, number) if is_ghost else read_json(fetching.fetch(wordpress.address(source, number)))
    try:
        told = (_understood_ghost if is_ghost else _understood_wordpress)(source, number, answer)
    except Malformed as malformed:
        return str(malformed)
    return told or (answer if isinstance(answer, str) else "the site answers with something else than a post")


def _one_of_ghost(source: Source, number: str) -> Any:
    return from_ghost(source, f"posts/{quote(number, safe='')}/", {"include": "tags", "formats": "html"})


def _understood_ghost(source: Source, number: str, answer: Any) -> Incoming | None:
    """Raises Malformed."""
    said = answer if isinstance(answer, dict) else {}
    posts, errors = (one if isinstance(one, list) else [] for one in (said.get("posts"), said.get("errors")))
    if any(ghost.is_not_found(error) for error in errors):
        return ghost.gone(source, number)
    found = next((post for post in posts if isinstance(post, dict) and post.get("id") == number), None)
    return ghost.told(source, found) if found else None


def _understood_wordpress(source: Source, number: str, answer: Any) -> Incoming | None:
    """Raises Malformed."""
    if not isinstance(answer, dict):
        return None
    if answer.get("code") in wordpress.GONE:
        return wordpress.gone(source, number)
    return wordpress.told(source, answer, Act.PUBLISH) if str(answer.get("id")) == number else None


def read_json(answer: fetching.Fetched | fetching.Failed) -> Any:
    """What an API says, also when it refuses in JSON; or in a string why it says nothing."""
    if isinstance(answer, fetching.Failed):
        return answer.reason
    try:
        return json.loads(answer.body)
    except ValueError:
        return f"the site answers {answer.status} and not in JSON"


def _since(source: Source) -> datetime:
    since = source.poll_state.get("since")
    return (datetime.fromisoformat(since) if since else source.created_at).astimezone(UTC)


def _found(source: Source, posts: Any, tell: Tell, moment: str, answer: Any) -> Found:
    if not isinstance(posts, list):
        return Found(trouble=answer if isinstance(answer, str) else f"the site refuses: {json.dumps(answer)[:200]}")
    incoming, troubles, latest = [], [], _since(source)
    for post in posts:
        try:
            told = tell(source, post)
            latest = max(latest, _moment(post[moment]))
        except (Malformed, KeyError, TypeError, ValueError) as problem:
            troubles.append(str(problem))  # one bad post does not keep the others out
            continue
        if told.act is not Act.WITHDRAW or _is_published(source, told.external_id):
            incoming.append(told)
    return Found(tuple(incoming), {"since": latest.isoformat()}, "; ".join(troubles))


def _moment(text: str) -> datetime:
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _is_published(source: Source, external_id: str) -> bool:
    here = Article.objects.filter(source=source, external_id=external_id, state=Article.State.PUBLISHED)
    return here.exists()


def _admin_headers(key: str) -> dict[str, str]:
    """An Admin API token: a JWT of five minutes (ghost.org/docs/admin-api, "Token authentication")."""
    number, _, secret = key.partition(":")
    now = timezone.now()
    claims = {"iat": now, "exp": now + timedelta(minutes=5), "aud": "/admin/"}
    token = jwt.encode(claims, bytes.fromhex(secret), algorithm="HS256", headers={"kid": number})
    return {"Authorization": f"Ghost {token}", "Accept-Version": "v6.0"}
