"""`make ui` starts both servers and ends them together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from click.testing import CliRunner

from salespipe import pages
from salespipe.errors import SalespipeError
from tests.test_cli import a_shop

FOREVER = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_both_are_told_where_to_look(tmp_path):
    a_shop(tmp_path)
    with pytest.raises(SalespipeError, match="Nothing to show yet"):
        pages.commands_for(tmp_path, "demo", 5000, 8000)
    (tmp_path / "mlflow.db").touch()
    mlflow, evidently = pages.commands_for(tmp_path, "demo", 5001, 8001)
    assert f"sqlite:///{tmp_path}/mlflow.db" in mlflow
    assert "5001" in mlflow
    assert (tmp_path / "data/08_reporting/demo/evidently").is_dir()
    assert "8001" in evidently
    assert pages.ENVIRONMENT["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"


def test_nothing_trained_is_one_line(tmp_path, monkeypatch):
    a_shop(tmp_path)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(pages.main, [])
    assert (result.exit_code, "make run" in result.output) == (1, True)


def test_where_one_ends_the_other_does_too():
    started = time.monotonic()
    assert pages.serve([[sys.executable, "-c", "raise SystemExit(3)"], FOREVER]) == 3
    assert time.monotonic() - started < 30


def test_told_to_stop_is_no_failure(monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGTERM)).start()
    try:
        assert pages.serve([FOREVER]) == 0
    finally:
        signal.signal(signal.SIGTERM, before)


def test_addresses_are_told(tmp_path, monkeypatch):
    a_shop(tmp_path)
    (tmp_path / "mlflow.db").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pages, "serve", lambda commands: len(commands) - 2)
    result = CliRunner().invoke(pages.main, ["--evidently-port", "8123"])
    assert result.exit_code == 0
    assert "http://127.0.0.1:8123" in result.output


def test_evidently_knows_the_command():
    command = [sys.executable, "-m", "evidently.cli", "ui", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "--workspace" in told
