"""The demo shop: repeatable, sized at will, and true to the rates it was drawn with."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from salespipe.params import SimulatorParams
from salespipe.simulator import shop
from salespipe.simulator.season import promoted, season
from salespipe.simulator.shop import simulate
from salespipe.simulator.truth import chance_of_no_order

PARAMS = SimulatorParams(customers=3000, first_day=dt.date(2023, 1, 1), days=500)


@pytest.fixture(scope="module")
def tables():
    (batch,) = simulate(PARAMS)
    return {name: table.to_pandas() for name, table in batch.items()}


def test_equal_params_give_equal_tables(tables):
    (again,) = simulate(PARAMS)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(again[name].to_pandas(), table)


def test_another_seed_gives_another_shop(tables):
    (other,) = simulate(PARAMS.model_copy(update={"seed": 12}))
    assert len(other["orders"]) != len(tables["orders"])


def test_batches_share_no_id(monkeypatch):
    monkeypatch.setattr(shop, "BATCH", 400)
    batches = list(simulate(PARAMS.model_copy(update={"customers": 1000})))
    assert [len(b["customers"]) for b in batches] == [400, 400, 200]
    for table, column in (("customers", "customer_id"), ("orders", "order_id")):
        seen = [set(b[table].column(column).to_pylist()) for b in batches]
        assert not set.intersection(seen[0], seen[1])


def test_what_the_shop_knows_holds_no_truth(tables):
    known = set().union(*(tables[name].columns for name in ("orders", "customers", "events")))
    assert not known & {"churned_at", "rate", "hazard", "joined_at"}


def test_nobody_buys_before_joining_or_after_leaving(tables):
    sales = tables["orders"].query("quantity > 0").merge(tables["truth"], on="customer_id")
    day = dt.timedelta(days=1)  # the clock within the day is drawn apart
    assert (sales["ordered_at"] >= sales["joined_at"] - day).all()
    assert (sales["ordered_at"] <= sales["churned_at"] + day).all()


def test_orders_come_at_the_true_rate(tables):
    truth = tables["truth"].set_index("customer_id")
    end = pd.Timestamp(PARAMS.first_day) + pd.Timedelta(days=PARAMS.days)
    start = truth["joined_at"].clip(lower=pd.Timestamp(PARAMS.first_day))
    alive = (truth["churned_at"].clip(upper=end) - start).dt.days.clip(lower=0)
    expected = (truth["rate"] * alive).sum() * season(PARAMS).mean()
    orders = tables["orders"].query("quantity > 0")["order_id"].nunique()
    assert orders == pytest.approx(expected, rel=0.05)


def test_a_return_takes_back_a_sale_of_the_same_price(tables):
    orders = tables["orders"]
    returns = orders.query("quantity < 0")
    assert 0.02 < len(returns) / len(orders) < 0.05
    assert (returns["status"] == "returned").all()
    assert returns["order_id"].str.startswith("RO").all()


def test_no_mail_after_an_opt_out(tables):
    sent = tables["events"].query("kind == 'email_sent'").merge(tables["customers"])
    out = sent["opted_out_at"].notna()
    assert out.any()
    assert (sent["occurred_at"] < sent["opted_out_at"])[out].all()


def test_the_season_has_a_christmas_and_a_week():
    year = PARAMS.model_copy(update={"days": 365})
    dates = pd.date_range(year.first_day, periods=365)
    factors = pd.Series(season(year), index=dates)
    assert factors["2023-12"].mean() > 1.3 * factors["2023-07"].mean()
    weekday = factors[~promoted(year)].groupby(dates[~promoted(year)].weekday).mean()
    assert weekday[4] > weekday[6]


def test_the_true_chance_of_silence_is_what_happens(tables):
    """Calibrated by construction: the mean chance is the share of customers who stay silent."""
    as_of, horizon = pd.Timestamp("2023-12-01"), 60
    truth = tables["truth"].query("joined_at < @as_of").reset_index(drop=True)
    day = pd.Series(as_of, index=truth.index)
    chance = chance_of_no_order(truth, day, horizon, PARAMS)
    sales = tables["orders"].query("quantity > 0")
    window = sales["ordered_at"].between(as_of, as_of + pd.Timedelta(days=horizon))
    silent = ~truth["customer_id"].isin(sales[window]["customer_id"])
    assert chance.mean() == pytest.approx(silent.mean(), abs=0.02)
    assert chance[(truth["churned_at"] <= as_of).to_numpy()].min() == 1.0
    likely = chance > np.median(chance)
    assert silent[likely].mean() > silent[~likely].mean() + 0.3
