"""Optional search for the trees' settings, on the same held-out rows as everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from salespipe.modelling.development import Fold
from salespipe.modelling.frame import Floats
from salespipe.modelling.target import OUTCOME, Target
from salespipe.modelling.xgb import stop_early
from salespipe.params import TrainParams

if TYPE_CHECKING:
    import optuna


def search_params(
    design: pd.DataFrame,
    label: Floats,
    folds: tuple[Fold, ...],
    params: TrainParams,
    target: Target = OUTCOME,
) -> TrainParams:
    """The settings with the lowest held-out loss; the defaults are the first trial.

    Seeded and sequential, so that the same rows give the same settings.

    Args:
        design: Design matrix of the rows before the test period.
        label: Their outcomes.
        folds: What is fitted and judged on.
        params: Defaults, seed and `search_trials`; with 0 trials they come back as they are.
        target: What is predicted.
    """
    if params.search_trials == 0:
        return params
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=params.seed))
    study.enqueue_trial({name: getattr(params, name) for name in _SEARCHED})

    def objective(trial: optuna.Trial) -> float:
        return min(stop_early(design, label, folds, suggested(trial, params), target).curve)

    study.optimize(objective, n_trials=params.search_trials)
    return params.model_copy(update=study.best_params)


_SEARCHED = ("max_depth", "min_child_weight", "subsample", "colsample_bytree", "reg_lambda")


def suggested(trial: optuna.Trial, params: TrainParams) -> TrainParams:
    """One trial's settings, within bounds that suit small data."""
    return params.model_copy(
        update={
            "max_depth": trial.suggest_int("max_depth", 2, 6),
            "min_child_weight": trial.suggest_float("min_child_weight", 1, 100, log=True),
            "subsample": trial.suggest_float("subsample", 0.5, 1.0),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.1, 1.0),
            "reg_lambda": trial.suggest_float("reg_lambda", 0.1, 100, log=True),
        }
    )
