"""Each alert's trouble, told in the order things happen. A trouble is caused before its first `yield`, which gives what is
the reader's own on the alert's page; what is mended outside of Dispatch stands before the second; what must be so once the
alert is over, after it.

Time cannot be made to pass: where a rule says minutes or days, what it looks at is made older in the database (`aged`).
"""

import json
import os
import signal
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import psycopg

from dispatch import env
from runbooks import unserved
from runbooks.world import ADDRESS, WEB

HELD = """
CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'held for the rehearsal'; END $$;
CREATE TRIGGER held BEFORE INSERT ON articles_revision FOR EACH ROW EXECUTE FUNCTION held();
"""


def mail_stuck(world):
    """No relay at all, for half an hour; and a letter that was altered after it was frozen, and is put right."""
    title = world.publish()
    send = world.send_of(title)
    world.sql("UPDATE delivery_send SET started_at = started_at - interval '31 minutes' WHERE id = %s", send)
    world.sql("UPDATE editions_variant SET text = text || 'altered' WHERE subject = %s", title)
    chunk = world.one("SELECT id FROM delivery_chunk WHERE send_id = %s", send)
    yield {ADDRESS: world.mail.url, "RELAY": "main", "SEND": send, "CHUNK": chunk}
    stuck = "SELECT id FROM delivery_chunk WHERE id = %s AND state = 'stuck'"
    world.until(lambda: world.one(stuck, chunk), "an altered letter did not make its chunk stick")
    world.sql("UPDATE editions_variant SET text = replace(text, 'altered', '') WHERE subject = %s", title)
    yield
    world.wait_sent(title)


def mail_not_accepted(world):
    """A mail server that puts off more than half of an edition's letters, until it does not any more."""
    world.mail.puts_off = 70
    title = world.publish()
    send = world.send_of(title)
    yield {"SEND": send, "RELAY": "main"}
    world.mail.puts_off = 0
    yield
    world.wait_sent(title)


def backup_old(world):
    """There was never one."""
    key, public = world.holder()
    yield {"FILE": "monday.age", "age1…": public, "KEY": key}


def certificate_expires(world):
    """The proxy shows one of five days, and a fresh one once it is renewed."""
    yield {"HOST:443": f"localhost:{world.proxy.port}", "HOST": "localhost"}
    world.proxy.renew(days=90)


def details_kept(world):
    """Somebody's psql has read of them and was left open; the send's end is aged by nine days."""
    session = psycopg.connect(env.database_url(), application_name="psql")
    session.execute("SELECT count(*) FROM delivery_exception")
    world.sql(
        "UPDATE delivery_send SET finished_at = finished_at - interval '9 days' WHERE id = %s",
        world.send_of(world.published[0]),
    )
    yield {"SESSION": session.info.backend_pid}
    yield
    kept = world.one(
        "SELECT count(*) FROM delivery_send WHERE emptied_at IS NULL AND finished_at < now() - interval '8 days'"
    )
    assert kept == 0, "the details are still there"


def unbalanced(world):
    """The ledger loses the last reader of a send that is over, by hand, and the clock is made to close it again."""
    _, public = world.holder()
    send = world.wait_sent(world.publish())
    world.sql("UPDATE delivery_chunk SET settled = settled - 1 WHERE send_id = %s AND NOT is_retry", send)
    world.sql("UPDATE delivery_send SET state = 'sending', finished_at = NULL WHERE id = %s", send)
    yield {"SEND": send, "FILE": "for-the-report.age", "age1…": public}


def channel_expires(world):
    """Keys that end in three days, and others that end in two months."""
    world.connect("linkedin", "company", expires_at=_in(days=3))
    yield {"NETWORK": "linkedin", "CHANNEL": "company", "FILE": world.keys("linkedin", expires_at=_in(days=60))}


def channel_trouble(world):
    """A token that its network has taken back; a story comes meanwhile, whose post waits and then leaves once."""
    world.connect("mastodon", "office", access_token="revoked")  # so the stand-in knows it
    yield {"NETWORK": "mastodon", "CHANNEL": "office", "FILE": world.keys("mastodon")}
    yield
    world.until(lambda: world.networks.posted("mastodon"), "what waited for the channel was not posted")


def posts_unknown(world):
    """A network that lets nobody look takes a post, and its answer is lost."""
    world.connect("telegram", "messages", account="@office")
    world.networks.fault("telegram", "drop_after")
    title = world.publish()
    doubtful = "SELECT id FROM social_post WHERE state = 'unknown'"
    post = world.until(lambda: world.one(doubtful), "the post whose answer was lost is not in doubt")
    yield {"POST": post, "ADDRESS": "https://t.me/office/1"}
    yield
    world.wait_sent(title)


def webhooks_stuck(world):
    """The database refuses what a CMS said (a constraint of somebody's own), until that is gone."""
    secret = "whsec_" + "a2V5IG9mIHRoZSByZWhlYXJzYWw="
    (world.home / "secret").write_text(secret)
    world.terminal.must("dispatch source add native --slug site --language en --secret-file secret")
    world.sql(HELD)
    title = world.title()
    _webhook(world, secret, title)
    yield {}
    world.sql("DROP TRIGGER held ON articles_revision")
    yield
    world.wait_sent(title)


def worker_missing(world):
    """The worker for mail hangs, and nobody replaces it; mail is due."""
    process = world.freeze(world.process("email"))
    title = world.publish()
    yield {"QUEUE": "email", "PID": process}
    yield
    world.wait_sent(title)
    world.terminal.end(world.terminal.running[-1])  # the one that was started by hand


def clock_silent(world):
    """The clock hangs, and holds the lead."""
    yield {"PID": world.freeze(world.process("clock"))}


def posts_late(world):
    """The worker for posts hangs, and a post's moment is aged by six minutes."""
    world.connect("mastodon", "office")
    process = world.freeze(world.process("social"))
    world.publish()
    due = "UPDATE social_post SET due_at = now() - interval '6 minutes' WHERE state = 'scheduled' RETURNING id"
    world.until(lambda: world.sql(due), "no post was planned")
    yield {"PID": process}


def broker_down(world):
    """It hangs; an article comes meanwhile."""
    process = world.freeze(world.broker())
    title = world.publish()
    yield {"PID": process}
    yield
    world.wait_sent(title)


def relay_open(world):
    """Nobody listens at one relay of two; the other, which stands by, takes the mail."""
    world.terminal.must(f"dispatch relay add spare '{world.spare.url}' && dispatch relay weight spare 0")
    world.mail.close()
    title = world.publish()
    yield {"RELAY": "main"}
    world.wait_sent(title)
    world.mail.open()
    title = world.publish_soon()  # one of them comes after the page's try, and is its trial
    yield
    world.wait_sent(title)


def no_relay(world):
    """Nobody listens at the only relay, and somebody on duty is told by a way of its own; mail goes by another one, then the
    first is back."""
    world.mail.close()
    title = world.publish()
    world.until(lambda: "duty@example.org" in [who for who, _ in world.duty.took], "nobody on duty was told of it")
    yield {"RELAY": "main", ADDRESS: world.spare.url}
    world.mail.open()
    world.wait_sent(title)
    title = world.publish_soon()  # one of them comes after the page's try, and is its trial
    yield
    world.wait_sent(title)
    assert not [who for who, _ in world.mail.took if who.startswith("duty")], "it was told through the relay in trouble"


def disk_full(world):
    """A file fills the small disk that the instance stands on."""
    disk = os.statvfs(world.home)
    filler = world.home / "somebodys-film"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, disk.f_bavail * disk.f_frsize - disk.f_blocks * disk.f_frsize // 20)
    yield {}
    filler.unlink()


def down(world):
    """`dispatch up` is killed, and everything ends with it, while an edition is on its way."""
    title = world.publish()
    os.killpg(world.terminal.running[0].pid, signal.SIGKILL)
    yield {WEB: f"http://127.0.0.1:{world.web}"}
    yield
    world.wait_sent(title)


def _in(days):
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def _webhook(world, secret, title):
    """As a CMS sends it, signed."""
    from dispatch.articles import signatures

    now = datetime.now(UTC).isoformat()
    about = {"story": title, "title": title, "html": "<p>By a tenth.</p>", "published_at": now, "updated_at": now}
    body, moment = json.dumps({"type": "article.published", "timestamp": now, "data": about}).encode(), int(time.time())
    headers = {"webhook-id": title, "webhook-timestamp": str(moment), "Content-Type": "application/json"}
    headers["webhook-signature"] = signatures.sign_standard(secret, title, moment, body)
    asked = urllib.request.Request(f"http://127.0.0.1:{world.web}/hooks/site", body, headers)
    urllib.request.urlopen(asked, timeout=30).close()


ROUNDS = (
    {"DispatchMailStuck": mail_stuck},
    {"DispatchMailNotAccepted": mail_not_accepted},
    {
        "DispatchBackupOld": backup_old,
        "DispatchUnbalanced": unbalanced,
        "DispatchCertificateExpires": certificate_expires,
        "DispatchDetailsKept": details_kept,
        "DispatchChannelExpires": channel_expires,
        "DispatchReplicaAway": unserved.replica_away,
    },
    {
        "DispatchChannelTrouble": channel_trouble,
        "DispatchPostsUnknown": posts_unknown,
        "DispatchWebhooksStuck": webhooks_stuck,
    },
    {
        "DispatchLettersWait": unserved.letters_wait,
        "DispatchEditionFailed": unserved.edition_failed,
        "DispatchReturnsUnread": unserved.returns_unread,
        "DispatchReadersLeaked": unserved.readers_leaked,
        "DispatchSendingDomainFell": unserved.sending_domain_fell,
    },
    {
        "DispatchMailHeld": unserved.mail_held,
        "DispatchMailComesBack": unserved.mail_comes_back,
        "DispatchArticlesWait": unserved.articles_wait,
    },
    {"DispatchWorkerMissing": worker_missing, "DispatchClockSilent": clock_silent, "DispatchPostsLate": posts_late},
    {"DispatchBrokerDown": broker_down},
    {"DispatchNoRelay": no_relay},
    {"DispatchRelayOpen": relay_open},
    {"DispatchDiskFull": disk_full},
    {"DispatchDown": down},
)
"""Troubles of one round come together, are mended one after the other, and then all must be over. Mail that does not flow at
all comes first: its rule is content with any letter of the last ten minutes."""
END_LATER = {"DispatchMailNotAccepted", "DispatchCertificateExpires"}
"""Alerts that look at half an hour, or at something that is read once a minute: they must be over at the end."""
