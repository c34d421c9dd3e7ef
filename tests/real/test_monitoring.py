"""What monitoring says of real people: Telco's groups."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from click.testing import CliRunner
from fairlearn.metrics import MetricFrame, selection_rate, true_positive_rate
from sklearn.metrics import precision_score

from salespipe.cli import cli
from salespipe.modelling.rates import selected
from tests.clone import make_run

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def telco(copy_project, datasets):
    """A clone whose Telco champion was looked at once, without waivers: folder and record."""
    folder = copy_project()
    make_run(folder, "--env", "telco", "--data", str(datasets / "telco_churn.csv"))
    conf = folder / "conf/telco/globals.yml"
    conf.write_text(conf.read_text("utf-8").partition("\ngate:")[0], "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done = CliRunner().invoke(cli, ["monitor", "--env", "telco", "--fail-on", "watch"])
        assert done.exit_code == 1, done.output
        assert "selection rate by SeniorCitizen" in done.output
        yield (
            folder,
            json.loads((folder / "data/08_reporting/telco/churn/monitor.json").read_text()),
        )


def gap(record, attribute, figure="selection_rate"):
    (found,) = [one for one in record["bias"]["gaps"]
                if (one["attribute"], one["figure"]) == (attribute, figure)]  # fmt: skip
    return found


def test_the_elderlys_gap_is_found_and_genders_is_not(telco):
    _, record = telco
    senior, gender = gap(record, "SeniorCitizen"), gap(record, "gender")
    assert senior["verdict"] == "above"
    assert 0.1 < senior["low"] < senior["value"] < senior["high"]
    assert senior["value"] == pytest.approx(0.19, abs=0.03)
    assert gender["verdict"] == "within"
    assert gender["value"] == pytest.approx(0.013, abs=0.01)
    assert record["decision"]["level"] == "watch"
    assert record["bias"]["mitigations"][0]["attribute"] == "SeniorCitizen"


def test_the_gate_asked_for_the_same_figures_and_shows_who_accepts_them(telco):
    folder, record = telco
    gate = json.loads((folder / "data/08_reporting/telco/churn/gate.json").read_text())
    checks = {one["name"]: one for one in gate["checks"]}
    for attribute in ("gender", "SeniorCitizen", "Partner", "Dependents"):
        for name, figure in (("parity", "selection_rate"), ("opportunity", "true_positive_rate")):
            check, found = checks[f"{name}_gap.{attribute}"], gap(record, attribute, figure)
            assert check["value"] == pytest.approx(found["value"], abs=1e-9)
            assert check["interval"] == pytest.approx([found["low"], found["high"]], abs=1e-9)
    assert "waived by salespipe's maintainers" in checks["parity_gap.SeniorCitizen"]["detail"]
    assert gate["verdict"] == "promote"


def test_figures_are_fairlearns(telco):
    folder, record = telco
    rows = pd.read_parquet(folder / "data/05_model_input/telco/churn/rows.parquet")
    rows = rows[rows["split"] == "test"].reset_index(drop=True)
    said = pd.read_parquet(folder / "data/07_model_output/telco/churn_test.parquet")
    assert said["entity_id"].tolist() == rows["entity_id"].tolist()
    chosen = json.loads((folder / "data/08_reporting/telco/churn/metrics.json").read_text())
    picked = selected(said[chosen["chosen"]].to_numpy(), 0.2).astype(int)
    rates = {"selection_rate": selection_rate, "true_positive_rate": true_positive_rate,
             "precision": precision_score}  # fmt: skip
    for attribute in ("gender", "SeniorCitizen", "Partner", "Dependents"):
        theirs = MetricFrame(metrics=rates, y_true=said["label"], y_pred=picked,
                             sensitive_features=rows[attribute]).difference()  # fmt: skip
        for figure in rates:
            assert gap(record, attribute, figure)["value"] == pytest.approx(
                theirs[figure], abs=1e-9
            )


def test_nothing_moved_between_rows_drawn_by_chance(telco):
    _, record = telco
    assert record["drift"]["alarms"] == []
