"""From champions to lists."""

from __future__ import annotations

from typing import Any

from salespipe.params import ModelParams, ScoreParams
from salespipe.types import Frame, Tables


def score_customers(
    tables: Tables, champions: dict[str, Any], score: ScoreParams, parameters: dict[str, Any]
) -> tuple[dict[str, Frame], dict[str, Any]]:
    """A list a model and a report of each, but of forecasts; see `score_models`."""
    from salespipe.modelling.forecast.saved import ForecastModel
    from salespipe.modelling.lists import score_models

    listed = {k: one for k, one in champions.items() if not isinstance(one.model, ForecastModel)}
    conf = {name: typed(parameters[name]) for name in listed if name in parameters}
    return score_models(tables, listed, conf, score)


def typed(conf: Any) -> ModelParams:
    """A model's conf as a type, whichever way Kedro hands it over."""
    return conf if isinstance(conf, ModelParams) else ModelParams.model_validate(conf)
