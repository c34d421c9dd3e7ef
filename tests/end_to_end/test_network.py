"""Nothing leaves this machine but what the user configured: all five tools are kept quiet."""

from __future__ import annotations

from tests.end_to_end.conftest import calls, run_in


def test_no_command_of_the_loop_calls_anywhere(project):
    for command in ("kedro registry list", "dvc status", "dvc metrics show", "salespipe champions"):
        run_in(project, *command.split())
    assert calls(project) == ""


def test_the_ear_hears(tmp_path):
    """Without this, the test above could not fail."""
    code = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=0.01)"
    run_in(tmp_path, "python", "-c", code, check=False)
    assert "192.0.2.1" in calls(tmp_path)
