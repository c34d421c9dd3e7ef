"""What the gate is told of two forecasts, from the same test days."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from salespipe.modelling.decision import Challenger, Champion, Measured
from salespipe.modelling.evidence import InOffice, leaky_features
from salespipe.modelling.forecast.backtest import backtest, pick
from salespipe.modelling.forecast.candidates import ROLES
from salespipe.modelling.forecast.judge import (
    actuals,
    candidate_values,
    candidates_of,
    judge_measure,
)
from salespipe.modelling.forecast.reconcile import add_up
from salespipe.modelling.forecast.saved import ForecastModel
from salespipe.modelling.forecast.train import Trained
from salespipe.modelling.frame import Floats, Integers
from salespipe.params_forecast import ForecastParams

WEEK = 7


def challenger_record(
    trained: Trained, audit: Mapping[str, Any], params: ForecastParams
) -> Challenger:
    """The new forecast's record, but for the time it takes to answer.

    Args:
        trained: the first measure's backtest and choice.
        audit: what the leak audit found.
        params: conf.
    """
    columns = np.arange(len(trained.panel.series))
    made = np.stack([trained.made[day][:, columns] for day in trained.origins.test])
    losses = scaled_losses(trained, made, params)
    return Challenger(
        score="scaled absolute error",
        losses=losses,
        baselines={
            name: scaled_losses(trained, candidate_values(trained, name, columns), params)
            for name in candidates_of(trained, columns)
            if ROLES[name] == "baseline" and set(trained.chosen.values()) != {name}
        },
        clusters=week_clusters(made),
        counts={"test_rows": len(losses)},
        leaky=leaky_features(audit),
        measured=coverage_bounds(trained, params),
    )


def scaled_losses(trained: Trained, made: Floats, params: ForecastParams) -> Floats:
    """Absolute error of each test day and series over the series' mean before the test.

    Weighted so that every level counts the same, however many series it has.

    Args:
        trained: a measure's backtest.
        made: (origins, h, s) forecasts.
        params: conf.
    """
    panel = trained.panel
    columns = np.arange(len(panel.series))
    usual = panel.before(trained.origins.test[0]).values.mean(axis=0)
    size = {level: len(panel.of_level(level)) for level in panel.levels}
    share = np.array([len(columns) / len(size) / size[level] for level, _ in panel.series])
    error = np.abs(made - actuals(trained, columns, params)) * share / np.maximum(usual, 1e-9)
    return np.asarray(error.ravel(), dtype=np.float64)


def week_clusters(made: Floats) -> Integers:
    """Origin and week of each value of (origins, h, s): days of one week err together."""
    origins, horizon, width = made.shape
    weeks = -(-horizon // WEEK)
    day = np.arange(origins)[:, None] * weeks + np.arange(horizon) // WEEK
    return np.repeat(day.ravel(), width).astype(np.int64)


def coverage_bounds(trained: Trained, params: ForecastParams) -> tuple[Measured, ...]:
    """How much the intervals cover at each level, beside what conf asks for."""
    asked = params.coverage.model_dump()
    judged = judge_measure(trained, params)["levels"]
    return tuple(
        Measured(
            f"coverage_{level}_{name.removeprefix('at_')}", figure,
            f"{level}: share of days inside the {name.removeprefix('at_')}% interval",
            at_least=asked[name][0], at_most=asked[name][1],
        )
        for level, figures in judged.items()
        for name, figure in figures["coverage"].items()
    )  # fmt: skip


def champion_record(
    trained: Trained, office: InOffice | None, params: ForecastParams
) -> Champion | None:
    """The procedure in office, put to work as of the same test days.

    A forecast ages by itself, so not the champion's old numbers are compared but what it would
    forecast today: its candidates and settings, fitted again before each test origin.

    Args:
        trained: the challenger's first measure.
        office: the registered champion, if there is one.
        params: the challenger's conf.
    """
    if office is None:
        return None
    if obstacle := obstacle_to_compare(trained, office):
        return Champion(office.version, obstacle=obstacle)
    assert office.model is not None  # noqa: S101 - else there is an obstacle
    made = procedure_forecasts(trained, office.model, params)
    return Champion(office.version, scaled_losses(trained, made, params))


def obstacle_to_compare(trained: Trained, office: InOffice) -> str | None:
    """Why the champion can't be put to work on these series, in words; None if it can."""
    if office.model is None:
        return f"it can't be read ({office.problem})"
    if not isinstance(office.model, ForecastModel):
        return "it is no forecast"
    if missing := sorted(
        set(trained.panel.levels) - set(office.model.chosen.get(trained.measure, {}))
    ):
        return f"it has no forecast of {trained.measure} by {', '.join(missing)}"
    return None


def procedure_forecasts(trained: Trained, model: ForecastModel, params: ForecastParams) -> Floats:
    """(origins, h, s): what a champion's procedure forecasts as of the test origins.

    Args:
        trained: the challenger's measure; its backtest is used again where the settings agree.
        model: the champion.
        params: the challenger's conf.
    """
    days, old = trained.origins.test, model.procedure
    same = all(
        getattr(old, part) == getattr(params, part) for part in ("train", "trading", "guard")
    )
    settings = params.model_copy(
        update={"train": old.train, "trading": old.trading, "guard": old.guard}
    )
    tested = trained.tested if same else backtest(trained.panel, days, settings)
    chosen, panel = model.chosen[trained.measure], trained.panel
    made = [add_up(pick(tested[day], panel.series, chosen), panel, trained.measure)
            for day in days]  # fmt: skip
    return np.stack(made)[:, :, : len(panel.series)]
