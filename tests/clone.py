"""A copy of the project to run commands in, as a user would, on a shop small enough for a test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SMALL_SHOP = """\
simulator:
  customers: 1500
  first_day: "2023-01-01"
  days: 500
  seed: 11
churn:
  snapshots:
    horizon_days: 60
    max_cutoffs: 8
  train:
    max_trees: 60
propensity:
  snapshots:
    max_cutoffs: 6
  train:
    max_trees: 30
offers:
  snapshots:
    max_cutoffs: 4
    max_rows: 4000
  train:
    max_trees: 30
forecast:
  measures: [revenue]
  levels: {country: {top: 2}, category: {top: 2}, item: {top: 3}}
  backtest: {test_origins: 3, choice_origins: 2}
  train: {trees: 20, history_days: 150}
"""


def copy_to(folder: Path) -> Path:
    """A fresh clone of the working tree, with a small demo shop."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, names.decode().split("\0")):
        source, target = ROOT / name, folder / name
        if source.name != "dvc.lock" and (source.exists() or source.is_symlink()):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    (folder / "conf/demo/parameters.yml").write_text(SMALL_SHOP)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "clone"]):
        git(folder, *command)
    return folder


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def environment(folder: Path) -> dict[str, str]:
    """The virtual environment's commands, and an ear on what they call; no switch of ours is set.

    `make` exports the tools' own switches; a user who types `dvc repro` has none of them.
    """
    switches = ("DO_NOT_TRACK", "DVC_NO_ANALYTICS", "MLFLOW_DISABLE_TELEMETRY")
    inherited = {name: value for name, value in os.environ.items() if name not in switches}
    binaries = Path(sys.executable).parent
    return inherited | {
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "200",
        "PYTHONPATH": (Path(__file__).parent / "end_to_end" / "listening").as_posix(),
        "CALLS_LOG": (folder.parent / f"{folder.name}-calls.txt").as_posix(),
    }


def calls(folder: Path) -> str:
    """Every attempt to leave this machine that a command in the clone has made so far."""
    log = Path(environment(folder)["CALLS_LOG"])
    return log.read_text() if log.exists() else ""


def run_in(
    folder: Path, *command: str, check: bool = True, **settings: str
) -> subprocess.CompletedProcess[str]:
    """A command in a clone, with further settings of its environment."""
    done = subprocess.run(
        command, cwd=folder, env=environment(folder) | settings, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


def make_run(folder: Path, *options: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """`make run`, less the setting up of the virtual environment that runs the tests."""
    return run_in(folder, sys.executable, "-m", "salespipe.loop", *options, check=check)
