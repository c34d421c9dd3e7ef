"""The loop with no network at all: a namespace of its own, with not even a loopback."""

from __future__ import annotations

from tests.end_to_end.conftest import copy_project, run_in  # noqa: F401


def test_the_demo_runs_without_any_network(copy_project):  # noqa: F811
    folder = copy_project()
    command = ["unshare", "--map-root-user", "--net", "python", "-m", "salespipe.loop"]
    assert "promote" in run_in(folder, *command).stdout
