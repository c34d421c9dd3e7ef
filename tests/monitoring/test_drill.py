"""Known faults are seen, and those that are none are not."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest

from salespipe.monitoring.decide import Decision, Reason
from salespipe.monitoring.drill import run_drill
from salespipe.monitoring.faults import FAULTS, Fault, drawn

NOW = date(2025, 1, 1)
BY_NAME = {fault.name: fault for fault in FAULTS}


def a_shop(days=730):
    rng = np.random.default_rng(0)
    size = 4000
    moments = pd.Timestamp(NOW) - pd.to_timedelta(rng.integers(1, days * 86_400, size), unit="s")
    frame = pd.DataFrame({
        "order_id": [f"o{i}" for i in range(size)],
        "line_id": [f"l{i}" for i in range(size)],
        "customer_id": [f"c{i % 300}" for i in range(size)],
        "ordered_at": moments,
        "unit_price": np.round(rng.gamma(2, 5, size), 2),
        "country": rng.choice(["DE", "FR"], size, p=[0.7, 0.3]),
    })  # fmt: skip
    events = pd.DataFrame({"customer_id": frame["customer_id"], "occurred_at": moments,
                           "kind": "visit"})  # fmt: skip
    orders = ibis.memtable(frame).cast({"unit_price": "decimal(18,4)"})
    return {"orders": orders, "events": ibis.memtable(events)}


TABLES = a_shop()


def late(tables, days, name="orders", moment="ordered_at"):
    frame = tables[name].to_pandas()
    is_late = frame[moment].dt.date >= NOW - timedelta(days)
    return frame[is_late], frame[~is_late]


def injected(name, days, size=None):
    fault = BY_NAME[name]
    return fault.inject(TABLES, NOW - timedelta(days), size or fault.size)


@pytest.mark.parametrize("name", list(BY_NAME))
def test_nothing_before_a_fault_is_touched(name):
    if name == "seasonal peak":
        return
    _, before = late(TABLES, 28)
    _, same = late(injected(name, 28), 28)
    pd.testing.assert_frame_equal(
        before.sort_values("line_id", ignore_index=True),
        same.sort_values("line_id", ignore_index=True),
    )


def test_prices_change_their_unit():
    true, _ = late(TABLES, 28)
    faulty, _ = late(injected("unit change", 28), 28)
    assert float(faulty["unit_price"].sum()) == pytest.approx(100 * float(true["unit_price"].sum()))


def test_the_most_frequent_country_is_renamed_or_lost():
    assert set(late(injected("category renamed", 28), 28)[0]["country"]) == {"renamed", "FR"}
    assert late(injected("values missing", 28), 28)[0]["country"].isna().all()


def test_events_stop():
    faulty, before = late(injected("feed stopped", 28), 28, "events", "occurred_at")
    assert len(faulty) == 0
    assert len(before) > 0


def test_without_events_orders_of_a_country_stop():
    orders = {"orders": TABLES["orders"]}
    faulty = BY_NAME["feed stopped"].inject(orders, NOW - timedelta(28), 1.0)
    assert set(late(faulty, 28)[0]["country"]) == {"FR"}


def test_a_group_leaves_and_a_shift_grows():
    share = len(late(injected("gradual shift", 168), 28)[0]) / len(late(TABLES, 28)[0])
    early = len(late(injected("gradual shift", 168), 168)[0]) / len(late(TABLES, 168)[0])
    assert share < early < 1
    gone = late(injected("one group changed", 84), 84)[0]
    assert len(gone) < len(late(TABLES, 84)[0]) / 2


def test_a_season_was_there_the_year_before_too():
    peak = injected("seasonal peak", 28)["orders"].to_pandas()
    again = peak[peak["order_id"].str.endswith("-again")]["ordered_at"].dt.year
    assert set(again) == {2023, 2024}
    young = {"orders": a_shop(200)["orders"]}
    assert BY_NAME["seasonal peak"].inject(young, NOW - timedelta(28), 0.5) is None


def test_a_share_is_drawn_by_a_hash():
    ids = ibis.memtable({"customer_id": [f"c{i}" for i in range(2000)]})
    half = ids.filter(drawn(ids.customer_id, 0.5)).count().execute()
    assert abs(half - 1000) < 100
    assert ids.filter(drawn(ids.customer_id, 1.0)).count().execute() == 2000


FAULT = Fault("price", lambda tables, since, size: {**tables, "fault": (since, size)}, 4.0,
              (4.0, 2.0, 1.1))  # fmt: skip
NO_FAULT = Fault("peak", FAULT.inject, 1.0, alarm=False)
ABSENT = Fault("absent", lambda *_: None, 1.0)


def sees_two_from_the_second_week_on(tables, _):
    """An alarm of everyday's, and one of faults of size 2 and more that are ten days old."""
    reasons = [Reason("watch", "bias", "gender: as ever")]
    since, size = tables.get("fault", (NOW, 0))
    if size >= 2 and (NOW - since).days >= 10:
        reasons.append(Reason("watch", "drift", f"spend: moved by {size}"))
    return Decision("watch", tuple(reasons))


def test_a_drill_tells_what_was_seen_how_soon_and_how_small():
    price, peak, absent = run_drill({}, NOW, sees_two_from_the_second_week_on,
                                    (FAULT, NO_FAULT, ABSENT))  # fmt: skip
    assert price.alarms == ("spend: moved by 4.0",)
    assert (price.days, price.smallest, price.level) == (14, 2.0, "watch")
    assert (peak.alarms, peak.level, peak.expected) == ((), "ok", False)
    assert "no data" in absent.obstacle
    assert absent.as_dict()["fault"] == "absent"
