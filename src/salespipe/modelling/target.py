"""What a model predicts, and all that follows from it: link, loss, regression, figures.

Scores are on the link's scale, log-odds or log amounts; `mean` makes predictions of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from salespipe.modelling import amounts, links
from salespipe.modelling.frame import Floats
from salespipe.modelling.metrics import OUTCOME_FIGURES, Figures

Kind = Literal["outcome", "amount"]
Method = Literal["none", "sigmoid", "isotonic"]


@dataclass(frozen=True)
class Target:
    """One kind of label.

    Attributes:
        kind: its name.
        output: name of the prediction.
        linear: name of the linear baseline on recency, frequency and money.
        loss: name of the proper score that `losses` hold.
        headline: the figure that is told first; higher is better.
        compared: figures whose paired differences to the baselines are told.
        methods: calibrations, from the simplest to the most flexible; `sigmoid` is a line on the
            link's scale.
        objective: of the trees, in xgboost's words.
        mean: predictions of scores.
        link: scores of predictions.
        losses: loss of each row, by label and prediction.
        base: the prediction that knows nothing but the labels.
        unit: what labels are divided by for the trees, and amounts told by.
        fit_line: intercept and weights on the link's scale, by matrix and labels.
        figures: of a test.
    """

    kind: Kind
    output: str
    linear: str
    loss: str
    headline: str
    compared: tuple[str, ...]
    methods: tuple[Method, ...]
    objective: Mapping[str, Any]
    mean: Callable[[Floats], Floats]
    link: Callable[[Floats], Floats]
    losses: Callable[[Floats, Floats], Floats]
    base: Callable[[Floats], float]
    unit: Callable[[Floats], float]
    fit_line: Callable[..., tuple[float, Floats]]
    figures: Figures

    def base_score(self, label: Floats) -> float:
        """The score that knows nothing but the labels."""
        return float(self.link(np.array(self.base(label))))


OUTCOME = Target(
    kind="outcome",
    output="probability",
    linear="rfm_logistic",
    loss="log loss",
    headline="roc_auc",
    compared=("roc_auc", "log_loss"),
    methods=("none", "sigmoid", "isotonic"),
    objective={"objective": "binary:logistic"},
    mean=links.sigmoid,
    link=links.logit,
    losses=links.row_losses,
    base=links.smoothed_base_rate,
    unit=lambda _: 1.0,
    fit_line=links.fit_line,
    figures=OUTCOME_FIGURES,
)
AMOUNT = Target(
    kind="amount",
    output="amount",
    linear="rfm_tweedie",
    loss="Tweedie deviance",
    headline="gini",
    compared=("gini", "deviance"),
    methods=("none", "sigmoid"),
    objective={"objective": "reg:tweedie", "tweedie_variance_power": amounts.POWER},
    mean=amounts.exp,
    link=amounts.log,
    losses=amounts.tweedie_losses,
    base=lambda label: float((label.sum() + 1) / (len(label) + 1)),
    unit=amounts.mean_amount,
    fit_line=amounts.fit_log_line,
    figures=amounts.AMOUNT_FIGURES,
)
TARGETS: Mapping[Kind, Target] = {"outcome": OUTCOME, "amount": AMOUNT}


def target_of(outcome: str) -> Target:
    """The target of an outcome that conf names."""
    return AMOUNT if outcome == "spend" else OUTCOME
