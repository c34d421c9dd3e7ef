"""What MLflow needs to know to log a model that loads anywhere without pickle."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, cast

import pandas as pd

from salespipe.modelling.forecast.saved import (
    ANSWER,
    NUMBERS,
    QUESTION,
    ForecastModel,
    example_questions,
)
from salespipe.modelling.frame import FeatureSchema, design_matrix
from salespipe.modelling.predict import Model

XGBOOST = ("xgboost-cpu", "xgboost")
"""The distribution without GPU libraries, and the one it replaces where there is none."""
REQUIREMENTS = ("mlflow", "numpy", "pandas", "pydantic", "scikit-learn")
ARTIFACT = "model"
EXAMPLE_ROWS = 5


def log_arguments(
    model_directory: Path, model: Model | ForecastModel, rows: pd.DataFrame
) -> dict[str, Any]:
    """Arguments for `mlflow.pyfunc.log_model`, less name and registration.

    Requirements are given, not found: MLflow would otherwise load the model in a new process to
    see what it imports.

    Args:
        model_directory: What `save_model` wrote.
        model: What was saved there.
        rows: Some rows with the model's features, for the input example; a forecast needs none.

    Returns:
        `python_model`, `artifacts`, `signature`, `input_example`, `pip_requirements`,
        `code_paths`.
    """
    package = Path(__file__).resolve().parents[1]
    if isinstance(model, ForecastModel):
        signature, example = forecast_signature(), example_questions(model, EXAMPLE_ROWS)
    else:
        signature = model_signature(model.schema, model.target.output)
        example = input_example(rows, model.schema)
    return {
        "python_model": str(package / "modelling" / "mlflow_model.py"),
        "artifacts": {ARTIFACT: str(model_directory)},
        "signature": signature,
        "input_example": example,
        "pip_requirements": pinned_requirements(),
        "code_paths": [str(package)],
    }


def model_signature(schema: FeatureSchema, output: str) -> Any:
    """Every feature as a double or string in, the prediction as a double out."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema, TensorSpec

    kinds = {"number": DataType.double, "category": DataType.string}
    columns: list[ColSpec | TensorSpec] = [
        ColSpec(kinds[f.kind], name=f.name) for f in schema.features
    ]
    return ModelSignature(
        inputs=Schema(columns), outputs=Schema([ColSpec(DataType.double, name=output)])
    )


def forecast_signature() -> Any:
    """A question about one series in, the blocks ahead with their intervals out."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema, TensorSpec

    text, number = DataType.string, DataType.double
    asked: list[ColSpec | TensorSpec] = [ColSpec(text, name=name) for name in QUESTION[:-1]]
    asked.append(ColSpec(DataType.long, name=QUESTION[-1]))
    told: list[ColSpec | TensorSpec] = [
        ColSpec(number if name in NUMBERS else text, name=name) for name in ANSWER
    ]
    return ModelSignature(inputs=Schema(asked), outputs=Schema(told))


def input_example(rows: pd.DataFrame, schema: FeatureSchema) -> pd.DataFrame:
    """A few rows as the model reads them: numbers as float64, categories as text."""
    design = design_matrix(rows.head(EXAMPLE_ROWS), schema)
    for feature in schema.features:
        if feature.kind == "category":
            text = design[feature.name].astype(object)
            design[feature.name] = text.where(text.notna(), other=cast("Any", None))
    return design


def pinned_requirements() -> list[str]:
    """The installed versions of what a loaded model imports."""
    return [f"{name}=={version(name)}" for name in (*REQUIREMENTS, _installed(XGBOOST))]


def _installed(names: tuple[str, ...]) -> str:
    for name in names:
        try:
            version(name)
        except PackageNotFoundError:
            continue
        return name
    return names[-1]
