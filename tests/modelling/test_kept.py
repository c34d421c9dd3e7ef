"""A new month of orders adds cutoffs; the rows of the others are kept, and none differs."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import pandas as pd
import pytest
from pydantic import ValidationError

from salespipe.datasets.engine import connect
from salespipe.datasets.kept import KeptRows
from salespipe.datasets.tables import write_batches
from salespipe.modelling.kept import build_kept, digests
from salespipe.modelling.model_input import from_orders
from salespipe.params import ModelParams, SensitiveParams, SimulatorParams, SnapshotParams
from salespipe.simulator.shop import simulate

FIRST, DAYS = date(2023, 1, 1), 420
MODEL = ModelParams(
    outcome="no_order",
    snapshots=SnapshotParams(horizon_days=60, step_days=28, keep=True),
    sensitive=SensitiveParams(columns=("age",)),
)
MOMENTS = {"orders": "ordered_at", "events": "occurred_at", "customers": "signed_up_at"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A simulated shop's canonical tables."""
    folder = tmp_path_factory.mktemp("shop")
    names = ("orders", "customers", "events", "truth")
    params = SimulatorParams(customers=300, first_day=FIRST, days=DAYS, seed=3)
    write_batches(simulate(params), {name: folder / f"{name}.parquet" for name in names})
    tables = {name: connect().read_parquet(folder / f"{name}.parquet") for name in MOMENTS}
    money = {"quantity": "decimal(18,3)", "unit_price": "decimal(18,4)"}
    return {**tables, "orders": tables["orders"].cast(money)}


def until(tables, day):
    """The shop as it was known on a day: who opted out later had not yet."""
    cut = {name: tables[name].filter(tables[name][time].date() < ibis.literal(day))
           for name, time in MOMENTS.items()}  # fmt: skip
    customers = cut["customers"]
    later = customers.opted_out_at.date() >= ibis.literal(day)
    known = later.fill_null(False).ifelse(None, customers.opted_out_at)
    return {
        **cut,
        "customers": customers.mutate(opted_out_at=known.cast(customers.opted_out_at.type())),
    }


def months_ago(tables, days=31):
    return until(tables, FIRST + timedelta(DAYS - days))


def same(one, other):
    pd.testing.assert_frame_equal(one.to_pandas(), other.to_pandas())


def test_made_cutoff_by_cutoff_rows_are_those_of_one_query(shop):
    frame, kept = build_kept(shop, MODEL, {})
    same(frame, from_orders(shop, MODEL))
    assert len(kept) == frame.as_of.nunique().execute()


def test_a_new_month_keeps_the_rows_there_were_and_gives_what_a_full_run_gives(shop, tmp_path):
    folder = KeptRows(folder=str(tmp_path))
    _, before = build_kept(months_ago(shop), MODEL, folder.load())
    folder.save(before)
    written = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    frame, after = build_kept(shop, MODEL, folder.load())
    reused = before.keys() & after.keys()
    train = [name for name in before if name != max(before)]  # the test's day moves on
    assert reused == set(train)
    same(frame, build_kept(shop, MODEL, {})[0])
    folder.save(after)
    kept = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir() if file.stem in reused}
    assert kept == {file: moment for file, moment in written.items() if file.stem in reused}
    assert {file.stem for file in tmp_path.iterdir()} == set(after)


def test_an_order_that_came_late_makes_the_cutoffs_that_see_it_anew(shop):
    days = [FIRST + timedelta(n) for n in (120, 200, 280)]
    orders = shop["orders"]
    moment = ibis.timestamp("2023-08-15 12:00:00").cast(orders.ordered_at.type())
    late = orders.limit(1).mutate(ordered_at=moment, line_id=ibis.literal("late"))
    before = digests(shop, days, MODEL)
    after = digests({**shop, "orders": ibis.union(orders, late)}, days, MODEL)
    assert [before[day] == after[day] for day in days] == [True, False, False]


def test_an_attribute_that_changed_and_other_conf_make_rows_anew(shop):
    days = [FIRST + timedelta(200)]
    before = digests(shop, days, MODEL)
    older = {**shop, "customers": shop["customers"].mutate(age=shop["customers"].age + 1)}
    assert digests(older, days, MODEL) != before
    changed = {"horizon_days": 30}
    again = MODEL.model_copy(update={"snapshots": MODEL.snapshots.model_copy(update=changed)})
    assert digests(shop, days, again) != before
    fewer = MODEL.snapshots.model_copy(update={"max_cutoffs": 3, "step_days": 7})
    assert digests(shop, days, MODEL.model_copy(update={"snapshots": fewer})) == before


def test_the_order_of_rows_does_not_count(shop):
    days = [FIRST + timedelta(200)]
    turned = {name: table.order_by(ibis.desc(table.columns[0])) for name, table in shop.items()}
    assert digests(turned, days, MODEL) == digests(shop, days, MODEL)


def test_pairs_are_not_kept():
    with pytest.raises(ValidationError, match="not of product groups"):
        ModelParams(outcome="order_group", snapshots=SnapshotParams(keep=True))
