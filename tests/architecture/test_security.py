"""docs/security/asvs.md: each line has a reason, and the tests it names are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"\| (\d+\.\d+\.\d+) \| ([^|]+) \| ([^|]*) \| (?:`([^`]+)`)? \|")
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
