"""Trees and a logistic regression averaged in log-odds."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from salespipe.modelling.frame import Floats
from salespipe.modelling.logistic import LogisticModel
from salespipe.modelling.xgb import BoostedTrees


@dataclass(frozen=True)
class Blend:
    """The mean of both models' log-odds.

    Log loss is convex in log-odds, so the mean never loses more than the two do on average
    (Jensen); where the two err differently it loses less than either.
    """

    trees: BoostedTrees
    logistic: LogisticModel

    def log_odds(self, design: pd.DataFrame) -> Floats:
        """Log-odds of label 1, one a row."""
        return (self.trees.log_odds(design) + self.logistic.log_odds(design)) / 2

    def contributions(self, design: pd.DataFrame) -> pd.DataFrame:
        """The mean of both models' contributions, in log-odds."""
        linear = self.logistic.contributions(design).reindex(columns=design.columns, fill_value=0.0)
        return (self.trees.contributions(design) + linear) / 2
