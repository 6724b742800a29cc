"""docs/security: each line has a reason, and the tests it names are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"\| (\d+\.\d+\.\d+) \| ([^|]+) \| ([^|]*) \| (?:`([^`]+)`)? \|")
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")
LEVEL_2 = 253
"""Requirements of levels 1 and 2 in ASVS 5.0.0."""


def rows():
    return ROW.findall((ROOT / "docs" / "security" / "asvs.md").read_text(encoding="utf-8"))


def test_every_requirement_of_level_2_is_answered_once():
    numbers = [number for number, *_ in rows()]
    assert len(numbers) == len(set(numbers)) == LEVEL_2
    assert [number for number, _, reason, _ in rows() if len(reason.strip()) < 3] == []


def test_every_test_that_the_security_table_names_exists():
    for number, _, _, named in rows():
        path, _, test = named.partition("::")
        if named:
            file = ROOT / "tests" / path
            assert file.exists(), f"{number}: {path}"
            assert not test or f"def {test}(" in file.read_text(encoding="utf-8"), f"{number}: {test}"


def test_each_promise_of_safety_is_proved_by_tests_that_are_there():
    lines = (ROOT / "docs" / "security" / "proofs.md").read_text(encoding="utf-8").splitlines()
    promises = [line for line in lines if line.startswith("| ") and not line.startswith("| promise")]
    assert len(promises) == 17
    for promise in promises:
        assert NAMED.search(promise), promise
        for path, test in NAMED.findall(promise):
            assert f"def {test}(" in (ROOT / "tests" / path).read_text(encoding="utf-8"), test
