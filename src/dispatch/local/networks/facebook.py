"""A Facebook Page (developers.facebook.com/docs/pages-api/posts, /docs/graph-api/reference/page/feed and /photos)."""

import json
from typing import Any

from dispatch.local.networks import meta, saying
from dispatch.local.networks.server import Answer, Request, Speaker
from dispatch.local.networks.store import Posted, Store

PAGE = "100200300400500"
LONGEST = 63_206
# docs/graph-api/overview/rate-limiting#headers-2: percentages, and minutes.
SHARES = {"type": "pages", "call_count": 3, "total_cputime": 1, "total_time": 7, "estimated_time_to_regain_access": 0}
USE = {"X-Business-Use-Case-Usage": json.dumps({PAGE: [SHARES]})}
# docs/graph-api/guides/error-handling, code 506.
DUPLICATE = meta.problem(
    506,
    "(#506) Duplicate status message",
    error_user_msg="This status update is identical to the last one you posted.",
)


def answer(request: Request, store: Store) -> Answer:
    """By path, behind the version."""
    path = request.path.removeprefix("/").partition("/")[2]
    if path == "oauth/access_token":
        return _exchange(request)
    return meta.wrong_token(request) or _signed_in(path, request, store)


def _signed_in(path: str, request: Request, store: Store) -> Answer:
    if path in {"me", PAGE}:  # docs/graph-api/reference/page
        return Answer({"id": PAGE, "name": "Office", "access_token": "page-token"}, headers=USE)
    if path == "debug_token":
        # docs/graph-api/reference/debug_token: a Page token from a long-lived one says 0, never.
        scopes = ["pages_manage_posts", "pages_read_engagement"]
        scopes += [] if _is_narrow(request) else ["pages_manage_engagement"]
        return Answer({"data": {"is_valid": True, "type": "PAGE", "expires_at": 0, "scopes": scopes}})
    if path == f"{PAGE}/photos":
        return _photo(request, store)
    if path == f"{PAGE}/feed":
        return _publish(request, store) if request.method == "POST" else _feed(request, store)
    return _one(path, request, store)


def publishes(request: Request) -> bool:
    """POST /{page}/feed or /{post}/comments."""
    return request.method == "POST" and request.path.endswith(("/feed", "/comments"))


def _exchange(request: Request) -> Answer:
    """docs/facebook-login/guides/access-tokens/get-long-lived."""
    if request.body.get("fb_exchange_token") in {None, meta.EXPIRED}:
        return meta.problem(190, "Error validating access token: Session has expired.", subcode=463)
    return Answer({"access_token": "user-token-2", "token_type": "bearer", "expires_in": 5_183_944})


def _photo(request: Request, store: Store) -> Answer:
    """docs/graph-api/reference/page/photos: unpublished, to be attached."""
    content = request.body.get("source", b"")
    if not content:
        return meta.problem(324, "(#324) Requires upload file")
    if request.body.get("published") != "false":
        return meta.problem(100, "the stand-in takes photos only unpublished")
    alt = str(request.body.get("alt_text_custom", ""))
    return Answer({"id": str(store.keep("facebook", content, kind="photo", alt=alt))})


def _publish(request: Request, store: Store) -> Answer:
    """docs/graph-api/reference/page/feed#publish: answers {"id": "page_post"}."""
    text, link = str(request.body.get("message", "")), str(request.body.get("link", ""))
    photos = [int(one["media_fbid"]) for one in json.loads(str(request.body.get("attached_media", "[]")))]
    if not (text or link or photos):
        return meta.problem(100, "(#100) Missing message or attachment")
    if len(text) > LONGEST or (link and photos):
        return meta.problem(100, "(#100) Invalid parameter")
    if not all(store.picture("facebook", number) for number in photos):
        return meta.problem(100, "(#100) Invalid parameter: media_fbid")
    if any(post.text == text for post in store.posts("facebook", limit=20)):
        return DUPLICATE
    raw = {"link": link, "comment_on": ""}
    number = store.add("facebook", "Office", text, raw, link=link or saying.link(text), pictures=photos)
    return Answer({"id": f"{PAGE}_{number}"})


def _feed(request: Request, store: Store) -> Answer:
    """docs/graph-api/reference/page/feed#read, with `since`."""
    since = float(request.query.get("since", 0))
    posts = [post for post in store.posts("facebook", limit=50) if post.at >= since and not post.raw["comment_on"]]
    return Answer({"data": [_shown(post) for post in posts], "paging": {}})


def _one(path: str, request: Request, store: Store) -> Answer:
    name, _, edge = path.partition("/")
    post = store.get(int(name.partition("_")[2] or 0)) if name.startswith(PAGE) else None
    if post is None:
        return meta.unknown(request)
    if edge == "comments":
        return _comment(name, request, store) if request.method == "POST" else _comments(name, store)
    if request.method == "DELETE":
        store.remove(post.id)
        return Answer({"success": True})
    if request.method == "POST":
        store.change(post.id, str(request.body.get("message", "")))
        return Answer({"success": True})
    if "summary" in request.query.get("fields", ""):
        said = [one for one in store.posts("facebook") if one.raw["comment_on"] == name]
        totals = {"comments": len(said), "reactions": 0}
        return Answer({"id": name} | {edge: {"data": [], "summary": {"total_count": n}} for edge, n in totals.items()})
    return Answer(_shown(post))


def _comment(name: str, request: Request, store: Store) -> Answer:
    """docs/graph-api/reference/object/comments#publish."""
    text = str(request.body.get("message", ""))
    if not text:
        return meta.missing("message")
    if _is_narrow(request):
        return meta.not_allowed()
    return Answer({"id": f"{PAGE}_{store.add('facebook', 'Office', text, {'link': '', 'comment_on': name})}"})


def _is_narrow(request: Request) -> bool:
    return request.headers.get("authorization", "") == f"Bearer {meta.NARROW}"


def _comments(name: str, store: Store) -> Answer:
    said = [post for post in store.posts("facebook") if post.raw["comment_on"] == name]
    return Answer({"data": [_shown(one) for one in said]})


def _shown(post: Posted) -> dict[str, Any]:
    """docs/graph-api/reference/pagepost: a link comes back in its attachment."""
    links = [{"unshimmed_url": post.raw["link"]}] if post.raw["link"] else []
    return {
        "id": f"{PAGE}_{post.id}",
        "message": post.text,
        "created_time": meta.moment(post.at),
        "permalink_url": f"https://www.facebook.com/{PAGE}/posts/{post.id}",
        "attachments": {"data": links},
    }


def limited(later: int) -> Answer:
    """docs/graph-api/overview/rate-limiting: 32 is a Page's."""
    return meta.limited(32, "pages", later)


SPEAKER = Speaker(
    answer, publishes, limited, {"page_id": PAGE, "access_token": "demo"}, account="Office", duplicate=DUPLICATE
)
