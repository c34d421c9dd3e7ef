"""A matrix for XGBoost made batch by batch: one byte a value instead of four and a copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from salespipe.modelling.frame import Floats

if TYPE_CHECKING:
    import xgboost


def train_matrix(design: pd.DataFrame, label: Floats, rows: int) -> xgboost.QuantileDMatrix:
    """A quantised matrix from batches of so many rows.

    The cuts between bins are found on batches and merged: trees differ a little from those of the
    whole matrix at once, and so do scores in the third digit.

    Args:
        design: Design matrix.
        label: One value a row.
        rows: Of a batch.
    """
    import xgboost

    class Batches(xgboost.DataIter):
        """Slices of the frame, one after the other."""

        def __init__(self) -> None:
            super().__init__()
            self._at = 0

        def next(self, input_data: Callable[..., None]) -> bool:
            """Hands over the next slice."""
            if self._at >= len(design):
                return False
            part = slice(self._at, self._at + rows)
            input_data(data=design.iloc[part], label=label[part])
            self._at += rows
            return True

        def reset(self) -> None:
            """Back to the first slice: XGBoost passes over them several times."""
            self._at = 0

    return xgboost.QuantileDMatrix(Batches(), enable_categorical=True, nthread=1)
