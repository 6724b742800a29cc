"""How each network frames a post's pictures, as docs/networks.md tells it: the preview draws what readers will see."""

import io
from datetime import timedelta

import newsroom
import pytest
import serving
from django.utils import timezone
from PIL import Image

from dispatch.social import illustrating, media
from dispatch.social.models import Post, PostMedia

pytestmark = [pytest.mark.browser, pytest.mark.long]
TALL, WIDE, SQUARE = (600, 1200), (1200, 500), (800, 800)
ALIKE = [0.8, 0.8, 0.8]
"""Instagram: all in the frame of the first, which is at most 4:5 tall."""
OWN = [0.5, 2.4, 1.0]
"""Threads: each as it is, side by side."""
FIRST_TALL = [0.89, 1.78, 1.78]
"""A mosaic of 16:9: the first has its left half, the others a quarter each."""


def painted(color, size):
    """A wall of one colour with a gold band across its upper quarter, which the focus is on."""
    out = io.BytesIO()
    picture = Image.new("RGB", size, color)
    picture.paste("gold", (0, size[1] // 5, size[0], size[1] // 4))
    picture.save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def drawn(visitor, alice, page):
    """drawn(network, *sizes): the composer with a post of that network and pictures of these sizes."""

    def open_with(network, *sizes):
        on = newsroom.channel("drawn", network, account="office")
        about, due_at = newsroom.story("en"), timezone.now() + timedelta(days=1)
        post = newsroom.post(on, about, Post.State.SCHEDULED, text="Doors open at six.", due_at=due_at)
        for color, size in zip(("navy", "maroon", "olive", "teal"), sizes, strict=False):
            illustrating.add(post, media.take(painted(color, size)), f"A {color} wall")
        PostMedia.objects.update(focus_y=0.2)
        page.goto(f"/stories/{post.story_id}/compose?post={post.pk}")
        page.locator("html.js").wait_for()
        page.locator(".grid img").last.scroll_into_view_if_needed()
        serving.until(
            page, "[...document.querySelectorAll('.grid img')].every((one) => one.complete && one.clientWidth)"
        )
        return post

    return open_with


def ratios(page):
    return page.locator(".grid img").evaluate_all("all => all.map((one) => one.clientWidth / one.clientHeight)")


@pytest.mark.parametrize(
    ("network", "frames"),
    [("instagram", ALIKE), ("threads", OWN), ("facebook", FIRST_TALL), ("linkedin", FIRST_TALL), ("x", FIRST_TALL)],
)
def test_each_network_draws_three_pictures_in_its_own_frames(drawn, visitor, page, network, frames):
    post = drawn(network, TALL, WIDE, SQUARE)
    visitor.look(f"composer-pictures-{network}", f"/stories/{post.story_id}/compose?post={post.pk}")
    page.locator(".grid img").last.scroll_into_view_if_needed()
    assert ratios(page) == pytest.approx(frames, rel=0.04)
    assert page.locator(".grid img").first.evaluate("one => one.style.objectPosition") == "50% 20%"


@pytest.mark.parametrize("network", ["instagram", "threads"])
def test_a_row_that_is_swiped_shows_the_next_picture_by_keyboard(drawn, page, network):
    drawn(network, TALL, WIDE, SQUARE)
    row = page.locator("[data-swiped]")
    row.focus()
    page.keyboard.press("ArrowRight")
    serving.until(page, "document.querySelector('[data-swiped]').scrollLeft > 0")
    assert page.locator("[data-swiped]").evaluate("one => one.scrollWidth > one.clientWidth")


@pytest.mark.parametrize(
    ("network", "size", "ratio"), [("instagram", TALL, 0.8), ("instagram", WIDE, 1.91), ("threads", TALL, 0.5)]
)
def test_one_picture_alone_stands_in_the_frame_that_the_network_gives_it(drawn, page, network, size, ratio):
    drawn(network, size)
    assert page.locator("[data-swiped]").count() == 0
    assert ratios(page) == pytest.approx([ratio], rel=0.04)
