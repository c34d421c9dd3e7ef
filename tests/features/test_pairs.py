"""Pairs of customer and product group: by hand, and for every history."""

from __future__ import annotations

import functools
from typing import Any

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings

from salespipe.features import ItemGroups, feature_help, pair_features
from tests.features.shop import SCHEMAS, sale, snapshots, table
from tests.features.test_properties import AS_OF, DAY, literal, rows

GROUPS = ItemGroups(names=("X", "Y"))
LINES = [
    sale("1", "2023-01-21", category="X", unit_price=10),
    sale("1", "2023-01-21", category="Y", unit_price=30, item_id="I2"),
    sale("2", "2023-04-21", category="X", unit_price=20),
    sale("2", "2023-04-21", category="X", unit_price=20, item_id="I3"),
    sale("3", "2023-04-25", category="Y", customer_id="B"),
    sale("4", "2023-04-26", category="Y", customer_id="C", status="cancelled"),
    sale("5", "2023-04-27", category="Z", customer_id="C"),
]
EXPECTED = {
    "X": {
        "pair_orders_total": 2, "pair_orders_30d": 1, "pair_orders_365d": 2, "pair_lines_total": 3,
        "pair_spend_total": 50, "pair_spend_90d": 40, "pair_recency_days": 10,
        "pair_tenure_days": 100, "pair_order_share": 1, "pair_spend_share": 50 / 80,
        "pair_line_share": 3 / 4, "pair_pause_days": 0, "group_popularity_30d": 1 / 2,
    },
    "Y": {
        "pair_orders_total": 1, "pair_orders_30d": 0, "pair_recency_days": 100,
        "pair_order_share": 1 / 2, "pair_pause_days": 90, "group_popularity_30d": 1 / 2,
        "orders_total": 2, "recency_days": 10,
    },
}  # fmt: skip


def pairs(lines: list[dict[str, Any]], *names: str) -> pd.DataFrame:
    """Features of customers as of the day, by customer and group."""
    wanted = snapshots(*((name, AS_OF) for name in names))
    frame = pair_features({"orders": table("orders", lines)}, wanted, GROUPS).to_pandas()
    return frame.set_index(["customer_id", "item_group"]).sort_index()


@pytest.fixture(scope="module")
def alone(engine: str) -> pd.DataFrame:
    """Customer A's pairs, asked for once: on Spark that takes seconds."""
    return pairs(LINES, "A")


@pytest.fixture(scope="module")
def together(engine: str) -> pd.DataFrame:
    """Everyone's pairs."""
    return pairs(LINES, "A", "B", "C")


@pytest.mark.parametrize("group", EXPECTED)
def test_features_of_a_pair_are_those_worked_out_by_hand(alone: pd.DataFrame, group: str) -> None:
    row = alone.loc[("A", group)]
    assert {name: row[name] for name in EXPECTED[group]} == pytest.approx(EXPECTED[group])


def test_every_customer_has_every_group_and_never_bought_is_zero_orders(
    together: pd.DataFrame,
) -> None:
    frame = together
    assert list(frame.index) == [(c, g) for c in "ABC" for g in "XY"]
    never = frame.loc[("C", "Y")]
    assert (never.pair_orders_total, never.pair_spend_total) == (0, 0)
    assert pd.isna(never.pair_recency_days)


def test_other_customers_asked_for_change_no_feature(
    alone: pd.DataFrame, together: pd.DataFrame
) -> None:
    pd.testing.assert_frame_equal(alone, together.loc[["A"]], check_exact=True)


def test_every_feature_is_told_in_words(alone: pd.DataFrame) -> None:
    for name in alone.columns.drop("as_of"):
        assert "_" not in feature_help(name), name


class PairShop:
    """The pair query, compiled once, over a table that is filled again for each example."""

    def __init__(self) -> None:
        self.con = ibis.duckdb.connect()
        for name in ("orders", "snapshots"):
            self.con.create_table(name, schema=ibis.schema(SCHEMAS[name]))
        orders, wanted = self.con.table("orders"), self.con.table("snapshots")
        self.con.raw_sql(f"insert into snapshots values ('A', '{AS_OF}'), ('A', '2024-12-31')")
        query = pair_features({"orders": orders}, wanted, GROUPS)
        self.query = query.order_by("customer_id", "as_of", "item_group")

    def features(self, lines: list[dict[str, Any]]) -> dict[str, Any]:
        """The pairs as of the day."""
        self.con.raw_sql("delete from orders")
        values = [tuple(row.get(column) for column in SCHEMAS["orders"]) for row in lines]
        if values:
            self.con.raw_sql(f"insert into orders values {', '.join(map(literal, values))}")
        frame = self.con.to_pandas(self.query)
        known = frame[pd.to_datetime(frame.as_of) == pd.Timestamp(DAY)]
        assert len(known) == 2
        return known.astype(object).where(known.notna(), None).to_dict()


SHOP = functools.cache(PairShop)


@settings(max_examples=15)
@given(rows(True), rows(False))
def test_appending_any_future_rows_changes_no_pair(
    past: list[dict[str, Any]], future: list[dict[str, Any]]
) -> None:
    assert SHOP().features(past + future) == SHOP().features(past)
