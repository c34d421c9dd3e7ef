"""Where MLflow's records lie."""

from __future__ import annotations

import pytest

from salespipe import store


@pytest.mark.parametrize(
    ("configured", "variable", "expected"),
    [
        ("sqlite:///mlflow.db", None, "sqlite:////shop/mlflow.db"),
        ("sqlite:////else/mlflow.db", None, "sqlite:////else/mlflow.db"),
        ("http://127.0.0.1:5000", None, "http://127.0.0.1:5000"),
        ("sqlite:///mlflow.db", "http://127.0.0.1:5000", "http://127.0.0.1:5000"),
    ],
)
def test_a_relative_sqlite_path_counts_from_the_project(
    monkeypatch, tmp_path, configured, variable, expected
):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    if variable:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", variable)
    uri = store.tracking_uri(configured, tmp_path)
    assert uri == expected.replace("/shop", tmp_path.as_posix())


def test_a_new_store_is_whole_or_not_there(tmp_path, monkeypatch):
    import mlflow

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mlflow.MlflowClient, "search_experiments", killed)
        with pytest.raises(KeyboardInterrupt):
            store.create_store(f"sqlite:///{tmp_path}/killed.db")
    assert list(tmp_path.iterdir()) == []
    store.create_store(f"sqlite:///{tmp_path}/mlflow.db")
    assert [f.name for f in tmp_path.iterdir()] == ["mlflow.db"]
    assert mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db").search_experiments()
    store.create_store("http://127.0.0.1:5000")
