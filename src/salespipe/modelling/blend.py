"""All learned models averaged in log-odds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from salespipe.modelling.frame import Floats
from salespipe.modelling.logistic import LogisticModel
from salespipe.modelling.xgb import BoostedTrees


@dataclass(frozen=True)
class Blend:
    """The mean of several models' log-odds, each counting the same.

    Log loss is convex in log-odds, so the mean never loses more than the members do on average
    (Jensen); where they err differently it loses less than any.
    """

    trees: BoostedTrees
    logistics: tuple[LogisticModel, ...]

    def log_odds(self, design: pd.DataFrame) -> Floats:
        """Log-odds of label 1, one a row."""
        members = [self.trees.log_odds(design), *(m.log_odds(design) for m in self.logistics)]
        return np.asarray(np.mean(members, axis=0), dtype=np.float64)

    def contributions(self, design: pd.DataFrame) -> pd.DataFrame:
        """The mean of the members' contributions, in log-odds."""
        members = [self.trees.contributions(design)]
        for logistic in self.logistics:
            linear = logistic.contributions(design)
            members.append(linear.reindex(columns=design.columns, fill_value=0.0))
        return sum(members[1:], members[0]) / len(members)
