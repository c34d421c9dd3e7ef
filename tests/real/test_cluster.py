"""A standalone cluster, as `make cluster` starts it; one of its workers dies on the way."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.clone import environment, run_in
from tests.real.conftest import free_port
from tests.real.spark import on_spark, same_tables

FEATURES = (
    *("kedro", "run", "--env", "demo", "--pipelines", "churn"),
    *("--nodes", "churn.build_model_input"),
)
ROWS = "data/05_model_input/demo/churn/rows.parquet"
SMALL = {"spark.sql.adaptive.enabled": "false", "spark.executor.memory": "600m"}
"""Every step in parts, so that both workers have some."""


@pytest.fixture(scope="module")
def shop(copy_project):
    """A small demo shop, and its features by DuckDB."""
    folder = copy_project()
    for pipeline in ("simulate", "ingest"):
        run_in(folder, "kedro", "run", "--env", "demo", "--pipelines", pipeline)
    run_in(folder, *FEATURES)
    (folder / ROWS).rename(folder / "by_duckdb.parquet")
    return folder


def test_a_run_whose_worker_is_killed_finishes_with_the_same_features(shop, tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "salespipe.cluster", "--port", str(port), "--work", tmp_path]
    with ended(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=shop)) as cluster:
        told = [cluster.stdout.readline() for _ in range(3)]
        assert told[2].startswith(f"master: spark://127.0.0.1:{port}")
        on_spark(shop, "demo", master=f"spark://127.0.0.1:{port}", settings=SMALL)
        started = subprocess.Popen(
            FEATURES, cwd=shop, env=environment(shop), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        with ended(started) as run:
            wait_for_tasks(tmp_path, run)
            os.killpg(int(told[0].split()[-1]), signal.SIGKILL)
            assert run.poll() is None, "the run was over before its worker was killed"
            said, _ = run.communicate(timeout=300)
            assert run.returncode == 0, said
    same_tables(shop / "by_duckdb.parquet", shop / ROWS)


@contextlib.contextmanager
def ended(process):
    """A process that is gone afterwards, whatever happens."""
    with process:
        try:
            yield process
        finally:
            process.terminate()


def wait_for_tasks(work: Path, run: subprocess.Popen[str], seconds: float = 180) -> None:
    """Until both workers have finished a task, and so have something that will be missed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        logs = [log.read_text() for log in work.glob("worker-*/app-*/*/stderr")]
        if len(logs) == 2 and all("Finished task" in log for log in logs):
            return
        if run.poll() is not None:
            pytest.fail(f"the run ended: {run.stdout.read()}")
        time.sleep(0.2)
    pytest.fail(f"no tasks on two workers: {[*work.glob('worker-*/app-*/*')]}")
