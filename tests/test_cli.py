import pytest

from dispatch import cli, env


def test_without_a_command_it_lists_them_all(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(f"    {name}" in said for name in cli.COMMANDS)


def test_an_unknown_command_is_told(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["sned"])
    assert ended.value.code == 2
    assert "invalid choice: 'sned'" in capsys.readouterr().err


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0
    assert cli.COMMANDS[name][1] in " ".join(capsys.readouterr().out.split())


def test_a_wrong_setting_is_two_and_words(monkeypatch, capsys):
    monkeypatch.setenv("DISPATCH_PORT", "eighty")
    assert cli.main(["up"]) == 2
    assert capsys.readouterr().err == "dispatch: DISPATCH_PORT is 'eighty', which is not a number.\n"


def test_the_next_key_has_the_next_number(monkeypatch, capsys):
    assert cli.main(["keys", "new"]) == 0
    number, _, key = capsys.readouterr().out.strip().partition(" ")
    assert number == "2"
    monkeypatch.setenv("DISPATCH_VAULT_KEYS", f"2 {key}")
    assert env.text("DISPATCH_VAULT_KEYS").startswith("2 ")
