"""What a service needs of a champion besides the model: everyone's score, and a golden set."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd

from salespipe.modelling.forecast.saved import ForecastModel, example_questions
from salespipe.modelling.frame import row_keys
from salespipe.modelling.lists import silent_too_long
from salespipe.modelling.predict import Model
from salespipe.modelling.score import deciles, opted_out
from salespipe.params import ModelParams

GOLDEN_ROWS = 50
MEANINGS = {
    "no_order": "no order in the next {} days",
    "order": "an order in the next {} days",
    "order_group": "an order from the product group in the next {} days",
    "spend": "money spent in the next {} days",
}


def served_scores(
    rows: pd.DataFrame, model: Model, conf: ModelParams, threshold: float | None
) -> pd.DataFrame:
    """What the champion says of everyone, ready to be looked up.

    Args:
        rows: n rows with keys and the champion's features.
        model: the champion.
        conf: whom it speaks of.
        threshold: from which prediction on a contact pays.

    Returns:
        n rows in the order of `rows`: `entity_id`, `item_group` for offers, `as_of`, `prediction`,
        `decile`, `not_scored` (why there is no prediction), and `contact`, whether one pays: never
        for who opted out, nor without a threshold.
    """
    gone = silent_too_long(rows, conf).to_numpy(dtype=bool)
    predicted = np.full(len(rows), np.nan)
    predicted[~gone] = model.predict(rows[~gone])
    place = np.full(len(rows), np.nan)
    place[~gone] = deciles(predicted[~gone]).to_numpy(dtype=np.float64)
    scores = rows[row_keys(rows)].assign(
        prediction=predicted,
        decile=pd.array(place, dtype="Int8"),
        not_scored=pd.Series(too_silent(conf), rows.index, dtype="string").where(gone),
    )
    pays = pd.Series(False, rows.index, dtype="boolean")
    if threshold is not None:
        pays = (predicted >= threshold) & ~np.asarray(opted_out(rows), dtype=bool)
    return scores.assign(contact=pays)


def too_silent(conf: ModelParams) -> str:
    """Why someone has no score."""
    return f"no order in the last {conf.snapshots.active_days} days: not scored"


def meaning_of(conf: ModelParams, has_orders: bool) -> str:
    """What the probability, or the amount, is of."""
    return (
        MEANINGS[conf.outcome].format(conf.snapshots.horizon_days) if has_orders else "the outcome"
    )


def golden_rows(rows: pd.DataFrame, model: Model) -> list[dict[str, Any]]:
    """Some rows across the whole range of predictions, as an app would send them.

    Returns:
        `features` and `prediction`, what the registered model says of them.
    """
    known = rows[list(model.schema.names)]
    predicted = model.predict(known)
    count = min(GOLDEN_ROWS, len(known))
    places = np.argsort(predicted, kind="stable")[np.linspace(0, len(known) - 1, count).astype(int)]
    chosen = feature_records(known.iloc[places], model)
    told = predicted[places].tolist()
    return [{"features": f, "prediction": p} for f, p in zip(chosen, told, strict=True)]


def feature_records(rows: pd.DataFrame, model: Model) -> list[dict[str, Any]]:
    """Rows as JSON has them: numbers, levels, and None where a value is unknown."""
    columns = {}
    for feature in model.schema.features:
        values = rows[feature.name]
        if feature.kind == "number":
            values = pd.Series(values.to_numpy(dtype=np.float64, na_value=np.nan))
        plain = values.astype(object)
        columns[feature.name] = plain.where(values.notna(), cast("Any", None)).tolist()
    names = list(columns)
    return [dict(zip(names, one, strict=True)) for one in zip(*columns.values(), strict=True)]


def golden_questions(model: ForecastModel) -> list[dict[str, Any]]:
    """Some questions of a forecast, each with the values that the registered model answers."""
    asked = example_questions(model, GOLDEN_ROWS)
    return [
        {"series": question, "values": model.answer(asked.iloc[[place]])["value"].tolist()}
        for place, question in enumerate(asked.to_dict("records"))
    ]
