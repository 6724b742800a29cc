import argparse
import json
import subprocess

import newsroom
import pytest

from dispatch.delivery.reputation import Looked
from dispatch.local import check

from .conftest import clean_environment, command

pytestmark = pytest.mark.django_db


def states(part) -> list[str]:
    return [finding.state for finding in part()]


def test_a_running_configuration_has_nothing_wrong():
    assert states(check.secrets) == ["WRONG", "ok"]  # the tests' secret key is a short one
    assert states(check.database) == ["ok", "todo"]
    assert states(check.broker) == ["ok"]
    assert states(check.time_zone) == ["ok"]


@pytest.mark.parametrize(
    ("url", "state", "words"),
    [
        ("https://dispatch.example.org", "ok", "Readers' links lead to"),
        ("http://localhost:8321", "todo", "this machine only"),
        ("http://dispatch.example.org", "WRONG", "Use https://"),
        ("https://elsewhere.example.org", "WRONG", "Add it to DISPATCH_HOSTS"),
        ("dispatch.example.org", "WRONG", "give a whole address"),
    ],
)
def test_the_public_address_is_judged(settings, url, state, words):
    settings.PUBLIC_URL = url
    settings.ALLOWED_HOSTS = ["dispatch.example.org", "localhost"]
    (finding,) = check.public_url()
    assert finding.state == state
    assert words in finding.words


def test_a_zone_that_does_not_exist_is_told(settings):
    settings.TIME_ZONE = "Europe/Nowhere"
    (finding,) = check.time_zone()
    assert (finding.state, "Europe/Nowhere" in finding.words) == ("WRONG", True)


def test_keys_that_others_can_read_are_told(monkeypatch, tmp_path):
    monkeypatch.setenv("DISPATCH_DATA_DIR", str(tmp_path))
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "vault_keys").write_text("")
    (tmp_path / "keys" / "vault_keys").chmod(0o644)
    assert any(f"chmod 600 {tmp_path}/keys/vault_keys" in finding.words for finding in check.secrets())


def test_a_database_and_a_broker_that_are_away_are_told_with_what_to_do(folder):
    done = subprocess.run(
        command("check"), env=clean_environment(folder), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "DISPATCH_VAULT_KEYS is not set" in done.stdout
    assert "The database cannot be reached. `dispatch up` starts it." in done.stdout
    assert "The broker cannot be reached. `dispatch up` starts it." in done.stdout
    assert "Traceback" not in done.stderr


def test_a_broker_of_an_unknown_kind_is_told(monkeypatch):
    monkeypatch.setenv("DISPATCH_BROKER_URL", "kafka://broker.example.org")
    (finding,) = check.broker()
    assert "'kafka'; known are redis, rediss" in finding.words


def test_the_dns_is_asked_where_it_is_wished_and_programs_get_one_list(names, settings, capsys):
    newsroom.newsletter(from_address="news@news.example.org")
    settings.SENDING_ADDRESSES, settings.BLOCKLISTS = ["203.0.113.7"], []
    settings.BOUNCES = {**settings.BOUNCES, "domain": "", "discreet_domain": ""}
    names.zone = {"news.example.org": ["v=spf1 -all"], "_dmarc.news.example.org": ["v=DMARC1; p=reject"]}
    found = {one.record["what"]: one for one in check.sending_domains()}
    assert {what: one.state for what, one in found.items()} == {
        "SPF": "WRONG",
        "DKIM": "todo",
        "DMARC": "ok",
        "Alignment": "ok",
        "BIMI": "todo",
        "PTR": "WRONG",
    }
    paste = 'news.example.org. IN TXT "v=spf1 ip4:203.0.113.7 -all"'
    assert found["SPF"].words.endswith(f"\n      {paste}")

    parser = argparse.ArgumentParser()
    check.add_arguments(parser)
    assert check.run(parser.parse_args(["--dns", "--json"])) == 1
    said = json.loads(capsys.readouterr().out)
    (spf,) = [one["record"] for one in said if one.get("record", {}).get("what") == "SPF"]
    assert (spf["domain"], spf["standing"], spf["paste"]) == ("news.example.org", "wrong", paste)
    assert any(one["words"].startswith("The database answers") for one in said)
    assert not Looked.objects.exists()
    assert check.run(parser.parse_args(["--dns", "--keep"])) == 1
    assert Looked.objects.get(what="SPF").standing == "wrong"
