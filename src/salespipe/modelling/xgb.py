"""Gradient-boosted trees for small data: slow, shallow, regularised, stopped on later rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from salespipe.modelling.development import Fold
from salespipe.modelling.frame import Floats
from salespipe.modelling.target import OUTCOME, Target
from salespipe.params import TrainParams

if TYPE_CHECKING:
    import xgboost

THREADS = 2
SMALL = 20_000_000
"""Cells below which threads wait for one another longer than they work. The fitted model is the
same, byte for byte, for any number of threads."""
TREES_PER_LOOK = 10
"""Trees grown between two looks at the held-out loss: a finer look costs time and adds noise."""
FILE = "model.ubj"
SHIFT = "shift"
"""Attribute of a booster of amounts: the log of what they were divided by."""


@dataclass(frozen=True)
class BoostedTrees:
    """A fitted booster."""

    booster: xgboost.Booster

    def log_odds(self, design: pd.DataFrame) -> Floats:
        """Score of each row: log-odds of label 1, or log amount."""
        margin = self.booster.predict(_matrix(design), output_margin=True)
        return np.asarray(margin, dtype=np.float64) + float(self.booster.attr(SHIFT) or 0.0)

    def contributions(self, design: pd.DataFrame) -> pd.DataFrame:
        """SHAP values of each feature in log-odds (TreeSHAP, Lundberg et al. 2018; exact)."""
        values = self.booster.predict(_matrix(design), pred_contribs=True)
        values = np.asarray(values, dtype=np.float64)[:, :-1]
        return pd.DataFrame(values, columns=design.columns, index=design.index)

    def save(self, directory: Path) -> None:
        """Writes `model.ubj`."""
        self.booster.save_model(directory / FILE)

    @staticmethod
    def load(directory: Path) -> BoostedTrees:
        """Reads `model.ubj`."""
        import xgboost

        booster = xgboost.Booster({"nthread": 1})
        booster.load_model(directory / FILE)
        return BoostedTrees(booster)


@dataclass(frozen=True)
class HeldOut:
    """What was learned from rows the trees had not seen."""

    trees: int
    log_odds: Floats
    """One value a held-out row, in the order of `Fold.held` over all folds."""
    curve: tuple[float, ...]
    """Held-out log loss after every `TREES_PER_LOOK` trees."""


def booster_params(params: TrainParams, cells: int, target: Target = OUTCOME) -> dict[str, Any]:
    """TrainParams in xgboost's words, for a matrix of so many cells."""
    return {
        **target.objective,
        "tree_method": "hist",
        "eta": params.learning_rate,
        "max_depth": params.max_depth,
        "min_child_weight": params.min_child_weight,
        "subsample": params.subsample,
        "colsample_bytree": params.colsample_bytree,
        "lambda": params.reg_lambda,
        "seed": params.seed,
        "nthread": 1 if cells < SMALL else THREADS,
    }


def fit_trees(
    design: pd.DataFrame,
    label: Floats,
    params: TrainParams,
    trees: int,
    target: Target = OUTCOME,
) -> BoostedTrees:
    """Fits a fixed number of trees.

    Args:
        design: Design matrix, n rows.
        label: Outcomes, n values.
        params: How the trees are grown.
        trees: How many.
        target: What is predicted.
    """
    import xgboost

    unit, settings = target.unit(label), booster_params(params, design.size, target)
    booster = xgboost.train(settings, _matrix(design, label / unit), max(trees, 1))
    if unit != 1.0:
        booster.set_attr(**{SHIFT: repr(float(np.log(unit)))})
    return BoostedTrees(booster)


def stop_early(
    design: pd.DataFrame,
    label: Floats,
    folds: tuple[Fold, ...],
    params: TrainParams,
    target: Target = OUTCOME,
) -> HeldOut:
    """Grows one booster a fold in step and stops where their common held-out loss stops falling.

    All folds share the number of trees, so one lucky fold cannot choose it.

    Args:
        design: Design matrix of all rows before the test period.
        label: Their outcomes.
        folds: At least one, each with rows to judge on.
        params: How the trees are grown; `max_trees` and `early_stopping_rounds` bound the search.
        target: What is predicted.
    """
    growing = [_Growing(design, label, fold, params, target) for fold in folds]
    truth = np.concatenate([label[fold.held] for fold in folds])
    curve: list[float] = []
    best = np.inf
    kept = (1, np.zeros(len(truth)))
    for trees in range(TREES_PER_LOOK, params.max_trees + TREES_PER_LOOK, TREES_PER_LOOK):
        log_odds = np.concatenate([one.grow(TREES_PER_LOOK) for one in growing])
        curve.append(float(target.losses(truth, target.mean(log_odds)).mean()))
        if curve[-1] < best:
            best, kept = curve[-1], (trees, log_odds)
        elif trees - kept[0] >= params.early_stopping_rounds:
            break
    return HeldOut(trees=kept[0], log_odds=kept[1], curve=tuple(curve))


class _Growing:
    """A booster that grows by a few trees at a time and is looked at in between."""

    def __init__(
        self,
        design: pd.DataFrame,
        label: Floats,
        fold: Fold,
        params: TrainParams,
        target: Target,
    ) -> None:
        import xgboost

        unit = target.unit(label[fold.fit])
        self._shift = float(np.log(unit))
        self._train = _matrix(design.iloc[fold.fit], label[fold.fit] / unit)
        self._held = _matrix(design.iloc[fold.held])
        settings = booster_params(params, len(fold.fit) * design.shape[1], target)
        # Both matrices in the booster's cache: each look then adds the new trees only.
        self._booster = xgboost.Booster(settings, cache=[self._train, self._held])
        self._rounds = 0

    def grow(self, trees: int) -> Floats:
        for _ in range(trees):
            self._booster.update(self._train, self._rounds)
            self._rounds += 1
        margin = self._booster.predict(self._held, output_margin=True)
        return np.asarray(margin, dtype=np.float64) + self._shift


def _matrix(design: pd.DataFrame, label: Floats | None = None) -> xgboost.DMatrix:
    import xgboost

    return xgboost.DMatrix(design, label, enable_categorical=True, nthread=1)
