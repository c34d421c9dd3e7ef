"""Rates of groups: who is selected, who of those that should be, and how rightly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from salespipe.modelling.bootstrap import Interval, interval, resampled_weights
from salespipe.modelling.frame import Floats, entity_codes
from salespipe.modelling.metrics import divide
from salespipe.params import GateParams, GroupParams

SELECTION, OPPORTUNITY, PRECISION = "selection_rate", "true_positive_rate", "precision"
RATES = (SELECTION, OPPORTUNITY, PRECISION)


def selected(score: Floats, share: float) -> np.ndarray:
    """Whether each row is among the best-ranked share; equal scores keep the rows' order."""
    chosen = np.zeros(len(score), dtype=bool)
    chosen[np.argsort(-score, kind="stable")[: round(share * len(score))]] = True
    return chosen


@dataclass(frozen=True)
class Outcomes:
    """n rows: what came, who was selected, whose row it is."""

    label: np.ndarray
    chosen: np.ndarray
    error: Floats
    clusters: np.ndarray

    @classmethod
    def of(cls, rows: pd.DataFrame, score: Floats, params: GroupParams) -> Outcomes:
        """Takes them off a frame beside its scores; of amounts, any at all is the outcome."""
        label = rows["label"].to_numpy(dtype=np.float64)
        return cls(label > 0, selected(score, params.contact_share), score - label,
                   entity_codes(rows))  # fmt: skip


def group_rates(label: Any, chosen: Any, groups: pd.Series) -> pd.DataFrame:
    """Rows and rates of each group, by fairlearn: one row a group.

    Args:
        label: n outcomes, 0 or 1.
        chosen: n times whether a row is selected.
        groups: n names.
    """
    from fairlearn.metrics import MetricFrame, count, selection_rate, true_positive_rate
    from sklearn.metrics import precision_score

    def precision(true: Any, picked: Any) -> float:
        return float(precision_score(true, picked, zero_division=0))

    metrics = {"rows": count, SELECTION: selection_rate, OPPORTUNITY: true_positive_rate,
               PRECISION: precision}  # fmt: skip
    found = MetricFrame(
        metrics=metrics,
        y_true=np.asarray(label).astype(int),
        y_pred=np.asarray(chosen).astype(int),
        sensitive_features=groups.astype(str).rename("group").to_numpy(),
    )
    return pd.DataFrame(found.by_group).astype(float)


@dataclass(frozen=True)
class Rate:
    """One rate of g groups.

    Attributes:
        values: g of them.
        samples: (samples, g) under resampling of customers.
        enough: whether each group has rows enough to tell it.
    """

    values: Floats
    samples: Floats
    enough: np.ndarray

    def told(self, place: int) -> Interval:
        """One group's rate with its interval; nulls where there is too little to tell."""
        if not self.enough[place]:
            return dict.fromkeys(("value", "low", "high"))
        return interval(float(self.values[place]), self.samples[:, place])


def enough_rows(
    groups: pd.Series,
    names: Sequence[str],
    outcomes: Outcomes,
    gate: GateParams,
) -> dict[str, np.ndarray]:
    """Rate to whether each group has rows enough to tell it."""
    inside = _inside(groups, names)
    rows = inside.sum(axis=0) >= gate.min_group_rows
    least = gate.groups.min_positives
    return {
        SELECTION: rows,
        OPPORTUNITY: rows & (outcomes.label @ inside >= least),
        PRECISION: rows & (outcomes.chosen @ inside >= least),
    }


def _inside(groups: pd.Series, names: Sequence[str]) -> Floats:
    """(n, g): 1 where a row is of a group."""
    same = groups.astype(str).to_numpy()[:, None] == np.array(names)[None, :]
    return np.asarray(same, dtype=np.float64)


def resampled_rates(
    groups: pd.Series, names: Sequence[str], outcomes: Outcomes, params: GroupParams
) -> dict[str, Floats]:
    """Rate to (samples, g) values under resampling of customers."""
    inside = _inside(groups, names)
    hit = inside * (outcomes.label & outcomes.chosen)[:, None]
    chosen, label = inside * outcomes.chosen[:, None], inside * outcomes.label[:, None]
    parts: dict[str, list[Floats]] = {rate: [] for rate in RATES}
    for weights in resampled_weights(outcomes.clusters, params.bootstrap_samples, params.seed):
        hits, picked = weights @ hit, weights @ chosen
        parts[SELECTION].append(divide(picked, weights @ inside))
        parts[OPPORTUNITY].append(divide(hits, weights @ label))
        parts[PRECISION].append(divide(hits, picked))
    return {rate: np.concatenate(some) for rate, some in parts.items()}
