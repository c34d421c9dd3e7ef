"""One champion, as a server holds it: what it can be asked, and whether it says what it should."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from salespipe.modelling.compiled import CompiledModel
from salespipe.modelling.forecast.intervals import FREQUENCIES
from salespipe.modelling.forecast.saved import ANSWER, QUESTION, ForecastModel
from salespipe.modelling.frame import Floats, design_matrix
from salespipe.modelling.predict import Model
from salespipe.parts import read_frame
from salespipe.receipts import receipt_id
from serving.histories import Histories
from serving.lookup import Lookup
from serving.messages import features_type, forecast_type, history_type, question_type

logger = logging.getLogger("salespipe.serving")

TOLERANCE = 1e-9
RECEIPT = ("business", "model", "version", "run_id", "git_commit", "data_hash", "schema_hash",
           "as_of")  # fmt: skip


class PartError(Exception):
    """A part of a bundle that can't be served."""


class Part:
    """What every champion has.

    Attributes:
        facts: what was written of it when it was bundled.
        receipt: where an answer of it comes from.
    """

    def __init__(self, folder: Path, facts: Mapping[str, Any]) -> None:
        self.folder, self.facts = folder, facts
        self.name: str = facts["model"]
        self.version: int = facts["version"]
        told = {key: facts[key] for key in RECEIPT}
        self.receipt = told | {"id": receipt_id(told)}

    @property
    def as_of(self) -> date | None:
        """The day that looked-up features are as of."""
        return None if self.facts["as_of"] is None else date.fromisoformat(self.facts["as_of"])


class CustomerChampion(Part):
    """A champion that speaks of customers.

    Attributes:
        model: as it was registered.
        compiled: the same, for requests.
        scores: everyone's, as `served_scores` gives them.
        histories: computes features of raw history; None where the model reads more than that.
        question: the type of a request for scores; `explanation`, for reasons.
    """

    def __init__(self, folder: Path, facts: Mapping[str, Any], model: Model, frames: Path) -> None:
        super().__init__(folder, facts)
        self.model, self.compiled = model, CompiledModel(model)
        self.output: str = model.target.output
        self.threshold: float | None = facts["threshold"]
        self._frame_file = frames / facts["frame"]
        self.scores = Lookup(folder / "scores.arrow")
        self.histories = _histories(folder / "history.json")
        features = features_type([(f.name, f.kind) for f in model.schema.features])
        schemas = None if self.histories is None else self._schemas()
        history = None if schemas is None else history_type(schemas)
        self.question: TypeAdapter[Any] = question_type(features, history, self.groups, False)
        self.explanation: TypeAdapter[Any] = question_type(features, history, self.groups, True)
        self._opted_out = self._place("opted_out")
        self._recency = self._place("recency_days")

    def _schemas(self) -> dict[str, dict[str, str]]:
        schemas: dict[str, dict[str, str]] = _read(self.folder / "history.json")["schemas"]
        return schemas

    def _place(self, feature: str) -> int | None:
        names = self.model.schema.names
        return names.index(feature) if feature in names else None

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The product groups of a model of offers."""
        return tuple(self.scores.groups)

    def groups_of(self, matrix: Floats) -> list[str | None] | None:
        """The product group of each row; None where the model has none."""
        place = self._place("item_group") if self.groups else None
        if place is None:
            return None
        names = self.model.schema.features[place].categories
        codes = matrix[:, place].tolist()
        return [None if np.isnan(code) else names[int(code)] for code in codes]

    @cached_property
    def frame(self) -> Any:
        """Everyone's features, in the order of `scores`, mapped from disk."""
        return read_frame(self._frame_file)

    def deciles(self, predictions: Floats) -> np.ndarray:
        """Where predictions stand among everyone's: 1 is the highest tenth.

        Those within rounding of one another count as equal, as a customer's own in batch does.
        """
        ranked = self.scores.ranked
        above = len(ranked) - np.searchsorted(ranked, predictions + TOLERANCE, side="right")
        return np.minimum(above * 10 // max(len(ranked), 1) + 1, 10)

    def contacts(self, matrix: Floats, predictions: Floats) -> np.ndarray | None:
        """Whether a contact pays, by the threshold; never for who opted out."""
        if self.threshold is None:
            return None
        pays = predictions >= self.threshold
        return pays if self._opted_out is None else pays & ~(matrix[:, self._opted_out] == 1)

    def silent(self, matrix: Floats) -> np.ndarray:
        """Whom the model does not speak of: no order yet, or none for longer than it learned of."""
        if self._recency is None or not self.facts["of_buyers"]:
            return np.zeros(len(matrix), dtype=bool)
        days = self.facts["active_days"]
        return ~(matrix[:, self._recency] <= (np.inf if days is None else days))

    @property
    def too_silent(self) -> str:
        """Why someone has no score."""
        days = self.facts["active_days"]
        return f"no order {'so far' if days is None else f'in the last {days} days'}: not scored"

    def rows(self, places: np.ndarray) -> pd.DataFrame:
        """The features of looked-up customers."""
        return pd.DataFrame(self.frame.take(places).to_pandas())

    def model_design(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows as the model's members read them."""
        return design_matrix(rows, self.model.schema)

    def try_out(self) -> None:
        """Compare what this process predicts with what the registered model said.

        Raises:
            PartError: they differ, or a history can't be worked out.
        """
        golden = _read(self.folder / "golden.json")
        matrix = self.compiled.matrix([one["features"] for one in golden])
        told = np.array([one["prediction"] for one in golden])
        off = np.abs(self.compiled.predict(matrix) - told).max(initial=0.0)
        if not off <= TOLERANCE:
            raise PartError(f"its predictions are off by {off:.3g} from the registered model's")
        if self.histories is not None:
            missing = set(self.model.schema.names) - self.histories.names
            if missing:
                raise PartError(f"its SQL does not compute {', '.join(sorted(missing))}")


class ForecastChampion(Part):
    """The forecast in office: everything it can be asked is known beforehand.

    Attributes:
        blocks: answers by measure, level, key and frequency, in order of time.
        question: the type of a request.
    """

    def __init__(self, folder: Path, facts: Mapping[str, Any], model: ForecastModel) -> None:
        super().__init__(folder, facts)
        self.model = model
        self.days = model.procedure.horizon_days
        told = [name for name in ANSWER if name not in QUESTION]
        ordered = model.table.sort_values("step", kind="stable")
        self.blocks: dict[tuple[str, ...], list[Any]] = {
            tuple(map(str, key)): rows[told].to_dict("records")
            for key, rows in ordered.groupby(list(QUESTION[:4]), sort=False)
        }
        measures, levels, _, often = (sorted(set(one)) for one in zip(*self.blocks, strict=True))
        self.measures = list(model.procedure.measures)
        self.keys = {
            level: sorted({key for _, own, key, _ in self.blocks if own == level})
            for level in levels
        }
        self.question: TypeAdapter[Any] = forecast_type(measures, levels, often, self.days)

    def try_out(self) -> None:
        """Compare the answers of this process with the registered model's.

        Raises:
            PartError: they differ.
        """
        for one in _read(self.folder / "golden.json"):
            asked = one["series"]
            blocks = self.blocks[tuple(str(asked[name]) for name in QUESTION[:4])]
            count = int(asked["horizon"]) // FREQUENCIES[asked["frequency"]]
            values = [block["value"] for block in blocks[:count]]
            if not np.allclose(values, one["values"], rtol=0, atol=TOLERANCE):
                raise PartError(f"its forecast of {asked} is not the registered model's")


def _histories(file: Path) -> Histories | None:
    return Histories(**_read(file)) if file.is_file() else None


def _read(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))
