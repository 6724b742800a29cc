"""The demo's inbox and wall: empty they say what will come, then show it by themselves; a mail is looked at in every way."""

import io
from email import policy
from email.message import EmailMessage

import newsroom
import pytest
from PIL import Image

from dispatch import env
from dispatch.editions import slots
from dispatch.local import inbox, wall
from dispatch.local.networks.store import Store

pytestmark = [pytest.mark.browser, pytest.mark.long]
READER = {"name": ", Bob", "leave": "https://dispatch.example.org/l", "preferences": "https://dispatch.example.org/p"}


@pytest.fixture
def mailbox(server):
    """Where the demo's mail server would keep what it received."""
    keeper = inbox.Keeper(inbox.path())
    yield keeper
    keeper.store.close()
    forget(inbox.path())


@pytest.fixture
def networks(server):
    """Where its stand-in networks would."""
    store = Store(wall.path())
    yield store
    store.connection.close()
    forget(wall.path())


def photograph(colour):
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, "JPEG")
    return out.getvalue()


def forget(path):
    for file in env.data_dir().glob(f"{path.name}*"):
        file.unlink()


@pytest.fixture
def mail(transactional_db):
    """An edition's mail to Bob, in Belarusian."""
    made = newsroom.edition(newsroom.newsletter(), newsroom.story("en", "be"))
    variant = made.variants.get(language="be")
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "news@example.org", "bob@example.org", variant.subject
    message["List-Id"], message["Content-Language"] = "<office.mail.example.org>", "be"
    message.set_content(slots.fill(variant.text, variant.nonce, READER))
    message.add_alternative(slots.fill(variant.html, variant.nonce, READER), subtype="html")
    return inbox.Arrived("news@example.org", ("bob@example.org",), message.as_bytes(policy=policy.SMTP))


def test_an_empty_inbox_fills_by_itself(visitor, alice, mailbox, mail, page):
    visitor.look("empty-inbox", "/demo/inbox")
    mailbox.keep([mail])
    page.get_by_role("link", name="bob@example.org").wait_for()
    visitor.look("inbox", "/demo/inbox")


def test_an_empty_wall_fills_by_itself(visitor, alice, networks, page):
    visitor.look("empty-wall", "/demo/wall")
    link = "https://office.example.org/be/a-rather-long-address-of-a-story"
    networks.connection.execute("BEGIN")  # the wall looks every other second, until it sees something
    for network in wall.NETWORKS:
        shown = [
            networks.keep(network, photograph(colour), kind="photo", alt="Аліса чытае") for colour in ("teal", "tan")
        ]
        more = {"link": link, "language": "be", "warning": "Здымкі з суда", "pictures": shown}
        networks.add(network, "office", f"Каля ракі адчыняецца чытальня\n\n{link}", {}, **more)
    networks.connection.execute("COMMIT")
    page.get_by_text("9 posts; none left this machine").wait_for()
    assert page.get_by_role("link", name=link.removeprefix("https://")).count() == 9
    visitor.look("wall", "/demo/wall")
    widths = page.get_by_alt_text("Аліса чытае").evaluate_all("all => all.map(each => each.naturalWidth)")
    assert widths == [60] * 18


@pytest.mark.parametrize("view", ["html", "plain", "headers", "source"])
def test_a_mail(visitor, alice, mailbox, mail, view):
    mailbox.keep([mail])
    visitor.look(f"mail-{view}", f"/demo/inbox/1?view={view}")
