"""The model as MLflow loads it: code and plain files, no pickle.

MLflow runs this script when it loads a model ("models from code"); nothing else imports it.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel

from salespipe.modelling.predict import Model, load_model


class SalespipeModel(PythonModel):
    """Probabilities of label 1 for a frame of features."""

    def load_context(self, context: Any) -> None:
        """Reads the saved directory once."""
        self._model: Model = load_model(context.artifacts["model"])

    def predict(
        self,
        context: Any,  # noqa: ARG002 - MLflow's own signature
        model_input: pd.DataFrame,  # MLflow reads this hint: it hands over a frame as it is
        params: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> pd.DataFrame:
        """One column, `probability`, in the rows' order."""
        return pd.DataFrame(
            {"probability": self._model.predict(model_input)}, index=model_input.index
        )


set_model(SalespipeModel())
