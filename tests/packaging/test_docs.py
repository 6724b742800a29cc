"""The documentation says what is so: commands that can be typed, every call of the API, no page that nobody finds."""

import argparse
import importlib
import importlib.machinery
import importlib.util
import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest

from dispatch import cli

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
FENCED = re.compile(r"^ *```(?:sh)?\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def module(path):
    loader = importlib.machinery.SourceFileLoader(path.stem.replace("-", "_"), str(path))
    found = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(found)
    return found


def commands():
    """Each command that stands in a block of its own, as one types it."""
    for page in PAGES:
        for block in FENCED.findall(page.read_text(encoding="utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                if line.strip().startswith("dispatch ") and " … " not in f"{line} ":
                    yield pytest.param(line.strip(), id=f"{page.name}: {line.strip()[:60]}")


@pytest.mark.parametrize("line", list(commands()))
def test_a_command_that_a_page_shows_can_be_typed(line):
    _, name, *rest = shlex.split(line, comments=True)
    parser = argparse.ArgumentParser(prog=f"dispatch {name}")
    importlib.import_module(cli.COMMANDS[name][0]).add_arguments(parser)
    parser.parse_args(rest)


@pytest.mark.django_db
def test_the_reference_holds_each_call_that_the_app_says_it_has(client):
    page = module(ROOT / "scripts" / "api-reference").page()
    said = {
        f"### {method.upper()} {path}"
        for path, methods in client.get("/api/openapi.json").json()["paths"].items()
        for method in methods
    }
    assert {line for line in page.splitlines() if line.startswith("### ")} == said
    assert len(said) > 50


def adopted(*pages):
    """The front page's lists, with these pages and no others there."""
    source = [(ROOT / "docs" / "index.md").read_text(encoding="utf-8")]
    there = SimpleNamespace(env=SimpleNamespace(found_docs={"index", "install", *pages}))
    module(ROOT / "docs" / "conf.py").adopt(there, "index", source)
    return source[0].splitlines()


def test_a_page_that_no_list_names_stands_with_the_others():
    assert adopted("quite-new")[-2:] == ["quite-new", "```"]
    assert adopted("decisions/0001-one")[-2] == "contributing"


def test_a_page_that_is_still_to_be_written_stands_in_its_list_once_it_is():
    assert [line for line in adopted() if line.startswith("[")] == []
    assert [line for line in adopted("capacity") if "apacity" in line] == ["[c]apacity"]


def test_the_site_names_no_other_host_to_load_from():
    policy = module(ROOT / "docs" / "conf.py").POLICY
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
