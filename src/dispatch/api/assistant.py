"""What an assistant (Model Context Protocol) can do here: the API's calls as tools, by a token, so that the same rights hold.

It is a client like any other: what a token may not do it cannot do either, and what no token ever may is not offered.
"""

import json
import secrets
from typing import Annotated, Any, Literal

import httpx
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

INSTRUCTIONS = (
    "Dispatch takes a newsroom's stories to its readers: newsletters by mail, posts on social channels. You act for one "
    "person, within their token. A draft goes out only when it is scheduled; with when='now' it is published at once "
    "and in public: ask the person first, and show them the text. Never put a reader's data, or anything of a story under "
    "embargo, anywhere else. Approving, sending mail, resuming it and lifting a STOP take a person at the desk: the problem "
    "'needs-a-person' names the page. If something looks wrong in public, pause the send or pull a STOP; both harm nobody."
)
LOOKING = ToolAnnotations(read_only_hint=True, open_world_hint=False)
DOING = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=True)
PUBLIC = ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=True)
Number = Annotated[int, Field(ge=1)]
Reason = Annotated[
    str, Field(min_length=3, max_length=300, description="Why, for the audit log, in the person's words.")
]
Moment = Annotated[str, Field(description="RFC 3339 with a zone, such as 2026-11-23T08:30:00+02:00.")]
Said = dict[str, Any]


class Desk:
    """The tools, bound to a client that reaches one instance's API by one token."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def whoami(self) -> Said:
        """What this token may do (scopes), for a person of which role, and until when. Call it first."""
        return await self._ask("GET", "/me")

    async def list_stories(
        self,
        words: Annotated[str, Field(max_length=100, description="Looked for in titles; empty: the latest.")] = "",
        cursor: Annotated[str, Field(description="From `next` of the page before.")] = "",
    ) -> Said:
        """Stories, the latest first, each with its languages, the numbers of its posts and editions, and its embargo."""
        return await self._ask("GET", "/stories", words=words, cursor=cursor)

    async def look_at_story(self, story: Number) -> Said:
        """One story: titles, summaries and addresses in each language."""
        return await self._ask("GET", f"/stories/{story}")

    async def list_posts(
        self,
        state: Annotated[
            Literal["", "draft", "scheduled", "sent", "refused", "unknown", "deferred", "dropped"],
            Field(description="Empty: any. Drafts wait for somebody to schedule them."),
        ] = "",
        channel: Annotated[str, Field(description="A channel's slug; empty: any.")] = "",
        story: Annotated[int, Field(ge=0, description="0: any.")] = 0,
        cursor: Annotated[str, Field(description="From `next` of the page before.")] = "",
    ) -> Said:
        """Posts on social channels, the newest first."""
        return await self._ask("GET", "/posts", state=state, channel=channel, story=story, cursor=cursor)

    async def look_at_post(self, post: Number) -> Said:
        """One post in full: its text and version, what its network has against it (`problems`), and what changed it later."""
        return await self._ask("GET", f"/posts/{post}")

    async def list_channels(self) -> Said:
        """Connected accounts: how long a post may be there and in which unit, their languages, slots, and next free slot."""
        return await self._ask("GET", "/channels")

    async def look_at_calendar(self, begin: Moment, end: Moment) -> Said:
        """What goes, or went, out between two moments, 62 days at most."""
        return await self._ask("GET", "/calendar", begin=begin, end=end)

    async def list_late_posts(self) -> Said:
        """Posts that were not sent at their moment; nothing of them goes out until somebody decides."""
        return await self._ask("GET", "/late")

    async def look_at_feedback(self, story: Number) -> Said:
        """How a story was taken: mail in steps of twenty readers, posts in public numbers. Nobody is named."""
        return await self._ask("GET", f"/stories/{story}/feedback")

    async def look_at_changes(self, story: Number) -> Said:
        """What of a story is out and says what is not so any more; `open` waits for somebody's decision."""
        return await self._ask("GET", f"/stories/{story}/changes")

    async def look_at_words(self, edition: Number) -> Said:
        """What stands around an edition's stories, by language with its version: subject, preview text, intro, outro."""
        return await self._ask("GET", f"/editions/{edition}/words")

    async def look_at_preflight(self, edition: Number) -> Said:
        """What to mend before an edition leaves, the gravest first, in words with what to do."""
        return await self._ask("GET", f"/editions/{edition}/preflight")

    async def list_editions(self, newsletter: Annotated[str, Field(description="Its slug; empty: any.")] = "") -> Said:
        """Mailings of newsletters, the newest first, with their state."""
        return await self._ask("GET", "/editions", newsletter=newsletter)

    async def look_at_send(self, send: Number) -> Said:
        """How far an edition's mail is, in numbers of readers, and how many have none, by reason. Nobody is named."""
        return await self._ask("GET", f"/sends/{send}")

    async def look_at_health(self) -> Said:
        """Whether all is well, in words, with what to do where it is not."""
        return await self._ask("GET", "/health")

    async def list_stops(self) -> Said:
        """Every STOP in force: what does not leave just now, and why."""
        return await self._ask("GET", "/stops")

    async def draft_post(
        self,
        story: Number,
        channel: Annotated[str, Field(description="The channel's slug.")],
        text: Annotated[str, Field(description="Empty: by the newsroom's template.")] = "",
        language: Annotated[str, Field(description="Of the story's languages; empty: the channel's own.")] = "",
    ) -> Said:
        """Write a draft for a story and a channel, which has one post of a story at most. Nothing goes out by this."""
        return await self._ask(
            "POST", "/posts", said=_given(story=story, channel=channel, text=text, language=language)
        )

    async def rewrite_post(
        self,
        post: Number,
        version: Annotated[
            int, Field(ge=1, description="The one you read; if somebody changed it since, read it again.")
        ],
        text: str,
    ) -> Said:
        """Give a post that is not out another text."""
        return await self._ask("PATCH", f"/posts/{post}", said={"version": version, "text": text})

    async def schedule_post(
        self,
        post: Number,
        when: Annotated[str, Field(description="'next slot', 'now', or a moment: 2026-11-23T08:30:00+02:00.")],
        reason: Annotated[str, Field(max_length=200)] = "",
    ) -> Said:
        """Plan a post. 'now' publishes it at once, for everybody to see: ask the person first."""
        known: dict[str, Said] = {"next slot": {"slot": "next"}, "now": {"now": True}}
        moment = known.get(when, {"at": when})
        return await self._ask("POST", f"/posts/{post}/schedule", said=moment | {"reason": reason})

    async def move_post(
        self,
        post: Number,
        at: Moment,
        seen_state: Annotated[str, Field(description="The post's `state` as you read it.")],
        seen_due_at: Annotated[str, Field(description="The post's `due_at` as you read it.")],
    ) -> Said:
        """Move a planned post or a draft to another moment, if it stands as you saw it. A draft stays one."""
        said = {"at": at, "seen_state": seen_state, "seen_due_at": seen_due_at}
        return await self._ask("POST", f"/posts/{post}/move", said=said)

    async def write_words(
        self,
        edition: Number,
        language: str,
        version: Annotated[int, Field(ge=0, description="The one you read; if it changed since, read it again.")],
        *,
        subject: Annotated[str | None, Field(description="Left out: as it stands. Likewise the others.")] = None,
        preheader: str | None = None,
        intro: Annotated[str | None, Field(description="Markdown, before the stories.")] = None,
        outro: Annotated[str | None, Field(description="Markdown, after them.")] = None,
    ) -> Said:
        """Write around an edition's stories in one language, while it is not rendered. Nothing is sent by this."""
        words = {"subject": subject, "preheader": preheader, "intro": intro, "outro": outro}
        said = {"version": version} | {name: text for name, text in words.items() if text is not None}
        return await self._ask("PATCH", f"/editions/{edition}/words/{language}", said=said)

    async def ask_preflight(self, edition: Number) -> Said:
        """Have links, domain and spam score of an edition looked at; read what was found a minute later."""
        return await self._ask("POST", f"/editions/{edition}/preflight", said={})

    async def drop_post(self, post: Number, reason: Reason) -> Said:
        """Decide against a post that is not out."""
        return await self._ask("POST", f"/posts/{post}/drop", said={"reason": reason})

    async def take_back_post(self, post: Number, reason: Reason) -> Said:
        """Delete a post where it is out. A worker does it; the post's `changes` say what became of it."""
        return await self._ask("POST", f"/posts/{post}/take-back", said={"reason": reason})

    async def pause_send(self, send: Number, reason: Reason) -> Said:
        """Let no further mail of a send leave; `may_still_leave` is on the wire. A person lets it go on."""
        return await self._ask("POST", f"/sends/{send}/pause", said={"reason": reason})

    async def pull_stop(
        self,
        scope: Literal["everything", "newsletter", "channel"],
        reason: Reason,
        target: Annotated[str, Field(description="The newsletter's or channel's slug; empty for everything.")] = "",
    ) -> Said:
        """STOP: nothing of this scope leaves until a person lifts it."""
        return await self._ask("POST", "/stops", said=_given(scope=scope, target=target, reason=reason))

    async def _ask(self, method: str, path: str, said: Said | None = None, **query: object) -> Said:
        """Raises ToolError with what the instance said is wrong."""
        headers = {"Idempotency-Key": secrets.token_urlsafe(16)} if method == "POST" else {}
        try:
            answer = await self.http.request(method, path, params=_given(**query), json=said, headers=headers)
        except httpx.HTTPError as error:
            raise ToolError(f"Dispatch cannot be reached at {self.http.base_url}: {type(error).__name__}") from error
        if answer.status_code >= 400:
            raise ToolError(_problem(answer))
        told: Said = answer.json()
        return told


def server(address: str, token: str) -> MCPServer[Any]:
    """One that offers the tools of the instance at an address."""
    headers = {"Authorization": f"Bearer {token}"}
    return offering(
        httpx.AsyncClient(base_url=f"{address.rstrip('/')}/api/v1", headers=headers, timeout=30, trust_env=False)
    )


def offering(http: httpx.AsyncClient) -> MCPServer[Any]:
    """One that offers the tools of whatever API this client reaches."""
    desk, made = Desk(http), MCPServer[Any]("dispatch", title="Dispatch", instructions=INSTRUCTIONS)
    looking = (
        desk.whoami,
        desk.list_stories,
        desk.look_at_story,
        desk.list_posts,
        desk.look_at_post,
        desk.list_channels,
        desk.look_at_calendar,
        desk.list_late_posts,
        desk.look_at_feedback,
        desk.look_at_changes,
        desk.look_at_words,
        desk.look_at_preflight,
        desk.list_editions,
        desk.look_at_send,
        desk.look_at_health,
        desk.list_stops,
    )
    doing = (
        desk.draft_post,
        desk.rewrite_post,
        desk.move_post,
        desk.write_words,
        desk.ask_preflight,
        desk.drop_post,
        desk.pause_send,
        desk.pull_stop,
    )
    for tools, how in ((looking, LOOKING), (doing, DOING), ((desk.schedule_post, desk.take_back_post), PUBLIC)):
        for tool in tools:
            made.tool(annotations=how)(tool)
    return made


def _given(**values: object) -> Said:
    """Without what is empty."""
    return {name: value for name, value in values.items() if value}


def _problem(answer: httpx.Response) -> str:
    """In words, for whoever reads along."""
    try:
        said: Said = answer.json()
    except ValueError:
        return f"Dispatch answered {answer.status_code}, and not in JSON. Is the address right?"
    errors = "".join(f" {name}: {words}." for name, words in (said.get("errors") or {}).items())
    page = f" The page: {said['desk']}" if said.get("desk") else ""
    return f"{said.get('title', 'Refused')}. {said.get('detail', json.dumps(said))}{errors}{page}"
