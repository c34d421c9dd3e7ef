"""The rule a person would use without a model: rank customers by one column."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from salespipe.modelling.frame import Floats
from salespipe.modelling.links import settle, signed_log
from salespipe.modelling.target import OUTCOME, Target


class RuleModel(BaseModel):
    """Log-odds = intercept + slope * signed log1p(column); rows without a value have their own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str
    intercept: float
    slope: float
    missing: float
    """Log-odds of rows where the column is missing."""
    centre: float = 0.0
    """Log-odds of the average customer, from which contributions are counted."""

    def log_odds(self, design: pd.DataFrame) -> Floats:
        """Log-odds of label 1, one a row."""
        value = signed_log(design[self.column].to_numpy(dtype=np.float64))
        known = ~np.isnan(value)
        return np.where(
            known, self.intercept + self.slope * np.where(known, value, 0), self.missing
        )

    def contributions(self, design: pd.DataFrame) -> pd.DataFrame:
        """What the column adds to the average customer's log-odds."""
        return pd.DataFrame({self.column: self.log_odds(design) - self.centre})


def fit_rule(
    design: pd.DataFrame, label: Floats, column: str, target: Target = OUTCOME
) -> RuleModel:
    """Fits the rule: direction and slope from training rows (Platt scaling on the log).

    The logarithm keeps the ranking and tames long tails. With one outcome only, or nothing to rank
    by, the rule is the smoothed base rate for everyone.

    Args:
        design: Design matrix, n rows.
        label: Outcomes, n values.
        column: The numeric feature to rank by.
        target: What is predicted.
    """
    value = signed_log(design[column].to_numpy(dtype=np.float64))
    known = ~np.isnan(value)
    base = target.base_score(label)
    intercept, slope = _fit_line(value[known], label[known], base, target)
    missing = label[~known]
    rule = RuleModel(
        column=column,
        intercept=intercept,
        slope=slope,
        missing=target.base_score(missing) if len(missing) else base,
    )
    centre = settle(rule.log_odds(design).mean()) if len(design) else base
    return rule.model_copy(update={"centre": centre})


def _fit_line(value: Floats, label: Floats, base: float, target: Target) -> tuple[float, float]:
    if len(np.unique(label)) < 2 or len(np.unique(value)) < 2:  # noqa: PLR2004
        return base, 0.0
    mean, scale = float(value.mean()), float(value.std())
    intercept, weights = target.fit_line(((value - mean) / scale)[:, None], label, C=1.0)
    slope = settle(weights[0] / scale)
    return settle(intercept - slope * mean), slope
