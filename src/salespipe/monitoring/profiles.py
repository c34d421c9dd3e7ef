"""Each column of each look as shares of fixed bins: all that drift is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from salespipe.modelling.frame import Feature, Floats
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
    values = [_numbers(look.rows[name]) for look in looks]
    edges = _edges(values[:-1] or values, bins)
    counted = [_counts(one, edges) for one in values]
    ends = np.concatenate([[-np.inf], edges, [np.inf]])
    labels = tuple(_told(low, high) for low, high in pairwise(ends))
    return Profile(
        name=name,
        shares=np.stack([_normed(one) for one in counted]),
        absent=np.array([_share(np.isnan(one)) for one in values]),
        middle=np.array([_median(one) for one in values]),
        labels=labels,
        rows=np.array([len(one) for one in values], dtype=np.float64),
    )


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


def _edges(values: Sequence[Floats], bins: int) -> Floats:
    """Edges of the bins: a value that fills several has its own, the outer two hold what is new."""
    pooled = np.concatenate(values)
    pooled = pooled[np.isfinite(pooled)]
    if not len(pooled):
        return np.empty(0)
    thinned = pooled[:: max(1, len(pooled) // EDGE_ROWS)]
    inner = np.quantile(thinned, np.linspace(0, 1, bins + 1)[1:-1], method="lower")
    edges = np.unique(inner)
    repeated = np.unique(inner[1:][np.diff(inner) == 0])
    below = np.nextafter([*repeated, pooled.min()], -np.inf)
    return np.unique(np.concatenate([edges, below, [pooled.max()]]))


def _counts(values: Floats, edges: Floats) -> Floats:
    known = values[~np.isnan(values)]
    places = np.searchsorted(edges, known, side="left")
    return np.bincount(places, minlength=len(edges) + 1).astype(np.float64)


def _category(looks: Sequence[Look], feature: Feature) -> Profile:
    levels = (*feature.categories, UNKNOWN_LEVEL)
    coded = [_codes(look.rows[feature.name], feature.categories) for look in looks]
    counted = [np.bincount(one[one >= 0], minlength=len(levels)).astype(float) for one in coded]
    unseen = len(feature.categories)
    return Profile(
        name=feature.name,
        shares=np.stack([_normed(one) for one in counted]),
        absent=np.array([_share((one < 0) | (one == unseen)) for one in coded]),
        middle=np.full(len(looks), np.nan),
        labels=levels,
        rows=np.array([len(one) for one in coded], dtype=np.float64),
    )


def _codes(column: pd.Series, levels: tuple[str, ...]) -> np.ndarray:
    """Position of each value's level; one past the last if unknown, -1 if missing."""
    text = column.astype("string")
    codes = pd.Categorical(text.astype(object), categories=list(levels)).codes.astype(np.int64)
    return np.where(text.isna().to_numpy(), -1, np.where(codes < 0, len(levels), codes))


def _normed(counts: Floats) -> Floats:
    total = counts.sum()
    return counts / total if total else counts


def _share(flags: np.ndarray) -> float:
    return float(flags.mean()) if len(flags) else 0.0


def _median(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else np.nan
