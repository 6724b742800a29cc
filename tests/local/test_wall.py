"""The wall reads what the stand-in networks stored."""

from dispatch.local import wall
from dispatch.local.networks.store import Store


def test_posts_come_the_newest_first_with_the_card_that_was_posted_or_the_links_host(tmp_path, monkeypatch):
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(tmp_path))
    store = Store(wall.path())
    card = {"uri": "https://news.example.org/1", "title": "A title", "description": "A summary"}
    store.add("bluesky", "office.example.org", "Навіны", {}, card=card, link=card["uri"], language="be")
    store.add("x", "office", "News https://news.example.org/2", {}, link="https://news.example.org/2")
    store.add("telegram", "@office", "No link", {})
    telegram, x, bluesky = wall.posts()
    assert telegram.card is None
    assert x.card == wall.Card("", "", "news.example.org")
    assert bluesky.card == wall.Card("A title", "A summary", "news.example.org")
    assert wall.texts() == {"bluesky": ["Навіны"], "x": ["News https://news.example.org/2"], "telegram": ["No link"]}
    store.connection.close()


def test_pictures_and_warnings_are_shown_with_what_is_said_of_them(tmp_path, monkeypatch):
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(tmp_path))
    store = Store(wall.path())
    number = store.keep("mastodon", b"\xff\xd8\xff\xd9", kind="done", alt="Alice reads")
    page = store.keep("mastodon", b"<script>", kind="done")
    store.add("mastodon", "office", "Навіны", {}, warning="A trial", pictures=[number])
    (post,) = wall.posts()
    assert (post.warning, post.pictures) == ("A trial", (wall.Picture(number, "Alice reads"),))
    assert wall.picture(number) == ("image/jpeg", b"\xff\xd8\xff\xd9")
    assert wall.picture(page) is None
    store.connection.close()


def test_a_wall_that_nobody_posted_to_is_empty(tmp_path, monkeypatch):
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(tmp_path))
    assert wall.posts() == []
    assert wall.texts() == {}
