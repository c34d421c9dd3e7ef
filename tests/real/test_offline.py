"""The loop with no network at all: a namespace of its own, with not even a loopback."""

from __future__ import annotations

from tests.clone import run_in


def test_the_demo_runs_without_any_network(copy_project):
    folder = copy_project()
    command = ["unshare", "--map-root-user", "--net", "python", "-m", "salespipe.loop"]
    assert "promote" in run_in(folder, *command).stdout
