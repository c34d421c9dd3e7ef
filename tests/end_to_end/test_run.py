"""`make run` on a fresh clone, as a user meets it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq

from tests.clone import calls, environment, git, make_run, run_in


def test_the_run_ends_with_a_table_of_champions(project):
    told = (project / "first_run.txt").read_text()
    index = "to open in a browser: data/08_reporting/demo/review.html"
    for words in (
        "Running stage",
        "churn.fit_model",
        "verdict",
        "promote",
        "v1",
        "Reports:",
        index,
    ):
        assert words in told
    assert "Traceback" not in told


def test_what_a_run_leaves_is_no_change_to_a_tracked_file(project):
    left = git(project, "status", "--porcelain").split("\n")
    names = {line[3:] for line in left if line}
    assert names <= {"dvc.lock", "conf/demo/dvc.lock", "first_run.txt"}


def test_a_second_run_changes_nothing_and_says_so(project):
    told = make_run(project).stdout
    assert "Nothing changed for demo" in told
    assert "Running stage" not in told
    assert "v1" in told


def test_metrics_say_how_good_and_beside_what(project):
    metrics = json.loads((project / "data/08_reporting/demo/churn/metrics.json").read_text())
    assert {"recency_rule", "rfm_logistic", "xgboost"} <= set(metrics["candidates"])
    for figures in metrics["candidates"].values():
        auc = figures["roc_auc"]
        assert auc["low"] <= auc["value"] <= auc["high"]
    assert metrics["best_possible"]["ratio"] > 0.9
    rows = metrics["rows"]
    assert rows["valid"]["last_cutoff"] < rows["test"]["first_cutoff"]
    gate = json.loads((project / "data/08_reporting/demo/churn/gate.json").read_text())
    assert gate["verdict"] == "promote"
    assert all({"name", "value", "bound", "passed"} <= set(check) for check in gate["checks"])


def test_the_tools_own_commands_see_the_run(project):
    assert "roc_auc" in run_in(project, "dvc", "metrics", "show").stdout
    assert "up to date" in run_in(project, "dvc", "status", "dvc.yaml").stdout
    rows = json.loads(run_in(project, "salespipe", "champions", "--json").stdout)
    versions = {row["model"]: row["champion_version"] for row in rows}
    # twenty trees forecast worse than the moving average, and the gate says so
    assert versions == {"churn": 1, "propensity": 1, "offers": 1, "forecast": None}


def test_the_champion_loads_from_the_registry_with_pickle_forbidden(project):
    code = """
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model("models:/demo-churn@champion")
names = [column.name for column in model.metadata.signature.inputs]
frame = pd.read_parquet("data/05_model_input/demo/churn/rows.parquet")
test = frame[frame["split"] == "test"].reset_index(drop=True)
saved = pd.read_parquet("data/07_model_output/demo/churn_test.parquet")
import json
chosen = json.load(open("data/08_reporting/demo/churn/metrics.json"))["chosen"]
print((model.predict(test[names])["probability"] - saved[chosen]).abs().max())
"""
    told = run_in(project, "python", "-W", "ignore", "-c", code).stdout
    assert float(told.split()[-1]) < 1e-12
    pickles = [f for f in (project / "mlruns").rglob("*") if f.suffix in (".pkl", ".pickle")]
    assert not pickles


def test_no_command_of_the_loop_calls_anywhere(project):
    """The telemetry of every tool is off, whether or not the user's shell says so."""
    for command in ("kedro registry list", "dvc status", "dvc metrics show", "salespipe champions"):
        run_in(project, *command.split())
    assert calls(project) == ""


def test_the_ear_hears(tmp_path):
    """Without this, the test above could not fail."""
    code = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=0.01)"
    run_in(tmp_path, "python", "-c", code, check=False)
    assert "192.0.2.1" in calls(tmp_path)


def test_a_killed_run_leaves_nothing_half_written_and_the_next_one_completes(project, copy_project):
    """Killed in the middle of every stage; what the last run leaves equals an undisturbed one's."""
    folder = copy_project()
    for stage in ("simulate", "ingest", "features@churn", "train@churn"):
        kill_in(folder, stage)
        for file in (folder / "data").rglob("*.*"):
            if file.suffix in (".parquet", ".json") and not file.name.startswith("."):
                read_whole(file)
    make_run(folder)
    assert not list((folder / "data").rglob(".*.part"))
    page = (folder / "data/08_reporting/demo/churn/review.html").read_text("utf-8")
    assert page.rstrip().endswith("</html>")
    same = [
        *(project / "data/02_intermediate").rglob("*.parquet"),
        *(project / "data/03_primary").rglob("*.parquet"),
        *(project / "data/05_model_input").rglob("*.parquet"),
        *(project / "data/07_model_output").rglob("*.parquet"),
        *(project / "data/06_models").rglob("*.*"),
        project / "data/08_reporting/demo/churn/metrics.json",
        project / "data/08_reporting/demo/churn/plots/gain.png",
    ]
    assert len(same) > 10
    for file in same:
        assert (folder / file.relative_to(project)).read_bytes() == file.read_bytes(), file.name


def kill_in(folder, stage):
    """Start a run and kill all of it, without a word, while a stage is at work."""
    command = [sys.executable, "-m", "salespipe.loop"]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        for line in process.stdout:
            if line.startswith("Running stage") and stage in line:
                break
        time.sleep(4.5)  # Kedro takes some three seconds to start
        os.killpg(process.pid, signal.SIGKILL)


def read_whole(file):
    if file.suffix == ".json":
        json.loads(file.read_text())
    else:
        pq.read_table(file)


def test_an_experiment_changes_one_parameter(project):
    """The last test of the clone: it leaves the experiment's results in the workspace."""
    setting = "conf/base/globals.yml:train.max_depth=2"
    told = run_in(project, "dvc", "exp", "run", "-S", setting).stdout
    assert "train@churn" in told
    assert "ingest' didn't change" in told
    assert "max_depth: 2" in (project / "conf/base/globals.yml").read_text()
    git(project, "checkout", "conf/base/globals.yml")
