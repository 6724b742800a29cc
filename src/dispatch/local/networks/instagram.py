"""An Instagram professional account (developers.facebook.com/docs/instagram-platform/content-publishing)."""

from typing import Any

from dispatch.local.networks import meta, saying
from dispatch.local.networks.server import Answer, Request, Speaker
from dispatch.local.networks.store import Posted, Store

USER = "17841400000000001"
MOST = 50
"""Posts a day; the reference's own example of content_publishing_limit."""
# How Instagram refuses a container that is out already is not documented; the stand-in takes the code of one it has not.
DUPLICATE = meta.problem(24, "The media with this creation id cannot be found.", subcode=2207006)


def answer(request: Request, store: Store) -> Answer:
    """By path, behind the version; /refresh_access_token has none."""
    if request.path == "/refresh_access_token":
        return refreshed(request, "ig_refresh_token")
    path = request.path.removeprefix("/").partition("/")[2]
    return meta.wrong_token(request) or _signed_in(path, request, store)


def _signed_in(path: str, request: Request, store: Store) -> Answer:
    if path == USER:
        return Answer({"id": USER, "username": "office"})
    if path == f"{USER}/content_publishing_limit":
        # reference/ig-user/content_publishing_limit
        used = {"quota_usage": len(store.posts("instagram")), "config": {"quota_total": MOST * 1000}}
        return Answer({"data": [used | {"quota_duration": 86400}]})
    if path == f"{USER}/media":
        return _make(request, store) if request.method == "POST" else _list(request, store)
    if path == f"{USER}/media_publish":
        return _publish(request, store)
    return _one(path, request, store)


def publishes(request: Request) -> bool:
    """POST /{user}/media_publish or /{media}/comments."""
    return request.method == "POST" and request.path.endswith(("/media_publish", "/comments"))


def refreshed(request: Request, grant: str) -> Answer:
    """reference/refresh_access_token."""
    if request.query.get("grant_type") != grant:
        return meta.missing("grant_type")
    if request.query.get("access_token") in {None, meta.EXPIRED}:
        return meta.problem(190, "Error validating access token: Session has expired.", subcode=463)
    return Answer({"access_token": "fresh", "token_type": "bearer", "expires_in": 5_183_944})


def _make(request: Request, store: Store) -> Answer:
    """reference/ig-user/media#creating: one picture, a part of a carousel, or a carousel of two to ten."""
    caption = str(request.body.get("caption", ""))
    if len(caption) > 2200:
        return meta.problem(36004, "The caption was too long.", subcode=2207010)
    if request.body.get("media_type") == "CAROUSEL":
        parts = [meta.container("instagram", name, store) for name in str(request.body.get("children")).split(",")]
        if not 2 <= len(parts) <= 10 or not all(part and part[2]["is_part"] for part in parts):
            return meta.problem(9004, "A carousel needs two to ten parts.", subcode=2207028)
        numbers = [number for part in parts if part for number in part[2]["pictures"]]
        return meta.contain("instagram", {"text": caption, "pictures": numbers, "is_part": False}, store)
    made = meta.picture(request, "instagram", store, narrowest=0.79, widest=1.92)
    if isinstance(made, Answer):
        return made
    is_part = request.body.get("is_carousel_item") == "true"
    return meta.contain("instagram", {"text": caption, "pictures": [made], "is_part": is_part}, store)


def _publish(request: Request, store: Store) -> Answer:
    """reference/ig-user/media_publish."""
    found = meta.container("instagram", str(request.body.get("creation_id", "")), store)
    if found is None or found[2]["is_part"] or found[1] == "PUBLISHED":
        return DUPLICATE
    number, state, held = found
    if state != "FINISHED":
        words = "Media ID is not available"
        return meta.problem(9007, words, subcode=2207027, error_user_msg="The media is not ready for publishing.")
    link = saying.link(held["text"])
    post = store.add("instagram", "office", held["text"], {"comment_on": ""}, link=link, pictures=held["pictures"])
    store.finish(number)
    return Answer({"id": str(meta.MEDIA + post)})


def _list(request: Request, store: Store) -> Answer:
    """reference/ig-user/media#reading."""
    since = float(request.query.get("since", 0))
    posts = [post for post in store.posts("instagram", limit=50) if post.at >= since and not post.raw["comment_on"]]
    return Answer({"data": [_shown(post) for post in posts]})


def _one(path: str, request: Request, store: Store) -> Answer:
    """A container's state (reference/ig-container), a post, its comments (reference/ig-media/comments)."""
    name, _, edge = path.partition("/")
    if found := meta.container("instagram", name, store):
        return Answer({"id": name, "status_code": found[1], "status": "2207052" if found[1] == "ERROR" else found[1]})
    post = store.get(int(name) - meta.MEDIA) if name.isdigit() else None
    if post is None:
        return meta.unknown(request)
    if edge == "comments" and request.method == "POST":
        text = str(request.body.get("message", ""))
        number = store.add("instagram", "office", text, {"comment_on": name})
        return Answer({"id": str(meta.MEDIA + number)}) if text else meta.missing("message")
    if edge == "comments":
        said = [one for one in store.posts("instagram") if one.raw["comment_on"] == name]
        return Answer({"data": [_shown(one) | {"text": one.text} for one in said]})
    if request.method == "DELETE":  # reference/ig-media#deleting
        store.remove(post.id)
        return Answer({"success": True, "deleted_id": name})
    said = [one for one in store.posts("instagram") if one.raw["comment_on"] == name]
    return Answer(_shown(post) | {"comments_count": len(said), "like_count": 0})


def _shown(post: Posted) -> dict[str, Any]:
    """reference/ig-media#fields."""
    return {
        "id": str(meta.MEDIA + post.id),
        "caption": post.text,
        "timestamp": meta.moment(post.at),
        "permalink": f"https://www.instagram.com/p/stand{post.id}/",
    }


def limited(later: int) -> Answer:
    """docs/graph-api/overview/rate-limiting: 4 is the app's."""
    return meta.limited(4, "instagram", later)


SPEAKER = Speaker(answer, publishes, limited, {"user_id": USER, "access_token": "demo"}, duplicate=DUPLICATE)
