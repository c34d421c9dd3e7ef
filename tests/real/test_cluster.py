"""A standalone cluster, as `make cluster` starts it; one of its workers dies on the way."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import xgboost

from tests.clone import ROOT, environment, run_in
from tests.real.conftest import free_port
from tests.real.spark import on_spark, same_tables

FEATURES = (
    *("kedro", "run", "--env", "demo", "--pipelines", "churn"),
    *("--nodes", "churn.build_model_input"),
)
ROWS = "data/05_model_input/demo/churn/rows.parquet"
TREES = 800
GROW = f"""\
import json, sys
import numpy as np, pandas as pd
from salespipe.datasets.spark import start
from salespipe.modelling.distributed import OnSpark
from salespipe.params_engine import SparkParams
start(SparkParams.model_validate(json.loads(sys.argv[1])))
draw = np.random.default_rng(1)
design = pd.DataFrame(draw.normal(size=(40_000, 10)), columns=[*"abcdefghij"])
label = (design["a"] + draw.normal(size=len(design)) > 0).to_numpy(float)
settings = {{"max_depth": 8, "objective": "binary:logistic"}}
OnSpark().train(design, label, settings, {TREES}).save_model(sys.argv[2])
"""
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


@contextlib.contextmanager
def cluster(folder, work):
    """What `make cluster` starts: its address, and the process of a worker."""
    port = free_port()
    command = [sys.executable, "-m", "salespipe.cluster", "--port", str(port), "--work", work]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)
    with ended(started):
        told = [started.stdout.readline() for _ in range(3)]
        master = f"spark://127.0.0.1:{port}"
        assert told[2].startswith(f"master: {master}")
        yield master, int(told[0].split()[-1])


def test_a_run_whose_worker_is_killed_finishes_with_the_same_features(shop, tmp_path):
    with cluster(shop, tmp_path) as (master, worker):
        on_spark(shop, "demo", master=master, settings=SMALL)
        with ended(start(FEATURES, shop)) as run:
            # then each has something that will be missed
            wait_for_both(tmp_path, run, "Finished task")
            finish_without(worker, run)
    same_tables(shop / "by_duckdb.parquet", shop / ROWS)


def test_trees_whose_worker_is_killed_are_grown_by_the_one_left(tmp_path):
    with cluster(ROOT, tmp_path / "spark") as (master, worker):
        file = tmp_path / "trees.ubj"
        grow = (sys.executable, "-c", GROW, json.dumps({"master": master, "settings": SMALL}), file)
        with ended(start(grow, ROOT)) as run:
            wait_for_both(tmp_path / "spark", run, "has entered the global sync")
            assert "all of them are grown again" in finish_without(worker, run)
    booster = xgboost.Booster(model_file=file)
    assert booster.num_boosted_rounds() == TREES


def start(command, folder):
    """A command whose output can be read when it is over."""
    return subprocess.Popen(
        command, cwd=folder, env=environment(folder), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def finish_without(worker: int, run: subprocess.Popen[str]) -> str:
    """What a run says that goes on after a worker was killed."""
    os.killpg(worker, signal.SIGKILL)
    assert run.poll() is None, "the run was over before its worker was killed"
    said, _ = run.communicate(timeout=300)
    assert run.returncode == 0, said
    return said


@contextlib.contextmanager
def ended(process):
    """A process that is gone afterwards, whatever happens."""
    with process:
        try:
            yield process
        finally:
            process.terminate()


def wait_for_both(work: Path, run: subprocess.Popen[str], said: str, seconds: float = 180) -> None:
    """Until the logs of both workers say so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        logs = [log.read_text() for log in work.glob("worker-*/app-*/*/stderr")]
        if len(logs) == 2 and all(said in log for log in logs):
            return
        if run.poll() is not None:
            pytest.fail(f"the run ended: {run.stdout.read()}")
        time.sleep(0.2)
    pytest.fail(f"not said by two workers: {said} {[*work.glob('worker-*/app-*/*')]}")
