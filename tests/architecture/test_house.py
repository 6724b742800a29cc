"""The house keeps its rules: sizes, names, and who may import what."""

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "dispatch"
FILES = sorted(
    path
    for folder in (PACKAGE, ROOT / "workers")
    for path in folder.rglob("*.py")
    if "migrations" not in path.parts and not (folder is PACKAGE and {"workers", "templates"} & set(path.parts))
)
Function = ast.FunctionDef | ast.AsyncFunctionDef

ONLY_IN = {
    "celery": ("src/dispatch/queue.py", "workers/"),
    "tweepy": ("src/dispatch/social/networks/x.py",),
    "pyrage": ("src/dispatch/audience/exporting.py", "src/dispatch/local/shares.py"),
    "mjml": ("src/dispatch/editions/rendering.py",),
    "mastodon": ("src/dispatch/social/networks/mastodon.py",),
    "atproto": ("src/dispatch/social/networks/bluesky.py",),
    "ninja": ("src/dispatch/api/",),
    "mcp": ("src/dispatch/api/assistant.py", "src/dispatch/api/assistant_door.py"),
    "telegram": ("src/dispatch/social/networks/telegram.py",),
    "apprise": ("src/dispatch/social/networks/watched.py",),
}
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "service.py", "services.py", "manager.py", "common.py", "misc.py"}


def functions(path: Path) -> Iterator[Function]:
    yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, Function))


def lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def inside(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_file_is_longer_than_300_lines():
    assert {inside(path): n for path in FILES if (n := len(path.read_text().splitlines())) > 300} == {}


def test_no_test_file_is_longer_than_400_lines():
    tests = (ROOT / "tests").rglob("*.py")
    assert {inside(path): n for path in tests if (n := len(path.read_text().splitlines())) > 400} == {}


def test_no_function_is_longer_than_40_lines():
    long = {f"{inside(path)}:{f.name}": lines(f) for path in FILES for f in functions(path) if lines(f) > 40}
    assert long == {}


def test_no_task_is_longer_than_12_lines():
    tasks = [
        (inside(path), function)
        for path in (ROOT / "workers").glob("*.py")
        for function in functions(path)
        if any("task" in ast.unparse(decorator) for decorator in function.decorator_list)
    ]
    assert tasks
    assert {f"{path}:{task.name}": lines(task) for path, task in tasks if lines(task) > 12} == {}


def test_the_medians_are_shown(capsys):
    sizes = [len(path.read_text().splitlines()) for path in FILES if path.stat().st_size]
    bodies = [lines(function) for path in FILES for function in functions(path)]
    with capsys.disabled():
        print(f"\nhouse: {len(sizes)} files, median {statistics.median(sizes):.0f} lines;", end=" ")  # noqa: T201 - shown on purpose
        print(f"{len(bodies)} functions, median {statistics.median(bodies):.0f} lines")  # noqa: T201 - likewise
    assert sizes
    assert bodies


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_stays_in_its_room(library):
    places = [inside(path) for path in FILES if library in imports(path)]
    assert [place for place in places if not place.startswith(ONLY_IN[library])] == []


def test_no_drawer_for_everything():
    assert [inside(path) for path in FILES if path.name in FORBIDDEN_NAMES] == []


def test_imports_go_down_the_house():
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_symlinked_rooms_are_relative_links():
    for name in ("workers", "templates"):
        link = PACKAGE / name
        assert link.is_symlink()
        assert str(link.readlink()) == f"../../{name}"


def test_each_decision_has_a_number_of_its_own():
    for number, path in enumerate(sorted((ROOT / "docs" / "decisions").glob("*.md")), 1):
        assert path.name.startswith(f"{number:04}-"), path.name
        assert path.read_text(encoding="utf-8").startswith(f"# {number}. "), path.name
