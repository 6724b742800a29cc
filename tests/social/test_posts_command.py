"""`dispatch posts import`: a look, and all or nothing."""

from datetime import timedelta

import newsroom
import pytest
from django.utils import timezone

from dispatch import cli
from dispatch.social import sheets
from dispatch.social.models import Post

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path):
    newsroom.channel("masto", "fake")
    newsroom.story("en", key="site:1")
    newsroom.story("en", key="site:2")
    moment = timezone.localtime() + timedelta(days=2)
    path = tmp_path / "posts.csv"
    lines = ("channel,moment,story", f"masto,{moment:%Y-%m-%d} 10:00,site:1", f"masto,{moment:%Y-%m-%d} 11:00,site:2")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_dry_run_says_each_line_and_plans_nothing(file, capsys):
    assert cli.main(["posts", "import", str(file), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "line 2: would be planned" in said
    assert "Nothing was planned. Leave out --dry-run" in said
    assert not Post.objects.exists()


def test_the_file_is_planned_once(file, capsys):
    assert cli.main(["posts", "import", str(file)]) == 0
    assert "2 planned." in capsys.readouterr().out
    assert cli.main(["posts", "import", str(file)]) == 0
    assert "There is nothing to plan." in capsys.readouterr().out
    assert Post.objects.count() == 2


def test_a_problem_holds_all_of_it_unless_it_may_be_left_out(file, tmp_path, capsys):
    file.write_text(file.read_text(encoding="utf-8") + "\nnobody,next,site:1", encoding="utf-8")
    results = tmp_path / "results.csv"
    assert cli.main(["posts", "import", str(file), "--results", str(results)]) == 1
    assert "problem in channel: there is no channel “nobody”" in capsys.readouterr().out
    assert not Post.objects.exists()
    assert len(sheets.read(results.read_bytes()).lines) == 3
    assert cli.main(["posts", "import", str(file), "--leave-out-problems"]) == 0
    assert Post.objects.count() == 2


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"a,b,c"])
def test_a_file_that_cannot_be_taken_is_told(file, content, capsys):
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    assert cli.main(["posts", "import", str(file)]) == 1
    assert "Nothing was planned." in capsys.readouterr().err


def test_the_template_is_printed(capsys):
    assert cli.main(["posts", "template"]) == 0
    assert "content_warning" in capsys.readouterr().out
