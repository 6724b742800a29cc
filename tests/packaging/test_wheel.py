"""What is built and installed holds everything the checkout holds, the symlinked rooms included."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def tracked(*folders: str) -> set[str]:
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return set(listed.splitlines())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    if not (ROOT / ".git").exists():
        pytest.skip("only a git checkout can tell what a wheel should hold")
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT],
        check=True,
        capture_output=True,
    )
    return next(out.glob("*.whl"))


def test_the_wheel_holds_every_tracked_file(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    expected = {path.removeprefix("src/") for path in tracked("src/dispatch")} - {
        "dispatch/workers",
        "dispatch/templates",
    }
    expected |= {f"dispatch/{path}" for path in tracked("workers", "templates")}
    assert expected - inside == set()


def test_the_installed_wheel_speaks(wheel, tmp_path):
    venv.create(tmp_path / "venv", with_pip=False, system_site_packages=False)
    python = tmp_path / "venv" / "bin" / "python"
    site = next((tmp_path / "venv" / "lib").glob("python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    dependencies = next(path for path in sys.path if path.endswith("site-packages"))
    said = subprocess.run(
        [python, "-c", "from dispatch import cli; import dispatch; print(dispatch.__file__); cli.main(['--help'])"],
        env={"PYTHONPATH": f"{site}:{dependencies}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert str(site) in said.stdout, said.stderr
    assert "publish" in said.stdout
