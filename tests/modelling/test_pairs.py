"""Rows of the offers model: labels, the draw of rows, the audit."""

from __future__ import annotations

from functools import partial

import ibis
import ibis.expr.types as ir
import pandas as pd
import pytest

from salespipe.errors import SalespipeError
from salespipe.features import ItemGroups, pair_features
from salespipe.modelling.audit import audit_leaks
from salespipe.modelling.frame import infer_schema, row_keys
from salespipe.modelling.pairs import groups_for, orders_of, pair_frame
from salespipe.params import ModelParams, SensitiveParams, SnapshotParams
from tests.features.shop import sale, table

GROUPS = ItemGroups(names=("X", "Y", "Z"))
SNAPSHOTS = SnapshotParams(horizon_days=30, step_days=28, min_history_days=60)
OFFERS = ModelParams(outcome="order_group", snapshots=SNAPSHOTS)


@pytest.fixture(scope="module")
def tables() -> dict[str, ir.Table]:
    """Customers who buy every so many days, of changing groups."""
    days = pd.date_range("2023-01-01", "2023-08-31", freq="D")
    lines = [
        sale(
            f"{c}-{d}", str(days[d].date()), customer_id=f"C{c:02}", category="XYZ"[(c + d * d) % 3]
        )
        for c in range(20)
        for d in range(c, len(days), 9 + c)
    ]
    return {"orders": table("orders", lines)}


@pytest.fixture(scope="module")
def frame(tables: dict[str, ir.Table]) -> pd.DataFrame:
    return pair_frame(tables, GROUPS, OFFERS).to_pandas()


def test_a_pair_is_labelled_by_what_is_bought_of_its_group(
    tables: dict[str, ir.Table], frame: pd.DataFrame
) -> None:
    orders = tables["orders"].to_pandas()
    orders["day"] = orders.ordered_at.dt.normalize()
    for row in frame.sample(60, random_state=1).itertuples():
        start = pd.Timestamp(row.as_of)
        coming = (orders.day >= start) & (orders.day < start + pd.Timedelta(days=30))
        mine = (orders.customer_id == row.entity_id) & (orders.category == row.item_group)
        assert row.label == int((coming & mine).any())
    assert set(frame.label) == {0, 1}


def test_rows_are_told_apart_by_customer_day_and_group(frame: pd.DataFrame) -> None:
    assert row_keys(frame) == ["entity_id", "as_of", "item_group"]
    assert not frame.duplicated(row_keys(frame)).any()
    assert infer_schema(frame).only(["item_group"]).features[0].categories == ("X", "Y", "Z")


def test_rows_to_learn_from_are_drawn_and_test_rows_are_not(
    tables: dict[str, ir.Table], frame: pd.DataFrame
) -> None:
    few = OFFERS.model_copy(update={"snapshots": SNAPSHOTS.model_copy(update={"max_rows": 50})})
    drawn = pair_frame(tables, GROUPS, few).to_pandas()
    assert (drawn.split != "test").sum() == 50
    test = frame[frame.split == "test"].reset_index(drop=True)
    pd.testing.assert_frame_equal(drawn[drawn.split == "test"].reset_index(drop=True), test)
    again = pair_frame(tables, GROUPS, few).to_pandas()
    pd.testing.assert_frame_equal(drawn, again)


def test_the_audit_passes_honest_pairs_and_finds_a_leak(
    tables: dict[str, ir.Table], frame: pd.DataFrame
) -> None:
    build = partial(pair_features, groups=GROUPS)
    assert audit_leaks(tables, frame, OFFERS, build)["passed"]

    def leaky(known: dict[str, ir.Table], wanted: ir.Table) -> ir.Table:
        lines = known["orders"].count().as_scalar()
        return build(known, wanted).mutate(lines_ever=lines.cast("float64"))

    count = float(tables["orders"].count().execute())
    found = audit_leaks(tables, frame.assign(lines_ever=count), OFFERS, leaky)
    assert {name for check in found["checks"] for name in check["features"]} == {"lines_ever"}


def test_groups_are_found_before_the_first_cutoff(tables: dict[str, ir.Table]) -> None:
    first = table("orders", [sale("n", "2023-08-01", category="new")])
    orders = ibis.union(tables["orders"], first)
    assert set(groups_for(orders, OFFERS).names) == {"X", "Y", "Z"}


def test_offers_say_what_they_need(tables: dict[str, ir.Table]) -> None:
    with pytest.raises(SalespipeError, match="Offers need orders"):
        orders_of({})
    model = OFFERS.model_copy(update={"sensitive": SensitiveParams(columns=("age",))})
    with pytest.raises(SalespipeError, match="do not have: age"):
        pair_frame(tables, GROUPS, model)
