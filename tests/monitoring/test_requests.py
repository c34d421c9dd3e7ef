"""The services' log is looked at month by month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from salespipe.datasets.monitors import PredictionLog
from salespipe.modelling.frame import Feature, FeatureSchema
from salespipe.monitoring.requests import looks_at_log, request_drift
from salespipe.params_monitor import DriftParams
from salespipe.predictions import prediction_schema

SCHEMA = FeatureSchema(features=(
    Feature(name="country", kind="category", categories=("DE", "FR")),
    Feature(name="spend", kind="number"),
))  # fmt: skip
PARAMS = DriftParams()


def a_log(months=10, rows=300, factor=1.0, **given):
    """Answers of some months; in the last, spend is `factor` times what it was."""
    rng = np.random.default_rng(0)
    first = datetime(2024, 1, 1, tzinfo=UTC)
    entries = []
    for month in range(months):
        for i in range(rows):
            spend = rng.gamma(4, 10) * (factor if month == months - 1 else 1)
            entries.append({
                "at": first + timedelta(days=28 * month + 27 * i / rows), "request_id": f"{i}",
                "model": "churn", "version": 1, "asked_by": "features",
                "prediction": rng.beta(2, 3), "feature_schema": SCHEMA.hash(),
                "numbers": [spend], "texts": [str(rng.choice(["DE", "FR"]))], **given,
            })  # fmt: skip
    return pa.Table.from_pylist(entries, schema=prediction_schema())


def test_looks_are_months_with_what_requests_brought():
    looks = looks_at_log(a_log(3), SCHEMA, PARAMS)
    assert [len(look.rows) for look in looks] == [300, 300, 300]
    assert set(looks[0].rows) == {"prediction", "label", "spend", "country"}


@pytest.mark.parametrize("given", [{"numbers": None}, {"feature_schema": "another"}])
def test_what_was_looked_up_or_is_another_models_is_left_out(given):
    (look,) = looks_at_log(a_log(1, **given), SCHEMA, PARAMS)
    assert set(look.rows) == {"prediction", "label"}


def test_requests_in_another_unit_are_told_and_quiet_ones_are_not():
    assert request_drift(a_log(), SCHEMA, PARAMS).alarms == ()
    (alarm,) = request_drift(a_log(factor=100), SCHEMA, PARAMS).alarms
    assert (alarm.column, alarm.fault) == ("spend", True)


def test_without_services_there_is_nothing_to_tell(tmp_path):
    log = PredictionLog(folder=tmp_path.as_posix()).load()
    assert "no service" in request_drift(log("churn").table, SCHEMA, PARAMS).obstacle
    assert request_drift(a_log(), None, PARAMS).alarms == ()
