"""Why a model says what it says of a row: its strongest contributions, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salespipe.modelling.frame import Integers
from salespipe.modelling.predict import Model

SHOWN = 3
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
    order = np.argsort(-np.abs(parts.to_numpy()), axis=1, kind="stable")[:, :SHOWN]
    columns = {
        f"reason_{place + 1}": _words(parts, rows, order[:, place])
        if place < order.shape[1]
        else pd.Series(pd.NA, index=rows.index, dtype="string")
        for place in range(SHOWN)
    }
    return pd.DataFrame(columns, index=rows.index)


def _words(parts: pd.DataFrame, rows: pd.DataFrame, feature: Integers) -> pd.Series:
    """The named feature of each row in words, put together feature by feature."""
    from salespipe.features.words import feature_help

    words = np.full(len(rows), None, dtype=object)
    for place in np.unique(feature):
        name = str(parts.columns[place])
        moved = (feature == place) & (parts[name].to_numpy() != 0)
        way = np.where(parts[name].to_numpy()[moved] > 0, "raises", "lowers")
        words[moved] = f"{feature_help(name)}: " + told(rows[name][moved]) + " (" + way + ")"
    return pd.Series(words, index=rows.index, dtype="string")


def told(values: pd.Series) -> np.ndarray:
    """Values as a person writes them: whole from 100 on, three digits below, or `unknown`."""
    if not pd.api.types.is_numeric_dtype(values):
        return values.astype(object).where(values.notna(), "unknown").astype(str).to_numpy(object)
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.array([_number(number) for number in numbers], dtype=object)


def _number(value: float) -> str:
    if np.isnan(value):
        return "unknown"
    return f"{value:,.0f}" if abs(value) >= LARGE else f"{value:.3g}"
