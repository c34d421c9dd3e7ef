"""How far columns moved between two looks, and how far they use to move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from salespipe.modelling.frame import Floats
from salespipe.monitoring.profiles import Profile

USUAL_SPREAD = 0.35
"""Of the log of a check's record, over simulated shops."""
PRIOR_CHECKS = 10
TO_DEVIATION = 1.4826
"""Median absolute deviation to standard deviation, of normal numbers."""


@dataclass(frozen=True)
class Movement:
    """How far each of c columns moved over one lag, against its own usual movement.

    Attributes:
        lag: looks between the two.
        distance: c distances of the last look from its reference.
        usual: c largest distances between earlier looks as far apart, sampling noise included.
        bound: by how much, weighted, a quiet check hardly beats that record in any column.
        weights: c factors of a multiple, by the column's importance.
    """

    lag: int
    distance: Floats
    usual: Floats
    bound: float
    weights: Floats

    @property
    def limits(self) -> Floats:
        """C distances from which on a column's movement is no more normal."""
        return np.asarray(self.bound * self.usual / self.weights, dtype=np.float64)


def shape_distances(profiles: Sequence[Profile], later: int, earlier: int) -> Floats:
    """Jensen-Shannon distance (base 2, 0 to 1) of each column between two looks."""
    return np.array([
        js_distance(one.shares[later], one.shares[earlier]) for one in profiles
    ])  # fmt: skip


def js_distance(one: Floats, other: Floats) -> float:
    """Sqrt of the Jensen-Shannon divergence of two rows of shares; 0 where either has no values."""
    if not one.sum() or not other.sum():
        return 0.0
    mean = (one + other) / 2
    return float(np.sqrt(max((_entropy_to(one, mean) + _entropy_to(other, mean)) / 2, 0.0)))


def _entropy_to(shares: Floats, mean: Floats) -> float:
    there = shares > 0
    return float(np.sum(shares[there] * np.log2(shares[there] / mean[there])))


def shape_noise(profiles: Sequence[Profile], later: int, earlier: int) -> Floats:
    """What the distance is by chance alone: sqrt((bins - 1) / (8 ln 2) (1 / n + 1 / m))."""
    return np.array([
        np.sqrt(max(np.count_nonzero(one.shares[earlier]) - 1, 1) / (8 * np.log(2))
                * _inverse_rows(one, later, earlier))
        for one in profiles
    ])  # fmt: skip


def absent_distances(profiles: Sequence[Profile], later: int, earlier: int) -> Floats:
    """Change of the share of missing and unknown values of each column."""
    return np.array([abs(one.absent[later] - one.absent[earlier]) for one in profiles])


def absent_noise(profiles: Sequence[Profile], later: int, earlier: int) -> Floats:
    """Standard error of that change, of one row at least."""
    found = []
    for one in profiles:
        share = (one.absent[later] + one.absent[earlier]) / 2
        rows = _inverse_rows(one, later, earlier)
        found.append(max(np.sqrt(share * (1 - share) * rows), rows))
    return np.array(found)


def _inverse_rows(profile: Profile, later: int, earlier: int) -> float:
    return float(1 / max(profile.rows[later], 1) + 1 / max(profile.rows[earlier], 1))


KINDS = {
    "shape": (shape_distances, shape_noise),
    "absent": (absent_distances, absent_noise),
}


@dataclass(frozen=True)
class History:
    """What movement is computed from.

    Attributes:
        profiles: c columns over t looks.
        weights: c factors of a column's multiple, by its importance.
        least: kind to the distance below which no movement matters.
        floor: kind to the smallest record that a column is held to.
        alpha: the chance that a quiet check exceeds the bound.
    """

    profiles: tuple[Profile, ...]
    weights: Floats
    least: Mapping[str, float]
    floor: Mapping[str, float]
    alpha: float


def movement_of(history: History, kind: str, lag: int) -> Movement:
    """The last look's movement against those between earlier looks as far apart.

    Only pairs that end by the reference count as earlier: what is under test is no measure of
    itself. A column's record is its movement over the largest of its others: a column that jumps
    once a month or each December has done so before. The bound is a max-statistic: of every earlier
    pair of looks the highest record, weighted, over all columns; a quiet check exceeds the bound
    with chance `alpha` whatever the columns have to do with one another.

    Args:
        history: columns over looks.
        kind: shape or absent.
        lag: looks apart.
    """
    distance, noise = KINDS[kind]
    profiles, weights = history.profiles, history.weights
    last = len(profiles[0].rows) - 1
    pairs = [(later, later - lag) for later in (*range(lag, last - lag + 1), last)]
    raw = np.stack([distance(profiles, *pair) for pair in pairs])
    chance = np.stack([noise(profiles, *pair) for pair in pairs])
    moved = np.hypot(raw, chance)
    past = moved[:-1]
    usual = np.maximum(past.max(axis=0), history.floor[kind])
    others = np.maximum(_largest_others(past), history.floor[kind])
    records = np.log(np.max(weights * past / others, axis=1))
    return Movement(lag, raw[-1], usual, bound_of(records, history.alpha), weights)


def _largest_others(past: Floats) -> Floats:
    """Of each of m past movements and each column, the largest of the m - 1 others."""
    ordered = np.sort(past, axis=0)
    return np.asarray(np.where(past == ordered[-1], ordered[-2], ordered[-1]), dtype=np.float64)


def bound_of(records: Floats, alpha: float) -> float:
    """What the next record exceeds with chance `alpha`, by Student's t on the log scale.

    Middle and spread are the median's and the median deviation's, since a young business moves more
    than it will; the spread is drawn towards `USUAL_SPREAD` as by `PRIOR_CHECKS` checks before.
    """
    from scipy.stats import t

    count = len(records)
    middle = np.median(records)
    spread = TO_DEVIATION * np.median(np.abs(records - middle))
    known = PRIOR_CHECKS * USUAL_SPREAD**2 + count * spread**2
    pooled = np.sqrt(known / (PRIOR_CHECKS + count))
    reach = t.ppf(1 - alpha, PRIOR_CHECKS + count - 1) * pooled * np.sqrt(1 + 1 / count)
    return float(np.exp(middle + reach))
