"""Cutoffs, gap, population and label windows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salespipe.errors import SalespipeError
from salespipe.modelling.snapshots import (
    Cutoffs,
    assign_splits,
    choose_cutoffs,
    cutoff_table,
    label_orders,
    population,
)
from salespipe.params import SnapshotParams
from tests.features.shop import sale, snapshots, table

FIRST, LAST = date(2010, 12, 1), date(2011, 12, 9)


def test_cutoffs_of_online_retail_are_those_of_the_design() -> None:
    cutoffs = choose_cutoffs(FIRST, LAST, SnapshotParams(horizon_days=90))
    assert cutoffs.test == date(2011, 9, 10)
    assert (cutoffs.train[0], cutoffs.train[-1]) == (date(2011, 3, 6), date(2011, 6, 12))
    assert len(cutoffs.train) == 15


@given(
    st.integers(1, 900), st.integers(1, 120), st.integers(1, 40), st.integers(0, 200), st.booleans()
)
def test_no_label_window_is_incomplete_or_crosses_the_gap(
    days: int, horizon: int, step: int, history: int, keep: bool
) -> None:
    params = SnapshotParams(
        horizon_days=horizon, step_days=step, min_history_days=history, keep=keep
    )
    last = FIRST + timedelta(days)
    short = history + 2 * horizon + step
    if keep and short <= days < short + step:
        return  # it depends on where the fixed days lie
    if days < short:
        with pytest.raises(SalespipeError, match=f"span {days} days .* needs"):
            choose_cutoffs(FIRST, last, params)
        return
    cutoffs = choose_cutoffs(FIRST, last, params)
    ahead = timedelta(horizon)
    assert cutoffs.test + ahead == last
    assert max(cutoffs.train) + ahead <= cutoffs.test
    assert min(cutoffs.train) >= FIRST + timedelta(history)
    assert 2 <= len(cutoffs.train) <= params.max_cutoffs
    assert list(cutoffs.train) == sorted(set(cutoffs.train))


@given(st.integers(400, 900), st.integers(0, 60))
def test_kept_cutoffs_lie_on_the_same_days_whenever_the_orders_end(days: int, later: int) -> None:
    params = SnapshotParams(horizon_days=60, keep=True, max_cutoffs=1000)
    before, after = (
        choose_cutoffs(FIRST, FIRST + timedelta(end), params) for end in (days, days + later)
    )
    assert set(before.train) <= set(after.train)
    assert len(after.train) - len(before.train) == pytest.approx(later / 7, abs=1)


def test_only_the_latest_cutoffs_are_kept() -> None:
    cutoffs = choose_cutoffs(FIRST, LAST, SnapshotParams(horizon_days=90, max_cutoffs=3))
    assert cutoffs.train == (date(2011, 5, 29), date(2011, 6, 5), date(2011, 6, 12))


@pytest.mark.parametrize(("share", "valid"), [(0.25, 2), (0.01, 1), (0.99, 7)])
def test_the_latest_training_cutoffs_validate(share: float, valid: int) -> None:
    days = tuple(date(2023, 1, day) for day in range(1, 9))
    splits = assign_splits(Cutoffs(days, date(2023, 4, 1)), share)
    expected = ["train"] * (8 - valid) + ["valid"] * valid + ["test"]
    assert list(splits.values()) == expected
    assert list(splits) == [*days, date(2023, 4, 1)]


def looked_at(as_of: date, active_days: int | None, lines: list[dict[str, Any]]) -> list[str]:
    cutoffs = cutoff_table({as_of: "test"})
    found = population(table("orders", lines), cutoffs, active_days).to_pandas()
    assert set(found.columns) == {"customer_id", "as_of", "split"}
    return sorted(found.customer_id)


def test_population_bought_in_the_days_before() -> None:
    as_of = date(2023, 5, 1)
    lines = [
        sale("1", "2023-04-01T00:00", customer_id="first day"),
        sale("2", "2023-03-31T23:59", customer_id="too early"),
        sale("3", "2023-04-30T23:59", customer_id="last day"),
        sale("4", "2023-05-01T00:00", customer_id="too late"),
        sale("5", "2023-04-10", customer_id="returned only", quantity=-1),
        sale("6", "2023-04-10", customer_id="cancelled only", status="cancelled"),
    ]
    assert looked_at(as_of, 30, lines) == ["first day", "last day"]
    assert looked_at(as_of, None, lines) == ["first day", "last day", "too early"]


def test_population_has_each_customer_once_for_each_cutoff() -> None:
    lines = [sale(str(day), f"2023-04-{day}") for day in range(10, 21)]
    splits = {date(2023, 4, 12): "train", date(2023, 4, 30): "valid", date(2023, 7, 1): "test"}
    found = population(table("orders", lines), cutoff_table(splits), 30).to_pandas()
    assert sorted(found.split) == ["train", "valid"]


@pytest.mark.parametrize(
    ("when", "values", "ordered"),
    [
        ("2023-04-30T23:59", {}, False),
        ("2023-05-01T00:00", {}, True),
        ("2023-05-30T23:59", {}, True),
        ("2023-05-31T00:00", {}, False),
        ("2023-05-10", {"quantity": -1}, False),
        ("2023-05-10", {"customer_id": "B"}, False),
    ],
)
def test_the_label_is_a_sale_within_the_horizon(
    when: str, values: dict[str, Any], ordered: bool
) -> None:
    orders = table("orders", [sale("0", "2023-01-01"), sale("1", when, **values)])
    found = label_orders(orders, snapshots(("A", "2023-05-01")), 30).to_pandas()
    assert found.ordered.to_list() == [ordered]
    assert list(found.columns) == ["customer_id", "as_of", "ordered"]
