"""Offers through Kedro: groups in a file, pairs as rows, a model that carries its groups."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from kedro.framework.startup import bootstrap_project

from tests.pipelines.test_model import run


@pytest.fixture(scope="module")
def project(copy_project):
    """A clone with offers trained."""
    folder = copy_project()
    bootstrap_project(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        for name, tags in (("simulate", None), ("ingest", None), ("offers", ["features"])):
            run(folder, name, tags)
        run(folder, "offers", ["train"])
        yield folder


def read(file):
    return json.loads(file.read_text())


def test_the_model_carries_the_groups_it_was_trained_with(project):
    groups = read(project / "data/05_model_input/demo/offers/item_groups.json")
    assert set(groups["names"]) == {"kitchen", "garden", "toys", "books", "decor", "stationery"}
    facts = read(project / "data/06_models/demo/offers/meta.json")["facts"]
    assert facts["item_groups"] == groups
    assert facts["outcome"] == "order_group"


def test_offers_are_judged_against_popularity(project):
    metrics = read(project / "data/08_reporting/demo/offers/metrics.json")
    figures = {name: one["roc_auc"]["value"] for name, one in metrics["candidates"].items()}
    assert list(figures) == ["popularity_rule", "rfm_logistic", "xgboost", "blend"]
    assert figures[metrics["chosen"]] > figures["popularity_rule"] + 0.05
    assert metrics["best_possible"] is None
    assert metrics["rows"]["test"]["rows"] == 6 * metrics["rows"]["test"]["customers"]


def test_the_audit_covers_pairs_and_the_version_is_registered(project):
    import mlflow

    audit = read(project / "data/08_reporting/demo/offers/audit.json")
    assert audit["passed"]
    assert len(audit["checks"]) == 4
    client = mlflow.MlflowClient(f"sqlite:///{project}/mlflow.db")
    assert "verdict" in client.get_model_version_by_alias("demo-offers", "challenger").tags


def test_predictions_name_customer_day_and_group(project):
    scores = pd.read_parquet(project / "data/07_model_output/demo/offers_test.parquet")
    assert list(scores.columns[:4]) == ["entity_id", "as_of", "item_group", "label"]
    assert not scores.duplicated(["entity_id", "as_of", "item_group"]).any()
