"""Pictures lose what their camera wrote into them, and fit each network without being stretched or cut blindly."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from dispatch import fetching
from dispatch.social import channels, drawing, media
from dispatch.social.models import Media, Post, PostMedia
from dispatch.social.networks.base import Limits

ORIENTATION, GPS, MAKER = 0x0112, 0x8825, 0x010F
sizes = st.tuples(st.integers(1, 700), st.integers(1, 700))
focuses = st.builds(media.Focus, st.floats(0, 1), st.floats(0, 1))


def painted(width, height, mode="RGB"):
    """A gradient, so that a crop or a turn shows."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (across, down, across)).convert(mode)


def written(image, kind="JPEG", **how):
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def seen(content):
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def kept(image, kind="PNG"):
    content = written(image, kind)
    return Media(kind=f"image/{kind.lower()}", content=content, width=image.width, height=image.height)


def limits(**more):
    return Limits(**({"longest": 300, "unit": "characters", "pictures": 4} | more))


fitting = st.builds(limits, picture_side=st.integers(40, 400), picture_bytes=st.integers(1500, 40_000))


@pytest.mark.django_db
def test_a_photograph_keeps_its_pixels_and_nothing_of_where_and_by_whom():
    exif = Image.Exif()
    exif[MAKER] = "Alice's camera"
    exif[GPS] = {1: "N", 2: (54.0, 41.0, 0.0)}
    taken = media.take(written(painted(60, 40), exif=exif, comment=b"the source's flat"))
    content = bytes(taken.content)
    assert (taken.kind, taken.width, taken.height) == ("image/jpeg", 60, 40)
    assert not any(secret in content for secret in (b"Alice", b"Exif", b"flat"))
    assert seen(content).getexif() == {}


@pytest.mark.django_db
def test_a_photograph_is_upright_however_its_camera_was_held():
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # the camera was turned: what is left in the file is below in the picture
    taken = media.take(written(painted(60, 40), exif=exif, quality=95))
    assert (taken.width, taken.height) == (40, 60)
    red_left, red_right = (seen(bytes(taken.content)).getpixel((x, 30))[1] for x in (2, 37))
    assert abs(red_left - red_right) > 100


@pytest.mark.django_db
def test_colours_are_in_srgb_whatever_profile_they_came_with():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    taken = media.take(written(painted(20, 20), icc_profile=profile))
    assert "icc_profile" not in seen(bytes(taken.content)).info


@pytest.mark.django_db
def test_the_same_picture_is_kept_once():
    content = written(painted(30, 30))
    assert media.take(content).pk == media.take(content).pk


@pytest.mark.django_db
def test_a_drawing_stays_a_drawing_with_what_shows_through_it():
    image = painted(20, 20, "RGBA")
    image.putalpha(0)
    taken = media.take(written(image, "PNG"))
    assert taken.kind == "image/png"
    assert seen(bytes(taken.content)).getpixel((5, 5))[3] == 0


@pytest.mark.django_db
def test_what_moves_goes_on_moving_where_it_may_and_stands_still_elsewhere():
    frames = [painted(20, 20), painted(20, 20).rotate(90)]
    taken = media.take(written(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert (taken.kind, seen(bytes(taken.content)).n_frames) == ("image/gif", 2)
    moving = media.fit(taken, limits(picture_kinds=("image/gif", "image/png")), media.Focus())
    still = media.fit(taken, limits(), media.Focus())
    assert (moving.content, still.kind) == (bytes(taken.content), "image/png")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"GIF89a, they say", "no picture"),
        (b"<svg onload='alert(1)'/>", "no picture"),
        (b"x" * (media.LARGEST + 1), "20 MB are taken"),
        (written(Image.new("1", (9000, 9000)), "PNG"), "60 million are taken"),
    ],
)
def test_what_is_no_picture_or_too_large_a_one_is_refused_in_words(content, why):
    with pytest.raises(media.Unfit, match=why):
        media.take(content)


def here(content, act, **order):
    """Drawn in this process: one of its own for each example would take minutes."""
    return getattr(drawing, act)(content, **order)


@settings(max_examples=25, deadline=None)
@given(size=sizes, kind=st.sampled_from(["PNG", "JPEG"]), focus=focuses, fits=fitting)
def test_a_picture_fits_and_is_not_stretched(size, kind, focus, fits):
    width, height = size
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(media, "_draw", here)
        drawn = media.fit(kept(painted(width, height), kind), fits, focus)
    image = seen(drawn.content)
    assert image.size == (drawn.width, drawn.height)
    assert max(image.size) <= fits.picture_side
    assert len(drawn.content) <= fits.picture_bytes
    assert abs(drawn.width * height - drawn.height * width) <= max(width, height) + max(drawn.width, drawn.height)
    again = Media(kind=drawn.kind, content=drawn.content, width=drawn.width, height=drawn.height)
    assert media.fit(again, fits, focus) == drawn


@settings(max_examples=25, deadline=None)
@given(size=sizes, focus=focuses)
def test_a_crop_keeps_the_frame_and_the_focus(size, focus):
    width, height = size
    left, top, right, bottom = drawing.crop(width, height, (0.8, 1.91), (focus.x, focus.y))
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert (left, right) == (0, width) or (top, bottom) == (0, height), "cut on one side only"
    assert left - 1 <= focus.x * width <= right + 1
    assert top - 1 <= focus.y * height <= bottom + 1
    if min(width, height) > 30:
        assert 0.8 * 0.95 <= (right - left) / (bottom - top) <= 1.91 * 1.05


@pytest.mark.django_db
def test_an_articles_picture_is_brought_or_the_editor_is_told_why_not(monkeypatch):
    answers = [
        fetching.Fetched(200, "", written(painted(60, 40))),
        fetching.Fetched(404, "", b""),
        fetching.Failed("no answer"),
    ]
    monkeypatch.setattr(fetching, "fetch", lambda address, **how: answers.pop(0))
    assert media.bring("https://office.example.org/a.jpg").width == 60
    for why in ("status 404", "no answer"):
        with pytest.raises(media.Unfit, match=f"it cannot be fetched: {why}"):
            media.bring("https://office.example.org/a.jpg")


def test_a_cards_picture_is_small_enough_or_left_out(monkeypatch):
    answers = [
        fetching.Fetched(200, "", written(painted(1500, 800), "PNG")),
        fetching.Fetched(404, "", b"no"),
        fetching.Fetched(200, "", b"<html>"),
        fetching.Failed("no answer"),
    ]
    monkeypatch.setattr(fetching, "fetch", lambda address, **how: answers.pop(0))
    cards = [media.card("https://office.example.org/a.png", limits(card_bytes=30_000)) for _ in range(4)]
    assert len(cards[0].content) <= 30_000
    assert cards[1:] == [None, None, None]


@pytest.mark.django_db
def test_pictures_that_no_post_shows_are_forgotten_after_a_month(make_article):
    channel = channels.connect("fake", name="Fake", network="fake", credentials={})
    article = make_article()
    post = Post.objects.create(
        channel=channel, story=article.story, article=article, text="x", language="en", due_at=timezone.now()
    )
    shown, old, _new = (media.take(written(painted(size, 20))) for size in (20, 30, 40))
    PostMedia.objects.create(post=post, media=shown)
    Media.objects.filter(pk__in=[shown.pk, old.pk]).update(created_at=timezone.now() - timedelta(days=31))
    assert media.forget() == 1
    assert not Media.objects.filter(pk=old.pk).exists()
    assert Media.objects.count() == 2


BREAKING_OUT = """
    import os, socket, subprocess
    _lock_up()
    for way in (lambda: open("/etc/hostname"), socket.socket, lambda: subprocess.run(["true"])):
        try:
            way()
        except OSError:
            continue
        return 3
    print(json.dumps({"unfit": f"knows {sorted(os.environ)}"}))
    return 0
"""


def test_whoever_draws_knows_no_keys_and_can_open_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("DISPATCH_VAULT_KEYS", "1:secret")
    source = Path(drawing.__file__).read_text()
    assert source.count("\n    _lock_up()\n") == 1
    (tmp_path / "drawing.py").write_text(source.replace("\n    _lock_up()\n", BREAKING_OUT))
    monkeypatch.setattr(media, "DRAWING", tmp_path / "drawing.py")
    with pytest.raises(media.Unfit, match="knows") as told:
        media.take(written(painted(10, 10)))
    assert "DISPATCH" not in str(told.value)


def test_a_picture_that_ends_its_drawing_ends_nothing_else(tmp_path, monkeypatch):
    (tmp_path / "drawing.py").write_text("import os; os.abort()")
    monkeypatch.setattr(media, "DRAWING", tmp_path / "drawing.py")
    with pytest.raises(media.Unfit, match="no picture that can be drawn"):
        media.take(written(painted(10, 10)))
