"""From champions to lists."""

from __future__ import annotations

from typing import Any

from salespipe.params import ModelParams, ScoreParams
from salespipe.types import Frame, Tables


def score_customers(
    tables: Tables, champions: dict[str, Any], score: ScoreParams, parameters: dict[str, Any]
) -> tuple[dict[str, Frame], dict[str, Any]]:
    """A list a model and a report of each, forecasts left out; see `score_models`."""
    from salespipe.datasets.engine import spread
    from salespipe.modelling.lists import score_models

    conf = {name: typed(parameters[name]) for name in champions if of_customers(parameters, name)}
    return score_models(tables, champions, conf, score, spread)


def of_customers(parameters: dict[str, Any], name: str) -> bool:
    """Whether a model is about customers: its conf then names an outcome."""
    conf = parameters.get(name)
    return isinstance(conf, ModelParams) or (isinstance(conf, dict) and "outcome" in conf)


def typed(conf: Any) -> ModelParams:
    """A model's conf as a type, whichever way Kedro hands it over."""
    return conf if isinstance(conf, ModelParams) else ModelParams.model_validate(conf)
