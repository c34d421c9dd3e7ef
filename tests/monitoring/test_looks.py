"""What the champion sees is the same however the engine hands its rows over."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import numpy as np

from salespipe.monitoring.looks import looks_at_orders
from salespipe.params import ModelParams, SnapshotParams
from salespipe.params_monitor import DriftParams
from tests.features.shop import sale, table


def test_rows_of_a_look_are_in_the_order_of_their_keys():
    customers = [f"C{i * 37 % 101:03d}" for i in range(101)]
    lines = [sale(f"{day}{one}", f"2024-{day}", customer_id=one)
             for day in ("01-10", "03-15", "05-31") for one in customers]  # fmt: skip
    champion = SimpleNamespace(meta={}, predict=lambda frame: np.zeros(len(frame)))
    model = ModelParams(outcome="no_order", snapshots=SnapshotParams(horizon_days=30))
    found = looks_at_orders(
        {"orders": table("orders", lines)}, champion, model, date(2024, 6, 1), DriftParams()
    )
    assert len(found) > 1
    for look in found:
        assert look.rows["entity_id"].tolist() == sorted(customers)
