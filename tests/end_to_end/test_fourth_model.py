"""A fourth model, spend in the next 90 days, is one folder and one conf file."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.clone import environment

PIPELINE = '''\
"""Value: what will a customer spend within the horizon?"""

from kedro.pipeline import Pipeline

from salespipe.pipelines.model import model_pipeline


def create_pipeline() -> Pipeline:
    """The value model's pipeline."""
    return model_pipeline("value")
'''
CONF = """\
value:
  outcome: spend
  snapshots: {horizon_days: 90, active_days: 180, step_days: 14, max_cutoffs: 16}
  train: {max_trees: 80}
  baselines:
    rule_column: spend_90d
  gate: {max_ece: 0.3}   # of the mean amount
  costs: ${globals:costs}
"""


@pytest.fixture(scope="module")
def shop(copy_project):
    """A clone with the fourth model, run from raw data to a list."""
    folder = copy_project()
    home = folder / "src/salespipe/pipelines/value"
    home.mkdir()
    (home / "__init__.py").write_text(PIPELINE)
    (folder / "conf/base/parameters_value.yml").write_text(CONF)
    # until August: after 500 days the test would be the weeks after Christmas, which every model
    # takes for a good season, and the gate rejects it
    conf = folder / "conf/demo/parameters.yml"
    conf.write_text(conf.read_text().replace("days: 500", "days: 600"))
    run = ("kedro", "run", "--env", "demo", "--pipelines")
    for command in (
        (*run, "simulate"),
        (*run, "ingest"),
        (*run, "value", "--tags", "features"),
        (*run, "value", "--tags", "train"),
        ("salespipe", "score", "--capacity", "20"),
    ):
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment(folder) | {"PYTHONPATH": (folder / "src").as_posix()},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


def reported(folder: Path, name: str):
    return json.loads((folder / f"data/08_reporting/demo/value/{name}.json").read_text())


def test_it_trains_beside_its_baselines_and_is_judged_by_the_gate(shop):
    metrics, gate = reported(shop, "metrics"), reported(shop, "gate")
    assert set(metrics["candidates"]) == {"recency_rule", "rfm_tweedie", "xgboost", "blend"}
    chosen = metrics["candidates"][metrics["chosen"]]
    assert metrics["headline"] == {"figure": "gini", "better": "higher"}
    for figure in ("gini", "deviance", "wape", "bias", "ece", "gain_at_20pct"):
        assert chosen[figure]["low"] <= chosen[figure]["value"] <= chosen[figure]["high"]
    assert chosen["gini"]["value"] > 0.3
    assert chosen["gain_at_20pct"]["value"] > 0.4
    assert {check["name"] for check in gate["checks"]} >= {"leaks", "baseline", "calibration"}
    assert gate["verdict"] == "promote"
    assert {"calibration.png", "gain.png", "profit.png"} <= {
        file.name for file in (shop / "data/08_reporting/demo/value/plots").iterdir()
    }


def test_its_page_tells_it_in_money(shop):
    page = (shop / "data/08_reporting/demo/value/review.html").read_text("utf-8")
    for words in ("What will a customer spend in the next 90 days?", "Ranking by amount (Gini)",
                  "What does contacting customers earn?", "spent "):  # fmt: skip
        assert words in page, words


def test_its_label_is_what_was_spent_after_the_cutoff(shop):
    rows = pd.read_parquet(shop / "data/05_model_input/demo/value/rows.parquet")
    orders = pd.read_parquet(shop / "data/03_primary/demo/orders.parquet")
    test = rows[rows["split"] == "test"].set_index("entity_id")
    start = pd.Timestamp(test["as_of"].iloc[0])
    inside = orders["ordered_at"].between(start, start + pd.Timedelta(days=90), inclusive="left")
    sold = inside & (orders["quantity"] > 0) & (orders["unit_price"] > 0)
    sold &= orders["status"].isna() | (orders["status"] == "completed")
    lines = orders[sold]
    value = (lines["quantity"] * lines["unit_price"]).astype(float)
    spent = value.groupby(lines["customer_id"]).sum().reindex(test.index, fill_value=0.0)
    np.testing.assert_allclose(test["label"], spent)


def test_it_is_registered_and_answers_with_amounts(shop):
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{shop}/mlflow.db")
    model = mlflow.pyfunc.load_model("models:/demo-value@champion")
    names = [column.name for column in model.metadata.signature.inputs]
    rows = pd.read_parquet(shop / "data/05_model_input/demo/value/rows.parquet").head(50)
    answer = model.predict(rows[names])
    assert list(answer.columns) == ["amount"]
    assert (answer["amount"] > 0).all()


def test_it_scores_every_customer_in_money(shop):
    scores = pd.read_parquet(shop / "data/07_model_output/demo/value_scores.parquet")
    known = scores[scores["amount"].notna()]
    assert len(known) > 100
    assert np.allclose(known["expected_value"], known["amount"])
    assert int(scores["contact"].sum()) == 20
    assert known["reason_1"].notna().all()
