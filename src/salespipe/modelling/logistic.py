"""Logistic regression stored as readable numbers: what an analyst would build first."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from salespipe.modelling.frame import Floats
from salespipe.modelling.links import settle, signed_log
from salespipe.modelling.target import OUTCOME, Target

SKEWED = 1.0
"""Absolute sample skewness above which a number enters as its (signed) logarithm."""


class NumberTerm(BaseModel):
    """One number: (signed log1p if skewed), clipped to what training saw, times a weight.

    Clipping keeps a straight line from running away on values no training row had.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    log: bool
    low: float
    high: float
    median: float
    mean: float
    scale: float
    weight: float = 0.0
    missing_weight: float = 0.0
    missing_share: float = 0.0

    def standardised(self, column: pd.Series) -> tuple[Floats, Floats]:
        """The standardised value, its median where missing, and the missing indicator."""
        raw = column.to_numpy(dtype=np.float64)
        missing = np.isnan(raw)
        value = np.clip(np.where(missing, self.median, raw), self.low, self.high)
        value = signed_log(value) if self.log else value
        return (value - self.mean) / self.scale, missing.astype(np.float64)


class CategoryTerm(BaseModel):
    """One category: a weight for each level; a missing or unknown level weighs nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    levels: tuple[str, ...]
    weights: tuple[float, ...] = ()
    mean: float = 0.0
    """Average contribution in training, from which contributions are counted."""

    def indicators(self, column: pd.Series) -> Floats:
        """One column a level, 1 where a row has it."""
        codes = pd.Categorical(column, categories=list(self.levels)).codes
        return np.asarray(codes[:, None] == np.arange(len(self.levels)), dtype=np.float64)


class LogisticModel(BaseModel):
    """Sum of terms; every number a reviewer needs to recompute a score by hand."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    intercept: float
    numbers: tuple[NumberTerm, ...] = ()
    categories: tuple[CategoryTerm, ...] = ()

    def log_odds(self, design: pd.DataFrame) -> Floats:
        """Log-odds of label 1, one a row."""
        total = np.full(len(design), self.intercept)
        for number in self.numbers:
            value, missing = number.standardised(design[number.name])
            total = total + number.weight * value + number.missing_weight * missing
        for category in self.categories:
            total = total + category.indicators(design[category.name]) @ np.array(category.weights)
        return total

    def contributions(self, design: pd.DataFrame) -> pd.DataFrame:
        """What each feature adds to the average customer's log-odds (exact for a linear model)."""
        columns: dict[str, Floats] = {}
        for number in self.numbers:
            value, missing = number.standardised(design[number.name])
            indicator = number.missing_weight * (missing - number.missing_share)
            columns[number.name] = number.weight * value + indicator
        for category in self.categories:
            given = category.indicators(design[category.name]) @ np.array(category.weights)
            columns[category.name] = given - category.mean
        return pd.DataFrame(columns, index=design.index)


def fit_logistic(design: pd.DataFrame, label: Floats, target: Target = OUTCOME) -> LogisticModel:
    """Fits a ridge-penalised logistic regression on every column of the design matrix.

    Numbers are standardised, skewed ones as signed log1p, missing ones set to the median with
    an indicator; categories are one-hot. With one outcome only it is the smoothed base rate.

    Args:
        design: Design matrix, n rows.
        label: Outcomes, n values.
        target: What is predicted: amounts are fitted by a Tweedie regression with a log link.
    """
    if len(np.unique(label)) < 2:  # noqa: PLR2004
        return LogisticModel(intercept=target.base_score(label))
    text = [name for name in design if isinstance(design[name].dtype, pd.CategoricalDtype)]
    numbers = [term for name in design if name not in text if (term := _number_term(design[name]))]
    categories = [
        CategoryTerm(name=str(name), levels=tuple(design[name].cat.categories)) for name in text
    ]
    intercept, weights = _fit_weights(_expanded(design, numbers, categories), label, target)
    return _with_weights(design, intercept, weights, numbers, categories)


def _number_term(column: pd.Series) -> NumberTerm | None:
    value = column.dropna().to_numpy(dtype=np.float64)
    if len(np.unique(value)) < 2:  # noqa: PLR2004
        return None
    skewness = np.mean(((value - value.mean()) / value.std()) ** 3)
    log = bool(abs(skewness) > SKEWED)
    median = float(np.median(value))
    filled = column.fillna(median).to_numpy(dtype=np.float64)
    filled = signed_log(filled) if log else filled
    return NumberTerm(
        name=str(column.name), log=log, low=float(value.min()), high=float(value.max()),
        median=median, mean=settle(filled.mean()), scale=settle(filled.std()),
        missing_share=float(column.isna().mean()),
    )  # fmt: skip


def _expanded(
    design: pd.DataFrame, numbers: list[NumberTerm], categories: list[CategoryTerm]
) -> Floats:
    pairs = [number.standardised(design[number.name]) for number in numbers]
    parts = [np.column_stack([value for value, _ in pairs])] if pairs else []
    parts += [missing[:, None] for missing in _indicators(pairs, numbers)]
    parts += [category.indicators(design[category.name]) for category in categories]
    return np.hstack([np.empty((len(design), 0)), *parts])


def _indicators(pairs: list[tuple[Floats, Floats]], numbers: list[NumberTerm]) -> list[Floats]:
    return [pair[1] for pair, number in zip(pairs, numbers, strict=True) if number.missing_share]


def _fit_weights(matrix: Floats, label: Floats, target: Target) -> tuple[float, Floats]:
    if matrix.shape[1] == 0:
        return target.base_score(label), np.empty(0)
    # Newton needs a handful of steps where lbfgs crawls over features that say nearly the same.
    intercept, weights = target.fit_line(matrix, label, solver="newton-cholesky", tol=1e-8)
    return settle(intercept), np.array([settle(weight) for weight in weights])


def _with_weights(
    design: pd.DataFrame, intercept: float, weights: Floats,
    numbers: list[NumberTerm], categories: list[CategoryTerm],
) -> LogisticModel:  # fmt: skip
    sizes = [len(category.levels) for category in categories]
    missing = [number.name for number in numbers if number.missing_share]
    bounds = np.cumsum([len(numbers), len(missing), *sizes])[:-1]
    values, indicators, *parts = np.split(weights, bounds)
    absent = dict(zip(missing, indicators.tolist(), strict=True))
    fitted = tuple(
        number.model_copy(update={"weight": w, "missing_weight": absent.get(number.name, 0.0)})
        for number, w in zip(numbers, values.tolist(), strict=True)
    )
    named = tuple(
        _weighted_category(design, category, part)
        for category, part in zip(categories, parts, strict=True)
    )
    return LogisticModel(intercept=intercept, numbers=fitted, categories=named)


def _weighted_category(design: pd.DataFrame, term: CategoryTerm, weights: Floats) -> CategoryTerm:
    mean = settle((term.indicators(design[term.name]) @ weights).mean())
    return term.model_copy(update={"weights": tuple(weights.tolist()), "mean": mean})
