"""What holds for every command: help, JSON, exit codes 0, 1 and 2, colours only on a terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.shell_completion import BashComplete
from click.testing import CliRunner

from salespipe.cli import cli
from tests.test_cli import a_shop

ESCAPE = "\x1b["
WORDS = {
    "version": "1",
    "by": "Ann",
    "reason": "fine",
    "receipt": "demo.churn.v2.e792f5971e40.ca6663d46a71.feb22fad0f80.c7d01ab24253.2024-12-31",
    "model": "churn",
    "name": "acme",
}


def walk(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from walk(command, (*path, name))
        else:
            yield (*path, name)


COMMANDS = list(walk(cli))
each = pytest.mark.parametrize("path", COMMANDS, ids=" ".join)


def command_at(path: tuple[str, ...]) -> click.Command:
    found: click.Command = cli
    for name in path:
        assert isinstance(found, click.Group)
        found = found.commands[name]
    return found


def needed(command: click.Command, folder: Path) -> list[str]:
    """The arguments and options without which a command is wrongly used."""
    (folder / "export.csv").write_text("order,who\n1,2\n")
    words = WORDS | {"file": str(folder / "export.csv")}
    given = []
    for param in command.params:
        if param.required:
            name = str(param.name)
            flag = [] if isinstance(param, click.Argument) else [param.opts[0]]
            given += [*flag, words[name]]
    return given


def test_there_are_the_commands_of_the_design() -> None:
    designed = ("champions", "approve", "reject", "rollback", "score", "package", "trace", "doctor")
    assert {(name,) for name in (*designed, "init", "monitor", "drill")} <= set(COMMANDS)


@each
def test_help_says_what_it_does_and_what_each_option_is(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli, [*path, "--help"])
    assert result.exit_code == 0
    command = command_at(path)
    assert command.help
    options = [one for one in command.params if isinstance(one, click.Option)]
    assert all(one.help for one in options), path
    assert "--json" in {flag for one in options for flag in one.opts}


@each
def test_wrong_use_is_exit_code_2_and_says_so_on_standard_error(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli, [*path, "--no-such-option"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "No such option" in result.stderr


@each
def test_a_missing_argument_is_exit_code_2(path: tuple[str, ...]) -> None:
    if any(param.required for param in command_at(path).params):
        assert CliRunner().invoke(cli, [*path]).exit_code == 2


@each
@pytest.mark.parametrize("as_json", [False, True])
def test_failure_is_exit_code_1_and_one_line(
    path: tuple[str, ...], as_json: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here: in a folder that is no project."""
    given = needed(command_at(path), tmp_path)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, [*path, *given, *(["--json"] if as_json else [])])
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("salespipe: ")
    assert "no salespipe project" in line


def test_an_unknown_command_is_exit_code_2() -> None:
    assert CliRunner().invoke(cli, ["champion"]).exit_code == 2


def doctor(folder: Path, **more: str) -> tuple[str, list[str]]:
    """What `salespipe doctor` prints into a pipe, and its command and environment."""
    command = [sys.executable, "-c", "from salespipe.cli import cli; cli()", "doctor"]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | more, capture_output=True, text=True, check=False
    )
    return done.stdout, command


def on_a_terminal(command: list[str], folder: Path, **more: str) -> str:
    ours, theirs = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    environment = kept | {"TERM": "xterm-256color", "COLUMNS": "100"} | more
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        said = b""
        try:
            while chunk := os.read(ours, 65536):
                said += chunk
        except OSError:  # Linux's word for a terminal that nobody writes to any more
            pass
        process.wait()
    os.close(ours)
    return said.decode()


def test_colours_are_for_terminals_only(tmp_path: Path) -> None:
    a_shop(tmp_path)
    piped, command = doctor(tmp_path, TERM="xterm-256color")
    assert "ok" in piped
    assert ESCAPE not in piped
    assert ESCAPE in on_a_terminal(command, tmp_path)
    assert "[32m" not in on_a_terminal(command, tmp_path, NO_COLOR="1")


def test_shells_complete_models_of_the_business_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_shop(tmp_path)
    (tmp_path / "conf/acme").mkdir()
    (tmp_path / "conf/acme/params.yaml").write_text("env: acme\nmodels: [churn, forecast]\n")
    monkeypatch.chdir(tmp_path)
    shell = BashComplete(cli, {}, "salespipe", "_SALESPIPE_COMPLETE")

    def values(words: list[str], incomplete: str) -> list[str]:
        return [one.value for one in shell.get_completions(words, incomplete)]

    assert values(["approve"], "") == ["churn"]
    assert values(["score", "--env", "acme", "--model"], "f") == ["forecast"]
    assert values(["score", "--env", "nobody", "--model"], "") == []
    assert values([], "ro") == ["rollback"]
    assert values(["monitor", "--fail-on"], "") == ["watch", "retrain"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_its_script(shell: str) -> None:
    command = [sys.executable, "-c", "from salespipe.cli import cli; cli(prog_name='salespipe')"]
    told = subprocess.run(
        command,
        env=os.environ | {"_SALESPIPE_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "_SALESPIPE_COMPLETE" in told
    assert "salespipe" in told


def test_json_is_all_there_is_on_standard_output(tmp_path: Path, monkeypatch) -> None:
    a_shop(tmp_path)
    monkeypatch.chdir(tmp_path)
    for words in (["champions"], ["champions", "--history"], ["doctor"]):
        assert json.loads(CliRunner().invoke(cli, [*words, "--json"]).stdout) is not None
