"""What operators set reaches the containers: one that is dropped in silence would let a rehearsal write to readers."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
SETTINGS = re.findall(
    r"^\| `(DISPATCH_[A-Z_]+)`", (ROOT / "docs" / "operating.md").read_text(encoding="utf-8"), re.MULTILINE
)
OTHERWISE = {
    "DISPATCH_DATA_DIR": "the image sets it",
    "DISPATCH_WEB_PROCESSES": "of `dispatch up`; here a container is a process",
    "DISPATCH_INTAKE": "of `dispatch up`; here it is a service of its own",
    "DISPATCH_TEMPLATES": "a folder: mount it, and name it in an override",
    "DISPATCH_BACKUP_NIGHTLY": "a folder: mount it, and name it in an override",
    "DISPATCH_BACKUP_TO": "a folder: mount it, and name it in an override",
}


def test_the_settings_are_found():
    assert len(SETTINGS) > 50


@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting_reaches_the_containers_or_has_a_reason_not_to(name):
    assert (f"    {name}:" in COMPOSE or f"    {name}_FILE:" in COMPOSE or f"${{{name}:-" in COMPOSE) != (
        name in OTHERWISE
    )
