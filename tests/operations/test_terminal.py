"""The queue at a terminal: the same numbers and acts as on its page, for people and for programs."""

import json
import subprocess
from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch import cli, queue, signs
from dispatch.accounts.models import AuditEntry
from dispatch.delivery import relays
from dispatch.delivery.models import Chunk, DeliveryException, WorkerBeat
from dispatch.social.models import Post

pytestmark = pytest.mark.django_db
WHY = ["--by", "alice@example.org", "--reason", "the network is back"]


@pytest.fixture
def alice(monkeypatch):
    monkeypatch.setattr(queue, "enqueue", lambda *_: None)
    return newsroom.person()


@pytest.fixture
def refused():
    return newsroom.post(newsroom.channel(), newsroom.story("en"), Post.State.REFUSED, trouble="403")


def said(capsys, *words):
    assert cli.main(list(words)) == 0
    return capsys.readouterr().out


def test_the_board_says_what_waits(refused, capsys):
    line = next(line for line in said(capsys, "queue").splitlines() if line.startswith("posts"))
    assert line.split()[:6] == ["posts", "·", "·", "·", "1", "·"]
    assert json.loads(said(capsys, "queue", "--json"))["post"]["failed"]["count"] == 1


def test_items_are_listed_and_opened(refused, capsys):
    assert "403" in said(capsys, "queue", "list", "post", "--column", "failed")
    told = json.loads(said(capsys, "queue", "list", "post", "--json"))
    assert (told["count"], told["items"][0]["id"], told["items"][0]["acts"][0]) == (1, str(refused.pk), "retry")
    assert "It was written." in said(capsys, "queue", "show", "post", str(refused.pk))
    assert json.loads(said(capsys, "queue", "show", "post", str(refused.pk), "--json"))["events"]


def test_one_is_tried_again_and_the_reason_is_kept(alice, refused, capsys):
    assert "1 of 1 tried again now." in said(capsys, "queue", "retry", "post", str(refused.pk), *WHY)
    refused.refresh_from_db()
    assert refused.state == "scheduled"
    assert AuditEntry.objects.get(act="post.retry").reason == "the network is back"


def test_all_that_match_are_dropped(alice, refused, capsys):
    assert "1 item dropped." in said(capsys, "queue", "drop", "post", "--all", "--column", "failed", *WHY)


def test_a_stuck_chunk_is_dropped(alice, capsys):
    newsroom.relay()
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=3)
    newsroom.send(office, newsroom.story("en"))
    chunk = Chunk.objects.get()
    assert cli.main(["queue", "drop", "chunk", str(chunk.pk), *WHY]) == 1
    assert "nothing was changed" in capsys.readouterr().err
    Chunk.objects.update(state="stuck")
    assert "1 of 1 dropped." in said(capsys, "queue", "drop", "chunk", str(chunk.pk), *WHY)
    assert set(DeliveryException.objects.values_list("state", flat=True)) == {"cancelled"}
    assert "chunk.drop" in said(capsys, "queue", "show", "chunk", str(chunk.pk))


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["retry", "post", "1"], "--by is to be the address"),
        (["retry", "post", "1", "--by", "alice@example.org"], "say why"),
        (["retry", "post", *WHY], "name the items"),
        (["move", "post", "1", *WHY], "nothing that can be done to a post"),
        (["move", "chunk", "1", *WHY], "name of a relay"),
        (["retry", "post", "one", *WHY], "“one” is no id of a post"),
        (["retry", "reader", "1017", *WHY], "“1017” is no id of a reader. A reader's is its send's number and its own"),
        (["show", "reader", "1017"], "a reader is named by the send's number and its own"),
        (["drop", "post", "1", "--state", "refused", *WHY], "not both"),
        (["drop", "post", "1", "--all", *WHY], "not both"),
        (["retry", "post", "999", *WHY], "nothing was changed"),
        (["list", "gossip"], "There is no kind"),
        (["show", "post", "999"], "there is no post 999"),
    ],
)
def test_what_was_asked_wrongly_is_answered_in_a_sentence(alice, capsys, words, answer):
    assert cli.main(["queue", *words]) == 1
    assert answer in capsys.readouterr().err


def test_top_shows_what_goes_on_once_where_nobody_looks(capsys):
    newsroom.relay()
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=3)
    newsroom.send(office, newsroom.story("en"))
    now = timezone.now()
    hands = [{"task": "email.send_chunk(4, 12)", "since": now.isoformat()}]
    values = {"queues": "email", "started_at": now, "beat_at": now, "version": "0.1.0", "memory": 52_428_800}
    lines = [
        {"relay": "main", "state": state, "count": 3, "since": now.isoformat()} for state in ("at rest", "at work")
    ]
    WorkerBeat.objects.create(name="host:7", now=hands, connections=lines, **values)
    text = said(capsys, "top")
    assert "main 3 at rest, 3 at work" in text
    assert "office" in text
    assert "email.send_chunk(4, 12)" in text
    assert "50 MB" in text
    told = json.loads(said(capsys, "top", "--json"))
    assert (told["sends"][0]["readers"], told["workers"][0]["now"]) == (3, ["email.send_chunk(4, 12)"])
    assert told["workers"][0]["connections"] == lines
    assert json.loads(said(capsys, "queue", "workers", "--json")) == told["workers"]
    assert "main 3 at rest, 3 at work" in said(capsys, "queue", "workers")


def test_a_deaf_worker_is_shown_as_such(client, capsys):
    now = timezone.now()
    values = {"queues": "email", "started_at": now, "beat_at": now, "heard_at": now - timedelta(minutes=3)}
    WorkerBeat.objects.create(name="host:7", **values)
    assert "DEAF" in said(capsys, "top")
    assert json.loads(said(capsys, "top", "--json"))["workers"][0]["deaf"]
    page = newsroom.signed_in(client).get("/operations/queue/workers/").content.decode()
    assert "heard nothing since" in page
    WorkerBeat.objects.update(heard_at=now)
    assert "DEAF" not in said(capsys, "top")


def test_a_worker_that_is_slow_to_start_is_shown_as_such_with_what_to_do(client, capsys):
    now = timezone.now()
    values = {"queues": "email", "started_at": now, "beat_at": now, "heard_at": now - timedelta(minutes=3)}
    WorkerBeat.objects.create(name="host:7", doing=signs.STARTING, **values)
    assert "SLOW TO START: 3 min" in said(capsys, "top")
    assert json.loads(said(capsys, "top", "--json"))["workers"][0]["starting_s"] >= 180
    page = newsroom.signed_in(client).get("/operations/queue/workers/").content.decode()
    assert "3 min so far" in page
    assert signs.REMEDY in page
    WorkerBeat.objects.update(heard_at=now)
    assert "SLOW" not in said(capsys, "top")


def test_a_send_is_paused_at_the_terminal(alice, capsys):
    relays.save("main", "fake://")
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=1)
    send = newsroom.send(office, newsroom.story("en"))
    for act, state in (("pause", "paused"), ("resume", "sending"), ("cancel", "cancelling")):
        assert f"is {state} now" in said(capsys, "send", act, str(send.pk), *WHY)


def test_a_shell_completes_commands(tmp_path, capsys):
    script = tmp_path / "dispatch.bash"
    script.write_text(said(capsys, "completion", "bash"))
    typed = "COMP_WORDS=(dispatch queue re); COMP_CWORD=2; _shtab_dispatch"
    ask = f'source {script}; {typed}; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True)
    assert "retry" in done.stdout.split()


def test_a_post_in_doubt_is_settled_by_who_looked(alice, capsys):
    doubtful = newsroom.post(newsroom.channel(), newsroom.story("en"), Post.State.UNKNOWN)
    seen = ("--is-out", "--address", "https://social.example/@office/12")
    assert "is not posted again" in said(capsys, "queue", "settle", "post", str(doubtful.pk), *seen, *WHY)
    doubtful.refresh_from_db()
    assert (doubtful.state, doubtful.remote_id) == ("sent", "12")
    assert AuditEntry.objects.get(act="post.went_out").who == alice


def test_one_that_is_not_out_is_posted_again(alice, capsys):
    doubtful = newsroom.post(newsroom.channel(), newsroom.story("en"), Post.State.UNKNOWN)
    assert "posted again now" in said(capsys, "queue", "settle", "post", str(doubtful.pk), "--is-not-out", *WHY)
    doubtful.refresh_from_db()
    assert doubtful.state == "scheduled"


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["--is-out"], "--by is to be the address"),
        (["--is-out", "--by", "alice@example.org"], "say what you saw"),
        (["--is-out", *WHY], "nobody is in doubt of a post"),
    ],
)
def test_a_post_of_which_nobody_is_in_doubt_is_left_alone(alice, refused, capsys, words, answer):
    assert cli.main(["queue", "settle", "post", str(refused.pk), *words]) == 1
    assert answer in capsys.readouterr().err
