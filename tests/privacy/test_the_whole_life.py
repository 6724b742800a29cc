"""Canaries through everything that readers go through: brought in, mailed, bounced, complained, crashed upon, carried out."""

import io
import logging

import newsroom
import pyrage
import pytest
from privacy import searching

from dispatch import cli, env, logs, queue
from dispatch.audience import exporting
from dispatch.audience import letters as audience_letters
from dispatch.audience.models import Letter, Suppression
from dispatch.delivery import events, ledger, personalizing, relays
from dispatch.delivery import letters as delivery_letters
from dispatch.delivery.mailers.fake import Fake
from dispatch.delivery.models import DeliveryException
from dispatch.operations import live
from dispatch.outcomes import Deferred, Refused, Sent, Unknown
from dispatch.workers import email

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = (
    "/",
    "/operations/queue/",
    "/operations/health/",
    "/operations/health.json",
    "/exports/",
    "/stories/",
    "/people/",
    "/audit/",
)
UNKNOWN = ("/metrics", "/operations/metrics", "/no/such/page")
"""Addresses that answer nothing; what they say all the same is searched, and whatever might stand there one day."""


def loud(message):
    """A relay that quotes whom it speaks of, as they do. It fails seldom enough to be trusted with the next."""
    answers = [
        *[Sent()] * 17,
        Refused(reason=f"{message.recipient} is unknown", code="550 5.1.1"),
        Deferred(until=None, reason=f"{message.recipient} waits", code="450 4.2.1"),
        Unknown(reason=f"no reply about {message.recipient}"),
    ]
    return answers[int(message.recipient[6:11]) % len(answers)]


@pytest.fixture
def spoken(caplog, capfd):
    """Everything that was logged, as each formatter writes it, and everything that was printed."""
    caplog.set_level(logging.DEBUG)

    def spoken():
        lines = [form.format(record) for record in caplog.records for form in (logs.Line(), logs.Json())]
        out, err = capfd.readouterr()
        return "\n".join([*lines, out, err]).encode()

    return spoken


@pytest.fixture
def crashing(monkeypatch):
    """One mail in seven cannot be made, no letter can, and the bugs' texts say for whom."""
    right = personalizing.fill

    def fill(compiled, reader):
        if int(reader.address[6:11]) % 7 == 3:
            raise ValueError(reader.address)
        return right(compiled, reader)

    def crash(letter):
        raise KeyError(audience_letters.address(letter))

    monkeypatch.setattr(personalizing, "fill", fill)
    monkeypatch.setattr(delivery_letters, "_message", crash)


def journals():
    """What workers keep beside the database."""
    kept = env.data_dir() / "journal"
    return b"".join(path.read_bytes() for path in kept.rglob("*") if path.is_file()) if kept.exists() else b""


@pytest.fixture
def brought_in(many, tmp_path):
    """The newsletter, its readers' number, and the file of refused lines."""
    (office, count), file, refused = many, tmp_path / "readers.csv", tmp_path / "refused"
    lines = [f"{address},Canary,be" for address in searching.canaries(count)]
    file.write_text("\n".join(["email,name,language", *lines, "canary@,,"]))
    assert cli.main(["import", str(file), "--newsletter", "office", "--apply", "--report", str(refused)]) == 0
    return office, count, refused


@pytest.fixture
def mailed(brought_in, crashing, monkeypatch):
    """What came of it, by the names of readers' fates."""
    office, count, _ = brought_in
    newsroom.relay()
    monkeypatch.setattr(relays, "open_mailer", lambda _: Fake(loud))
    send = ledger.enlist(newsroom.edition(office, newsroom.story("be")).pk)
    for chunk in send.chunks.all():
        email.send_chunk(send.pk, chunk.number)
    letter = audience_letters.write(Letter.Kind.CONFIRM, office, "be", searching.canaries(3)[2])
    assert email.send_letter.apply((letter.pk,)).state == "FAILURE"
    for address, state in zip(searching.canaries(count), ("bounced", "complained"), strict=False):
        assert events.record_of(address, "", state, "550 5.1.1 canary00000@example.org")
    assert Suppression.objects.count() == 2
    return set(DeliveryException.objects.values_list("state", flat=True))


@pytest.fixture
def carried_out(brought_in, mailed, settings):
    """The list, as it left."""
    settings.HONEY_DOMAINS = ["letters.example.org"]
    office, count, _ = brought_in
    alice, bob = newsroom.person("operator", "Charlie"), newsroom.person("operator", "Bob")
    key, sealed = pyrage.x25519.Identity.generate(), io.BytesIO()
    export = exporting.ask(office, "csv", str(key.to_public()), "the auditors", alice)
    assert exporting.agree(export.pk, bob, "they asked me")
    assert exporting.take(export.pk, alice, sealed)
    listed, known = pyrage.decrypt(sealed.getvalue(), [key]), searching.canaries(count)
    assert [address for address in known if address.encode() not in listed] == known[1:2]  # who complained has left
    return sealed.getvalue()


@pytest.fixture
def places(brought_in, mailed, carried_out, broker, client):
    """Everything that was written anywhere, but for what was said."""
    newsroom.signed_in(client)
    queue.flush(10)
    return {
        "database": searching.database(),
        "broker": b"".join(searching.messages(broker)),
        "pages": b"".join(client.get(path).content for path in (*PAGES, *UNKNOWN)),
        "live numbers": repr(live.read()).encode(),
        "journal": journals(),
        "refused lines": brought_in[2].read_bytes(),
        "export": carried_out,
    }


@pytest.mark.promise("No address outside ciphertext: import, send, bounce, crash, export")
def test_a_whole_life_leaves_no_address_anywhere(brought_in, mailed, places, spoken, promise):
    assert {"refused", "deferred", "failed_render", "bounced", "complained"} <= mailed
    searched = places | {"logs and terminal": spoken()}
    assert [name for name, content in searched.items() if searching.CANARY.search(content)] == []
    size = sum(map(len, searched.values())) // 1024
    promise(f"{brought_in[1]} canaries, {len(mailed)} fates, {size} KiB in {len(searched)} places, 0 found")


def test_the_search_finds_what_is_there(many, broker):
    office, _ = many
    type(office).objects.filter(pk=office.pk).update(from_name="canary00001@example.org")
    assert searching.CANARY.search(searching.database())
    assert searching.CANARY.search(b"canary00002@example.org".hex().encode())
