"""Reports open from disk, hold what was found, and agree with other libraries."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score

from salespipe.datasets.monitors import MonitorReports
from salespipe.modelling.evidence import InOffice
from salespipe.modelling.target import OUTCOME
from salespipe.monitoring.decide import Found
from salespipe.monitoring.looks import PREDICTION
from salespipe.monitoring.reports import make_reports
from salespipe.monitoring.watch import Subject, watch_customers
from salespipe.params import EvaluateParams, ModelParams, SensitiveParams
from salespipe.params_monitor import MonitorParams
from tests.monitoring.shop import looks

MODEL = ModelParams(
    outcome="order",
    sensitive=SensitiveParams(columns=("gender", "age")),
    evaluate=EvaluateParams(bootstrap_samples=50),
)
AUC = {"value": 0.75, "low": 0.72, "high": 0.78}
PROMISED = {"chosen": "x", "candidates": {"x": {"role": "candidate", "roc_auc": AUC}}}


@pytest.fixture(scope="module")
def watched():
    def change(frame, place):
        if place == 15:
            frame["spend_90d"] *= 100
        return frame

    history, champion = looks(change=change, known_until=14)
    champion.target = OUTCOME
    subject = Subject("churn", InOffice(3, champion), MODEL, PROMISED)
    return watch_customers(tuple(history), subject, MODEL, MonitorParams(), Found())


@pytest.fixture(scope="module")
def folder(watched, tmp_path_factory):
    made = tmp_path_factory.mktemp("reports")
    parts = {"record": watched.as_dict(), **make_reports(watched, MonitorParams())}
    MonitorReports(folder=made.as_posix()).save({"churn": parts})
    return made / "churn"


def test_three_reports_and_a_record_are_left(folder):
    names = {file.name for file in folder.iterdir()}
    assert names == {"drift.html", "quality.html", "bias.html", "monitor.json"}
    assert all(file.stat().st_size < 6e6 for file in folder.iterdir())


def test_reports_load_nothing_from_elsewhere(folder):
    for file in folder.glob("*.html"):
        text = file.read_text("utf-8")
        assert not re.findall(r"<(?:script|link)[^>]+(?:src|href)=[\"']?https?:", text)


def test_the_record_says_everything(folder, watched):
    record = json.loads((folder / "monitor.json").read_text("utf-8"))
    assert record == MonitorReports(folder=folder.parent.as_posix()).load()["churn"]
    assert record["decision"]["level"] == watched.decision.level == "watch"
    (alarm,) = [one for one in record["drift"]["alarms"] if one["column"] == "spend_90d"]
    assert alarm["fault"]
    assert {one["column"] for one in record["drift"]["columns"]} >= {"country", "prediction"}
    assert record["quality"]["looks"][-1]["look"] == watched.looks[13].name
    assert {one["attribute"] for one in record["bias"]["gaps"]} == {"gender", "age", "gender & age"}


def results(snapshot):
    return {one["metric_name"].split("(")[0]: one for one in snapshot.dict()["metrics"]}


def test_drift_is_tested_against_normal_movement(watched):
    snapshot = make_reports(watched, MonitorParams())["drift"]
    failed = [one["description"] for one in snapshot.dict()["tests"] if one["status"] == "FAIL"]
    assert any("spend_90d" in one for one in failed)
    assert not any("tenure_days" in one for one in failed)
    assert results(snapshot)["Told"]["value"] == 1.0


def test_group_gaps_are_custom_metrics_with_tests(watched):
    gender = next(
        one for one in watched.found.bias.gaps
        if (one.attribute, one.figure) == ("gender", "selection_rate")
    )  # fmt: skip
    snapshot = make_reports(watched, MonitorParams())["bias"]
    gaps = [one for one in snapshot.dict()["metrics"] if one["metric_name"].startswith("GroupGap")]
    values = {round(one["value"], 9) for one in gaps}
    assert round(gender.value, 9) in values
    tests = [one for one in snapshot.dict()["tests"] if "selection rate by gender" in str(one)]
    assert [one["status"] for one in tests] == ["SUCCESS"]


def test_nobody_to_compare_is_a_report_too(watched):
    alone = replace(watched, sensitive=(), options=())
    assert results(make_reports(alone, MonitorParams())["bias"]).keys() == {"Told"}


def test_evidentlys_own_figures_are_scikit_learns():
    """Some of its versions took labels and probabilities at once for labels."""
    from evidently import BinaryClassification, DataDefinition, Dataset, Report
    from evidently.metrics import Accuracy, RocAuc

    rows = looks(count=9)[0][-1].rows
    label, score = rows["label"].astype(int), rows[PREDICTION]
    frame = rows.assign(label=label, chosen=(score >= 0.5).astype(int))[["label", "chosen",
                                                                      PREDICTION]]  # fmt: skip
    kind = BinaryClassification(target="label", prediction_probas=PREDICTION)
    shape = DataDefinition(classification=[kind])
    data = Dataset.from_pandas(frame.drop(columns="chosen"), shape)
    snapshot = Report([Accuracy(), RocAuc()]).run(data, None)
    values = {name: one["value"] for name, one in results(snapshot).items()}
    assert values["Accuracy"] == pytest.approx(accuracy_score(label, frame["chosen"]), abs=1e-9)
    assert values["RocAuc"] == pytest.approx(roc_auc_score(label, score), abs=1e-9)


def test_a_number_that_is_none_is_null(tmp_path):
    dataset = MonitorReports(folder=tmp_path.as_posix())
    dataset.save({"churn": {"record": {"value": float("nan"), "more": [np.inf, 1.0]}}})
    assert dataset.load() == {"churn": {"value": None, "more": [None, 1.0]}}
