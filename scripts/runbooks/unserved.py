"""Troubles in which every program is well and yet somebody goes without: readers, editors, whoever complained, whoever reads
history. Told as in troubles.py, beside which they stand."""

from runbooks import counterparts
from runbooks.world import WEB

UNPLANNED = """
CREATE FUNCTION unplanned() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'held for the rehearsal'; END $$;
CREATE TRIGGER unplanned BEFORE UPDATE ON articles_article FOR EACH ROW WHEN (NEW.planned_at IS NOT NULL)
    EXECUTE FUNCTION unplanned();
"""
LETTERS, COMPLAINING = 6, 6


def letters_wait(world):
    """A mail server that puts off each of the confirmations that were just asked for, until it does not any more."""
    from dispatch.audience import letters
    from dispatch.audience.models import Newsletter

    world.mail.puts_off = LETTERS
    office = Newsletter.objects.get(slug="office")
    asked = [letters.write("confirm", office, "en", f"visitor{number}@example.org").pk for number in range(LETTERS)]
    tried = "SELECT count(*) FROM audience_letter WHERE id = ANY (%s) AND attempts > 0 AND state = 'waiting'"
    world.until(lambda: world.one(tried, asked) == len(asked), "the letters that were asked for were not put off")
    yield {"RELAY": "main"}
    yield
    came = "SELECT count(*) FROM audience_letter WHERE id = ANY (%s) AND state = 'sent'"
    assert world.one(came, asked) == len(asked), "not everybody who asked for a letter has it"


def edition_failed(world):
    """Somebody chooses a template that is not there, and then the one that is."""
    world.sql("UPDATE audience_newsletter SET template = 'october'")
    title = world.publish()
    failed = "SELECT max(id) FROM editions_edition WHERE state = 'failed'"
    edition = world.until(lambda: world.one(failed), "an edition without its template did not fail")
    yield {"EDITION": edition}
    world.sql("UPDATE audience_newsletter SET template = ''")
    yield
    world.wait_sent(title)


def returns_unread(world):
    """The mailbox for bounces has moved, and Dispatch asks at its old place; two hours pass."""
    import certificates
    import imap_server

    folder = world.home / "mailbox"
    folder.mkdir()
    server = imap_server.Imap(certificates.make(folder))
    old = server.url.replace(f":{server.port}/", f":{counterparts.free_port()}/")
    world.terminal.must(f"dispatch mailbox add main '{old}'")
    world.sql("UPDATE delivery_mailbox SET read_at = read_at - interval '2 hours'")
    world.until(lambda: world.one("SELECT trouble FROM delivery_mailbox"), "the mailbox was read where there is none")
    yield {"MAILBOX": "main", "imaps://user:password@mail.example.org/INBOX": server.url}
    yield
    world.terminal.must("dispatch mailbox off main")
    server.close()


def readers_leaked(world):
    """Somebody writes to a reader who was invented for a backup; a week and a day pass after it was seen to."""
    from django.conf import settings

    from dispatch.audience import honey

    settings.HONEY_DOMAINS = ["readers.example"]
    (address, *_) = honey.plant("backup:2026-11-23 14:00:05")
    (world.home / "letter.eml").write_text(f"To: {address}\nSubject: We know you\n\nAnswer us.\n")
    world.terminal.typed("dispatch honey < letter.eml")  # as the mailbox does that catches all mail
    yield {"LETTER": "letter.eml"}
    world.sql("UPDATE audience_honey SET seen_at = seen_at - interval '8 days'")


def sending_domain_fell(world):
    """A zone's SPF record is gone at the next look, and is published again."""
    import name_server

    server = name_server.NameServer()
    world.terminal.environment["DISPATCH_DNS"] = server.place
    server.zone["example.org"] = spf = ["v=spf1 ip4:127.0.0.1 -all"]
    world.terminal.typed("dispatch check --dns --keep")
    del server.zone["example.org"]
    world.terminal.typed("dispatch check --dns --keep")
    yield {}
    server.zone["example.org"] = spf
    yield
    del world.terminal.environment["DISPATCH_DNS"]
    server.close()


def mail_held(world):
    """A STOP holds an edition's mail for hours, aged, and is lifted: by then nothing leaves by itself any more."""
    world.terminal.must("dispatch stop newsletter office --reason 'a rehearsal'")
    title = world.publish()
    send = world.send_of(title)
    aged = "UPDATE delivery_send SET started_at = started_at - interval '4 hours', stirred_at = NULL WHERE id = %s"
    world.sql(aged, send)
    held = "SELECT id FROM delivery_send WHERE id = %s AND is_held"
    world.until(lambda: world.one(held, send), "a send that stood still did not pause by itself")
    world.terminal.must("dispatch go newsletter office --by you@example.org --reason 'a rehearsal'")
    yield {"SEND": send}
    yield
    world.wait_sent(title)


def mail_comes_back(world):
    """Readers complain of a letter that they got, and leave by that; four days pass after it was seen to."""
    from dispatch.delivery.bounces import kinds, recording

    title = world.publish()
    send = world.wait_sent(title)
    readers = world.sql("SELECT id FROM audience_subscriber ORDER BY id LIMIT %s", COMPLAINING)
    for (reader,) in readers:
        recording.record(send, reader, kinds.Verdict(kinds.Kind.COMPLAINT), "")
    world.leave(COMPLAINING)
    yield {"KIND": "complained", "PROVIDER": "other", "NEWSLETTER": "office", WEB: f"http://127.0.0.1:{world.web}"}
    world.sql("UPDATE operations_flow SET at = at - interval '4 days' WHERE kind = 'mail'")


def replica_away(world):
    """The one that the web reads history at was never made, and is then; it stays until all is over."""
    import replicas

    yield {}
    folder = world.home / "replica"
    folder.mkdir()
    world.ends.callback(replicas.Replica(folder).stop)


def articles_wait(world):
    """The database refuses what was planned (a constraint of somebody's own), until that is gone; the wait is aged."""
    world.sql(UNPLANNED)
    title = world.publish()
    aged = """
        UPDATE articles_revision SET received_at = received_at - interval '6 minutes'
        WHERE id IN (SELECT current_id FROM articles_article WHERE planned_at IS NULL) RETURNING id
    """
    assert world.sql(aged), "it was planned all the same"
    yield {}
    world.sql("DROP TRIGGER unplanned ON articles_article")
    yield
    world.wait_sent(title)
