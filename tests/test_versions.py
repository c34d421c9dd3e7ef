"""What git and MLflow know of two versions."""

from __future__ import annotations

import json

import pytest

from salespipe.registry import open_registry
from salespipe.review.record import Line, Made, Step
from salespipe.store import create_store
from salespipe.versions import code_between, due, read_business, read_dossier, read_line
from tests.clone import git


def made(number, commit="a", **tags):
    return Made(number, "2026-01-01T00:00:00+00:00", "run", {"git_commit": commit, **tags})


@pytest.fixture
def repository(tmp_path):
    """Two commits: one touches code and a note, the other only a note."""
    git(tmp_path, "init", "-q")
    commits = []
    for place, text in (("src/a.py", "1"), ("src/a.py", "2"), ("notes.md", "3")):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(text)
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-qm", f"{place} {text}")
        commits.append(git(tmp_path, "rev-parse", "HEAD").strip())
    return tmp_path, commits


def test_only_what_makes_models_counts_as_code(repository):
    folder, (first, second, third) = repository
    code = code_between(folder, made(1, first), made(2, f"{third}-dirty"))
    assert (code.commits, code.files, code.obstacle) == (("src/a.py 2",), ("src/a.py",), None)
    assert code_between(folder, made(1, second), made(2, third)).files == ()
    assert code_between(folder, made(1, first), made(2, f"{first}-dirty")).commits == ()


def test_commits_that_are_not_there_are_said(repository, tmp_path):
    folder, (first, *_) = repository
    assert "does not have both" in code_between(folder, made(1, first), made(2, "b" * 40)).obstacle
    assert "outside of git" in code_between(folder, made(1, first), made(2, "unknown")).obstacle


def test_pages_are_due_of_whom_the_last_decision_touched():
    steps = (Step("promote", 1, None, "auto", "", ""), Step("promote", 3, 1, "auto", "", ""))
    versions = tuple(made(n, compared_with="none") for n in (1, 2, 3, 4))
    assert due(Line("churn", versions, champion=3, steps=steps)) == [1, 3, 4]
    held = (*versions, made(5, compared_with="2"))
    assert due(Line("churn", held, champion=3, steps=steps)) == [1, 2, 3, 5]
    assert due(Line("churn")) == []


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A registered version whose run left figures but no facts of this layout."""
    import mlflow

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    create_store(uri)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    client = mlflow.MlflowClient(uri)
    experiment = client.create_experiment("shop-churn", (tmp_path / "mlruns").as_uri())
    run_id = client.create_run(experiment, tags={"chosen": "xgboost"}).info.run_id
    client.log_metric(run_id, "xgboost.roc_auc", 0.8)
    client.log_metric(run_id, "xgboost.roc_auc.low", 0.7)
    for name in ("gate", "metrics"):
        client.log_text(run_id, json.dumps({"compared_with": None}), f"{name}.json")
    client.create_registered_model("shop-churn")
    client.create_model_version("shop-churn", tmp_path.as_uri(), run_id=run_id)
    return uri, client


def test_a_version_without_facts_is_listed_and_has_no_page(store, tmp_path):
    uri, client = store
    found = read_business(tmp_path, uri, "shop")
    (line,) = found.lines
    (version,) = line.versions
    assert (version.number, version.chosen, version.headline) == (1, "xgboost", "roc_auc")
    assert (version.figure.value, version.figure.low, version.figure.high) == (0.8, 0.7, None)
    assert found.candidates == ()
    registry = open_registry(tmp_path, uri, "shop-churn")
    client.log_text(version.run_id, json.dumps({"format": 99}), "review.json")
    assert read_dossier(registry, line, 1) is None
    assert read_dossier(registry, line, 2) is None


def test_a_version_whose_run_is_gone_is_still_listed(store, tmp_path):
    uri, client = store
    client.create_model_version("shop-churn", tmp_path.as_uri(), run_id="0" * 32)
    folder = tmp_path / "reports/churn"
    folder.mkdir(parents=True)
    (folder / "review_v1.html").write_text("page")
    (folder / "drift.html").write_text("report")
    line = read_line(client, open_registry(tmp_path, uri, "shop-churn"), folder)
    assert [one.headline for one in line.versions] == ["roc_auc", None]
    assert (line.pages, line.reports) == ((1,), {"drift.html"})


def test_without_a_store_there_is_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert read_business(tmp_path, "sqlite:///none.db", "shop").lines == ()
