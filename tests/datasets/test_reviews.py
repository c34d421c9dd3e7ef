"""Pages where people find them, whole or not at all."""

from __future__ import annotations

import pytest
from kedro.io import DatasetError

from salespipe.datasets.reviews import ReviewPages, Versions
from salespipe.review.pages import Finished, Pages
from salespipe.store import create_store


@pytest.fixture
def run_id(tmp_path, monkeypatch):
    """A run in a store of its own."""
    import mlflow

    monkeypatch.chdir(tmp_path)
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    create_store(uri)
    client = mlflow.MlflowClient(uri)
    made = client.create_experiment("demo-churn", (tmp_path / "mlruns").as_uri())
    return client.create_run(made).info.run_id


@pytest.fixture
def pages(tmp_path):
    return ReviewPages(folder=str(tmp_path / "reports"), tracking_uri="sqlite:///mlflow.db")


def test_the_newest_page_is_there_twice_and_in_mlflow(pages, run_id, tmp_path):
    import mlflow

    old, new = (Finished("churn", n, run_id, n == 2, f"here {n}", f"away {n}") for n in (1, 2))
    pages.save(Pages("index", (old, new)))
    folder = tmp_path / "reports"
    found = {file.relative_to(folder).as_posix(): file.read_text() for file in folder.rglob("*.*")}
    assert found == {
        "review.html": "index",
        "churn/review.html": "here 2",
        "churn/review_v1.html": "here 1",
        "churn/review_v2.html": "here 2",
    }
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    with open(client.download_artifacts(run_id, "review.html")) as file:  # noqa: PTH123
        assert file.read() == "away 2"


def test_what_a_killed_run_left_is_cleared(pages, run_id, tmp_path):
    folder = tmp_path / "reports/churn"
    folder.mkdir(parents=True)
    (folder / ".review_v7.html.part").write_text("half")
    pages.save(Pages("index", (Finished("churn", 8, run_id, True, "here", "away"),)))
    assert not list(folder.glob(".*"))


def test_datasets_go_one_way(pages, run_id):
    versions = Versions(business="demo", tracking_uri="sqlite:///mlflow.db")
    assert versions.load().lines == ()
    with pytest.raises(DatasetError, match="no dataset does"):
        versions.save("a version")
    with pytest.raises(DatasetError, match="for people"):
        pages.load()
