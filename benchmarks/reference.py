"""The reference protocols of the design on real data, through the code that production runs.

    python benchmarks/reference.py --datasets DIR [--only churn_90d …]

Prints what the chosen model and its baselines reach on rows that no choice was made on, next to
the figures to meet.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd

from salespipe.features import customer_features
from salespipe.modelling.snapshots import (
    Cutoffs,
    assign_splits,
    cutoff_table,
    label_orders,
    population,
)
from salespipe.params import SplitParams

FIRST_CUTOFF = date(2011, 3, 7)
STEP_DAYS = 7
ACTIVE_DAYS = 180

ORDERS_SQL = """
create table orders as
select InvoiceNo as order_id,
       row_number() over (order by InvoiceNo, StockCode, Quantity, UnitPrice, InvoiceDate)::varchar
           as line_id,
       CustomerID::varchar as customer_id,
       InvoiceDate::timestamp as ordered_at,
       StockCode as item_id,
       Quantity::decimal(18, 3) as quantity,
       UnitPrice::decimal(18, 4) as unit_price,
       Description as item_name,
       null::varchar as category,
       Country as country,
       null::varchar as channel,
       case when InvoiceNo like 'C%' then 'cancelled' else 'completed' end as status,
       null::varchar as reverses_line_id
from (select distinct * from read_parquet($path))
where CustomerID is not null
"""


@dataclass(frozen=True)
class ChurnTask:
    """One churn protocol: who was active, as of when, and what is to be reached."""

    horizon_days: int
    test: date
    target: float


CHURN_TASKS = {
    "churn_90d": ChurnTask(90, date(2011, 9, 10), 0.742),
    "churn_60d": ChurnTask(60, date(2011, 10, 10), 0.735),
    "churn_30d": ChurnTask(30, date(2011, 11, 9), 0.734),
}


def read_orders(path: Path) -> ir.Table:
    """UCI Online Retail as canonical orders: exact duplicates and lines without customer dropped."""
    connection = ibis.duckdb.connect()
    connection.raw_sql(ORDERS_SQL.replace("$path", f"'{path}'"))
    return connection.table("orders")


def weekly_cutoffs(test: date, horizon_days: int) -> Cutoffs:
    """Weekly from `FIRST_CUTOFF`, every label window ending by the test cutoff."""
    days = (test - timedelta(horizon_days) - FIRST_CUTOFF).days
    train = tuple(FIRST_CUTOFF + timedelta(d) for d in range(0, days + 1, STEP_DAYS))
    return Cutoffs(train=train, test=test)


def churn_frame(orders: ir.Table, task: ChurnTask) -> pd.DataFrame:
    """The model input of one protocol."""
    cutoffs = weekly_cutoffs(task.test, task.horizon_days)
    splits = cutoff_table(assign_splits(cutoffs, SplitParams().validation_share))
    snapshots = population(orders, splits, ACTIVE_DAYS).cache()
    outcome = label_orders(orders, snapshots, task.horizon_days)
    features = customer_features({"orders": orders}, snapshots)
    keys = ["customer_id", "as_of"]
    frame = snapshots.inner_join(outcome, keys).inner_join(features, keys).to_pandas()
    frame["label"] = (~frame.pop("ordered")).astype(int)
    return frame.rename(columns={"customer_id": "entity_id"})
