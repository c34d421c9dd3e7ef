"""Rows of cutoffs that are kept from run to run: a new month of orders adds its own alone.

A cutoff's rows are kept under its day and a digest of all that they were made from: the rows of
every table that its features and its label could see, conf, code and engine. Where any of it
differs, they are made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache, reduce
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pandas as pd

from salespipe.features.lines import sale_days
from salespipe.modelling.model_input import described, in_order, with_sensitive
from salespipe.modelling.snapshots import cutoff_table, population, splits_of
from salespipe.params import ModelParams

if TYPE_CHECKING:
    import ibis.expr.types as ir

CODE = ("features/*.py", "modelling/snapshots.py", "modelling/model_input.py", "schemas.py")
ENGINES = ("duckdb", "ibis-framework")
SPLIT, LEFT = "split", "opted_out_at"
COUNTS = ["rows", "low", "high"]
NOW = timedelta(0)


def build_kept(
    tables: Mapping[str, ir.Table], model: ModelParams, kept: Mapping[str, ir.Table]
) -> tuple[ir.Table, dict[str, ir.Table]]:
    """The same rows as `from_orders`, made anew only where nothing is kept of a cutoff.

    Args:
        tables: canonical tables, `orders` among them.
        model: the model's conf.
        kept: what an earlier run left, by the names that this returns.

    Returns:
        The model input, and what to keep: each cutoff's rows, without their split, by name.

    Raises:
        SalespipeError: the history is too short, or a sensitive attribute that conf names is not
            there.
    """
    splits = splits_of(tables["orders"], model.snapshots, model.split)
    names = {day: name_of(day, told) for day, told in digests(tables, list(splits), model).items()}
    missing = [day for day, name in names.items() if name not in kept]
    made = _made(tables, missing, model)
    parts = {name: made[day] if day in made else kept[name] for day, name in names.items()}
    rows = reduce(ibis.union, parts.values())
    joined = rows.inner_join(cutoff_table(splits), "as_of")
    first = ["entity_id", "as_of", SPLIT, "label"]
    frame = joined.select(*first, *(one for one in rows.columns if one not in first))
    return with_sensitive(in_order(frame), model), parts


def _made(
    tables: Mapping[str, ir.Table], days: list[date], model: ModelParams
) -> dict[date, ir.Table]:
    """The rows of some cutoffs, worked out in one query and once."""
    if not days:
        return {}
    cutoffs = cutoff_table(dict.fromkeys(days, ""))
    rows = population(tables["orders"], cutoffs, model.snapshots.active_days)
    made = described(tables, rows, model).drop(SPLIT).cache()
    return {day: made.filter(made.as_of == ibis.literal(day)) for day in days}


def name_of(day: date, digest: str) -> str:
    """What a cutoff's rows are kept under."""
    return f"{day}.{digest[:16]}"


def digests(
    tables: Mapping[str, ir.Table], days: list[date], model: ModelParams
) -> dict[date, str]:
    """Of each cutoff, what its rows are made from."""
    schemas = {name: str(table.schema()) for name, table in sorted(tables.items())}
    same = f"{conf_of(model)}|{code_digest()}|{schemas}"
    seen = {name: _added_up(rows) for name, rows in sources_of(tables).items()}
    ahead = {"orders": timedelta(model.snapshots.horizon_days)}
    return {
        day: _sha(same, *(_until(rows, day + ahead.get(name, NOW)) for name, rows in seen.items()))
        for day in days
    }


def sources_of(tables: Mapping[str, ir.Table]) -> dict[str, ir.Table]:
    """What a cutoff can see, each row with the `day` from which on it is seen.

    A customer's own row counts from the first sale on, for nobody is looked at before; but for the
    opting out, which counts from its own day.
    """
    orders = tables["orders"]
    sources = {"orders": orders.mutate(day=orders.ordered_at.date())}
    if "events" in tables:
        events = tables["events"]
        sources["events"] = events.mutate(day=events.occurred_at.date())
    if "customers" in tables:
        customers = tables["customers"]
        days = sale_days(orders)
        first = days.group_by(buyer="customer_id").agg(day=days.day.min())
        known = customers.drop(*({LEFT} & set(customers.columns)))
        sources["customers"] = known.inner_join(first, known.customer_id == first.buyer)
        if LEFT in customers.columns:
            left = customers.filter(customers[LEFT].notnull()).select("customer_id", LEFT)
            sources["left"] = left.mutate(day=left[LEFT].date())
    return sources


def conf_of(model: ModelParams) -> str:
    """What of conf a cutoff's rows depend on: not which cutoffs there are, nor what is learned."""
    which = {"step_days", "min_history_days", "max_cutoffs", "keep", "item_groups", "max_rows"}
    return f"{model.outcome}|{model.snapshots.model_dump_json(exclude=which)}"


@lru_cache(maxsize=1)
def code_digest() -> str:
    """The code that makes rows, and the engine that runs it."""
    root = Path(__file__).parents[1]
    files = sorted(file for place in CODE for file in root.glob(place))
    return _sha(*(file.read_text("utf-8") for file in files), *(version(one) for one in ENGINES))


def _added_up(rows: ir.Table) -> pd.DataFrame:
    """Each day's rows as a count and two sums that no order of rows changes, added up so far."""
    hashed = _hashed(rows)
    days = hashed.group_by("day").agg(**_sums(hashed)).order_by("day").to_pandas()
    seen = days[COUNTS].astype(np.int64).cumsum()
    return pd.DataFrame(seen.assign(day=pd.to_datetime(days["day"]).dt.date))


def _hashed(table: ir.Table) -> ir.Table:
    """A number a row, from all of its values."""
    texts = [table[name].cast("string").fill_null("\x01") for name in table.columns]
    row = reduce(lambda one, other: one + "\x1f" + other, texts)
    return table.mutate(hashed=row.hash())


def _sums(rows: ir.Table) -> dict[str, ir.Scalar]:
    """Halves apart, so that no sum runs over."""
    half = ibis.literal(2**32, "int64")
    return {
        "rows": rows.count(),
        "low": (rows.hashed % half).sum(),
        "high": (rows.hashed // half).cast("int64").sum(),
    }


def _until(seen: pd.DataFrame, day: date) -> str:
    """What was there before a day."""
    before = seen[seen["day"] < day]
    return "nothing" if before.empty else str(before.iloc[-1][COUNTS].tolist())


def _sha(*parts: str) -> str:
    return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()
