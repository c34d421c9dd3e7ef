"""Small canonical tables, written by hand or drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from salespipe.features import FEATURE_GROUPS, FeatureGroup, customer_features

SCHEMAS = {
    "orders": {
        "order_id": "string",
        "line_id": "string",
        "customer_id": "string",
        "ordered_at": "timestamp",
        "item_id": "string",
        "quantity": "decimal(18, 3)",
        "unit_price": "decimal(18, 4)",
        "item_name": "string",
        "category": "string",
        "country": "string",
        "channel": "string",
        "status": "string",
        "reverses_line_id": "string",
    },
    "customers": {
        "customer_id": "string",
        "signed_up_at": "timestamp",
        "opted_out_at": "timestamp",
        "age": "float64",
        "plan": "string",
    },
    "events": {
        "customer_id": "string",
        "occurred_at": "timestamp",
        "kind": "string",
        "channel": "string",
    },
    "snapshots": {"customer_id": "string", "as_of": "date"},
}
DEFAULTS: dict[str, Any] = {"quantity": 1, "unit_price": 10, "item_id": "I1", "customer_id": "A"}


def at(text: str) -> datetime:
    """A time, or the noon of a day."""
    return datetime.fromisoformat(text if "T" in text else f"{text}T12:00")


def table(name: str, rows: Sequence[Mapping[str, Any]]) -> ir.Table:
    """Rows as a canonical table; columns that a row leaves out are null."""
    import pyarrow as pa

    schema = ibis.schema(SCHEMAS[name])
    columns = {column: [row.get(column) for row in rows] for column in schema.names}
    for column in ("quantity", "unit_price"):
        if column in columns:
            columns[column] = [Decimal(str(value)) for value in columns[column]]
    return ibis.memtable(pa.table(columns, schema=schema.to_pyarrow()))


def sale(order: str, when: str, **values: Any) -> dict[str, Any]:
    """One order line; by default customer A buys one I1 for 10."""
    line = DEFAULTS | {"order_id": order, "line_id": f"{order}-{values.get('item_id', 'I1')}"}
    return line | {"ordered_at": at(when)} | values


def snapshots(*pairs: tuple[str, str]) -> ir.Table:
    """Customers and the days as of which they are looked at."""
    rows = [{"customer_id": name, "as_of": date.fromisoformat(day)} for name, day in pairs]
    return table("snapshots", rows)


def features(
    tables: Mapping[str, ir.Table],
    rows: ir.Table,
    groups: Mapping[str, FeatureGroup] = FEATURE_GROUPS,
    as_of: date | None = None,
) -> pd.DataFrame:
    """Features sorted and indexed by snapshot."""
    frame = customer_features(tables, rows, groups, as_of=as_of).to_pandas()
    frame["as_of"] = pd.to_datetime(frame.as_of).dt.strftime("%Y-%m-%d")
    return frame.set_index(["customer_id", "as_of"]).sort_index()


def one(lines: Sequence[Mapping[str, Any]], as_of: str, **tables: ir.Table) -> pd.Series[Any]:
    """The features of customer A on one day."""
    rows = snapshots(("A", as_of))
    return features({"orders": table("orders", lines), **tables}, rows).iloc[0]
