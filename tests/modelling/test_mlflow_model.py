"""Logged, registered and loaded by alias, with pickle forbidden."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from salespipe.modelling.packaging import input_example, log_arguments, pinned_requirements
from salespipe.modelling.predict import save_model
from salespipe.modelling.trained import RULE, Trained


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """MLflow on a database of its own, silent and without pickle."""
    for name in ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        monkeypatch.setenv(name, "true")
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")
    mlflow.create_experiment("demo-churn", (tmp_path / "artifacts").as_uri())
    mlflow.set_experiment("demo-churn")
    return mlflow


@pytest.mark.parametrize("which", ["champion", RULE])
def test_registered_model_predicts_the_same(
    store: Any, trained: Trained, frame: pd.DataFrame, tmp_path: Path, which: str
) -> None:
    model = trained.champion if which == "champion" else trained.models[RULE]
    save_model(model, tmp_path / "model")
    with store.start_run():
        logged = store.pyfunc.log_model(
            name="model", registered_model_name="demo-churn",
            **log_arguments(tmp_path / "model", model, frame),
        )  # fmt: skip
    client = store.MlflowClient()
    client.set_registered_model_alias("demo-churn", "champion", logged.registered_model_version)
    loaded = store.pyfunc.load_model("models:/demo-churn@champion")
    answer = loaded.predict(frame[list(model.schema.names)])
    assert list(answer.columns) == ["probability"]
    np.testing.assert_allclose(answer["probability"], model.predict(frame), atol=1e-12)
    assert loaded.metadata.get_output_schema().input_names() == ["probability"]
    pickled = [p for p in (tmp_path / "artifacts").rglob("*") if p.suffix in {".pkl", ".joblib"}]
    assert pickled == []


def test_requirements_are_pinned() -> None:
    pins = pinned_requirements()
    assert all("==" in pin for pin in pins)
    assert any(pin.startswith("xgboost") for pin in pins)


def test_example_shows_what_the_model_reads(trained: Trained, frame: pd.DataFrame) -> None:
    example = input_example(frame, trained.champion.schema)
    assert list(example.columns) == list(trained.champion.schema.names)
    assert example["country"].map(type).eq(str).all()
