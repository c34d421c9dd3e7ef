"""Judges every candidate on the test rows, which nothing was fitted, stopped or chosen on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from salespipe.errors import SalespipeError
from salespipe.modelling.bootstrap import LEVEL, Interval, interval, resampled_figures
from salespipe.modelling.frame import Floats, Integers, entity_codes, labels
from salespipe.modelling.links import settle
from salespipe.modelling.metrics import all_figures, rank_rows
from salespipe.modelling.target import OUTCOME, Target
from salespipe.modelling.trained import ROLES, Trained
from salespipe.params import EvaluateParams

FIGURE_DIGITS = 12


@dataclass(frozen=True)
class Judgement:
    """Figures of several candidates on the same rows.

    Attributes:
        values: Candidate to figure to its value on the rows as they are.
        samples: Candidate to figure to its value in each bootstrap sample; the draws are shared,
            so that differences between candidates can be taken sample by sample.
    """

    values: dict[str, dict[str, float]]
    samples: dict[str, dict[str, Floats]]
    target: Target = OUTCOME

    def figures(self, name: str) -> dict[str, Interval]:
        """Each figure of a candidate as value, low and high."""
        return {
            figure: interval(value, self.samples[name][figure])
            for figure, value in self.values[name].items()
        }

    def difference(self, name: str, other: str) -> dict[str, Interval]:
        """Paired difference, `name` minus `other`, of the target's compared figures."""
        return {
            figure: interval(
                self.values[name][figure] - self.values[other][figure],
                self.samples[name][figure] - self.samples[other][figure],
            )
            for figure in self.target.compared
        }


def judge(
    label: Floats,
    predictions: Mapping[str, Floats],
    clusters: Integers,
    params: EvaluateParams,
    target: Target = OUTCOME,
) -> Judgement:
    """Computes every figure of every candidate, with bootstrap samples clustered by customer.

    Args:
        label: n outcomes.
        predictions: n probabilities of label 1, by candidate.
        clusters: n customers, as numbers from 0.
        params: Samples, bins, seed.
        target: What is predicted.
    """
    ranked = {
        name: rank_rows(label, probability, params.calibration_bins, target.figures)
        for name, probability in predictions.items()
    }
    once = np.ones((1, len(label)))
    values = {
        name: {figure: float(value[0]) for figure, value in all_figures(rows, once).items()}
        for name, rows in ranked.items()
    }
    samples = resampled_figures(ranked, clusters, params.bootstrap_samples, params.seed)
    return Judgement(values, samples, target)


def evaluate_candidates(
    frame: pd.DataFrame, trained: Trained, params: EvaluateParams, truth: str | None = None
) -> dict[str, Any]:
    """Everything `metrics.json` holds.

    Args:
        frame: Model input; only rows with split 'test' are judged.
        trained: Fitted candidates and the choice.
        params: Bootstrap samples, bins, seed.
        truth: Column with each row's true probability of label 1, where a simulator knows it.

    Returns:
        JSON-ready: `chosen`, `reason`, `candidates` (role and figures as value, low, high),
        `differences` (chosen minus each baseline), `validation`, `calibration`, `trees`, `rows`
        (counts, customers, base rate and cutoffs of each split), `best_possible`, `bootstrap`.
        Numbers are finite or null.

    Raises:
        SalespipeError: if there are no test rows.
    """
    test = frame[frame["split"] == "test"]
    if test.empty:
        raise SalespipeError("there are no test rows to judge the model on")
    predictions = {name: model.predict(test) for name, model in trained.models.items()}
    target = trained.champion.target
    judgement = judge(labels(test), predictions, entity_codes(test), params, target)
    baselines = [n for n in predictions if ROLES[n] == "baseline" and n != trained.chosen]
    reached = judgement.values[trained.chosen][target.headline]
    figures: dict[str, Any] = {
        "chosen": trained.chosen,
        "reason": trained.reason,
        "headline": {"figure": target.headline, "better": "higher"},
        "candidates": {n: {"role": ROLES[n], **judgement.figures(n)} for n in predictions},
        "differences": {n: judgement.difference(trained.chosen, n) for n in baselines},
        "validation": trained.validation,
        "calibration": trained.champion.calibrator.method,
        "trees": trained.champion.meta.get("trees"),
        "rows": describe_rows(frame),
        "best_possible": _best_possible(test, reached, truth),
        "bootstrap": {"samples": params.bootstrap_samples, "level": LEVEL, "by": "entity_id"},
    }
    return dict(settled(figures))


def settled(figures: Any) -> Any:
    """Every float to the digits that are the same in every run."""
    if isinstance(figures, dict):
        return {key: settled(value) for key, value in figures.items()}
    if isinstance(figures, list):
        return [settled(value) for value in figures]
    return settle(figures, FIGURE_DIGITS) if isinstance(figures, float) else figures


def describe_rows(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Rows, customers, base rate and first and last cutoff of each split that has rows."""
    return {str(split): _describe(rows) for split, rows in frame.groupby("split", sort=True)}


def _describe(rows: pd.DataFrame) -> dict[str, Any]:
    dated = rows["as_of"].dropna()
    return {
        "rows": len(rows),
        "customers": int(rows["entity_id"].nunique()),
        "base_rate": float(rows["label"].mean()),
        "cutoffs": int(dated.nunique()),
        "first_cutoff": str(pd.Timestamp(dated.min()).date()) if len(dated) else None,
        "last_cutoff": str(pd.Timestamp(dated.max()).date()) if len(dated) else None,
    }


def _best_possible(test: pd.DataFrame, reached: float, truth: str | None) -> dict[str, Any] | None:
    if truth is None:
        return None
    ranked = rank_rows(labels(test), test[truth].to_numpy(dtype=np.float64), 1)
    best = float(all_figures(ranked, np.ones((1, len(test))))["roc_auc"][0])
    ratio = reached / best if best else np.nan
    return {"roc_auc": best if np.isfinite(best) else None,
            "ratio": ratio if np.isfinite(ratio) else None}  # fmt: skip
