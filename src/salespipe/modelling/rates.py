"""Rates of groups: who is selected, who of those that should be, and how rightly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from salespipe.modelling.bootstrap import Interval, interval, resampled_weights
from salespipe.modelling.frame import Floats, Integers, entity_codes
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
    """Rows and rates of each group, by fairlearn where it has them: one row a group.

    Equal rows are counted first, so that each rate is of four rows with weights at most:
    fairlearn's own `MetricFrame` walks through all rows, 14 s of a million instead of 0.1.

    Args:
        label: n outcomes, 0 or 1.
        chosen: n times whether a row is selected.
        groups: n names.
    """
    rows = pd.DataFrame({
        "group": groups.astype(str).to_numpy(), "label": np.asarray(label).astype(int),
        "chosen": np.asarray(chosen).astype(int),
    })  # fmt: skip
    counted = rows.value_counts().rename("rows").reset_index()
    rates = {
        str(name): _rates(
            some["label"].to_numpy(), some["chosen"].to_numpy(), some["rows"].to_numpy()
        )
        for name, some in counted.groupby("group")
    }
    return pd.DataFrame.from_dict(rates, orient="index", columns=["rows", *RATES])


def _rates(label: Integers, chosen: Integers, rows: Integers) -> tuple[float, ...]:
    """Rows, and each of `RATES`; the precision is 0 where nobody is selected."""
    from fairlearn.metrics import selection_rate, true_positive_rate

    picked = rows * chosen
    return (
        float(rows.sum()),
        float(selection_rate(label, chosen, sample_weight=rows)),
        float(true_positive_rate(label, chosen, sample_weight=rows)),
        float(picked @ label / max(picked.sum(), 1)),
    )


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


def inside_of(groups: pd.Series, names: Sequence[str]) -> Floats:
    """(n, g): 1 where a row is of a group."""
    same = groups.astype(str).to_numpy()[:, None] == np.array(names)[None, :]
    return np.asarray(same, dtype=np.float64)


def enough_rows(inside: Floats, outcomes: Outcomes, gate: GateParams) -> dict[str, np.ndarray]:
    """Rate to whether each group has rows enough to tell it.

    Args:
        inside: of n rows and g groups.
        outcomes: of the n rows.
        gate: smallest group, and fewest outcomes in it.
    """
    rows = inside.sum(axis=0) >= gate.min_group_rows
    least = gate.groups.min_positives
    return {
        SELECTION: rows,
        OPPORTUNITY: rows & (outcomes.label @ inside >= least),
        PRECISION: rows & (outcomes.chosen @ inside >= least),
    }


def resampled_rates(inside: Floats, outcomes: Outcomes, params: GroupParams) -> dict[str, Floats]:
    """Rate to (samples, g) values under resampling of customers.

    Args:
        inside: of n rows and g groups, of as many attributes as there are: drawing takes longest.
        outcomes: of the n rows.
        params: how many samples.
    """
    hit = inside * (outcomes.label & outcomes.chosen)[:, None]
    chosen, label = inside * outcomes.chosen[:, None], inside * outcomes.label[:, None]
    parts: dict[str, list[Floats]] = {rate: [] for rate in RATES}
    for weights in resampled_weights(outcomes.clusters, params.bootstrap_samples, params.seed):
        hits, picked = weights @ hit, weights @ chosen
        parts[SELECTION].append(divide(picked, weights @ inside))
        parts[OPPORTUNITY].append(divide(hits, weights @ label))
        parts[PRECISION].append(divide(hits, picked))
    return {rate: np.concatenate(some) for rate, some in parts.items()}
