"""The forecast through Kedro, in this process: features, training, registration, and again."""

from __future__ import annotations

import json

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from salespipe.errors import SalespipeError
from salespipe.pipelines.forecast import nodes
from tests.modelling.forecast.conftest import small_params


@pytest.fixture(scope="module")
def project(copy_project):
    """A clone in which the forecast has run twice on the same data, one session a stage."""
    folder = copy_project()
    bootstrap_project(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        stages = (("simulate", None), ("ingest", None), ("forecast", ["features"]))
        for name, tags in stages:
            run(folder, name, tags)
        verdicts = []
        for _ in range(2):
            run(folder, "forecast", ["train"])
            verdicts.append(read(folder, "gate"))
        (folder / "verdicts.json").write_text(json.dumps(verdicts))
        yield folder


def run(folder, name, tags=None):
    with KedroSession.create(project_path=folder, env="demo") as session:
        return session.run(pipeline_names=[name], tags=tags)


def read(folder, name):
    return json.loads((folder / f"data/08_reporting/demo/forecast/{name}.json").read_text())


def test_the_page_of_a_forecast_tells_levels_and_what_comes_next(project):
    page = (project / "data/08_reporting/demo/forecast/review_v2.html").read_text("utf-8")
    for words in ("What comes next?", "95% interval", "Error of a week (WAPE)", "Odd series",
                  "are the strongest days", "Level by level"):  # fmt: skip
        assert words in page, words


def test_the_first_is_judged_and_the_same_again_is_held(project):
    first, again = json.loads((project / "verdicts.json").read_text())
    names = {check["name"] for check in first["checks"]}
    assert {"leaks", "test_rows", "baseline", "champion", "coverage_total_80"} <= names
    assert first["verdict"] in ("promote", "reject")
    champion = next(check for check in again["checks"] if check["name"] == "champion")
    if first["verdict"] == "promote":
        assert champion["otherwise"] == "hold"
        assert "cannot tell them apart" in champion["detail"]


def test_no_forecast_saw_its_future(project):
    audit = read(project, "audit")
    assert audit["passed"]
    assert {check["name"] for check in audit["checks"]} == {"truncated", "series"}


def test_the_registered_model_answers_without_the_orders(project):
    import mlflow
    import pandas as pd

    mlflow.set_tracking_uri(f"sqlite:///{project}/mlflow.db")
    loaded = mlflow.pyfunc.load_model("models:/demo-forecast@challenger")
    question = {"measure": "revenue", "level": "country", "key": "other", "frequency": "week",
                "horizon": 90}  # fmt: skip
    answer = loaded.predict(pd.DataFrame([question]))
    assert len(answer) == 12
    assert list(answer.columns) == loaded.metadata.get_output_schema().input_names()
    metrics = read(project, "metrics")
    assert answer["date"].iloc[0] == metrics["as_of"]


def test_every_run_is_tracked_with_its_plots(project):
    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{project}/mlflow.db")
    experiment = client.get_experiment_by_name("demo-forecast")
    runs = client.search_runs([experiment.experiment_id])
    nested = [one for one in runs if "mlflow.parentRunId" in one.data.tags]
    assert len(nested) == 2
    assert 0 < nested[0].data.metrics["moving_average.wape"] < 2
    plots = {a.path for a in client.list_artifacts(nested[0].info.run_id, "plots")}
    assert plots == {"plots/forecast.png", "plots/errors.png"}


def test_a_forecast_needs_orders():
    with pytest.raises(SalespipeError, match="needs orders"):
        nodes.build_model_input({}, small_params())
