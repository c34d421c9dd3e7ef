"""What movement does to the scores: how much each column matters, and what its shift changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from salespipe.modelling.frame import Floats
from salespipe.monitoring.drift import Alarm, Drift
from salespipe.monitoring.looks import PREDICTION, Look

ROWS = 2000
"""Drawn for contributions and for scores of what would have been."""


def importance_of(champion: Any, rows: pd.DataFrame, seed: int) -> dict[str, float]:
    """Share of each feature in the champion's mean absolute contribution to its scores."""
    some = sample(rows, ROWS, seed)
    size = np.abs(champion.contributions(some)).mean()
    total = float(size.sum())
    return {str(name): float(value) / total if total else 0.0 for name, value in size.items()}


def sample(rows: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """At most so many rows."""
    return rows if len(rows) <= most else rows.sample(most, random_state=seed)


def with_effects(drift: Drift, champion: Any, looks: Sequence[Look], seed: int) -> Drift:
    """The drift, each alarm with what it did to the scores."""
    by_name = {look.name: look for look in looks}
    alarms = [
        replace(one, score_change=score_change(champion, one, looks[-1],
                                               by_name[one.reference], seed))
        for one in drift.alarms
    ]  # fmt: skip
    return replace(drift, alarms=tuple(alarms))


def score_change(
    champion: Any, alarm: Alarm, now: Look, reference: Look, seed: int
) -> float | None:
    """Mean score now less what it would be had the column not moved; all else stays as it is.

    A number is put back by its rank: the q-th quantile of now becomes that of the reference. Of a
    category, and of missing values, the reference's are drawn.
    """
    rows = sample(now.rows, ROWS, seed).reset_index(drop=True)
    if alarm.column == PREDICTION:
        return float(now.rows[PREDICTION].mean() - reference.rows[PREDICTION].mean())
    if alarm.column not in champion.schema.names or reference.rows.empty:
        return None
    back = put_back(rows[alarm.column], reference.rows[alarm.column], seed)
    was = champion.predict(rows.assign(**{alarm.column: back}))
    return float(np.mean(champion.predict(rows)) - np.mean(was))


def put_back(values: pd.Series, reference: pd.Series, seed: int) -> Any:
    """Values with the reference's distribution, in the order of `values` where they have one."""
    pool = reference.sample(len(values), replace=True, random_state=seed).reset_index(drop=True)
    if not pd.api.types.is_numeric_dtype(values):
        return pool.to_numpy()
    numbers: Floats = values.to_numpy(dtype=np.float64, na_value=np.nan)
    drawn: Floats = np.sort(pool.to_numpy(dtype=np.float64, na_value=np.nan))
    jitter = np.random.default_rng(seed).random(len(numbers))
    order = np.lexsort((jitter, numbers))  # missing values last, on both sides
    mapped = np.empty(len(numbers))
    mapped[order] = drawn
    return mapped
