"""The model as MLflow loads it: code and plain files, no pickle.

MLflow runs this script when it loads a model ("models from code"); nothing else imports it.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel

from salespipe.modelling.predict import load_model


class SalespipeModel(PythonModel):
    """What a model answers to a frame: probabilities of label 1, or forecasts."""

    def load_context(self, context: Any) -> None:
        """Reads the saved directory once."""
        self._model = load_model(context.artifacts["model"])

    def predict(
        self,
        context: Any,  # noqa: ARG002 - MLflow's own signature
        model_input: pd.DataFrame,  # MLflow reads this hint: it hands over a frame as it is
        params: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> pd.DataFrame:
        """The model's own answer; see `Model.answer` and `ForecastModel.answer`."""
        answer: pd.DataFrame = self._model.answer(model_input)
        return answer


set_model(SalespipeModel())
