"""Spark by conf: the same tables, models as good, and a worker may die on the way."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from tests.clone import environment, run_in
from tests.real.conftest import free_port

QUICK = {"spark.sql.adaptive.enabled": "false", "spark.executor.memory": "600m"}
FEATURES = (
    *("kedro", "run", "--env", "demo", "--pipelines", "churn"),
    *("--nodes", "churn.build_model_input"),
)
ROWS = "data/05_model_input/{}/churn/rows.parquet"


def on_spark(project: Path, env: str, **spark: object) -> None:
    """Conf that names Spark, with its settings for a small machine."""
    settings = {"partitions": 2, "settings": QUICK, **spark}
    conf = {"name": "spark", "spark": settings}
    (project / f"conf/{env}/engine.yml").write_text(yaml.safe_dump(conf))


def same_tables(one: Path, other: Path) -> None:
    """The same columns of the same types and, in the same order, the same rows to 1e-9."""
    assert pq.read_schema(one).remove_metadata() == pq.read_schema(other).remove_metadata()
    left, right = pd.read_parquet(one), pd.read_parquet(other)
    pd.testing.assert_frame_equal(left, right, rtol=1e-9, atol=1e-9)


@pytest.fixture(scope="module")
def shop(copy_project):
    """A small demo shop, and its features by DuckDB."""
    folder = copy_project()
    for pipeline in ("simulate", "ingest"):
        run_in(folder, "kedro", "run", "--env", "demo", "--pipelines", pipeline)
    run_in(folder, *FEATURES)
    (folder / ROWS.format("demo")).rename(folder / "by_duckdb.parquet")
    return folder


def test_a_run_whose_worker_is_killed_finishes_with_the_same_features(shop, tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "salespipe.cluster", "--port", str(port), "--work", tmp_path]
    with ended(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=shop)) as cluster:
        told = [cluster.stdout.readline() for _ in range(3)]
        assert told[2].startswith(f"master: spark://127.0.0.1:{port}")
        on_spark(shop, "demo", master=f"spark://127.0.0.1:{port}", driver_memory="1g")
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
    same_tables(shop / "by_duckdb.parquet", shop / ROWS.format("demo"))


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


@pytest.fixture(scope="module")
def both(copy_project, datasets):
    """Online Retail's churn by each engine, from the file to the decision."""
    folders = {}
    for name in ("duckdb", "spark"):
        folder = folders[name] = copy_project()
        raw = folder / "data/01_raw/online_retail"
        raw.mkdir(parents=True)
        on_spark(folder, "online_retail", master="local[2]")
        (raw / "orders.parquet").symlink_to(datasets / "online_retail.parquet")
        extra = {"ENGINE": name}
        for pipeline in ("ingest", "churn"):
            command = ["kedro", "run", "--env", "online_retail", "--pipelines", pipeline]
            done = subprocess.run(
                command, cwd=folder, env=environment(folder) | extra, capture_output=True,
                text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
    return folders


def reported(project: Path, name: str) -> dict:
    return json.loads((project / "data/08_reporting/online_retail" / name).read_text())


@pytest.mark.parametrize(
    "file",
    [
        "03_primary/online_retail/orders.parquet",
        "02_intermediate/online_retail/quarantine_orders.parquet",
        "05_model_input/online_retail/churn/rows.parquet",
    ],
)
def test_tables_of_online_retail_are_the_same(both, file):
    same_tables(both["duckdb"] / "data" / file, both["spark"] / "data" / file)


def test_what_ingest_and_the_audit_say_is_the_same(both):
    for name in ("ingest.json", "churn/audit.json"):
        assert reported(both["spark"], name) == reported(both["duckdb"], name)


def test_churn_of_online_retail_is_as_good(both):
    """Trees grown by xgboost.spark: AUC within 0.003, candidate by candidate."""
    mine, other = (reported(both[name], "churn/metrics.json") for name in ("spark", "duckdb"))
    assert mine["rows"] == other["rows"]
    for name, figures in other["candidates"].items():
        found = mine["candidates"][name]["roc_auc"]["value"]
        assert found == pytest.approx(figures["roc_auc"]["value"], abs=0.003), name


def test_the_models_are_of_the_same_form(both):
    folders = [both[name] / "data/06_models/online_retail/churn" for name in ("duckdb", "spark")]
    files, again = ({file.name for file in folder.iterdir()} for folder in folders)
    assert {"model.ubj", "schema.json", "calibrator.json", "meta.json"} <= files == again
    schemas = [json.loads((folder / "schema.json").read_text()) for folder in folders]
    assert schemas[0] == schemas[1]


def test_a_list_scored_on_spark_says_what_one_scored_here_says(both):
    """The same champion, asked by Spark's workers part by part and in one process at once."""
    project = both["spark"]
    lists = []
    for name in ("duckdb", "spark"):
        command = ["kedro", "run", "--env", "online_retail", "--pipelines", "score"]
        done = subprocess.run(
            command, cwd=project, env=environment(project) | {"ENGINE": name}, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        file = project / "data/07_model_output/online_retail/churn_scores.parquet"
        lists.append(pd.read_parquet(file).sort_values("entity_id").reset_index(drop=True))
    assert len(lists[0]) > 4000
    assert np.allclose(lists[0]["probability"], lists[1]["probability"], 1e-9, equal_nan=True)
    pd.testing.assert_frame_equal(*lists, rtol=1e-9, atol=1e-9)
