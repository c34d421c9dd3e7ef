"""From champions to lists."""

from __future__ import annotations

from typing import Any

from salespipe.params import ModelParams, ScoreParams
from salespipe.types import Frame, Tables


def score_customers(
    tables: Tables, champions: dict[str, Any], score: ScoreParams, parameters: dict[str, Any]
) -> tuple[dict[str, Frame], dict[str, Any]]:
    """A list a model and a report of each; see `score_models`."""
    from salespipe.modelling.lists import score_models

    conf = {name: typed(parameters[name]) for name in champions if name in parameters}
    return score_models(tables, champions, conf, score)


def typed(conf: Any) -> ModelParams:
    """A model's conf as a type, whichever way Kedro hands it over."""
    return conf if isinstance(conf, ModelParams) else ModelParams.model_validate(conf)
