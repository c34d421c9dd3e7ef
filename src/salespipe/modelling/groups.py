"""How differently a model treats groups of people, by attributes that it may not read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from salespipe.modelling.bootstrap import Interval
from salespipe.modelling.decision import Measured
from salespipe.modelling.frame import Floats, Integers
from salespipe.modelling.links import clustered_error
from salespipe.params import GateParams, Waiver

BANDS = 4
NORMAL_95 = 1.959964


def calibration_gaps(
    rows: pd.DataFrame, error: Floats, clusters: Integers, columns: Sequence[str], gate: GateParams
) -> tuple[Measured, ...]:
    """The group of each attribute whose probabilities are furthest off against all others'.

    A model may give groups different scores where their outcomes differ; it may not promise one
    group more, or less, than comes true when it does not for the others.

    Args:
        rows: n rows with the attributes.
        error: n times probability less outcome.
        clusters: n customers, as numbers from 0.
        columns: attributes; numbers are cut into bands of equal count.
        gate: smallest group, bound and waivers.
    """
    return tuple(
        _widest(column, groups_of(rows[column]), error, clusters, gate)
        for column in columns
        if column in rows
    )


def groups_of(values: pd.Series) -> pd.Series:
    """A group for each row: the value itself, or its band where values are many numbers."""
    numbers = pd.api.types.is_numeric_dtype(values) and values.nunique() > 2 * BANDS
    groups = _bands(values) if numbers else values
    return groups.astype("string").fillna("unknown").reset_index(drop=True)


def _bands(values: pd.Series) -> pd.Series:
    """Bands of equal count, named by the values they hold, such as 18–33."""
    bands = pd.qcut(values, BANDS, labels=False, duplicates="drop")
    ends = values.groupby(bands).agg(["min", "max"])
    names = {band: f"{row['min']:g}–{row['max']:g}" for band, row in ends.iterrows()}
    return bands.map(names)


def _widest(
    column: str, groups: pd.Series, error: Floats, clusters: Integers, gate: GateParams
) -> Measured:
    sizes = groups.value_counts()
    enough = (sizes >= gate.min_group_rows) & (len(groups) - sizes >= gate.min_group_rows)
    large = sorted(sizes.index[enough])
    gaps = {name: _gap((groups == name).to_numpy(), error, clusters) for name in large}
    name = max(gaps, key=lambda group: gaps[group]["low"] or 0.0, default=None)
    waiver = gate.waivers.get(column)
    return _measured(column, name, gaps, gate.max_group_gap, waiver)


def _measured(
    column: str, name: str | None, gaps: Mapping[str, Interval], bound: float, waiver: Waiver | None
) -> Measured:
    words = f"calibration gap of {column}" + (f", {name} against the others" if name else "")
    return Measured(
        name=f"group_gap.{column}",
        figure=gaps[name] if name else {"value": None, "low": None, "high": None},
        words=words,
        at_most=bound,
        waiver=str(waiver) if waiver else None,
    )


def _gap(inside: np.ndarray, error: Floats, clusters: Integers) -> Interval:
    """Absolute difference of the mean errors, with a normal interval clustered by customer."""
    difference = float(error[inside].mean() - error[~inside].mean())
    inner, outer = (clustered_error(error[part], clusters[part]) for part in (inside, ~inside))
    spread = NORMAL_95 * float(np.hypot(inner, outer))
    size = abs(difference)
    return {"value": size, "low": max(size - spread, 0.0), "high": size + spread}
