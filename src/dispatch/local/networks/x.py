"""X API v2 (docs.x.com/x-api): who we are, own posts, create, edit, delete, pictures, a new token for an old one."""

import base64
import time
from datetime import datetime
from typing import Any

from dispatch.local.networks import saying, signing_in
from dispatch.local.networks.server import Answer, Request, Speaker
from dispatch.local.networks.store import Posted, Store
from dispatch.social import counting

EDITS = 100
"""A post's number is its row's times this, plus how often it was edited."""


def answer(request: Request, store: Store) -> Answer:
    """By method and path."""
    if request.path == "/2/oauth2/token":
        return _renew(request)
    if request.headers.get("authorization", EXPIRED).endswith(EXPIRED):
        return _problem(401, "Unauthorized", "Unauthorized")
    if request.path == "/2/users/me":
        other = request.headers["authorization"].endswith(signing_in.OTHER)
        name = "other" if other else "office"
        return Answer({"data": {"id": "2" if other else "1", "name": "Office", "username": name}}, headers=_left())
    if request.method == "POST":
        return _post(request, store)
    if request.path.endswith("/tweets"):
        since = request.query.get("start_time", "1970-01-01T00:00:00Z")
        earliest = datetime.fromisoformat(since).timestamp()
        posts = [_shown(post) for post in store.posts("x", limit=40) if post.at >= earliest]
        return Answer({"data": posts, "meta": {"result_count": len(posts)}} if posts else {"meta": {"result_count": 0}})
    return _one(request, store)


def _left() -> dict[str, str]:
    """docs.x.com/x-api/fundamentals/rate-limits: what is left of the window of 15 minutes that is open now."""
    reset = str((int(time.time()) // 900 + 1) * 900)
    return {"x-rate-limit-limit": "75", "x-rate-limit-remaining": "74", "x-rate-limit-reset": reset}


EXPIRED = "of-two-hours-ago"
"""A token of which the stand-in says that it is over."""


def _renew(request: Request) -> Answer:
    """docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code: refresh tokens are good once."""
    if request.body.get("grant_type") != "refresh_token" or request.body.get("refresh_token") != "r1":
        return Answer({"error": "invalid_request", "error_description": "Value passed for the token was invalid."}, 400)
    return Answer(
        {"token_type": "bearer", "expires_in": 7200, "access_token": "t2", "refresh_token": "r2", "scope": ""}
    )


def _post(request: Request, store: Store) -> Answer:
    if request.path == "/2/tweets":
        return _create(request, store)
    if request.path == "/2/media/upload":
        content = base64.b64decode(str(request.body.get("media", "")))
        if not content or request.body.get("media_category") not in {"tweet_image", "tweet_gif"}:
            return _problem(400, "Invalid Request", "One or more parameters to your request was invalid.")
        if len(content) > 5_000_000:
            return _problem(400, "Invalid Request", "media is too large")
        number = store.keep("x", content, kind=str(request.body["media_category"]))
        return Answer({"data": {"id": str(number), "media_key": f"3_{number}", "size": len(content)}})
    if request.path == "/2/media/metadata":
        number, said = int(request.body["id"]), request.body["metadata"]["alt_text"]["text"]
        store.describe(number, said)
        return Answer({"data": {"id": str(number), "associated_metadata": request.body["metadata"]}})
    return _problem(404, "Not Found", "Not Found")


def _create(request: Request, store: Store) -> Answer:
    text = str(request.body.get("text", ""))
    pictures = list(request.body.get("media", {}).get("media_ids", []))
    if (not text and not pictures) or counting.x(text) > 280:
        return _problem(400, "Invalid Request", "Your Tweet text is too long.")
    if len(pictures) > 4 or not all(store.picture("x", number) for number in pictures):
        return _problem(400, "Invalid Request", "Your media IDs are invalid.")
    if edited := request.body.get("edit_options", {}).get("previous_post_id"):
        return _edit(int(edited), text, pictures, store)
    recent = [post for post in store.posts("x", limit=50) if post.at > time.time() - 12 * 3600]
    if any(post.text == text for post in recent):
        return DUPLICATE
    raw = {"text": text, "pictures": pictures, "reply": request.body.get("reply", {}), "edits": 0}
    number = store.add("x", "office", text, raw, link=saying.link(text), pictures=[int(each) for each in pictures])
    return Answer({"data": {"id": str(number * EDITS), "text": text}}, 201)


def _edit(number: int, text: str, pictures: list[str], store: Store) -> Answer:
    """A post of its own in the place of the other: it shows what it names."""
    post = store.get(number // EDITS)
    if post is None or post.raw["edits"] != number % EDITS:
        return _problem(400, "Invalid Request", "You are not permitted to edit this Tweet.")
    raw = {**post.raw, "text": text, "edits": post.raw["edits"] + 1, "pictures": pictures}
    store.change(post.id, text, raw, [int(each) for each in pictures])
    return Answer({"data": {"id": str(number + 1), "text": text}}, 201)


def _one(request: Request, store: Store) -> Answer:
    last = request.path.rpartition("/")[2]
    post = store.get(int(last) // EDITS) if last.isdigit() else None
    if post is None:
        return _problem(404, "Not Found", "Not Found")
    if request.method == "DELETE":
        store.remove(post.id)
        return Answer({"data": {"deleted": True}})
    return Answer({"data": _shown(post)})


def _shown(post: Posted) -> dict[str, Any]:
    """As X shows it: links behind t.co, and one more for pictures."""
    links = [
        {"url": f"https://t.co/{at}", "expanded_url": one} for at, one in enumerate(saying.LINK.findall(post.text))
    ]
    text = post.text
    for one in links:
        text = text.replace(one["expanded_url"], one["url"])
    if post.raw.get("pictures"):
        links.append({"url": "https://t.co/picture", "expanded_url": "https://x.com/photo/1", "media_key": "3_1"})
        text += " https://t.co/picture"
    numbers = [str(post.id * EDITS + edit) for edit in range(post.raw.get("edits", 0) + 1)]
    shown = {"id": numbers[-1], "text": text, "edit_history_tweet_ids": numbers, "entities": {"urls": links}}
    shown["public_metrics"] = dict.fromkeys(("reply_count", "like_count", "retweet_count"), 0)
    replied = post.raw.get("reply", {}).get("in_reply_to_tweet_id")
    return shown | ({"referenced_tweets": [{"type": "replied_to", "id": replied}]} if replied else {})


def _problem(status: int, title: str, detail: str) -> Answer:
    return Answer({"title": title, "status": status, "detail": detail}, status)


def limited(later: int) -> Answer:
    """docs.x.com/x-api/fundamentals/rate-limits."""
    headers = {"x-rate-limit-reset": str(later), "x-rate-limit-remaining": "0"}
    return Answer({"title": "Too Many Requests", "status": 429}, 429, headers)


DUPLICATE = _problem(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")
SPEAKER = Speaker(
    answer,
    lambda request: request.method == "POST" and request.path == "/2/tweets",
    limited,
    dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "demo"),
    duplicate=DUPLICATE,
)
