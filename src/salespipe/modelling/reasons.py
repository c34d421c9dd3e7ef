"""Why a model says what it says of a row: its strongest contributions, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salespipe.modelling.frame import Integers
from salespipe.modelling.predict import Model

SHOWN = 3
NONE = -1
"""In place of a feature where no further one moves the score."""
LARGE = 100
"""Numbers from here on are told without decimals."""


def strongest_reasons(model: Model, rows: pd.DataFrame) -> pd.DataFrame:
    """The contributions that move each row's score most.

    They are exact: TreeSHAP for trees (Lundberg et al. 2018), weight times distance from the mean
    for linear models; a rule has but one.

    Args:
        model: the model.
        rows: n rows with the model's features.

    Returns:
        `reason_1` to `reason_3` with the index of `rows`, such as `days since the last order: 120
        (raises)`; null where fewer features move the score.
    """
    parts = model.contributions(rows)
    left = np.abs(parts.to_numpy())
    every = np.arange(len(rows))
    columns = {}
    for place in range(SHOWN):
        strongest = left.argmax(axis=1)
        feature = np.where(left[every, strongest] > 0, strongest, NONE)
        columns[f"reason_{place + 1}"] = _words(parts, rows, feature)
        left[every, strongest] = 0
    return pd.DataFrame(columns, index=rows.index)


def _words(parts: pd.DataFrame, rows: pd.DataFrame, feature: Integers) -> pd.Series:
    """The named feature of each row in words, put together feature by feature."""
    from salespipe.features.words import feature_help

    words = np.full(len(rows), None, dtype=object)
    for place in np.unique(feature[feature != NONE]):
        name, here = str(parts.columns[place]), feature == place
        way = np.where(parts[name].to_numpy()[here] > 0, "raises", "lowers")
        words[here] = f"{feature_help(name)}: " + told(rows[name][here]) + " (" + way + ")"
    return pd.Series(words, index=rows.index, dtype="string")


def told(values: pd.Series) -> np.ndarray:
    """Values as a person writes them: whole from 100 on, three digits below, or `unknown`."""
    if not pd.api.types.is_numeric_dtype(values):
        return values.astype(object).where(values.notna(), "unknown").astype(str).to_numpy(object)
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0  # there is no -0
    distinct, place = np.unique(numbers, return_inverse=True)
    return np.array([_number(number) for number in distinct], dtype=object)[place]


def _number(value: float) -> str:
    if np.isnan(value):
        return "unknown"
    return f"{value:,.0f}" if abs(value) >= LARGE else f"{value:.3g}"
