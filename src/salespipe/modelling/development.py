"""The rows before the test period: what is fitted on, and what is judged on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from salespipe.modelling.frame import (
    FeatureSchema,
    Floats,
    Integers,
    design_matrix,
    development_rows,
    entity_codes,
    entity_folds,
    labels,
)
from salespipe.modelling.target import OUTCOME, Target

FOLDS = 4
"""Groups of customers that take turns at being predicted by models that never saw them."""
BLOCKS = 10
"""Periods that rows without dates are taken for, in the order they came."""
FEW_OUTCOMES = 10
"""Customers of either outcome below which nothing can be judged or fitted with coefficients."""


@dataclass(frozen=True)
class Fold:
    """Positions of the rows to fit on, and of the later rows of other customers to judge on."""

    fit: Integers
    held: Integers


@dataclass(frozen=True)
class Development:
    """Rows before the test period, in canonical order.

    Attributes:
        design: Design matrix of all features, n rows.
        label: n outcomes.
        splits: n times 'train' or 'valid'.
        clusters: n customers, as numbers from 0.
        groups: n groups of customers, 0 to `FOLDS` - 1.
        periods: n periods, as numbers; see `periods_of`.
        folds: What is fitted on and judged on in turn.
        target: What is predicted.
    """

    design: pd.DataFrame
    label: Floats
    splits: pd.Series
    clusters: Integers
    groups: Integers
    periods: Integers
    folds: tuple[Fold, ...]
    target: Target

    @property
    def held(self) -> Integers:
        """Positions of all rows judged on, in the order of the folds."""
        return np.concatenate([np.empty(0, dtype=np.int64), *(fold.held for fold in self.folds)])


def develop(frame: pd.DataFrame, schema: FeatureSchema, target: Target = OUTCOME) -> Development:
    """Takes the rows before the test period and lays out the folds.

    Args:
        frame: Model input, in any order of rows and columns.
        schema: The features.
        target: What is predicted.
    """
    rows = development_rows(frame)
    groups = entity_folds(rows, FOLDS)
    return Development(
        design=design_matrix(rows, schema),
        label=labels(rows),
        splits=rows["split"],
        clusters=entity_codes(rows),
        groups=groups,
        periods=periods_of(rows),
        folds=later_folds(rows["split"].to_numpy(dtype=object) == "valid", groups),
        target=target,
    )


def periods_of(rows: pd.DataFrame) -> Integers:
    """Period of each row: its cutoff, or where rows have none, one of `BLOCKS` of its split.

    Rows that were split without regard to their order are all of one period.

    Args:
        rows: rows before the test period, in canonical order.
    """
    if rows["as_of"].nunique() > 1:
        return pd.factorize(rows["as_of"], sort=True)[0].astype(np.int64)
    if not rows["split"].is_monotonic_increasing:  # 'train' before 'valid'
        return np.zeros(len(rows), dtype=np.int64)
    split = rows.groupby("split")["split"]
    place, size = split.cumcount(), split.transform("size")
    return (place * BLOCKS // size).to_numpy(dtype=np.int64)


def later_folds(valid: NDArray[np.bool_], groups: Integers) -> tuple[Fold, ...]:
    """For each group of customers: fit on the others' earlier rows, judge on its later ones.

    Weekly cutoffs show the same customer again and again, with label windows that overlap. A model
    that recognises customers would look good on later rows of the same ones and be none the better
    for new ones, so both time and customer are held out.

    Args:
        valid: Whether a row lies in the later block.
        groups: Group of the row's customer.
    """
    folds = [
        Fold(
            fit=np.flatnonzero(~valid & (groups != group)),
            held=np.flatnonzero(valid & (groups == group)),
        )
        for group in np.unique(groups)
    ]
    return tuple(fold for fold in folds if len(fold.held))


def shortage(development: Development, min_outcomes: int) -> str | None:
    """Why there is too little to learn from, in words; None where there is enough.

    Customers are counted, not rows: one customer seen at twenty cutoffs is still one outcome.
    """
    everyone = outcome_counts(development)
    if min(everyone) < min_outcomes:
        return (
            f"Too little data: {everyone[1]} customers with the outcome and {everyone[0]} without "
            f"before the test period, where each must be at least {min_outcomes}."
        )
    for split, purpose in (("train", "learn from"), ("valid", "judge on")):
        some = outcome_counts(development, split)
        if min(some) < FEW_OUTCOMES:
            return (
                f"Too little data: the rows to {purpose} hold {some[1]} customers with the outcome "
                f"and {some[0]} without, where each must be at least {FEW_OUTCOMES}."
            )
    return None


def outcome_counts(development: Development, split: str | None = None) -> tuple[int, int]:
    """Number of different customers with label 0 and with any other (some have both)."""
    chosen = (development.splits == split).to_numpy() if split else np.True_
    label, clusters = development.label, development.clusters
    zeros, ones = (len(np.unique(clusters[chosen & some])) for some in (label == 0, label > 0))
    return zeros, ones
