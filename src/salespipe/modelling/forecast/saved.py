"""The forecast that is put to use, as a value and as plain files.

A fitted forecast answers one question, what comes after its last day; so the answer itself is what
is kept: every day of the horizon with its intervals, and the procedure that made it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from salespipe.errors import SalespipeError
from salespipe.files import write_json
from salespipe.modelling.forecast.backtest import Forecasts
from salespipe.modelling.forecast.intervals import (
    COVERAGES,
    FREQUENCIES,
    Widths,
    block_sums,
    bounds,
    groups_of,
    widths_ahead,
)
from salespipe.modelling.forecast.panel import Panel
from salespipe.modelling.forecast.train import Trained, next_forecast, scale_at, widths_at
from salespipe.modelling.frame import Floats
from salespipe.params_forecast import ForecastParams

FORMAT = 1
"""Number of the layout of every model's directory; a reader refuses one it does not know."""
KIND = "forecast"
QUESTION = ("measure", "level", "key", "frequency", "horizon")
NUMBERS = ("value", "low_80", "high_80", "low_95", "high_95")
ANSWER = ("measure", "level", "key", "frequency", "date", *NUMBERS, "note")


@dataclass(frozen=True)
class ForecastModel:
    """Forecasts of every series with their intervals, and how they were made.

    Attributes:
        table: `ANSWER`'s columns and `step`, the number of the block from 0.
        procedure: conf it was made by.
        chosen: measure to level to candidate.
        meta: JSON-ready facts.
    """

    table: pd.DataFrame
    procedure: ForecastParams
    chosen: Mapping[str, Mapping[str, str]]
    meta: dict[str, Any] = field(default_factory=dict)

    def answer(self, questions: pd.DataFrame) -> pd.DataFrame:
        """The blocks ahead of each question, one question after another.

        Args:
            questions: `measure, level, key, frequency` and `horizon` in days. A week is a block of
                seven days and a month one of thirty, from the first day of the forecast; blocks
                that end beyond the horizon are left out.

        Returns:
            `ANSWER`: the date is a block's first day.

        Raises:
            SalespipeError: a series is not forecast, or the horizon is too short or too long.
        """
        asked = questions.reset_index(drop=True).rename_axis("question").reset_index()
        self._check(asked)
        blocks = asked["horizon"].astype(int) // asked["frequency"].map(dict(FREQUENCIES))
        found = asked.assign(blocks=blocks).merge(self.table, on=list(QUESTION[:4]))
        kept = found[found["step"] < found["blocks"]].sort_values(["question", "step"])
        return kept[list(ANSWER)].reset_index(drop=True)

    def hash(self) -> str:
        """SHA-256 of what can be asked: the series, and how far they reach."""
        asked = self.table[list(QUESTION[:4])].drop_duplicates().to_csv(index=False)
        return hashlib.sha256(f"{self.procedure.horizon_days}\n{asked}".encode()).hexdigest()

    def _check(self, asked: pd.DataFrame) -> None:
        known = set(zip(*(self.table[name] for name in QUESTION[:4]), strict=True))
        most = self.procedure.horizon_days
        for *series, horizon in zip(*(asked[name] for name in QUESTION), strict=True):
            if tuple(series) not in known:
                raise SalespipeError(f"There is no forecast of {', '.join(map(str, series))}.")
            least = FREQUENCIES[series[-1]]
            if not least <= horizon <= most:
                raise SalespipeError(
                    f"A forecast by {series[-1]} reaches {least} to {most} days, not {horizon}."
                )

    def save(self, directory: Path) -> None:
        """Writes Parquet and JSON; the directory is made if need be."""
        directory.mkdir(parents=True, exist_ok=True)
        self.table.to_parquet(directory / "forecast.parquet", index=False)
        write_json(directory / "procedure.json", {
            "params": self.procedure.model_dump(mode="json"),
            "chosen": {measure: dict(levels) for measure, levels in self.chosen.items()},
        })  # fmt: skip
        facts = {"format": FORMAT, "kind": KIND, "name": KIND, "facts": self.meta}
        write_json(directory / "meta.json", facts)


def load_forecast(directory: Path) -> ForecastModel:
    """Reads what `ForecastModel.save` wrote; no pickle is involved."""
    made_by = json.loads((directory / "procedure.json").read_text("utf-8"))
    return ForecastModel(
        table=pd.read_parquet(directory / "forecast.parquet"),
        procedure=ForecastParams.model_validate(made_by["params"]),
        chosen=made_by["chosen"],
        meta=json.loads((directory / "meta.json").read_text("utf-8"))["facts"],
    )


def make_model(trained: Mapping[str, Trained], params: ForecastParams) -> ForecastModel:
    """The forecast from the day after the last complete one, of every measure.

    Args:
        trained: measure to its backtest and choice.
        params: conf.
    """
    tables = [_measure_table(one, params) for one in trained.values()]
    as_of = next(iter(trained.values())).origins.as_of
    return ForecastModel(
        table=pd.concat(tables, ignore_index=True),
        procedure=params,
        chosen={measure: one.chosen for measure, one in trained.items()},
        meta={"as_of": str(as_of), "horizon_days": params.horizon_days},
    )


def _measure_table(trained: Trained, params: ForecastParams) -> pd.DataFrame:
    ahead, made = next_forecast(trained, params)
    told = Told(ahead, made, widths_at(trained, trained.origins.as_of, params),
                scale_at(trained.full, trained.origins.as_of))  # fmt: skip
    offered = [name for name, days in FREQUENCIES.items() if len(made) >= days]
    parts = [_frequency_table(name, told, trained.full) for name in offered]
    notes = dict(zip(trained.full.series, notes_of(trained, ahead), strict=True))
    table = pd.concat(parts, ignore_index=True).assign(measure=trained.measure)
    keys = zip(table["level"], table["key"], strict=True)
    return table.assign(note=[notes[level, key] for level, key in keys])


@dataclass(frozen=True)
class Told:
    """A forecast and what its intervals are made of."""

    ahead: Forecasts
    made: Floats
    widths: Widths
    scale: Floats


def _frequency_table(frequency: str, told: Told, full: Panel) -> pd.DataFrame:
    days = FREQUENCIES[frequency]
    values = block_sums(told.made, days)
    opened = block_sums(told.ahead.open[:, None].astype(np.float64), days)
    width = widths_ahead(told.widths, frequency, groups_of(full), len(values))
    numbers = {"value": values}
    for i, coverage in enumerate(COVERAGES):
        known = np.where(opened > 0, width[:, :, i], 0.0)
        low, high = bounds(values, days * told.scale, known)
        name = round(100 * coverage)
        numbers |= {f"low_{name}": low, f"high_{name}": high}
    steps = np.repeat(np.arange(len(values)), len(full.series))
    keys = pd.DataFrame(list(full.series) * len(values), columns=["level", "key"])
    flat = {name: one.ravel() for name, one in numbers.items()}
    dates = told.ahead.days[steps * days].strftime("%Y-%m-%d")
    return keys.assign(frequency=frequency, step=steps, date=dates, **flat)


def notes_of(trained: Trained, ahead: Forecasts) -> list[str]:
    """What a reader has to know of each column's forecast; empty where there is nothing."""
    notes = []
    for column, (level, _) in enumerate(trained.panel.series):
        candidate = trained.chosen[level]
        told = ["too few days with sales: moving average"] if ahead.short[column] else []
        told += ["kept within its past by the guard"] if ahead.stopped[candidate][column] else []
        notes.append("; ".join(told))
    return notes + [""] * (len(trained.full.series) - len(notes))


def example_questions(model: ForecastModel, rows: int) -> pd.DataFrame:
    """A few questions that the model can answer."""
    known = model.table[list(QUESTION[:4])].drop_duplicates().head(rows)
    return known.assign(horizon=model.procedure.horizon_days).reset_index(drop=True)
