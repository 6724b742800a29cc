"""Inbox and wall in the desk's shell: for people who signed in, and with nothing in a mail that could reach out."""

import pytest
from django.urls import reverse

from dispatch.accounts.models import User
from dispatch.editions import lighting
from dispatch.local import inbox, wall
from dispatch.local.networks.store import Store

HTML = (
    '<!doctype html><html lang="be"><head><style>@media (prefers-color-scheme: dark) { p { color: white } }</style></head>'
    '<body><p>Прывітанне</p><a href="http://dispatch.test/leave/x">Адпісацца</a></body></html>'
)
RAW = (
    "From: news@news.example.org\r\nTo: alice@example.org\r\nSubject: <b>News</b>\r\nList-Id: <news.mail.example.org>\r\n"
    'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="cut"\r\n\r\n'
    "--cut\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nPlain words\r\n"
    f"--cut\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{HTML}\r\n--cut--\r\n"
).encode()


@pytest.fixture
def mailbox(tmp_path, monkeypatch):
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(tmp_path))
    keeper = inbox.Keeper(inbox.path())
    yield keeper
    keeper.store.close()


@pytest.fixture
def dana(client, db):
    client.force_login(User.objects.create_user("dana@example.org", name="Dana"))
    return client


def arrive(keeper, count=1):
    keeper.keep(inbox.Arrived("news@news.example.org", (f"reader-{n}@example.org",), RAW) for n in range(count))


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "arguments"), [("inbox", []), ("letter", [1]), ("letter_html", [1]), ("wall", [])])
def test_who_has_not_signed_in_sees_nothing(client, mailbox, name, arguments):
    arrive(mailbox)
    answer = client.get(reverse(name, args=arguments))
    assert answer.status_code == 302
    assert reverse("account_login") in answer["Location"]


def test_the_list_shows_what_arrived_as_text_and_pages_through_it(dana, mailbox):
    arrive(mailbox, 51)
    page = dana.get(reverse("inbox")).content.decode()
    assert "&lt;b&gt;News&lt;/b&gt;" in page
    assert "reader-50@" in page
    assert "reader-0@" not in page
    older = dana.get(reverse("inbox") + "?before=2").content.decode()
    assert "reader-0@" in older


def test_a_mail_is_framed_where_it_runs_and_loads_nothing(dana, mailbox):
    arrive(mailbox)
    page = dana.get(reverse("letter_html", args=[1]))
    policy = page["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "img-src data:;" in policy
    assert "Прывітанне" in page.content.decode()
    frame = dana.get(reverse("letter", args=[1])).content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame
    assert "Прывітанне" not in frame


@pytest.mark.parametrize(
    ("scheme", "rule"), [("light", lighting.DOES_NOT), ("dark", lighting.HOLDS), ("?", lighting.DOES_NOT)]
)
def test_day_and_night_are_the_pages_choice_not_the_devices(dana, mailbox, scheme, rule):
    arrive(mailbox)
    assert f"@media {rule} {{" in dana.get(reverse("letter_html", args=[1]), {"scheme": scheme}).content.decode()


@pytest.mark.parametrize(
    ("view", "words"),
    [("plain", "Plain words"), ("headers", "news.mail.example.org"), ("source", "boundary=&#34;cut&#34;")],
)
def test_text_headers_and_source_are_shown_as_they_came(dana, mailbox, view, words):
    arrive(mailbox)
    assert words in dana.get(reverse("letter", args=[1]), {"view": view}).content.decode()


def test_a_letter_that_is_not_there_is_not_found(dana, mailbox):
    assert dana.get(reverse("letter", args=[7])).status_code == 404


def test_nothing_yet_is_said_in_words(dana, mailbox):
    assert "Nothing has arrived yet" in dana.get(reverse("inbox")).content.decode()
    assert "Nothing yet." in dana.get(reverse("wall")).content.decode()


def test_the_wall_shows_each_post_at_its_network(dana, mailbox):
    store = Store(wall.path())
    store.add("telegram", "@office", "<i>Навіны</i>", {}, link="https://news.example.org/1", language="be")
    store.connection.close()
    page = dana.get(reverse("wall")).content.decode()
    assert "&lt;i&gt;Навіны&lt;/i&gt;" in page
    assert "news.example.org" in page
