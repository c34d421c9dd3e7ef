"""Rows are kept from run to run where conf says so, and only there."""

from __future__ import annotations

import logging

from salespipe.params import ModelParams, SnapshotParams
from salespipe.pipelines.model_nodes import build_model_input
from tests.features.shop import sale, table


def shop():
    months = [f"2023-{month:02d}-15" for month in range(1, 13)]
    lines = [
        sale(f"{customer}{month}", month, customer_id=customer)
        for month in months
        for customer in "ABC"
    ]
    return {"orders": table("orders", lines)}


def model(**given):
    return ModelParams(outcome="no_order", snapshots=SnapshotParams(horizon_days=30, **given))


def test_without_keep_nothing_is_kept():
    frame, kept = build_model_input(shop(), {}, model())
    assert kept == {}
    assert len(frame.to_pandas())


def test_the_log_says_how_much_was_kept(caplog):
    caplog.set_level(logging.INFO, "salespipe")
    first, kept = build_model_input(shop(), {}, model(keep=True))
    again, after = build_model_input(shop(), kept, model(keep=True))
    assert [one.message.split()[0] for one in caplog.records if "are kept" in one.message] == [
        "0", str(len(kept)),
    ]  # fmt: skip
    assert after.keys() == kept.keys()
    assert again.to_pandas().equals(first.to_pandas())
