"""The steps from canonical orders to a decision on a forecast."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from salespipe.errors import SalespipeError
from salespipe.params import SimulatorParams
from salespipe.params_forecast import ForecastParams
from salespipe.pipelines.model_nodes import decide_by, scoring_ms
from salespipe.types import Frame, Table, Tables

logger = logging.getLogger(__name__)


def build_model_input(tables: Tables, forecast: ForecastParams) -> Table:
    """Daily series of the total and of each level's best sellers; see `build_series`.

    Raises:
        SalespipeError: there are no orders.
    """
    from salespipe.modelling.forecast.series import build_series

    if "orders" not in tables:
        raise SalespipeError("A forecast needs orders; source.yml maps none.")
    return build_series(tables["orders"], forecast)


def audit_features(tables: Tables, model_input: Frame, forecast: ForecastParams) -> dict[str, Any]:
    """Look for forecasts that see their future; see `audit_forecast`."""
    from salespipe.modelling.forecast.audit import audit_forecast

    return audit_forecast(tables["orders"], model_input, forecast)


def fit_model(model_input: Frame, forecast: ForecastParams) -> tuple[Any, Any]:
    """Backtest every candidate, choose one for each level and forecast.

    Returns:
        Every measure's backtest and choice, and the forecast.
    """
    from salespipe.datasets.engine import spark_session
    from salespipe.modelling.forecast.saved import make_model
    from salespipe.modelling.forecast.train import train_measures

    if forecast.train.engine == "spark":
        spark_session()  # mlforecast finds the one that runs

    trained = train_measures(model_input, forecast)
    for measure, one in trained.items():
        for level, choice in one.choices.items():
            logger.info("  %s, %s: %s (%s)", measure, level, choice.candidate, choice.reason)
    model = make_model(trained, forecast)
    noted = model.table.loc[model.table["note"] != "", ["measure", "level", "key", "note"]]
    for measure, level, key, note in sorted(set(noted.itertuples(index=False, name=None))):
        logger.info("  %s, %s %s: %s", measure, level, key, note)
    return trained, model


def judge_model(
    model_input: Frame,
    trained: Any,
    truth: Frame | None,
    forecast: ForecastParams,
    simulator: SimulatorParams | None,
) -> tuple[dict[str, Any], Frame]:
    """Judge at the test origins, on which nothing was chosen.

    Returns:
        What `metrics.json` holds, and each test day's actual and forecast value.
    """
    from salespipe.modelling.forecast.judge import judged_days, metrics_of

    del model_input, truth, simulator
    return metrics_of(trained, forecast), judged_days(trained[forecast.measures[0]], forecast)


def draw_plots(model_input: Frame, trained: Any, forecast: ForecastParams) -> dict[str, Any]:
    """What comes next, and the error of every candidate: figures by file."""
    from salespipe.modelling.forecast import plots
    from salespipe.modelling.forecast.judge import judge_measure
    from salespipe.modelling.forecast.saved import make_model

    del model_input
    first = trained[forecast.measures[0]]
    levels = judge_measure(first, forecast)["levels"]
    return {
        "forecast.png": plots.forecast_figure(first, make_model({first.measure: first}, forecast)),
        "errors.png": plots.error_figure(levels, first.measure),
    }


def gather_evidence(
    model_input: Frame,
    trained: Any,
    champion: Any,
    metrics: dict[str, Any],
    audit: dict[str, Any],
    forecast: ForecastParams,
) -> tuple[Any, Any]:
    """What the gate is told of the new forecast and of the one in office."""
    from salespipe.modelling.forecast import evidence
    from salespipe.modelling.forecast.saved import example_questions, make_model

    del model_input, metrics
    first = trained[forecast.measures[0]]
    challenger = evidence.challenger_record(first, audit, forecast)
    model = make_model({first.measure: first}, forecast)
    latency = scoring_ms(model.answer, example_questions(model, 100))
    office = evidence.champion_record(first, champion, forecast)
    return replace(challenger, latency_ms=latency), office


def decide_promotion(
    evidence: tuple[Any, Any], review_facts: dict[str, Any], forecast: ForecastParams
) -> dict[str, Any]:
    """Whether the new forecast becomes champion, with every check behind it.

    Args:
        evidence: what is known of the new forecast and of the one in office.
        review_facts: gathered before, while the champion is the one that was compared with.
        forecast: conf.
    """
    del review_facts
    return decide_by(evidence, forecast.gate)


def gather_review(
    model_input: Frame,
    model: Any,
    trained: Any,
    champion: Any,
    ingest_report: dict[str, Any] | None,
    forecast: ForecastParams,
) -> dict[str, Any]:
    """What the review page needs that only training knows; see `series_facts`."""
    from salespipe.review.gather.series import series_facts

    del model_input
    facts = series_facts(model, trained, champion, ingest_report, forecast)
    return facts.model_dump(mode="json")
