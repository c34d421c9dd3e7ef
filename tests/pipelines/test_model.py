"""The shared path through Kedro, in this process: features, training, tracking, registration."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from salespipe.cli import cli
from salespipe.errors import SalespipeError
from salespipe.params import ModelParams, SensitiveParams, SplitParams


@pytest.fixture(scope="module")
def project(copy_project):
    """A clone in which each pipeline has run once, one session each, as DVC does it."""
    folder = copy_project()
    bootstrap_project(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        for name, tags in (("simulate", None), ("ingest", None), ("churn", ["features"])):
            run(folder, name, tags)
        run(folder, "churn", ["train"])
        yield folder


def run(folder, name, tags=None, env="demo"):
    with KedroSession.create(project_path=folder, env=env) as session:
        return session.run(pipeline_names=[name], tags=tags)


@pytest.fixture
def client(project):
    import mlflow

    return mlflow.MlflowClient(f"sqlite:///{project}/mlflow.db")


def test_one_parent_run_and_one_nested_run_a_model(client):
    experiment = client.get_experiment_by_name("demo-churn")
    nested, parent = client.search_runs([experiment.experiment_id])
    assert nested.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert {nested.info.status, parent.info.status} == {"FINISHED"}
    assert "requirements.lock" in {a.path for a in client.list_artifacts(parent.info.run_id)}
    names = {a.path for a in client.list_artifacts(nested.info.run_id)}
    assert {"metrics.json", "gate.json", "plots", "review.json", "review.html"} <= names
    plots = {a.path for a in client.list_artifacts(nested.info.run_id, "plots")}
    assert plots == {f"plots/{n}.png" for n in ("calibration", "gain", "profit", "features")}
    assert {"business", "git_commit", "data_hash", "lock_hash", "as_of"} <= set(nested.data.tags)
    assert nested.data.params["snapshots.horizon_days"] == "60"
    assert 0.5 < nested.data.metrics["xgboost.roc_auc"] < 1


def test_the_version_carries_its_verdict_and_the_alias(client, project):
    version = client.get_model_version_by_alias("demo-churn", "champion")
    assert {"verdict", "reason", "approver", "git_commit", "data_hash", "as_of"} <= set(
        version.tags
    )
    written = json.loads((project / "data/08_reporting/demo/churn/champion.json").read_text())
    assert written["version"] == int(version.version)


def test_a_run_leaves_the_page_of_its_version_and_an_index(client, project):
    folder = project / "data/08_reporting/demo"
    page, index = (folder / "churn/review.html").read_text(), (folder / "review.html").read_text()
    assert (folder / "churn/review_v1.html").read_text() == page
    assert "Version 1 is the first champion: it passed every check." in page
    assert 'href="../review.html"' in page
    assert 'href="churn/review_v1.html"' in index
    version = client.get_model_version_by_alias("demo-churn", "champion")
    away = Path(client.download_artifacts(version.run_id, "review.html")).read_text()
    assert "Version 1 is the first champion" in away
    assert "../review.html" not in away
    assert not list(folder.rglob(".*.part"))


def test_a_second_version_is_told_beside_the_first_and_a_decision_is_written_at_once(
    project, monkeypatch
):
    monkeypatch.chdir(project)
    run(project, "churn", ["train"])
    folder = project / "data/08_reporting/demo/churn"
    page = (folder / "review_v2.html").read_text()
    assert "cannot be told apart from champion version 1" in page
    for words in ("Champion, version 1", "The same rows, byte for byte.", "churn --env demo"):
        assert words in page, words
    wanted = ["approve", "churn", "--version", "2", "--by", "Ada", "--reason", "as good <b>"]
    assert CliRunner().invoke(cli, wanted).exit_code == 0
    page = (folder / "review.html").read_text()
    assert "Version 2 is champion: a person let it in." in page
    assert "Approve by Ada" in page
    assert "as good &lt;b&gt;" in page
    assert (
        "Version 1 was champion until version 2 took over."
        in (folder / "review_v1.html").read_text()
    )
    back = ["rollback", "churn", "--by", "Ada", "--reason", "changed my mind"]
    assert CliRunner().invoke(cli, back).exit_code == 0
    assert (
        "Version 2 was champion until version 1 took over." in (folder / "review.html").read_text()
    )
    told = CliRunner().invoke(cli, ["champions"]).output
    assert "to open in a browser: data/08_reporting/demo/review.html" in told
    rows = json.loads(CliRunner().invoke(cli, ["champions", "--json"]).stdout)
    assert rows[0]["review"] == "data/08_reporting/demo/churn/review.html"


def test_a_failed_run_is_recorded_as_failed_and_moves_no_alias(client, project):
    """The audit's report is gone: the decision can't be made, though the model is registered."""
    audit = project / "data/08_reporting/demo/churn/audit.json"
    kept = audit.read_text()
    before = client.get_model_version_by_alias("demo-churn", "champion").version
    audit.write_text("{}")
    with pytest.raises(KeyError):
        run(project, "churn", ["train"])
    audit.write_text(kept)
    assert client.get_model_version_by_alias("demo-churn", "champion").version == before
    experiment = client.get_experiment_by_name("demo-churn")
    statuses = [r.info.status for r in client.search_runs([experiment.experiment_id])]
    assert statuses.count("FAILED") == 2


def test_a_leak_found_by_the_audit_keeps_the_champion(client, project):
    audit = project / "data/08_reporting/demo/churn/audit.json"
    kept = audit.read_text()
    before = client.get_model_version_by_alias("demo-churn", "champion").version
    leak = {"name": "truncated", "value": 1, "bound": 0, "passed": False, "features": ["spend_90d"]}
    audit.write_text(json.dumps({"passed": False, "checks": [leak]}))
    run(project, "churn", ["train"])
    audit.write_text(kept)
    assert client.get_model_version_by_alias("demo-churn", "champion").version == before
    newest = client.get_model_version_by_alias("demo-churn", "challenger")
    assert newest.tags["verdict"] == "reject"
    assert "spend_90d" in newest.tags["reason"]


def test_sensitive_attributes_are_carried_and_are_no_features(project):
    schema = json.loads((project / "data/06_models/demo/churn/schema.json").read_text())
    assert set(schema["sensitive"]) == {"age", "gender", "family"}
    assert not {"age", "gender", "family"} & {f["name"] for f in schema["features"]}


def table(rows):
    import ibis

    return ibis.memtable(rows, schema={
        "entity_id": "string", "as_of": "timestamp(6)", "position": "int64", "label": "int64",
        "size": "float64",
    })  # fmt: skip


ROWS = {
    "entity_id": [f"e{i}" for i in range(20)],
    "as_of": [None] * 20,
    "position": list(range(20)),
    "label": [0, 1] * 10,
    "size": [1.0] * 20,
}


def test_a_table_is_split_by_its_order_or_by_a_hash():
    from salespipe.modelling.model_input import from_table

    by_row = from_table(table(ROWS), SplitParams(order="rows")).execute()
    assert by_row["split"].tolist() == ["train"] * 12 + ["valid"] * 4 + ["test"] * 4
    hashed = from_table(table(ROWS), SplitParams(order="random")).execute()
    assert sorted(hashed["split"]) == sorted(by_row["split"])
    assert hashed["split"].tolist() != by_row["split"].tolist()


def test_a_table_without_times_is_not_split_by_time():
    from salespipe.modelling.model_input import from_table

    with pytest.raises(SalespipeError, match=r"set split\.order to rows"):
        from_table(table(ROWS), SplitParams())


def test_a_model_needs_a_table_and_the_attributes_conf_names():
    from salespipe.modelling.model_input import build_frame

    model = ModelParams(
        outcome="order",
        split=SplitParams(order="rows"),
        sensitive=SensitiveParams(columns=("age",)),
    )
    with pytest.raises(SalespipeError, match="needs orders or snapshots"):
        build_frame({}, model)
    with pytest.raises(SalespipeError, match="do not have: age"):
        build_frame({"snapshots": table(ROWS)}, model)


def test_a_reason_must_name_a_sensitive_column():
    with pytest.raises(ValueError, match="as_features names"):
        SensitiveParams(columns=("age",), as_features={"gender": "because"})


def test_score_lists_every_customer_by_command(project, monkeypatch):
    """The command runs the pipeline of its name and says whom to contact."""
    monkeypatch.chdir(project)
    wanted = ["score", "--capacity", "50", "--json"]
    result = CliRunner().invoke(cli, wanted)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)["churn"]
    assert report["contacts"] == 50
    assert report["expected_gain_over_random"] > 0
    scores = pd.read_parquet(project / "data/07_model_output/demo/churn_scores.parquet")
    assert int(scores["contact"].sum()) == 50
    assert not (scores["contact"] & scores["suppressed"]).any()
    listed = pd.read_csv(project / report["list"])
    assert listed["entity_id"].tolist() == scores["entity_id"].tolist()
    orders = pd.read_parquet(project / "data/03_primary/demo/orders.parquet")
    assert set(scores["entity_id"]) <= set(orders["customer_id"])
    assert "has no model 'tax'" in CliRunner().invoke(cli, ["score", "--model", "tax"]).output
    table = CliRunner().invoke(cli, ["score", "--budget", "10"]).output
    assert "expected profit" in table
    assert "churn_scores.csv (and .parquet)" in table
