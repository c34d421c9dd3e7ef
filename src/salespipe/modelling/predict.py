"""A fitted model as a value: frame in, probabilities out, and plain files on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from salespipe.errors import SalespipeError
from salespipe.files import write_json
from salespipe.modelling.blend import Blend
from salespipe.modelling.calibrate import Calibrator
from salespipe.modelling.forecast.saved import FORMAT, load_forecast
from salespipe.modelling.forecast.saved import KIND as FORECAST
from salespipe.modelling.frame import FeatureSchema, Floats, design_matrix
from salespipe.modelling.logistic import LogisticModel
from salespipe.modelling.rule import RuleModel
from salespipe.modelling.target import Target
from salespipe.modelling.xgb import BoostedTrees


class Scorer(Protocol):
    """What every kind of model can do with a design matrix."""

    def log_odds(self, design: pd.DataFrame) -> Floats:
        """Score of each row: log-odds of label 1, or log amount."""
        ...

    def contributions(self, design: pd.DataFrame) -> pd.DataFrame:
        """What each feature adds to the average customer's log-odds."""
        ...


@dataclass(frozen=True)
class Model:
    """A fitted candidate with its calibration and the features it reads.

    Attributes:
        name: The candidate's name, such as `xgboost`.
        schema: The features, in order.
        scorer: Log-odds of a design matrix.
        calibrator: Probabilities of log-odds.
        meta: JSON-ready facts about the fit, such as the number of trees.
    """

    name: str
    schema: FeatureSchema
    scorer: Scorer
    calibrator: Calibrator = field(default_factory=Calibrator)
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def target(self) -> Target:
        """What is predicted."""
        return self.calibrator.target

    def predict(self, frame: pd.DataFrame) -> Floats:
        """Probability of label 1, or the amount, for each row, in the rows' order.

        Raises:
            SalespipeError: if a feature is missing or not a number where it must be one.
        """
        return self.calibrator.predict(self.scorer.log_odds(design_matrix(frame, self.schema)))

    def answer(self, frame: pd.DataFrame) -> pd.DataFrame:
        """One column, `probability` or `amount`, in the rows' order: what a registered one says."""
        return pd.DataFrame({self.target.output: self.predict(frame)}, index=frame.index)

    def save(self, directory: Path) -> None:
        """See `save_model`."""
        save_model(self, directory)

    def contributions(self, frame: pd.DataFrame) -> pd.DataFrame:
        """What each feature adds to a row's log-odds (before calibration), one column a feature."""
        return self.scorer.contributions(design_matrix(frame, self.schema))


def save_model(model: Model, directory: Path) -> None:
    """Writes a model as JSON and, for trees, `model.ubj`; the directory is made if need be."""
    directory.mkdir(parents=True, exist_ok=True)
    kind = _write_scorer(model.scorer, directory)
    facts = {"format": FORMAT, "kind": kind, "name": model.name, "schema_hash": model.schema.hash()}
    write_json(directory / "schema.json", model.schema.model_dump(mode="json"))
    write_json(directory / "calibrator.json", model.calibrator.model_dump(mode="json"))
    write_json(directory / "meta.json", facts | {"facts": model.meta})


def load_model(directory: Path | str) -> Any:
    """Reads a model of any kind as its `save` wrote it; no pickle is involved.

    Returns:
        A `Model`, or a `ForecastModel`.

    Raises:
        SalespipeError: if the directory is no model, or one of a layout this version cannot read.
    """
    directory = Path(directory)
    if not (directory / "meta.json").is_file():
        raise SalespipeError(f"{directory.name}: no saved model (meta.json is missing)")
    meta = json.loads((directory / "meta.json").read_text("utf-8"))
    if meta.get("format") != FORMAT or meta.get("kind") not in (*_READERS, FORECAST):
        raise SalespipeError(f"{directory.name}: saved by another version of salespipe")
    return load_forecast(directory) if meta["kind"] == FORECAST else _read_model(directory, meta)


def _read_model(directory: Path, meta: dict[str, Any]) -> Model:
    return Model(
        name=meta["name"],
        schema=FeatureSchema.model_validate_json((directory / "schema.json").read_bytes()),
        scorer=_READERS[meta["kind"]](directory),
        calibrator=Calibrator.model_validate_json((directory / "calibrator.json").read_bytes()),
        meta=meta["facts"],
    )


def _write_scorer(scorer: Scorer, directory: Path) -> str:
    match scorer:
        case RuleModel() | LogisticModel():
            write_json(directory / "model.json", scorer.model_dump(mode="json"))
            return "rule" if isinstance(scorer, RuleModel) else "logistic"
        case BoostedTrees():
            scorer.save(directory)
            return "trees"
        case Blend(trees=trees, logistics=logistics):
            trees.save(directory)
            write_json(directory / "model.json", [m.model_dump(mode="json") for m in logistics])
            return "blend"
        case _:
            raise TypeError(f"no file format for {type(scorer).__name__}")


def _read_rule(directory: Path) -> Scorer:
    return RuleModel.model_validate_json((directory / "model.json").read_bytes())


def _read_logistic(directory: Path) -> LogisticModel:
    return LogisticModel.model_validate_json((directory / "model.json").read_bytes())


def _read_blend(directory: Path) -> Scorer:
    logistics = json.loads((directory / "model.json").read_text("utf-8"))
    members = tuple(LogisticModel.model_validate(member) for member in logistics)
    return Blend(BoostedTrees.load(directory), members)


_READERS: dict[str, Callable[[Path], Scorer]] = {
    "rule": _read_rule,
    "logistic": _read_logistic,
    "trees": BoostedTrees.load,
    "blend": _read_blend,
}
