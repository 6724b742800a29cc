"""A Threads profile (developers.facebook.com/docs/threads: posts, reply-management, troubleshooting, delete-posts and
insights)."""

from typing import Any

from dispatch.local.networks import instagram, meta, saying
from dispatch.local.networks.server import Answer, Request, Speaker
from dispatch.local.networks.store import Posted, Store
from dispatch.social import counting

USER = "25025025025025025"
# How Threads refuses a container that is out already is not documented; the stand-in takes the code of one it has not.
DUPLICATE = meta.problem(24, "The requested resource does not exist", subcode=4279009)


def answer(request: Request, store: Store) -> Answer:
    """By path, behind the version; /refresh_access_token has none."""
    if request.path == "/refresh_access_token":
        return instagram.refreshed(request, "th_refresh_token")
    path = request.path.removeprefix("/").partition("/")[2]
    return meta.wrong_token(request) or _signed_in(path, request, store)


def _signed_in(path: str, request: Request, store: Store) -> Answer:
    if path == USER:  # docs/threads/threads-profiles
        return Answer({"id": USER, "username": "office"})
    if path == f"{USER}/threads_publishing_limit":
        # docs/threads/troubleshooting#retrieve-publishing-quota-limit, whose total is 250.
        used = {"quota_usage": 0, "config": {"quota_total": 250, "quota_duration": 86400}}
        return Answer({"data": [used]})
    if path == f"{USER}/threads" and request.method == "POST":
        return _make(request, store)
    if path in {f"{USER}/threads", f"{USER}/replies"}:
        return _list(path.endswith("/replies"), request, store)
    if path == f"{USER}/threads_publish":
        return _publish(request, store)
    name, _, edge = path.partition("/")
    return _insights(name, request, store) if edge == "insights" else _one(path, request, store)


def publishes(request: Request) -> bool:
    """POST /{user}/threads_publish."""
    return request.method == "POST" and request.path.endswith("/threads_publish")


def _make(request: Request, store: Store) -> Answer:
    """docs/threads/posts, "Create a Threads media container", and "Carousel posts": two to twenty parts."""
    text, reply = str(request.body.get("text", "")), str(request.body.get("reply_to_id", ""))
    if counting.threads(text) > 500:
        return meta.problem(100, "Param text must be at most 500 characters long.")
    if len(set(saying.LINK.findall(text))) > 5:
        return meta.problem(100, "THREADS_API__LINK_LIMIT_EXCEEDED")
    if reply and store.get(int(reply) - meta.MEDIA) is None:
        return meta.problem(100, "The requested resource does not exist", subcode=33)
    pictures = _pictures(text, request, store)
    if isinstance(pictures, Answer):
        return pictures
    is_part = request.body.get("is_carousel_item") == "true"
    return meta.contain("threads", {"text": text, "reply": reply, "pictures": pictures, "is_part": is_part}, store)


def _pictures(text: str, request: Request, store: Store) -> list[int] | Answer:
    """By the kind of the container."""
    kind = request.body.get("media_type")
    if kind == "TEXT" and text:
        return []
    if kind == "CAROUSEL":
        parts = [meta.container("threads", name, store) for name in str(request.body.get("children")).split(",")]
        if not 2 <= len(parts) <= 20 or not all(part and part[2]["is_part"] for part in parts):
            return meta.problem(100, "Param children must have between 2 and 20 elements.")
        return [number for part in parts if part for number in part[2]["pictures"]]
    if kind != "IMAGE":
        return meta.missing("text" if kind == "TEXT" else "media_type")
    made = meta.picture(request, "threads", store, narrowest=0.099, widest=10.1)
    return made if isinstance(made, Answer) else [made]


def _publish(request: Request, store: Store) -> Answer:
    """docs/threads/posts, "Publish a Threads media container"."""
    found = meta.container("threads", str(request.body.get("creation_id", "")), store)
    if found is None or found[1] != "FINISHED" or found[2]["is_part"]:
        return DUPLICATE
    number, _, held = found
    link = saying.link(held["text"])
    post = store.add("threads", "office", held["text"], held, link=link, pictures=held["pictures"])
    store.finish(number)
    return Answer({"id": str(meta.MEDIA + post)})


def _list(is_replies: bool, request: Request, store: Store) -> Answer:
    """docs/threads/threads-media and docs/threads/reply-management."""
    since = float(request.query.get("since", 0))
    posts = [post for post in store.posts("threads", limit=50) if post.at >= since]
    return Answer({"data": [_shown(post) for post in posts if bool(post.raw["reply"]) == is_replies]})


def _one(name: str, request: Request, store: Store) -> Answer:
    """A container's state (docs/threads/troubleshooting), a post, its end (docs/threads/posts/delete-posts)."""
    if found := meta.container("threads", name, store):
        failed = {"error_message": "INVALID_ASPEC_RATIO"} if found[1] == "ERROR" else {}
        return Answer({"id": name, "status": found[1], **failed})
    post = store.get(int(name) - meta.MEDIA) if name.isdigit() else None
    if post is None:
        return meta.unknown(request)
    if request.method == "DELETE":
        store.remove(post.id)
        return Answer({"success": True, "deleted_id": name})
    return Answer(_shown(post))


def _insights(name: str, request: Request, store: Store) -> Answer:
    """docs/threads/insights, "Media Insights": of a first post the replies are all of them."""
    post = store.get(int(name) - meta.MEDIA) if name.isdigit() else None
    wanted = request.query.get("metric", "").split(",")
    if post is None:
        return meta.unknown(request)
    if request.headers["authorization"].endswith(meta.NARROW):
        return meta.not_allowed()
    if not set(wanted) <= {"views", "likes", "replies", "reposts", "quotes", "shares"}:
        return meta.problem(100, "(#100) metric must be one of the following values: views, likes, replies, reposts")
    replies = sum(one.raw["reply"] == name for one in store.posts("threads"))
    return Answer({"data": [_insight(name, metric, replies if metric == "replies" else 0) for metric in wanted]})


def _insight(name: str, metric: str, count: int) -> dict[str, Any]:
    told = {"name": metric, "period": "lifetime", "values": [{"value": count}], "title": metric.capitalize()}
    return told | {"description": f"The number of {metric} on your post.", "id": f"{name}/insights/{metric}/lifetime"}


def _shown(post: Posted) -> dict[str, Any]:
    """docs/threads/threads-media#fields."""
    return {
        "id": str(meta.MEDIA + post.id),
        "text": post.text,
        "timestamp": meta.moment(post.at),
        "permalink": f"https://www.threads.net/@office/post/stand{post.id}",
    }


def limited(later: int) -> Answer:
    """docs/threads/overview#rate-limiting, in the Graph API's way."""
    return meta.limited(4, "threads", later)


SPEAKER = Speaker(answer, publishes, limited, {"user_id": USER, "access_token": "demo"}, duplicate=DUPLICATE)
