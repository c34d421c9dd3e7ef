"""What stops `make run` before anything is written, each in one sentence."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner

from salespipe import loop
from salespipe.errors import SalespipeError


@pytest.fixture
def root(tmp_path, monkeypatch):
    for env in ("demo", "base", "acme"):
        (tmp_path / "conf" / env).mkdir(parents=True)
    (tmp_path / "params.yaml").write_text("env: demo\nroot: .\nmodels: [churn]\n")
    (tmp_path / "conf/acme/params.yaml").write_text("env: acme\nroot: ../..\nmodels: [churn]\n")
    (tmp_path / "conf/acme/source.yml").write_text("orders: {columns: {}}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(root, monkeypatch):
    ran = []
    monkeypatch.setattr(loop, "reproduce", lambda _, env: ran.append(env) or False)

    def invoke(*options):
        result = CliRunner().invoke(loop.main, options)
        return result.exit_code, result.output, ran

    return invoke


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--env", "acne"], "There is no business 'acne': conf/ has acme, demo."),
        (["--env", "acme"], "acme needs data: run `make run ENV=acme DATA=<file or folder>`."),
        (["--env", "acme", "--data", "no.csv"], "DATA=no.csv does not exist."),
        (["--env", "acme", "--data", "conf"], "holds nothing to read; salespipe reads .csv"),
        (["--data", "conf"], "The demo makes its own data"),
    ],
)
def test_a_wrong_call_is_told_in_one_sentence(run, options, words):
    code, told, ran = run(*options)
    assert code == 1
    assert words in told
    assert told.count("\n") == 1
    assert not ran


def test_a_copied_params_file_is_caught(root):
    (root / "conf/acme/params.yaml").write_text("env: demo\nmodels: [churn]\n")
    with pytest.raises(SalespipeError, match="it must say acme"):
        loop.check_business(root, "acme")


def test_a_business_without_params_is_told(root):
    (root / "conf/acme/params.yaml").unlink()
    with pytest.raises(SalespipeError, match=r"conf/acme/params\.yaml is missing"):
        loop.check_business(root, "acme")


def test_data_is_copied_once_and_replaces_what_was_there(root):
    raw = root / "data/01_raw/acme"
    for name in ("january.csv", "february.csv"):
        (root / name).write_text(name)
        loop.place_data(root, "acme", root / name)
        assert [f.name for f in raw.iterdir()] == [name]
    before = (raw / "february.csv").stat().st_ino
    loop.place_data(root, "acme", root / "february.csv")
    assert (raw / "february.csv").stat().st_ino == before


def test_a_folder_of_exports_is_taken_whole(root):
    export = root / "export"
    export.mkdir()
    for name in ("orders.csv", "customers.csv", "notes.txt"):
        (export / name).touch()
    loop.place_data(root, "acme", export)
    copied = sorted(f.name for f in (root / "data/01_raw/acme").iterdir())
    assert copied == ["customers.csv", "orders.csv"]


def test_a_database_needs_no_file(root):
    (root / "conf/acme/source.yml").write_text("orders: {read: {query: select 1, url: U}}\n")
    loop.check_data(root, "acme")


def test_an_untrained_model_is_shown_as_such(run, root):
    (root / "data/01_raw/acme").mkdir(parents=True)
    (root / "data/01_raw/acme/orders.csv").touch()
    code, told, ran = run("--env", "acme")
    assert (code, ran) == (0, ["acme"])
    assert "Nothing changed for acme" in told
    assert "not trained" in told


def test_chatter_is_left_out_and_errors_are_not():
    lines = ["> kedro run --env x", "Running stage 'a':", "ERROR: no space left", "", "  node 1 s"]
    told = list(loop._told(f"{line}\n" for line in lines))
    assert told == ["Running stage 'a':", "ERROR: no space left", "  node 1 s"]


def test_a_lock_of_a_killed_run_is_cleared_and_one_in_use_is_not(tmp_path):
    lock = tmp_path / "rwlock"
    dead, alive = 2**22 + 1, os.getpid()
    for pid, stays in ((dead, False), (alive, True)):
        owners = {"a": {"write": {"pid": pid, "cmd": "dvc"}}, "b": {"read": [{"pid": dead}]}}
        lock.write_text(json.dumps(owners))
        loop.clear_stale_lock(lock)
        assert lock.exists() == stays
    lock.write_text("half-writ")
    loop.clear_stale_lock(lock)
    assert lock.exists()
