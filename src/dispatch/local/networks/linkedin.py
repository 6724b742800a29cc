"""LinkedIn's Posts, Images and Comments APIs (learn.microsoft.com/linkedin/marketing/community-management/shares), and its
statistics of posts (…/community-management/organizations/share-statistics)."""

import re
import time
from typing import Any
from urllib.parse import unquote

from dispatch.local.networks import saying
from dispatch.local.networks.server import Answer, Request, Speaker
from dispatch.local.networks.store import Posted, Store

AUTHOR = "urn:li:organization:5515715"
SHARES = 7_000_000_000_000_000_000
REQUIRED = ("author", "commentary", "visibility", "distribution", "lifecycleState")
PERSON = "urn:li:person:alice"
EXPIRED, NARROW, FEED = "expired", "narrow", "feed"
"""Tokens: one whose time is over, one without rw_organization_admin, and a person's with w_member_social_feed, without which
nobody comments as a person (comments-api, "Permissions")."""
TOKEN = re.compile(
    r"\\(?P<escaped>.)|\{hashtag\|\\#\|(?P<tag>\w+)\}|(?P<end>[|{}@\[\]()<>#*_~])|(?P<plain>.)", re.DOTALL
)


def answer(request: Request, store: Store) -> Answer:
    """By path."""
    if request.path == "/oauth/v2/accessToken":
        return _refreshed(request)
    return _wrong(request) or _signed_in(unquote(request.path.removeprefix("/rest/")), request, store)


def _signed_in(path: str, request: Request, store: Store) -> Answer:
    if path == f"organizations/{AUTHOR.rpartition(':')[2]}":  # organizations/organization-lookup-api
        return Answer({"id": 5515715, "localizedName": "Office", "vanityName": "office"})
    if path.startswith("images"):
        return _initialized(request, store)
    if request.path.startswith("/upload/"):
        return _uploaded(request, store)
    if path == "posts":
        return _publish(request, store) if request.method == "POST" else _finder(request, store)
    if path.startswith("socialActions/"):
        return _comments(path, request, store)
    is_of_numbers = path == "organizationalEntityShareStatistics"
    return _statistics(request, store) if is_of_numbers else _one(path.removeprefix("posts/"), request, store)


def publishes(request: Request) -> bool:
    """Creates a post or a comment; a partial update has the same verb."""
    creates = request.path.endswith(("/posts", "/comments"))
    return request.method == "POST" and creates and "x-restli-method" not in request.headers


def shown(commentary: str) -> str:
    """What readers see of little text: nothing behind the first reserved character that is not escaped."""
    seen = []
    for one in TOKEN.finditer(commentary):
        if one["end"]:
            break
        seen.append(f"#{one['tag']}" if one["tag"] else one["escaped"] or one["plain"])
    return "".join(seen)


def _wrong(request: Request) -> Answer | None:
    """shared/api-guide/concepts/error-handling and versioning."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token in {"", EXPIRED}:
        words = "The token used in the request has expired" if token else "Empty oauth2 access token"
        return _problem(401, "EXPIRED_ACCESS_TOKEN" if token else "INVALID_ACCESS_TOKEN", words)
    if request.path.startswith("/rest/") and not re.fullmatch(r"20\d{4}", request.headers.get("linkedin-version", "")):
        return _problem(400, "VERSION_MISSING", "A version must be present. Please specify a version header.")
    return None


def _refreshed(request: Request) -> Answer:
    """shared/authentication/programmatic-refresh-tokens."""
    if request.body.get("refresh_token") in {None, EXPIRED} or not request.body.get("client_secret"):
        return Answer({"error": "invalid_grant", "error_description": "The provided refresh token is invalid"}, 400)
    more = {"refresh_token": "refresh-2", "refresh_token_expires_in": 525_600}
    return Answer({"access_token": "fresh", "expires_in": 5_184_000, **more})


def _initialized(request: Request, store: Store) -> Answer:
    """images-api#initialize-image-upload."""
    if request.query.get("action") != "initializeUpload" or "initializeUploadRequest" not in request.body:
        return _problem(400, "ILLEGAL_ARGUMENT", "Request body could not be converted to data map")
    number = store.keep("linkedin", b"", kind="waiting")
    name, host = f"urn:li:image:C5500{number}", request.headers.get("host")
    value = {"uploadUrlExpiresAt": int(time.time() + 3600) * 1000, "image": name}
    return Answer({"value": value | {"uploadUrl": f"http://{host}/linkedin/upload/{number}"}})


def _uploaded(request: Request, store: Store) -> Answer:
    """images-api#upload-the-image: 201, and nothing more."""
    number = int(request.path.rpartition("/")[2])
    if request.method != "PUT" or not request.raw or store.picture("linkedin", number) is None:
        return _problem(400, "ILLEGAL_ARGUMENT", "There is no picture")
    store.fill(number, request.raw)
    return Answer(None, 201)


def _publish(request: Request, store: Store) -> Answer:
    """posts-api#create-organic-posts: 201, the name in x-restli-id."""
    lacking = [name for name in REQUIRED if name not in request.body]
    if lacking:
        words = f"ERROR :: /{lacking[0]} :: field is required but not found and has no default value"
        return _problem(422, "", words)
    if request.body["author"] not in {AUTHOR, PERSON}:
        return _problem(403, "ACCESS_DENIED", "Not enough permissions to access: author")
    text = shown(str(request.body["commentary"]))
    if len(text) > 3000:
        return _problem(422, "", "ERROR :: /commentary :: length of text exceeds 3000")
    pictures = _pictures(request.body.get("content", {}), store)
    if isinstance(pictures, Answer):
        return pictures
    for post in store.posts("linkedin", limit=20):
        if post.text == text and not post.raw["comment_on"]:
            return _duplicate(_name(post))
    article = dict(request.body.get("content", {}).get("article", {}))
    more = {"link": article.get("source") or saying.link(text), "pictures": pictures}
    card = (
        {"uri": article["source"], **{key: article.get(key, "") for key in ("title", "description")}} if article else {}
    )
    raw = {"comment_on": "", "commentary": str(request.body["commentary"])}
    number = store.add("linkedin", "Office", text, raw, card=card, **more)
    return Answer(None, 201, {"x-restli-id": f"urn:li:share:{SHARES + number}"})


def _pictures(content: Any, store: Store) -> list[int] | Answer:
    """posts-api#content: a picture, two to twenty, or an article, which must have a title."""
    article = content.get("article")
    if article is not None and not (article.get("source") and article.get("title")):
        return _problem(422, "", "ERROR :: /content/article/title :: field is required but not found")
    images = content.get("multiImage", {}).get("images") or ([content["media"]] if "media" in content else [])
    if "multiImage" in content and not 2 <= len(images) <= 20:
        return _problem(422, "", "ERROR :: /content/multiImage/images :: takes two to twenty")
    if article and article.get("thumbnail"):
        images = [{"id": article["thumbnail"], "altText": ""}]
    numbers = []
    for image in images:
        number = int(str(image["id"]).removeprefix("urn:li:image:C5500"))
        kept = store.picture("linkedin", number)
        if kept is None or not kept.content:
            return _problem(400, "INVALID_IMAGE_ID", f"{image['id']} is not uploaded")
        store.describe(number, str(image.get("altText", "")))
        numbers.append(number)
    return numbers


def _finder(request: Request, store: Store) -> Answer:
    """posts-api#find-posts-by-authors."""
    if request.query.get("q") != "author" or request.query.get("author") != AUTHOR:
        return _problem(403, "ACCESS_DENIED", "Not enough permissions to access: partnerApiPosts.FINDER-author")
    posts = [post for post in store.posts("linkedin", limit=50) if not post.raw["comment_on"]]
    return Answer({"elements": [_shown(post) for post in posts], "paging": {"start": 0, "count": 50}})


def _one(name: str, request: Request, store: Store) -> Answer:
    """posts-api#update-posts and #delete-posts: 204; a deletion may be asked for twice."""
    post = store.get(int(name.rpartition(":")[2]) - SHARES) if name.startswith("urn:li:share:") else None
    if request.method == "DELETE":
        if post:
            store.remove(post.id)
        return Answer(None, 204)
    if post is None:
        return _problem(404, "NOT_FOUND", "The requested post was not found")
    if request.headers.get("x-restli-method") == "PARTIAL_UPDATE":
        commentary = str(request.body["patch"]["$set"]["commentary"])
        store.change(post.id, shown(commentary), {**post.raw, "commentary": commentary})
        return Answer(None, 204)
    return Answer(_shown(post))


def _comments(path: str, request: Request, store: Store) -> Answer:
    """comments-api: create, list, delete; of a comment of our own."""
    _, on, _, *rest = path.split("/")
    if rest:
        number = int(rest[0])
        if request.method == "DELETE":
            store.remove(number)
        elif request.headers.get("x-restli-method") == "PARTIAL_UPDATE":
            store.change(number, str(request.body["patch"]["$set"]["message"]["text"]))
        return Answer(None, 204)
    if request.method == "POST":
        text, actor = str(request.body.get("message", {}).get("text", "")), request.body.get("actor")
        if actor == PERSON and not request.headers["authorization"].endswith(FEED):
            return _problem(403, "ACCESS_DENIED", "Not enough permissions to access: partnerApiSocialActions.CREATE")
        if not text or len(text) > 1250 or actor not in {AUTHOR, PERSON} or not request.body.get("object"):
            return _problem(400, "ILLEGAL_ARGUMENT", "Comment is not valid")
        number = store.add("linkedin", "Office", text, {"comment_on": on, "actor": actor})
        return Answer({"id": str(number)}, 201, {"x-restli-id": str(number)})
    said = [post for post in store.posts("linkedin") if post.raw["comment_on"] == on]
    elements = [
        {
            "id": str(one.id),
            "actor": one.raw.get("actor", AUTHOR),
            "message": {"text": one.text},
            "created": {"time": int(one.at * 1000)},
        }
        for one in said
    ]
    return Answer({"elements": elements})


def _statistics(request: Request, store: Store) -> Answer:
    """…/organizations/share-statistics, "Retrieve Statistics for Specific Shares": one element for each that it knows."""
    if request.headers["authorization"].endswith(NARROW) or request.query.get("organizationalEntity") != AUTHOR:
        what = "organizationalEntityShareStatistics.FINDER-organizationalEntity"
        return _problem(403, "ACCESS_DENIED", f"Not enough permissions to access: {what}")
    names = re.fullmatch(r"List\((.*)\)", request.query.get("shares", "List()"))
    if request.query.get("q") != "organizationalEntity" or names is None:
        return _problem(400, "ILLEGAL_ARGUMENT", "Query parameter is not valid")
    posts = [post for post in store.posts("linkedin") if _name(post) in names[1].split(",")]
    elements = [
        {"organizationalEntity": AUTHOR, "share": _name(post), "totalShareStatistics": _totals(post, store)}
        for post in posts
    ]
    return Answer({"paging": {"start": 0, "count": 10, "links": []}, "elements": elements})


def _totals(post: Posted, store: Store) -> dict[str, Any]:
    """The same page, "Share Statistics Data Schema"."""
    comments = sum(one.raw["comment_on"] == _name(post) for one in store.posts("linkedin"))
    seen = {"impressionCount": 40, "uniqueImpressionsCount": 31, "clickCount": 2, "engagement": 0.05}
    return seen | {"commentCount": comments, "likeCount": 0, "shareCount": 0}


def _shown(post: Posted) -> dict[str, Any]:
    """posts-api, "Post schema"."""
    at = int(post.at * 1000)
    return {
        "id": _name(post),
        "author": AUTHOR,
        "commentary": post.raw["commentary"],
        "createdAt": at,
        "publishedAt": at,
    }


def _name(post: Posted) -> str:
    return f"urn:li:share:{SHARES + post.id}"


def _problem(status: int, code: str, words: str) -> Answer:
    return Answer({"status": status, "code": code, "message": words}, status)


def _duplicate(name: str) -> Answer:
    """As quoted by those who met it (Arisamiga/Linkedin-RSS, issue 5); the documentation only names the code."""
    wrong = {"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}
    words = f"Content is a duplicate of {name}"
    return Answer({"message": words, "errorDetails": {"inputErrors": [wrong]}, "status": 422}, 422)


def limited(later: int) -> Answer:
    """shared/api-guide/concepts/rate-limits, with the moment in HTTP's own header."""
    words = {
        "status": 429,
        "code": "TOO_MANY_REQUESTS",
        "message": "Resource level throttle limit for calls is reached.",
    }
    return Answer(words, 429, {"Retry-After": str(max(1, later - int(time.time())))})


SPEAKER = Speaker(
    answer,
    publishes,
    limited,
    {"author": AUTHOR, "access_token": "demo"},
    account="Office",
    duplicate=_duplicate(f"urn:li:share:{SHARES}"),
)
