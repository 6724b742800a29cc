"""Each alert has a page that says what to do, with commands that exist."""

import re
from pathlib import Path

import pytest
import yaml

from dispatch import cli

HOME = Path(__file__).parents[2]
PAGES = sorted((HOME / "docs" / "runbooks").glob("*.md"))
RULES = yaml.safe_load((HOME / "deploy/prometheus/rules/dispatch.yml").read_text(encoding="utf-8"))
TESTS = (HOME / "deploy/prometheus/tests/dispatch.yml").read_text(encoding="utf-8")
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"] if "alert" in rule]


def test_each_alert_has_a_page_and_each_page_an_alert():
    assert [page.stem for page in PAGES] == sorted(rule["alert"] for rule in ALERTS)
    for rule in ALERTS:
        assert rule["annotations"]["runbook"] == f"docs/runbooks/{rule['alert']}.md"


def test_each_alert_is_proved_to_come_and_to_stay_away():
    for rule in ALERTS:
        assert f"alertname: {rule['alert']}\n        exp_alerts:\n          - " in TESTS
        assert f"alertname: {rule['alert']}, exp_alerts: []" in TESTS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_what_how_and_what_to_do_with_commands_that_exist(page):
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)", text, re.MULTILINE) == ["What it means", "How to look", "What to do"]
    for command in re.findall(r"`dispatch ([a-z]+)", text):
        assert command in COMMANDS, command
    for linked in re.findall(r"\]\((\w+\.md)\)", text):
        assert (page.parent / linked).exists()


COMMANDS = set(cli.COMMANDS)
