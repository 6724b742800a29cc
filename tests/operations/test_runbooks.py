"""Each alert has a page that says what to do, with commands that exist, and each page is tried by scripts/check-runbooks."""

import re
import shlex
import sys
from pathlib import Path

import pytest
import yaml

from dispatch import cli, completing

HOME = Path(__file__).parents[2]
sys.path.insert(0, str(HOME / "scripts"))
from runbooks import pages, troubles  # noqa: E402 - its folder comes first

PAGES = sorted((HOME / "docs" / "runbooks").glob("*.md"))
RULES = yaml.safe_load((HOME / "deploy/prometheus/rules/dispatch.yml").read_text(encoding="utf-8"))
TESTS = (HOME / "deploy/prometheus/tests/dispatch.yml").read_text(encoding="utf-8")
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"] if "alert" in rule]
PARTS = ["What it means", "How to look", "What to do", "Then check", "What not to do"]
WORDS = {"CHUNK", "POST", "SEND", "SESSION"}
"""What stands for a number."""


def test_each_alert_has_a_page_and_each_page_an_alert():
    assert [page.stem for page in PAGES] == sorted(rule["alert"] for rule in ALERTS)
    for rule in ALERTS:
        assert rule["annotations"]["runbook_url"] == f"docs/runbooks/{rule['alert']}.md"


def test_each_alert_is_proved_to_come_and_to_stay_away():
    for rule in ALERTS:
        assert f"alertname: {rule['alert']}\n        exp_alerts:\n          - " in TESTS
        assert f"alertname: {rule['alert']}, exp_alerts: []" in TESTS


def test_each_page_is_tried():
    tried = [alert for together in troubles.ROUNDS for alert in together]
    assert sorted(tried) == [page.stem for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_what_a_person_needs_at_night(page):
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)", text, re.MULTILINE) == PARTS
    assert "**Urgent?**" in text
    assert "**Readers notice**" in text
    for linked in re.findall(r"\]\((\w+\.md)\)", text):
        assert (page.parent / linked).exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_its_commands_exist_with_their_options(page):
    for command in re.findall(r"`dispatch ([a-z]+)", page.read_text(encoding="utf-8")):
        assert command in cli.COMMANDS, command
    every = pages.blocks(page.stem)
    assert {block.part for block in every} >= {"How to look", "Then check"} or page.stem == "DispatchBackupOld"
    typed = [line for block in every for line in block.typed.splitlines()]
    for line in [line for line in typed if line.startswith("dispatch ")]:
        words = [{"NETWORK": "mastodon"}.get(word, "7" if word in WORDS else word) for word in shlex.split(line)[1:]]
        completing.whole_parser().parse_args(words)  # it would end the test by SystemExit


def test_what_is_the_readers_own_is_put_in_and_nothing_is_left_open():
    known = {"SEND": 12, "FILE": "a.age"}
    assert pages.yours("dispatch send missing SEND > FILE", known) == "dispatch send missing 12 > a.age"
    with pytest.raises(pages.Failed, match="CHUNK"):
        pages.yours("dispatch queue show chunk CHUNK", known)


@pytest.fixture
def terminal(tmp_path):
    yield (opened := pages.Terminal(tmp_path, {"PATH": "/usr/bin:/bin"}))
    opened.close()


def test_a_block_that_does_not_say_what_the_page_says_is_told(terminal):
    terminal.type(pages.Block("How to look", "echo all is well\n", says="all is well"), {})
    terminal.type(pages.Block("How to look", "echo no; exit 3\n", how="fails", says="no"), {})
    with pytest.raises(pages.Failed, match="does not say “ill”"):
        terminal.type(pages.Block("How to look", "echo all is well\n", says="ill"), {})
    with pytest.raises(pages.Failed, match="exit status 0"):
        terminal.type(pages.Block("How to look", "true\n", how="fails"), {})


def test_what_is_to_be_checked_may_take_a_while(terminal):
    waits = "test -e there && echo it is || { touch there; echo not yet; }\n"
    terminal.type(pages.Block("Then check", waits, says="it is"), {})


def test_what_keeps_running_is_left_running_once_it_is_ready(terminal):
    terminal.type(
        pages.Block("What to do", "sh -c 'echo ready; exec sleep 600'\n", how="keeps running", says="ready"), {}
    )
    assert terminal.running[0].poll() is None
    with pytest.raises(pages.Failed, match="never said"):
        terminal.type(pages.Block("What to do", "echo goodbye\n", how="keeps running", says="ready"), {})
