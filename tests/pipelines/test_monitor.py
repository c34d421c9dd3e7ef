"""Monitoring through Kedro: files, MLflow, and models that are not about customers."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from salespipe.cli import cli
from salespipe.datasets.monitors import ChampionRuns
from salespipe.params_monitor import MonitorParams

STEPS = (
    ("simulate", None),
    ("ingest", None),
    ("churn", None),
    ("forecast", None),
)


@pytest.fixture(scope="module")
def project(copy_project):
    """A clone in which a churn model and a forecast are champions, and were looked at once."""
    import mlflow

    folder = copy_project()
    bootstrap_project(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        for name, tags in STEPS:
            with KedroSession.create(project_path=folder, env="demo") as session:
                session.run(pipeline_names=[name], tags=tags)
        client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
        client.set_registered_model_alias("demo-forecast", "champion", "1")  # the gate would not
        done = CliRunner().invoke(cli, ["monitor", "--json"])
        assert done.exit_code == 0, done.output
        yield folder, json.loads(done.stdout)


def test_every_champion_is_looked_at(project):
    folder, report = project
    assert set(report) == {"churn", "forecast"}
    for model in report:
        made = folder / report[model]["reports"]
        for name in ("drift.html", "quality.html", "bias.html"):
            assert 1e5 < (made / name).stat().st_size < 6e6
        record = json.loads((made / "monitor.json").read_text("utf-8"))
        assert record["decision"] == report[model]["decision"]


def test_the_review_pages_tell_what_was_found(project):
    folder, report = project
    for model in report:
        page = (folder / f"data/08_reporting/demo/{model}/review.html").read_text("utf-8")
        level, day = report[model]["decision"]["level"], report[model]["as_of"]
        assert f"looked at as of {day}: <strong>{level}</strong>" in page
        for side in ("drift", "quality", "bias"):
            assert f'href="{side}.html"' in page
    assert "someone set it so in MLflow" in page
    index = (folder / "data/08_reporting/demo/review.html").read_text("utf-8")
    assert f"{report['churn']['decision']['level']}, as of {report['churn']['as_of']}" in index


def test_the_champions_test_rows_are_judged_again(project):
    """The look at the test cutoff shows the figures that the test promised."""
    folder, _ = project
    record = json.loads((folder / "data/08_reporting/demo/churn/monitor.json").read_text())
    (fresh,) = [one for one in record["quality"]["looks"] if not one["learned"]]
    promised = record["quality"]["promised"]["roc_auc"]["value"]
    assert fresh["figures"]["roc_auc"]["value"] == pytest.approx(promised, abs=1e-9)
    assert record["bias"]["look"] == fresh["look"]


def test_figures_are_on_the_champions_run_and_version(project):
    import mlflow

    folder, report = project
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    version = client.get_model_version_by_alias("demo-churn", "champion")
    assert version.tags["monitor"] == report["churn"]["decision"]["level"]
    assert version.tags["monitored_as_of"] == report["churn"]["as_of"]
    metrics = client.get_run(version.run_id).data.metrics
    assert {"monitor.level", "monitor.roc_auc", "monitor.gap.selection_rate.age"} <= set(metrics)


def test_a_champion_whose_figures_are_lost_promises_nothing(project, monkeypatch):
    folder, _ = project
    monkeypatch.chdir(folder)
    runs = ChampionRuns(business="demo", tracking_uri="sqlite:///mlflow.db")
    assert runs.load()["churn"]["chosen"]
    monkeypatch.setattr("pathlib.Path.read_text", lambda *_: "{")
    assert runs.load()["churn"] == {}


def test_without_a_store_there_is_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ChampionRuns(business="demo", tracking_uri="sqlite:///mlflow.db").load() == {}


def test_monitoring_is_no_part_of_a_plain_run():
    assert "watch_champions" not in {one.name for one in pipelines["__default__"].nodes}


def test_an_earlier_day_can_be_looked_at(project, monkeypatch):
    folder, report = project
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(cli, ["monitor", "--model", "churn", "--as-of", "2024-03-01",
                                    "--json"])  # fmt: skip
    assert json.loads(done.stdout)["churn"]["as_of"] == "2024-03-01"
    assert report["churn"]["as_of"] > "2024-03-01"


def test_base_conf_spells_out_the_typed_defaults():
    import yaml

    from tests.clone import ROOT

    own = yaml.safe_load((ROOT / "conf/base/parameters_monitor.yml").read_text())["monitor"]
    assert own == MonitorParams().model_dump(mode="json")


def test_a_drill_leaves_a_report(project, monkeypatch):
    folder, _ = project
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(cli, ["drill", "--model", "forecast", "--json"])
    assert done.exit_code == 0, done.output
    found = {one["fault"]: one for one in json.loads(done.stdout)["forecast"]}
    assert found["unit change"]["alarms"]
    assert found["category renamed"]["days"] == 7
    assert found["feed stopped"]["alarms"]


def test_a_customers_model_is_drilled_with_looks_made_once(project, monkeypatch):
    """A fault of the last days spoils one look; the others are those of the true tables."""
    from datetime import date, timedelta

    from salespipe.datasets.models import champions_in
    from salespipe.datasets.tables import ParquetTables
    from salespipe.monitoring.drill import checker
    from salespipe.monitoring.faults import FAULTS
    from salespipe.monitoring.watch import Subject
    from salespipe.pipelines.monitor.nodes import typed

    folder, report = project
    monkeypatch.chdir(folder)
    bootstrap_project(folder)
    with KedroSession.create(project_path=folder, env="demo") as session:
        conf = typed(session.load_context().params["churn"])
    tables = ParquetTables(folder="data/03_primary/demo").load()
    office = champions_in("sqlite:///mlflow.db", ["demo-churn"])["demo-churn"]
    now = date.fromisoformat(report["churn"]["as_of"])
    check = checker(tables, Subject("churn", office, conf, {}), MonitorParams(), now)
    since = now - timedelta(14)
    stopped = next(one for one in FAULTS if one.name == "feed stopped")
    assert check(tables, now).level == "ok"
    assert check(stopped.inject(tables, since, 1.0), since).level == "watch"
