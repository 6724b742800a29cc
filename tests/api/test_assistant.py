"""An assistant over standard input, before a live instance: it does what its token may, and is told in words what not."""

import os
import subprocess
import sys
from datetime import timedelta

import anyio
import newsroom
import pytest
import serving
from mcp import ClientSession, StdioServerParameters, stdio_client

from dispatch.accounts.models import AuditEntry, Stop
from dispatch.api import tokens
from dispatch.api.tokens import Scope
from dispatch.editions import planning
from dispatch.editions.models import Edition
from dispatch.social.models import Post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def server(django_db_setup, tmp_path_factory):
    """`dispatch web`, upon the tests' database."""
    with serving.web(tmp_path_factory.mktemp("web")) as base:
        yield base


@pytest.fixture
def secret():
    _, made = tokens.mint(newsroom.person(), "Assistant", list(Scope), 1)
    return made


@pytest.fixture
def asking(server):
    """asking(secret, ("whoami", {}), …): what each tool said, and whether it refused; all in one conversation."""

    def ask(secret, *calls):
        async def talk():
            here = StdioServerParameters(
                command=sys.executable,
                args=["-m", "dispatch.cli", "mcp", "--url", server],
                env={"DISPATCH_TOKEN": secret, "DISPATCH_DATA_DIR": os.environ["DISPATCH_DATA_DIR"]},
            )
            async with stdio_client(here) as (reads, writes), ClientSession(reads, writes) as session:
                await session.initialize()
                offered = {tool.name: tool for tool in (await session.list_tools()).tools}
                return offered, [await session.call_tool(name, said) for name, said in calls]

        return anyio.run(talk)

    return ask


def test_from_a_story_to_a_planned_post(asking, secret):
    story = newsroom.story("en", "be")
    newsroom.channel()
    _, (who, stories, draft) = asking(
        secret,
        ("whoami", {}),
        ("list_stories", {"words": "reading"}),
        ("draft_post", {"story": story.pk, "channel": "masto", "text": "Doors open at six."}),
    )
    assert who.structured_content["name"] == "Assistant"
    assert [one["id"] for one in stories.structured_content["items"]] == [story.pk]
    post = draft.structured_content["id"]
    _, (written, planned) = asking(
        secret,
        ("rewrite_post", {"post": post, "version": 1, "text": "Doors open at seven."}),
        ("schedule_post", {"post": post, "when": "2027-01-04T08:30:00+02:00"}),
    )
    assert written.structured_content["version"] == 2
    assert planned.structured_content["state"] == "scheduled"
    assert Post.objects.get().text == "Doors open at seven."
    assert AuditEntry.objects.filter(act="post.schedule", via__endswith="Assistant").exists()


def test_a_post_is_moved_and_a_digest_worded(asking, secret):
    office = newsroom.newsletter(cadence="daily")
    story = newsroom.story("en")
    planning.plan(story.articles.get())
    digest = Edition.objects.get(newsletter=office)
    post = newsroom.post(on=newsroom.channel(), about=story, state="draft", due_at=digest.due_at)
    seen = {"seen_state": "draft", "seen_due_at": post.due_at.isoformat()}
    _, (moved, written, found, late, taken) = asking(
        secret,
        ("move_post", {"post": post.pk, "at": (digest.due_at + timedelta(hours=3)).isoformat(), **seen}),
        ("write_words", {"edition": digest.pk, "language": "en", "version": 0, "intro": "Good morning."}),
        ("look_at_preflight", {"edition": digest.pk}),
        ("list_late_posts", {}),
        ("look_at_feedback", {"story": story.pk}),
    )
    assert moved.structured_content["state"] == "draft"
    assert Post.objects.get().due_at == digest.due_at + timedelta(hours=3)
    assert (written.structured_content["intro"], written.structured_content["subject"]) == ("Good morning.", "")
    assert found.structured_content["findings"]
    assert (late.structured_content["items"], taken.structured_content["mail"]) == ([], [])


def test_what_goes_wrong_is_said_in_words(asking, secret):
    _, (stale, unknown, wrong) = asking(
        secret,
        ("look_at_post", {"post": 10**6}),
        ("schedule_post", {"post": 10**6, "when": "tomorrow"}),
        ("pull_stop", {"scope": "channel", "target": "nowhere", "reason": "a drill"}),
    )
    assert all(one.is_error for one in (stale, unknown, wrong))
    assert "There is nothing here" in stale.content[0].text
    assert "at: " in unknown.content[0].text
    assert "target: there is no active channel of this name" in wrong.content[0].text


def test_a_stop_may_be_pulled_and_its_lifting_is_not_offered(asking, secret):
    offered, (pulled,) = asking(secret, ("pull_stop", {"scope": "everything", "reason": "a drill"}))
    assert not pulled.is_error
    assert Stop.objects.get().reason == "a drill"
    assert not [
        name for name in offered if any(word in name for word in ("lift", "approve", "resume", "export", "reader"))
    ]


def test_every_tool_says_what_it_does_and_which_only_look(asking, secret):
    offered, _ = asking(secret)
    assert len(offered) == 26
    assert all(len(tool.description) > 20 and tool.input_schema["type"] == "object" for tool in offered.values())
    looking = {name for name, tool in offered.items() if tool.annotations.read_only_hint}
    assert {name for name in offered if name.startswith(("list_", "look_", "whoami"))} == looking
    assert {name for name, tool in offered.items() if tool.annotations.destructive_hint} == {
        "schedule_post",
        "take_back_post",
    }


def test_the_assistant_has_its_tokens_rights_and_no_more(asking):
    _, made = tokens.mint(newsroom.person("editor"), "Reader", [Scope.STORIES], 1)
    _, (read, refused) = asking(made, ("list_stories", {}), ("pull_stop", {"scope": "everything", "reason": "a drill"}))
    assert (read.is_error, refused.is_error) == (False, True)
    assert "stop:pull" in refused.content[0].text
    assert not Stop.objects.exists()


def test_without_a_token_it_says_where_one_is_made():
    bare = {name: value for name, value in os.environ.items() if name != "DISPATCH_TOKEN"}
    done = subprocess.run(
        [sys.executable, "-m", "dispatch.cli", "mcp"], env=bare, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "/account/tokens/" in done.stderr) == (2, True)
