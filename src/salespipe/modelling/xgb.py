"""Gradient-boosted trees for small data: slow, shallow, regularised, stopped on later rows."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from salespipe.modelling.development import FOLDS, Fold
from salespipe.modelling.frame import Floats
from salespipe.modelling.growing import Grower, Here, cores, matrix
from salespipe.modelling.target import OUTCOME, Target
from salespipe.params import TrainParams

if TYPE_CHECKING:
    import xgboost

logger = logging.getLogger(__name__)

TRY = np.array([0.5])
"""A label to try a device on."""
SMALL = 20_000_000
"""Cells below which threads wait for one another longer than they work. The fitted model is the
same, byte for byte, for any number of threads."""
FEW = 1_000_000
"""Cells that one thread explains alone; each costs a hundred times what it costs in training."""
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
        margin = self.booster.predict(matrix(design), output_margin=True)
        return np.asarray(margin, dtype=np.float64) + float(self.booster.attr(SHIFT) or 0.0)

    def contributions(self, design: pd.DataFrame) -> pd.DataFrame:
        """SHAP values of each feature in log-odds (TreeSHAP, Lundberg et al. 2018; exact)."""
        if design.size >= FEW:
            self.booster.set_param({"nthread": cores()})
        values = self.booster.predict(matrix(design), pred_contribs=True)
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
        # else boosters that grow on one thread in turns draw from one stream
        "seed_per_iteration": True,
        "nthread": 1 if cells < SMALL else cores(),
        **({} if params.device == "cpu" else {"device": usable_device(params.device)}),
    }


@lru_cache
def usable_device(wanted: str) -> str:
    """The device that conf names, or the processor where there is none or XGBoost can't use it."""
    import xgboost

    if not xgboost.build_info()["USE_CUDA"]:
        logger.warning("  device %s: this XGBoost has no GPU code; training on the cpu", wanted)
        return "cpu"
    try:
        xgboost.train(
            {"device": wanted, "verbosity": 0}, matrix(pd.DataFrame({"x": [0.0]}), TRY), 1
        )
    except xgboost.core.XGBoostError as error:
        logger.warning("  device %s: %s; training on the cpu", wanted, str(error).splitlines()[0])
        return "cpu"
    return wanted


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
    unit, settings = target.unit(label), booster_params(params, design.size, target)
    booster = grower_of(params).train(design, label / unit, settings, max(trees, 1))
    if unit != 1.0:
        booster.set_attr(**{SHIFT: repr(float(np.log(unit)))})
    return BoostedTrees(booster)


def grower_of(params: TrainParams) -> Grower:
    """Who grows the trees: Spark, where conf names it, else this process within conf's bound."""
    if params.engine == "spark":
        from salespipe.modelling.distributed import OnSpark

        return OnSpark()
    return Here(params.whole_rows, params.batch_rows)


def boosters_at_once(params: TrainParams) -> int:
    """How many may grow side by side: a GPU, or every slot that Spark has, is for one."""
    return 1 if params.engine == "spark" or params.device != "cpu" else cores()


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
    growing = [_Scaled(design, label, fold, params, target) for fold in folds]
    truth = np.concatenate([label[fold.held] for fold in folds])
    curve: list[float] = []
    best = np.inf
    kept = (1, np.zeros(len(truth)))
    with ThreadPoolExecutor(boosters_at_once(params)) as folds_at_once:
        for trees in range(TREES_PER_LOOK, params.max_trees + TREES_PER_LOOK, TREES_PER_LOOK):
            margins = folds_at_once.map(lambda one: one.grow(TREES_PER_LOOK), growing)
            log_odds = np.concatenate(list(margins))
            curve.append(float(target.losses(truth, target.mean(log_odds)).mean()))
            if curve[-1] < best:
                best, kept = curve[-1], (trees, log_odds)
            elif trees - kept[0] >= params.early_stopping_rounds:
                break
    return HeldOut(trees=kept[0], log_odds=kept[1], curve=tuple(curve))


class _Scaled:
    """A fold's trees as they grow, on the scale of its labels."""

    def __init__(
        self,
        design: pd.DataFrame,
        label: Floats,
        fold: Fold,
        params: TrainParams,
        target: Target,
    ) -> None:
        unit = target.unit(label[fold.fit])
        self._shift = float(np.log(unit))
        settings = booster_params(params, len(fold.fit) * design.shape[1], target)
        settings["nthread"] = max(settings["nthread"] // FOLDS, 1)  # they grow side by side
        self._growing = grower_of(params).growing(
            design.iloc[fold.fit], label[fold.fit] / unit, design.iloc[fold.held], settings,
            params.max_trees,
        )  # fmt: skip

    def grow(self, trees: int) -> Floats:
        return self._growing.grow(trees) + self._shift
