"""What others send us to be trusted, fetched, rendered, counted or calculated with: sets of attacks, each held off."""

import csv
import io
import json
import socket
import threading
import time
import uuid
from email import message_from_bytes, policy

import newsroom
import pytest
from articles.conftest import SECRET, add_source, article
from lxml import html as parser

from dispatch import fetching, vault
from dispatch.articles import signatures
from dispatch.articles.models import WebhookDelivery
from dispatch.audience import budgets, signing_up, spreadsheets, tickets
from dispatch.audience.models import Letter, SignUp, Wish
from dispatch.delivery import ledger
from dispatch.editions.models import Edition
from dispatch.workers import email

pytestmark = pytest.mark.django_db
HOSTS = [
    "127.0.0.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "0",
    "localhost",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
]
HOSTS += [
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
]
HOSTS += ["[fe80::1]", "[fd00::1]"]
ODD = ["file:///etc/passwd", "ftp://a.b/", "gopher://a.b/", "https://a:b@c.d/", "//a.b/", "https://[::1"]
FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "|calc",
    "%0A",
    "＝1+1",
    '=HYPERLINK("http://x","y")',
    "=cmd|' /C calc'!A0",
]
TEMPLATES = [
    "{{ 1234 * 5678 }}",
    "{% for c in [].__class__.__base__.__subclasses__() %}{{ c }}{% endfor %}",
    "{{ config }}{{ self.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "${1234*5678} #{1234*5678} <%= 1234*5678 %>",
    '<mj-include path="file:///etc/passwd" />',
    "<mj-raw><script>alert(1)</script></mj-raw>",
    "</mj-text><mj-image src='https://evil.example.net/x.png' />",
    '<img src=x onerror="alert(1)">',
    '"><svg onload=alert(1)>',
    "{{ slots.leave }}{% raw %}",
    "Bcc: eve@example.org\r\nX: y",
]


@pytest.mark.promise("A forged, changed, late or repeated webhook does nothing")
def test_no_webhook_but_a_genuine_one_is_kept(client, promise, is_gate):
    add_source("native")
    body = json.dumps({"type": "article.published", "data": article()}).encode()
    now = int(time.time())

    def send(content=body, name="msg_1", moment=now, secret=SECRET, signature=None):
        signed = signature or signatures.sign_standard(secret, name, moment, body)
        headers = {"webhook-id": name, "webhook-timestamp": str(moment), "webhook-signature": signed}
        return client.post("/hooks/native", content, content_type="application/json", headers=headers).status_code

    places = range(0, len(body), 1 if is_gate else 25)
    flipped = [body[:place] + bytes([body[place] ^ 1 << place % 8]) + body[place + 1 :] for place in places]
    right = signatures.sign_standard(SECRET, "msg_1", now, body)
    forged = [send(content) for content in flipped]
    forged += [
        send(name="msg_2", signature=right),
        send(moment=now + 1, signature=right),
        send(secret="whsec_b3RoZXI="),
    ]
    forged += [
        send(moment=now + 360),
        send(moment=now - 301),
        send(signature="v1,"),
        send(signature="v1a," + right[3:]),
    ]
    forged += [send(json.dumps(json.loads(body), indent=1).encode()), send(body + b"\n"), send(b"")]
    assert set(forged) == {401}
    assert not WebhookDelivery.objects.exists()
    assert (send(), send(), send()) == (202, 200, 200)
    assert WebhookDelivery.objects.count() == 1
    promise(f"{len(forged)} forgeries answered 401 and kept nothing; of 3 alike 1 was kept")


@pytest.fixture
def inside():
    """A server in the house; how often somebody got in."""
    door, visits = socket.create_server(("127.0.0.1", 0)), []

    def listen():
        while True:
            try:
                caller, _ = door.accept()
            except OSError:
                return
            visits.append(caller)
            caller.close()

    thread = threading.Thread(target=listen)
    thread.start()
    yield door.getsockname()[1], visits
    door.shutdown(socket.SHUT_RDWR)
    door.close()
    thread.join()


@pytest.mark.promise("Nothing in the house is fetched, by any name")
def test_no_address_leads_into_the_house(inside, monkeypatch, promise):
    port, visits = inside
    urls = [f"{scheme}://{host}:{port}/" for host in HOSTS for scheme in ("https", "http")] + ODD
    assert [url for url in urls if not isinstance(fetching.fetch(url, seconds=2), fetching.Failed)] == []
    asked, reached, real = [], [], socket.create_connection

    def rebinding(host, service, **_):
        """A public address for whoever checks, the house for whoever asks again."""
        asked.append(host)
        address = "93.184.215.14" if len(asked) % 2 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, service))]

    def connect(address, *rest, **options):
        reached.append(address[0])
        if not address[0].startswith("127."):
            raise ConnectionRefusedError("there is no way out of here")
        return real(address, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(socket, "create_connection", connect)
    for _ in range(4):
        assert isinstance(fetching.fetch(f"https://rebinding.example.org:{port}/", seconds=2), fetching.Failed)
    assert (set(reached), visits) == ({"93.184.215.14"}, [])
    promise(f"{len(urls)} addresses and {len(asked)} answers of a name that rebinds, 0 connections inside")


@pytest.mark.promise("Words that are code in some template stay words")
def test_no_payload_runs_in_a_mail(post, promise, is_gate):
    office = newsroom.newsletter(cadence="daily", languages=["en"])
    newsroom.readers(office, en=1)
    stories = [newsroom.story("en", titles={"en": payload.replace("\r\n", " ")}) for payload in TEMPLATES]
    for story, payload in zip(stories, TEMPLATES, strict=True):
        revision = story.articles.get().current
        revision.html, revision.text, revision.summary = f"<p>{payload}</p>", payload, payload
        revision.save()
    made = newsroom.edition(office, *stories)
    Edition.objects.filter(pk=made.pk).update(state=Edition.State.DUE)
    began = time.process_time()
    newsroom.rendering.render(made.pk)
    took = time.process_time() - began
    reader = office.subscriptions.get().subscriber
    reader.name = vault.seal(" ".join(TEMPLATES)[:120].replace("\r\n", " "), f"subscriber:{reader.pk}:name")
    reader.save()
    email.send_chunk(ledger.enlist(made.pk).pk, 1)
    (message,) = post.taken
    parsed = message_from_bytes(message.whole(), policy=policy.default)
    page = parsed.get_body(("html",)).get_content()
    whole = page + parsed.get_body(("plain",)).get_content() + parsed["Subject"]
    assert "7006652" not in whole
    assert "root:" not in whole
    assert "{{ 1234 * 5678 }}" in whole
    tree = parser.document_fromstring(page)
    assert not [name for element in tree.iter() for name in element.attrib if name.startswith("on")]
    assert not tree.xpath("//script | //svg | //*[starts-with(name(), 'mj-')] | //*[contains(@src, 'evil')]")
    assert parsed["Bcc"] is None
    assert took < 2
    promise(f"{len(TEMPLATES)} payloads as titles, texts and a name, 0 ran, rendered in {took:.2f} s")


@pytest.mark.promise("Forms and networks cause no more letters than they may")
def test_budgets_hold(settings, promise, is_gate):
    settings.SIGN_UPS = {"network_an_hour": 60, "an_hour": 5000}
    office, now = newsroom.newsletter(), newsroom.timezone.now()

    def flood(many, addresses, networks):
        """As many forms; the letters they caused."""
        asked = []
        for number in range(many):
            key, wanted = uuid.uuid4(), tickets.Wanted(office.pk, addresses(number), "be")
            network = budgets.network(networks(number), now)
            asked.append(SignUp(key=key, content=wanted.sealed(f"sign-up:{key}:content"), network=network))
        SignUp.objects.bulk_create(asked)
        while signing_up.take():
            pass
        return Letter.objects.count()

    forms, mailboxes = (10_000, 1_000) if is_gate else (1_500, 100)
    assert flood(forms, lambda _: "alice@example.org", lambda number: f"198.51.{number % 250}.7") == 1
    Letter.objects.all().delete()
    assert (
        flood(mailboxes, lambda number: f"reader{number}@example.org", lambda number: f"192.0.2.{number % 250}") == 60
    )
    assert (Wish.objects.count(), SignUp.objects.count()) == (61, mailboxes - 60)
    promise(f"{forms} forms for 1 mailbox: 1 letter; {mailboxes} mailboxes from 1 network: 60 letters, the rest waits")


@pytest.mark.promise("No field of an exported list is a formula")
def test_no_cell_of_a_list_is_calculated(promise):
    fields = FORMULAS + [f"{formula}{more}" for formula in FORMULAS for more in ('"', ",", "\r\n", "'")]
    text = "".join(spreadsheets.row([field, "x"]) for field in fields)
    cells = [row[0] for row in csv.reader(io.StringIO(text, newline=""), strict=True)]
    assert [spreadsheets.plain(cell) for cell in cells] == fields
    assert [cell for cell in cells if cell.startswith(tuple("=+-@\t\r\0＝＋－＠"))] == []
    promise(f"{len(fields)} formulas as fields, each a text that comes back as it was")
