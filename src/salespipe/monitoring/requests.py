"""What the services were asked and answered, from their log: another feed of looks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from salespipe.modelling.frame import Feature, FeatureSchema
from salespipe.monitoring.drift import Drift, find_drift
from salespipe.monitoring.looks import PREDICTION, Look
from salespipe.monitoring.profiles import profile_looks
from salespipe.params_monitor import DriftParams

if TYPE_CHECKING:
    import pyarrow as pa

NOTHING = "no service has logged an answer"


def looks_at_log(log: pa.Table, schema: FeatureSchema | None, params: DriftParams) -> list[Look]:
    """Answers of windows that end with the log's last day, oldest first.

    The features that requests brought are taken where all of a look's were of today's champion;
    those that the service looked up are in the looks at orders already.

    Args:
        log: as `read_predictions` gives it.
        schema: of the champion; None for a forecast.
        params: window and most rows.
    """
    if not log.num_rows:
        return []
    frame = log.to_pandas()
    days = frame["at"].dt.date
    last: date = days.max() + timedelta(1)
    back = ((pd.Timestamp(last) - pd.to_datetime(days)).dt.days - 1) // params.step_days
    parts = [(int(place), part) for place, part in frame.groupby(back) if place < params.max_looks]
    return [
        Look(str(last - timedelta(place * params.step_days)), None, _rows(part, schema, params))
        for place, part in reversed(parts)
    ]


def _rows(part: pd.DataFrame, schema: FeatureSchema | None, params: DriftParams) -> pd.DataFrame:
    some = part if len(part) <= params.max_rows else part.sample(params.max_rows, random_state=0)
    rows = pd.DataFrame({PREDICTION: some["prediction"].to_numpy(), "label": np.nan})
    if schema is None or not (some["feature_schema"] == schema.hash()).all():
        return rows
    return rows.assign(**_brought(some, schema))


def _brought(some: pd.DataFrame, schema: FeatureSchema) -> dict[str, Any]:
    """Columns of what requests brought; empty unless every one brought all of it."""
    names = {kind: [one.name for one in schema.features if one.kind == kind]
             for kind in ("number", "category")}  # fmt: skip
    lists = {"number": some["numbers"], "category": some["texts"]}
    sizes = {kind: {-1 if one is None else len(one) for one in values}
             for kind, values in lists.items()}  # fmt: skip
    if any(sizes[kind] != {len(some_names)} for kind, some_names in names.items()):
        return {}
    return {
        name: [one[place] for one in lists[kind]]
        for kind, some_names in names.items()
        for place, name in enumerate(some_names)
    }


def request_drift(log: pa.Table, schema: FeatureSchema | None, params: DriftParams) -> Drift:
    """Drift of what was answered, and of what requests brought where all looks have it.

    Every column counts the same.
    """
    looks = looks_at_log(log, schema, params)
    if not looks:
        return Drift(obstacle=NOTHING)
    features = (*_shared(looks, schema), Feature(name=PREDICTION, kind="number"))
    profiles = profile_looks(looks, features, params.bins)
    importance = {one.name: 1 / len(features) for one in features}
    return find_drift(looks, profiles, importance, params)


def _shared(looks: Sequence[Look], schema: FeatureSchema | None) -> tuple[Feature, ...]:
    features = () if schema is None else schema.features
    return tuple(one for one in features if all(one.name in look.rows for look in looks))
