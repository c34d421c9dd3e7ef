"""What errors cost: the profit of contacting customers, and the threshold that earns the most.

A contact costs `contact_cost`. It wins `margin` of the customer's recent spend with chance
`success_rate`, provided that the outcome would have come true. The threshold is found on rows held
out before the test period; what it earns is measured on the test rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from salespipe.modelling.bootstrap import Interval, interval, mean_interval, resampled_weights
from salespipe.modelling.frame import Floats, Integers, development_rows, entity_codes, labels
from salespipe.modelling.target import Target
from salespipe.modelling.trained import ROLES, Trained
from salespipe.params import CostParams, EvaluateParams

HELD_ROWS = 20_000
"""Held-out rows that the threshold's interval is computed from; more change no digit shown."""
NOBODY = 1.0
"""The threshold where no contact pays, or the highest amount predicted if that is more."""


@dataclass(frozen=True)
class Curve:
    """Mean profit a customer when the best-ranked share is contacted.

    Attributes:
        share: of customers contacted, rising from 0.
        threshold: lowest probability among them.
        profit: in the orders' currency, a customer of all, contacted or not.
    """

    share: Floats
    threshold: Floats
    profit: Floats


def spend_of(rows: pd.DataFrame, costs: CostParams) -> Floats:
    """Recent spend of each row less what came back; conf's constant where there is no column.

    Args:
        rows: n rows of a model input.
        costs: which column, or how much.
    """
    if costs.spend_column is None or costs.spend_column not in rows:
        return np.full(len(rows), costs.spend)
    spend = rows[costs.spend_column].to_numpy(dtype=np.float64, na_value=np.nan)
    if costs.returned_column in rows:
        spend = spend - rows[costs.returned_column].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(np.clip(np.nan_to_num(spend), 0.0, None), dtype=np.float64)


def worth_of(rows: pd.DataFrame, costs: CostParams, target: Target) -> Floats:
    """What a prediction is multiplied by to be money: recent spend, or 1 where it is money."""
    return spend_of(rows, costs) if target.kind == "outcome" else np.ones(len(rows))


def contact_gain(outcome: Floats | Integers, spend: Floats, costs: CostParams) -> Floats:
    """Profit of contacting each customer; expected, where the outcome is a probability."""
    won = costs.success_rate * costs.margin * spend
    return np.asarray(outcome * won - costs.contact_cost, dtype=np.float64)


def profit_curve(probability: Floats, gain: Floats) -> Curve:
    """Profit by share contacted, highest probability first; equal ones are contacted together.

    Args:
        probability: n probabilities.
        gain: n profits of a contact.
    """
    order, ends = _ranked(probability)
    total = np.cumsum(gain[order])[ends]
    count = len(probability)
    return Curve(
        share=np.r_[0.0, (ends + 1) / count],
        threshold=np.r_[max(NOBODY, probability.max()), probability[order][ends]],
        profit=np.r_[0.0, total / count],
    )


def _ranked(probability: Floats) -> tuple[Integers, Integers]:
    """Positions by falling probability, and the last place of each group of equal ones."""
    order = np.argsort(-probability, kind="stable")
    ranked = probability[order]
    return order, np.flatnonzero(np.r_[ranked[1:] != ranked[:-1], True])


def best_threshold(
    probability: Floats, gain: Floats, clusters: Integers, evaluate: EvaluateParams
) -> Interval:
    """The probability from which on a contact pays, with its interval.

    Args:
        probability: n probabilities.
        gain: n profits of a contact.
        clusters: n customers, as numbers from 0.
        evaluate: bootstrap samples and seed.
    """
    every = max(-(-len(gain) // HELD_ROWS), 1)
    kept = clusters % every == 0
    draws = resampled_weights(
        np.unique(clusters[kept], return_inverse=True)[1], evaluate.bootstrap_samples, evaluate.seed
    )
    order, ends = _ranked(probability[kept])
    edges = np.r_[max(NOBODY, probability.max()), probability[kept][order][ends]]
    ranked = gain[kept][order]
    samples = [
        edges[_best(np.cumsum(drawn[:, order] * ranked, axis=1)[:, ends])] for drawn in draws
    ]
    curve = profit_curve(probability, gain)
    return interval(float(curve.threshold[np.argmax(curve.profit)]), np.concatenate(samples))


def _best(totals: Floats) -> Integers:
    """Place of the highest total of each row, 0 where contacting nobody is best."""
    everyone = np.concatenate([np.zeros((len(totals), 1)), totals], axis=1)
    return np.asarray(np.argmax(everyone, axis=1), dtype=np.int64)


def judge_costs(
    frame: pd.DataFrame, trained: Trained, costs: CostParams, evaluate: EvaluateParams
) -> dict[str, Any]:
    """The threshold and what it earns.

    Args:
        frame: model input.
        trained: fitted candidates and the choice.
        costs: what a contact costs and brings.
        evaluate: bootstrap samples and seed.

    Returns:
        JSON-ready: the assumptions; `threshold` with interval and where it comes from; `contacted`,
        the share of test rows above it; `profit` a customer with interval, beside the same of
        contacting everyone, and of contacting as many by each baseline.
    """
    test = frame[frame["split"] == "test"]
    target = trained.champion.target
    gain = contact_gain(labels(test), worth_of(test, costs, target), costs)
    threshold, source = find_threshold(frame, trained, costs, evaluate)
    probability = trained.champion.predict(test)
    chosen = probability >= float(threshold["value"] or 0.0)
    clusters = entity_codes(test)

    def profit(contacted: np.ndarray) -> Interval:
        earned = np.where(contacted, gain, 0.0)
        return mean_interval(earned, clusters, evaluate.bootstrap_samples, evaluate.seed)

    others = {
        name: profit(_top(model.predict(test), int(chosen.sum())))
        for name, model in trained.models.items()
        if ROLES[name] == "baseline" and name != trained.chosen
    }
    return {
        "assumed": costs.model_dump(mode="json"),
        "threshold": threshold,
        "threshold_from": source,
        "contacted": float(chosen.mean()),
        "profit": profit(chosen),
        "profit_contacting_everyone": profit(np.ones(len(gain), dtype=bool)),
        "profit_contacting_as_many_by": others,
    }


def find_threshold(
    frame: pd.DataFrame, trained: Trained, costs: CostParams, evaluate: EvaluateParams
) -> tuple[Interval, str]:
    """From held-out rows; where there are none, where the average customer breaks even."""
    target = trained.champion.target
    if trained.held is None:
        rows = frame[frame["split"] != "test"]
        won = costs.success_rate * costs.margin * float(worth_of(rows, costs, target).mean())
        even = costs.contact_cost / won if won > 0 else NOBODY
        even = min(even, NOBODY) if target.kind == "outcome" else even
        return {"value": even, "low": None, "high": None}, "break-even of the average customer"
    rows = development_rows(frame).iloc[trained.held.rows]
    gain = contact_gain(labels(rows), worth_of(rows, costs, target), costs)
    found = best_threshold(trained.held.probability, gain, entity_codes(rows), evaluate)
    return found, "highest profit on rows held out before the test period"


def _top(score: Floats, count: int) -> np.ndarray:
    """Which rows are the best so many; ties by position."""
    chosen = np.zeros(len(score), dtype=bool)
    chosen[np.argsort(-score, kind="stable")[:count]] = True
    return chosen


def curves_on_test(frame: pd.DataFrame, trained: Trained, costs: CostParams) -> Mapping[str, Curve]:
    """The profit curve of every candidate on the test rows, by name."""
    test = frame[frame["split"] == "test"]
    worth = worth_of(test, costs, trained.champion.target)
    gain = contact_gain(labels(test), worth, costs)
    return {name: profit_curve(m.predict(test), gain) for name, m in trained.models.items()}
