"""Each column of each look as shares of fixed bins: all that drift is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from salespipe.modelling.frame import Feature, Floats, Integers
from salespipe.monitoring.looks import Look

UNKNOWN_LEVEL = "(other)"
EDGE_ROWS = 50_000
"""Rows that bin edges are taken from; more change no share that matters."""


@dataclass(frozen=True)
class Profile:
    """One column over t looks.

    Attributes:
        name: the column.
        shares: (t, bins) of the values that are there; rows sum to 1, or to 0 where there are none.
        absent: t shares of missing values and, of a category, of levels the champion never saw.
        middle: t medians of a number; nan for a category.
        labels: what the bins are.
        rows: t counts.
    """

    name: str
    shares: Floats
    absent: Floats
    middle: Floats
    labels: tuple[str, ...]
    rows: Floats

    def top(self, look: int) -> str:
        """The most frequent bin of a look."""
        return self.labels[int(np.argmax(self.shares[look]))] if self.labels else "nothing"


def profile_looks(
    looks: Sequence[Look], features: Sequence[Feature], bins: int
) -> tuple[Profile, ...]:
    """Columns, look by look.

    Args:
        looks: oldest first; edges come from all but the last.
        features: what to profile.
        bins: of a number.
    """
    return tuple(
        _category(looks, one) if one.kind == "category" else _number(looks, one.name, bins)
        for one in features
    )


def _number(looks: Sequence[Look], name: str, bins: int) -> Profile:
    values = _numbers(pd.concat([look.rows[name] for look in looks]))
    place, rows = _places(looks)
    earlier = place < max(len(looks) - 1, 1)
    known = ~np.isnan(values)
    edges = _edges(values[known & earlier], bins)
    ends = np.concatenate([[-np.inf], edges, [np.inf]])
    codes = np.searchsorted(edges, values[known], side="left")
    parts = np.split(values[known], np.cumsum(np.bincount(place[known], minlength=len(rows)))[:-1])
    return Profile(
        name=name,
        shares=_shares(place[known], codes, (len(rows), len(edges) + 1)),
        absent=_part(place[~known], rows),
        middle=np.array([np.median(one) if len(one) else np.nan for one in parts]),
        labels=tuple(_told(low, high) for low, high in pairwise(ends)),
        rows=rows,
    )


def _places(looks: Sequence[Look]) -> tuple[Integers, Floats]:
    """The look that each row of all looks is of, and the rows of each."""
    rows = np.array([len(look.rows) for look in looks])
    return np.repeat(np.arange(len(rows)), rows), rows.astype(np.float64)


def _shares(place: Integers, codes: Integers, shape: tuple[int, int]) -> Floats:
    """(t, bins) shares of codes in each look; 0 where a look has none."""
    counts = np.bincount(place * shape[1] + codes, minlength=shape[0] * shape[1]).reshape(shape)
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), dtype=np.float64)


def _part(place: Integers, rows: Floats) -> Floats:
    """How large a part of each look's rows these are."""
    return np.bincount(place, minlength=len(rows)) / np.maximum(rows, 1)


def _told(low: float, high: float) -> str:
    """A bin in words; those of one value by it."""
    if np.nextafter(high, -np.inf) <= low:
        return f"{high:.4g}"
    if not np.isfinite(low):
        return f"up to {high:.4g}"
    return f"over {low:.4g}" if not np.isfinite(high) else f"{low:.4g} to {high:.4g}"


def _numbers(column: pd.Series) -> Floats:
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _edges(values: Floats, bins: int) -> Floats:
    """Edges of the bins: a value that fills several has its own, the outer two hold what is new."""
    if not len(values):
        return np.empty(0)
    thinned = values[:: max(1, len(values) // EDGE_ROWS)]
    inner = np.quantile(thinned, np.linspace(0, 1, bins + 1)[1:-1], method="lower")
    edges = np.unique(inner)
    repeated = np.unique(inner[1:][np.diff(inner) == 0])
    below = np.nextafter([*repeated, values.min()], -np.inf)
    return np.unique(np.concatenate([edges, below, [values.max()]]))


def _category(looks: Sequence[Look], feature: Feature) -> Profile:
    levels = (*feature.categories, UNKNOWN_LEVEL)
    place, rows = _places(looks)
    codes = np.concatenate([_codes(look.rows[feature.name], feature.categories) for look in looks])
    there = codes >= 0
    return Profile(
        name=feature.name,
        shares=_shares(place[there], codes[there], (len(rows), len(levels))),
        absent=_part(place[~there | (codes == len(feature.categories))], rows),
        middle=np.full(len(rows), np.nan),
        labels=levels,
        rows=rows,
    )


def _codes(column: pd.Series, levels: tuple[str, ...]) -> Integers:
    """Position of each value's level; one past the last if unknown, -1 if missing."""
    text = column.astype("string")
    codes = pd.Categorical(text.astype(object), categories=list(levels)).codes.astype(np.int64)
    return np.where(text.isna().to_numpy(), -1, np.where(codes < 0, len(levels), codes))
