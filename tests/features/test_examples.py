"""Each group on an example small enough to work out by hand."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from salespipe.errors import SalespipeError
from salespipe.features import FEATURE_GROUPS, feature_help
from tests.features.shop import at, features, one, sale, snapshots, table

# As of 1 May: orders 100, 40 and 10 days before, the last of two lines; a return 5 days before.
LINES = [
    sale("1", "2023-01-21T09:00", unit_price="10", quantity=2, category="K1", channel="web"),
    sale("2", "2023-03-22T19:30", unit_price="30", item_id="I2", category="K1", channel="web"),
    sale("3", "2023-04-21T10:00", unit_price="40", category="K1", channel="app", country="FR"),
    sale("3", "2023-04-21T10:00", unit_price="5", item_id="I3", category="K2", quantity=4),
    sale("4", "2023-04-26", unit_price="5", item_id="I3", quantity=-3, status="returned"),
]
AS_OF = "2023-05-01"

EXPECTED = {
    "recency": {"recency_days": 10, "tenure_days": 100, "active_span_days": 90},
    "frequency": {"orders_total": 3, "order_days_total": 3, "orders_30d": 1, "orders_60d": 2},
    "money": {"spend_total": 110, "spend_30d": 60, "spend_60d": 90, "spend_365d": 110},
    "volume": {"units_total": 8, "units_30d": 5, "lines_total": 4, "lines_90d": 3},
    "order_values": {
        "order_value_mean": 110 / 3,
        "order_value_std": math.sqrt((20**2 + 30**2 + 60**2 - 110**2 / 3) / 2),
        "order_value_max": 60,
        "order_value_last": 60,
        "order_value_last_ratio": 60 / (110 / 3),
    },
    "gaps": {
        "gap_mean": 45,
        "gap_std": math.sqrt(450),
        "gap_cv": math.sqrt(450) / 45,
        "gap_max": 60,
        "gap_last": 30,
        "overdue_ratio": 10 / 45,
        "overdue_days": -50,
    },
    "rates": {
        "orders_per_30d": 30 * 3 / 160,
        "missed_orders": 10 * 3 / 160,
        "alive_probability": 1 / (1 + 1 / 5 * (160 / 150) ** 3),
        "expected_orders_90d": 90 * 3 / 160 / (1 + 1 / 5 * (160 / 150) ** 3),
    },
    "trend": {"orders_change_30d": 0, "spend_change_30d": 30 / 90, "orders_change_90d": 1 / 3},
    "baskets": {
        "lines_per_order": 4 / 3,
        "units_per_order": 8 / 3,
        "units_per_line": 2,
        "unit_price_mean": 110 / 8,
        "lines_last": 2,
    },
    "returns": {
        "returns_total": 1,
        "returns_90d": 1,
        "return_value_total": 15,
        "return_lines_total": 1,
        "return_rate": 1 / 3,
        "return_value_share": 15 / 110,
        "return_recency_days": 5,
    },
    "diversity": {
        "items_total": 3,
        "new_items_30d": 1,
        "new_items_60d": 2,
        "categories_total": 2,
        "new_categories_90d": 1,
        "new_item_recency_days": 10,
    },
    "season": {
        "weekend_share": 1 / 3,
        "evening_share": 1 / 3,
        "december_share": 0,
        "hour_mean": (9 + 19 + 10) / 3,
        "orders_next_90d_last_year": 0,
    },
    "place": {"country_last": "FR", "channel_last": "app", "channels_total": 2},
}


@pytest.fixture(scope="module")
def found(engine: str) -> pd.Series[Any]:
    """The features of the example, asked for once: on Spark that takes seconds."""
    return one(LINES, AS_OF)


@pytest.mark.parametrize("group", EXPECTED)
def test_group_gives_what_one_works_out_by_hand(found: pd.Series[Any], group: str) -> None:
    expected = {
        name: value if isinstance(value, str) else pytest.approx(value, rel=1e-12)
        for name, value in EXPECTED[group].items()
    }
    assert found[list(expected)].to_dict() == expected


def test_season_counts_the_coming_weeks_of_last_year() -> None:
    lines = [sale("1", "2022-05-02"), sale("2", "2022-06-15"), sale("3", "2022-12-24")]
    found = one(lines, AS_OF)
    assert found.orders_next_30d_last_year == 1
    assert found.orders_next_90d_last_year == 2
    assert found.december_share == pytest.approx(1 / 3)


def test_events_are_counted_by_kind_and_window() -> None:
    kinds = [("visit", "2023-04-29"), ("email_sent", "2023-04-01"), ("email_sent", "2023-04-20")]
    kinds += [("email_open", "2023-04-20"), ("call", "2023-03-01"), ("visit", "2023-05-01")]
    rows = [{"customer_id": "A", "occurred_at": at(day), "kind": kind} for kind, day in kinds]
    found = one(LINES, AS_OF, events=table("events", rows))
    expected = {
        "visits_7d": 1,
        "visit_recency_days": 2,
        "email_sents_30d": 2,
        "email_sents_7d": 0,
        "email_open_rate_90d": 0.5,
        "email_click_rate_90d": 0,
        "events_total": 5,
        "events_90d": 5,
        "events_change_30d": 1,
    }
    counted = found[list(expected)].to_dict()
    assert counted | {"events_change_30d": 1} == pytest.approx(expected)
    # Four in the last 30 days, none in the 30 before; the call of 1 March is 61 days old.
    assert found.events_change_30d == 1


def account(**values: Any) -> dict[str, Any]:
    row = {"customer_id": "A", "age": 41.0, "plan": "gold", "signed_up_at": at("2023-01-01")}
    return features(
        {"orders": table("orders", LINES), "customers": table("customers", [row | values])},
        snapshots(("A", AS_OF)),
        {"account": FEATURE_GROUPS["account"]},
    ).iloc[0].to_dict()  # fmt: skip


def test_attributes_are_carried_as_they_are() -> None:
    assert account() == {"age": 41.0, "plan": "gold", "account_age_days": 120.0, "opted_out": 0.0}


def test_opting_out_counts_from_the_day_after() -> None:
    assert account(opted_out_at=at("2023-04-30"))["opted_out"] == 1
    assert account(opted_out_at=at("2023-05-01T00:00"))["opted_out"] == 0


def test_a_customer_who_signs_up_later_has_no_attributes_yet() -> None:
    found = account(signed_up_at=at("2023-05-01T00:00"))
    assert math.isnan(found["age"])
    assert found["plan"] is None
    assert math.isnan(found["account_age_days"])


def test_a_customer_without_orders_has_zero_counts_and_no_times() -> None:
    found = one([sale("1", "2023-01-21", customer_id="B")], AS_OF)
    assert found[["orders_total", "spend_90d", "items_total", "returns_total"]].to_list() == [0] * 4
    assert found[["recency_days", "gap_mean", "order_value_last", "return_rate"]].isna().all()


def test_a_customer_who_only_returned_has_no_last_order() -> None:
    found = one([sale("1", "2023-04-21", quantity=-1)], AS_OF)
    assert found.returns_total == 1
    assert found.orders_total == 0
    assert math.isnan(found.lines_last)
    assert math.isnan(found.recency_days)


@pytest.mark.parametrize(
    "unsold", [{"unit_price": 0}, {"status": "cancelled"}, {"status": "returned"}]
)
def test_a_line_that_was_not_sold_is_no_order(unsold: dict[str, Any]) -> None:
    assert one([sale("1", "2023-04-21", **unsold)], AS_OF).orders_total == 0


def test_equal_orders_vary_by_exactly_nothing() -> None:
    lines = [sale(str(day), f"2023-01-{day}", unit_price="10.1") for day in (10, 17, 24)]
    found = one(lines, AS_OF)
    assert found.order_value_std == 0
    assert found.gap_std == 0


def test_the_day_counts_and_not_the_hour() -> None:
    lines = [sale("1", "2023-04-30T23:59:59"), sale("2", "2023-05-01T00:00:00")]
    found = one(lines, AS_OF)
    assert found.orders_total == 1
    assert found.recency_days == 1


def test_one_row_per_snapshot_and_at_least_fifty_five_features() -> None:
    rows = snapshots(("A", AS_OF), ("A", "2023-02-01"), ("Z", AS_OF))
    found = features({"orders": table("orders", LINES)}, rows)
    assert found.index.to_list() == [("A", "2023-02-01"), ("A", AS_OF), ("Z", AS_OF)]
    assert found.shape[1] >= 55
    assert found.loc[("A", "2023-02-01"), "orders_total"] == 1


def test_a_missing_table_adds_no_columns(found: pd.Series[Any]) -> None:
    assert "visits_30d" not in found
    events = table(
        "events", [{"customer_id": "A", "occurred_at": at("2023-04-01"), "kind": "visit"}]
    )
    alone = features({"events": events}, snapshots(("A", AS_OF)))
    assert "orders_total" not in alone.columns
    assert alone.visits_30d.iloc[0] == 1


def test_an_attribute_named_like_a_feature_is_refused() -> None:
    customers = table("customers", [{"customer_id": "A"}]).rename(orders_total="age")
    with pytest.raises(SalespipeError, match="orders_total"):
        one(LINES, AS_OF, customers=customers)


def test_every_feature_is_a_number_but_the_categories() -> None:
    found = features({"orders": table("orders", LINES)}, snapshots(("A", AS_OF)))
    others = found.columns[found.dtypes != "float64"]
    assert set(others) == {"country_last", "channel_last"}


def test_every_feature_has_a_name_in_words() -> None:
    events = table(
        "events", [{"customer_id": "A", "occurred_at": at("2023-04-01"), "kind": "visit"}]
    )
    names = one(LINES, AS_OF, events=events).index
    assert [name for name in names if feature_help(name) == name.replace("_", " ")] == []
    assert feature_help("spend_90d") == "money spent in the last 90 days"
    assert feature_help("orders_change_30d").endswith("last 30 days against the 30 days before")
    assert feature_help("shoe_size") == "shoe size"


@pytest.mark.parametrize("price", ["168469.60", "99999999.99", "10000000000"])
def test_large_orders_are_money_too(price):
    lines = [sale("1", "2023-01-21", unit_price="10"), sale("2", "2023-03-22", unit_price=price)]
    found = one(lines, AS_OF)
    assert found.spend_total == pytest.approx(10 + float(price))
    assert found.order_value_std == pytest.approx((float(price) - 10) / math.sqrt(2))
