"""The dashboard as an operator meets it: each panel in its place, said what it is, and red where the alert is."""

import itertools
import json
import re
from pathlib import Path

import pytest
import yaml

from dispatch.operations import figures

HOME = Path(__file__).parents[2]
BOARD = json.loads((HOME / "deploy/grafana/dispatch.json").read_text(encoding="utf-8"))
RULES = yaml.safe_load((HOME / "deploy/prometheus/rules/dispatch.yml").read_text(encoding="utf-8"))
EVERY = [rule for group in RULES["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule["expr"] for rule in EVERY if "alert" in rule}
RECORDED = {rule["record"]: rule["expr"] for rule in EVERY if "record" in rule}
ROWS = [panel for panel in BOARD["panels"] if panel["type"] == "row"]
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
PLAIN = {"B", "KiB", "none", "string", ""}
"""No units that say anything."""
WIDE = 24
BY_TITLE = {panel["title"]: panel for panel in PANELS}


def queries(panel):
    return [target["expr"] for target in panel["targets"]]


def spelled(expression):
    """With what rules record first in their place."""
    for rule, expr in RECORDED.items():
        expression = expression.replace(rule, f"({expr})")
    return expression


def names(expression):
    return set(re.findall(r"\bdispatch_\w+", spelled(expression)))


def cells(panel):
    at = panel["gridPos"]
    return set(itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])))


def test_no_panel_lies_upon_another_nor_leaves_the_board():
    taken = {}
    for panel in BOARD["panels"]:
        assert 0 <= panel["gridPos"]["x"] <= WIDE - panel["gridPos"]["w"], panel["title"]
        for cell in cells(panel):
            assert cell not in taken, f"“{panel['title']}” lies upon “{taken[cell]}”"
            taken[cell] = panel["title"]
    high = 1 + max(y for _, y in taken)
    assert len(taken) == WIDE * high, "there are holes between panels"


def test_rows_and_panels_stand_in_the_order_they_are_read():
    places = [(panel["gridPos"]["y"], panel["gridPos"]["x"]) for panel in BOARD["panels"]]
    assert places == sorted(places)
    assert all(not row["collapsed"] and not row["panels"] for row in ROWS)


def test_numbers_and_titles_are_each_ones_own():
    for key in ("id", "title"):
        said = [panel[key] for panel in BOARD["panels"]]
        assert len(said) == len(set(said)), key


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_says_what_it_shows_and_in_what(panel):
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] not in PLAIN
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])
    letters = [target["refId"] for target in panel["targets"]]
    assert len(letters) == len(set(letters)) >= 1


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_lines_have_names_of_their_own_labels(panel):
    for target in panel["targets"]:
        of_it = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        grouped = re.findall(r"\bby \(([^)]*)\)", spelled(target["expr"]))
        by = {name.strip() for found in grouped for name in found.split(",")}
        assert of_it <= by, target
        assert target["legendFormat"] or panel["type"] in {"stat", "table"}


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_no_colour_is_left_to_grafana_whose_own_is_red_from_eighty_on(panel):
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert steps[0]["value"] is None
    values = [step["value"] for step in steps[1:]]
    assert values == sorted(values)


@pytest.mark.parametrize("panel", [one for one in PANELS if one["type"] == "stat"], ids=lambda panel: panel["title"])
def test_what_is_of_this_moment_is_asked_for_this_moment(panel):
    """A range would show its last value for hours after nobody answered any more."""
    assert all(target["instant"] for target in panel["targets"])
    assert panel["fieldConfig"]["defaults"]["noValue"]


@pytest.mark.parametrize(
    ("title", "alert"),
    [
        ("Clock's last sign of life", "DispatchClockSilent"),
        ("Letters that were not accepted", "DispatchMailNotAccepted"),
        ("Since bounces could be heard", "DispatchReturnsUnread"),
        ("Oldest send with details", "DispatchDetailsKept"),
        ("Since the last backup", "DispatchBackupOld"),
        ("Channels to be connected anew: time left", "DispatchChannelExpires"),
        ("Certificate: time left", "DispatchCertificateExpires"),
        ("Disk free", "DispatchDiskFull"),
    ],
)
def test_a_panel_turns_red_where_its_alert_begins(title, alert):
    compared = re.search(r"[<>] ([\d. *]+)", ALERTS[alert])
    limit = 1.0
    for factor in compared[1].split("*"):
        limit *= float(factor)
    red, other = BY_TITLE[title]["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert other["value"] == pytest.approx(limit)
    assert (red["color"] == "red") is compared[0].startswith("<")


def test_every_figure_can_be_seen():
    shown = {name for panel in PANELS for expr in queries(panel) for name in names(expr)}
    for figure in figures.FIGURES.values():
        name = f"dispatch_{figure.name}"
        assert {name, f"{name}_total"} & shown, f"no panel shows {name}"
    for figure in figures.LATENESS.values():
        assert f"dispatch_{figure.name}_bucket" in shown


def test_each_alerts_page_is_named_where_its_figure_is_seen():
    said = " ".join(panel["description"] for panel in PANELS)
    assert set(re.findall(r"\bDispatch[A-Z]\w+", said)) == set(ALERTS)
