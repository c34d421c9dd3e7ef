"""What a training leaves: every fitted candidate, the chosen one, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from salespipe.modelling.frame import Floats, Integers
from salespipe.modelling.predict import Model
from salespipe.modelling.target import AMOUNT, OUTCOME
from salespipe.params import TrainParams

RULE, LOGISTIC, TREES, BLEND = "recency_rule", OUTCOME.linear, "xgboost", "blend"
Role = Literal["baseline", "candidate"]
POPULARITY = "popularity_rule"
ROLES: dict[str, Role] = {
    RULE: "baseline",
    POPULARITY: "baseline",
    LOGISTIC: "baseline",
    AMOUNT.linear: "baseline",
    TREES: "candidate",
    BLEND: "candidate",
}


@dataclass(frozen=True)
class Held:
    """What the chosen model's kind said of later rows of customers it had not seen.

    Attributes:
        rows: positions in `development_rows`.
        probability: calibrated on other customers than the row's.
    """

    rows: Integers
    probability: Floats


@dataclass(frozen=True)
class Trained:
    """Every fitted candidate, the chosen one, and why.

    Attributes:
        models: By name, from the simplest to the most flexible; some or all of `ROLES`.
        chosen: Name of the chosen one.
        reason: Why, in words.
        validation: JSON-ready table of the held-out figures, by name; empty where nothing was
            judged.
        params: What the trees were grown with: as given, or the search's best.
        held: Held-out predictions of the chosen one; None where nothing was judged.
    """

    models: dict[str, Model]
    chosen: str
    reason: str
    validation: dict[str, dict[str, Any]]
    params: TrainParams
    held: Held | None = None

    @property
    def champion(self) -> Model:
        """The chosen model."""
        return self.models[self.chosen]
