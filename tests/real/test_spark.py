"""Spark by conf: the same tables, and models as good in the same files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.clone import run_in
from tests.real.spark import on_spark, same_tables

SMALL = """\
churn:
  snapshots: {max_cutoffs: 6, step_days: 21}
  train: {max_trees: 120, subsample: 1}
"""
"""Without samples of rows, which workers draw each from their own, trees are all but the same."""
CUSTOMERS = 3
"""Every so many-th customer of Online Retail is in the shop."""
RUN = """\
import sys
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
bootstrap_project(".")
for pipeline in sys.argv[1:]:
    with KedroSession.create(env="online_retail") as session:
        session.run(pipeline_names=[pipeline])
"""
"""Pipelines one after the other in one process, so that Spark starts once."""


@pytest.fixture(scope="module")
def both(copy_project, datasets):
    """A part of Online Retail by each engine, from the file to the decisions."""
    orders = pd.read_parquet(datasets / "online_retail.parquet")
    some = orders[pd.to_numeric(orders["CustomerID"]).fillna(0) % CUSTOMERS == 0]
    folders = {}
    for engine in ("duckdb", "spark"):
        folder = folders[engine] = copy_project()
        raw = folder / "data/01_raw/online_retail"
        raw.mkdir(parents=True)
        some.to_parquet(raw / "orders.parquet")
        (folder / "conf/online_retail/parameters.yml").write_text(SMALL)
        on_spark(folder, "online_retail", master="local[2]")
        run_in(folder, sys.executable, "-c", RUN, "ingest", "churn", ENGINE=engine)
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
def test_tables_are_the_same(both, file):
    same_tables(both["duckdb"] / "data" / file, both["spark"] / "data" / file)


def test_what_ingest_and_the_audit_say_is_the_same(both):
    for name in ("ingest.json", "churn/audit.json"):
        assert reported(both["spark"], name) == reported(both["duckdb"], name)


def test_churn_is_as_good(both):
    """Trees grown by xgboost.spark: AUC within 0.003, candidate by candidate."""
    mine, other = (reported(both[name], "churn/metrics.json") for name in ("spark", "duckdb"))
    assert mine["rows"] == other["rows"]
    assert mine["candidates"].keys() == other["candidates"].keys()
    for name, figures in other["candidates"].items():
        found = mine["candidates"][name]["roc_auc"]["value"]
        assert found == pytest.approx(figures["roc_auc"]["value"], abs=0.003), name


def test_models_are_of_the_same_form(both):
    folders = [both[name] / "data/06_models/online_retail/churn" for name in both]
    files, again = ({file.name for file in folder.iterdir()} for folder in folders)
    assert {"model.ubj", "schema.json", "calibrator.json", "meta.json"} <= files == again


def test_lists_of_the_same_champion_are_the_same(both, tmp_path):
    """The customers, their probabilities, and the reasons in words."""
    project = both["duckdb"]
    listed = project / "data/07_model_output/online_retail/churn_scores.parquet"
    for engine in ("duckdb", "spark"):
        run_in(project, sys.executable, "-c", RUN, "score", ENGINE=engine)
        listed.rename(tmp_path / f"{engine}.parquet")
    same_tables(tmp_path / "duckdb.parquet", tmp_path / "spark.parquet")
    assert pd.read_parquet(tmp_path / "spark.parquet")["reason_1"].notna().any()
