"""Small parts of what a run tells MLflow; the whole is seen in the end-to-end tests."""

from __future__ import annotations

import hashlib
import subprocess

from salespipe import tracking
from salespipe.flat import flatten


def test_the_file_hash_is_the_one_dvc_knows(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"orders")
    assert tracking.file_hash(file) == hashlib.md5(b"orders").hexdigest()  # noqa: S324


def test_figures_become_flat_numbers():
    figures = {"xgboost": {"role": "candidate", "auc": {"value": 0.7, "low": None, "high": 1}}}
    assert tracking.numbers(figures) == {"xgboost.auc": 0.7, "xgboost.auc.high": 1.0}
    assert flatten({"a": {"b": {"c": 1}}, "d": True}) == {"a.b.c": 1, "d": True}
    assert tracking.numbers({"flag": True}) == {}


def test_the_commit_says_whether_the_tree_differs(tmp_path):
    assert tracking.git_commit(tmp_path) == "unknown"

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    (tmp_path / "a").touch()
    git("add", "a")
    git("commit", "-qm", "a")
    commit = git("rev-parse", "HEAD")
    assert tracking.git_commit(tmp_path) == commit
    (tmp_path / "a").write_text("changed")
    assert tracking.git_commit(tmp_path) == f"{commit}-dirty"
