"""The same features written by hand, three times: what a good engineer writes for one day.

The tests hold our expressions against them, and `benchmarks/features.py` races them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

AS_OF = "2024-10-01"
WINDOWS = (30, 60, 90, 180, 365)
GROUPS = (
    "recency",
    "frequency",
    "money",
    "order_values",
    "gaps",
    "baskets",
    "diversity",
    "breadth",
    "novelty",
)
"""The groups that are written by hand here."""


def each(template: str) -> str:
    """One select item per window."""
    return ", ".join(template.format(n=n) for n in WINDOWS)


def zero_for_none(columns: list[str]) -> str:
    """Counts and sums of customers who have nothing to count."""
    return ", ".join(f"coalesce({column}, 0) AS {column}" for column in columns)


COUNTED = [
    *("orders_total", "order_days_total", "spend_total", "items_total"),
    *("categories_total", "new_categories_90d"),
    *(f"{name}_{n}d" for name in ("orders", "spend", "new_items") for n in WINDOWS),
]

SQL = f"""
WITH sales AS (
    SELECT customer_id, order_id, item_id, category, ordered_at,
        ordered_at::DATE AS day, quantity, quantity * unit_price AS value
    FROM '{{folder}}/orders.parquet'
    WHERE ordered_at < DATE '{AS_OF}' AND coalesce(status, 'completed') = 'completed'
        AND quantity > 0 AND unit_price > 0
), orders AS (
    SELECT customer_id, order_id, day, DATE '{AS_OF}' - day AS ago,
        sum(value) AS spend, sum(quantity) AS units, count(*) AS lines
    FROM sales GROUP BY ALL
), bought AS (
    SELECT customer_id, min(ago) AS recency_days, max(ago) AS tenure_days,
        count(*) AS orders_total,
        sum(spend)::DOUBLE AS spend_total, sum(units)::DOUBLE AS units, sum(lines) AS lines,
        {each("count(*) FILTER (ago <= {n}) AS orders_{n}d")},
        {each("(sum(spend) FILTER (ago <= {n}))::DOUBLE AS spend_{n}d")},
        stddev_samp(spend) AS order_value_std, max(spend)::DOUBLE AS order_value_max
    FROM orders GROUP BY customer_id
), days AS (
    SELECT customer_id, day, sum(spend) / count(*) AS order_value, sum(lines) AS lines,
        day - lag(day) OVER (PARTITION BY customer_id ORDER BY day) AS gap
    FROM orders GROUP BY customer_id, day
), gaps AS (
    SELECT customer_id, avg(gap) AS gap_mean, stddev_samp(gap) AS gap_std, max(gap) AS gap_max,
        arg_max(gap, day) AS gap_last, arg_max(order_value, day) AS order_value_last,
        arg_max(lines, day) AS lines_last, count(*) AS order_days_total
    FROM days GROUP BY customer_id
), items AS (
    SELECT customer_id, count(*) AS items_total, min(ago) AS new_item_recency_days,
        {each("count(*) FILTER (ago <= {n}) AS new_items_{n}d")}
    FROM (SELECT customer_id, item_id, DATE '{AS_OF}' - min(day) AS ago
          FROM sales GROUP BY ALL) GROUP BY customer_id
), categories AS (
    SELECT customer_id, count(*) AS categories_total,
        count(*) FILTER (ago <= 90) AS new_categories_90d
    FROM (SELECT customer_id, category, DATE '{AS_OF}' - min(day) AS ago
          FROM sales WHERE category IS NOT NULL GROUP BY ALL) GROUP BY customer_id
)
SELECT * EXCLUDE (units, lines) REPLACE ({zero_for_none(COUNTED)}),
    tenure_days - recency_days AS active_span_days, recency_days / tenure_days AS recency_share,
    spend_total / orders_total AS order_value_mean,
    order_value_last / order_value_mean AS order_value_last_ratio, gap_std / gap_mean AS gap_cv,
    recency_days / gap_mean AS overdue_ratio, recency_days - gap_max AS overdue_days,
    lines / orders_total AS lines_per_order, units / orders_total AS units_per_order,
    units / lines AS units_per_line, spend_total / units AS unit_price_mean
FROM '{{folder}}/snapshots.parquet'
LEFT JOIN bought USING (customer_id) LEFT JOIN gaps USING (customer_id)
LEFT JOIN items USING (customer_id) LEFT JOIN categories USING (customer_id)
"""


def build_sql(folder: Path, out: Path) -> None:
    """What a good engineer writes by hand for one day."""
    import duckdb

    with duckdb.connect() as con:
        con.sql(f"COPY ({SQL.format(folder=folder)}) TO '{out}' (FORMAT parquet)")


def build_polars(folder: Path, out: Path) -> None:
    """The same in polars: one lazy query for its streaming engine."""
    import polars as pl

    sales = scan_sales(folder / "orders.parquet")
    orders = sales.group_by("customer_id", "order_id", "day", "ago").agg(
        spend=pl.col("value").sum(), units=pl.col("quantity").sum(), lines=pl.len()
    )
    frame = pl.scan_parquet(folder / "snapshots.parquet").select("customer_id")
    for part in (lazily_bought(orders), lazy_gaps(orders), *lazy_firsts(sales)):
        frame = frame.join(part, on="customer_id", how="left")
    frame = frame.with_columns(pl.col(COUNTED).fill_null(0))
    frame.with_columns(**ratios(pl.col)).drop("units", "lines").sink_parquet(out)


def lazily_bought(orders: Any) -> Any:
    """Recency, frequency, money, order values, sums for baskets."""
    import polars as pl

    spend, ago = pl.col("spend"), pl.col("ago")
    return orders.group_by("customer_id").agg(
        recency_days=ago.min(),
        tenure_days=ago.max(),
        orders_total=pl.len(),
        spend_total=spend.sum(),
        units=pl.col("units").sum(),
        lines=pl.col("lines").sum(),
        order_value_std=spend.std(),
        order_value_max=spend.max(),
        **{f"orders_{n}d": (ago <= n).sum() for n in WINDOWS},
        **{f"spend_{n}d": spend.filter(ago <= n).sum() for n in WINDOWS},
    )


def lazy_gaps(orders: Any) -> Any:
    """Days between order days."""
    import polars as pl

    days = orders.group_by("customer_id", "day").agg(
        order_value_last=pl.col("spend").sum() / pl.len(), lines_last=pl.col("lines").sum()
    )
    own = pl.col("customer_id") == pl.col("customer_id").shift()
    since = pl.when(own).then(pl.col("day").diff()).dt.total_days()
    gap = pl.col("gap")
    return (
        days.sort("customer_id", "day")
        .with_columns(gap=since)
        .group_by("customer_id")
        .agg(
            pl.col("order_value_last", "lines_last").last(),
            order_days_total=pl.len(),
            gap_mean=gap.mean(),
            gap_std=gap.std(),
            gap_max=gap.max(),
            gap_last=gap.drop_nulls().last(),
        )
    )


def lazy_firsts(sales: Any) -> tuple[Any, Any]:
    """Items and categories by the day they were first bought."""
    import polars as pl

    ago = pl.col("ago")
    items, categories = (
        sales.drop_nulls(name).group_by("customer_id", name).agg(ago.max()).group_by("customer_id")
        for name in ("item_id", "category")
    )
    windows = {f"new_items_{n}d": (ago <= n).sum() for n in WINDOWS}
    return (
        items.agg(items_total=pl.len(), new_item_recency_days=ago.min(), **windows),
        categories.agg(categories_total=pl.len(), new_categories_90d=(ago <= 90).sum()),
    )


def scan_sales(path: Path) -> Any:
    """Sale lines before the day, decimals as floats."""
    import polars as pl

    quantity, price = (pl.col(name).cast(pl.Float64) for name in ("quantity", "unit_price"))
    before = pl.col("ordered_at") < pl.lit(AS_OF).str.to_datetime()
    sold = (pl.col("status").fill_null("completed") == "completed") & (quantity > 0) & (price > 0)
    day = pl.col("ordered_at").dt.date()
    return (
        pl.scan_parquet(path)
        .filter(before & sold)
        .select(
            "customer_id",
            "order_id",
            "item_id",
            "category",
            day=day,
            ago=(pl.lit(AS_OF).str.to_date() - day).dt.total_days(),
            quantity=quantity,
            value=quantity * price,
        )
    )


def build_pandas(folder: Path, out: Path) -> None:
    """The same in pandas: Arrow reader, categories for strings, one group-by per window."""
    sales = read_sales(folder / "orders.parquet")
    keys = ["customer_id", "order_id", "day", "ago"]
    orders = sales.groupby(keys, observed=True, sort=False, as_index=False).agg(
        spend=("value", "sum"),
        units=("quantity", "sum"),
        lines=("value", "size"),
    )
    index = pd.read_parquet(folder / "snapshots.parquet").customer_id
    parts = [bought(orders), gaps(orders), firsts(sales)]
    frame = pd.concat([p.set_axis(p.index.astype(str)) for p in parts], axis=1).reindex(index)
    frame[COUNTED] = frame[COUNTED].fillna(0)
    frame = frame.assign(**ratios(frame.__getitem__))
    frame.drop(columns=["units", "lines"]).reset_index().to_parquet(out)


def read_sales(path: Path) -> pd.DataFrame:
    """Sale lines before the day, decimals as floats, strings as categories."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    words = ["customer_id", "order_id", "item_id", "category", "status"]
    numbers = ["quantity", "unit_price"]
    table = pq.read_table(path, columns=[*words, *numbers, "ordered_at"], read_dictionary=words)
    for name in numbers:
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table[name].cast(pa.float64()))
    lines = table.to_pandas()
    sold = (lines.status == "completed") & (lines.quantity > 0) & (lines.unit_price > 0)
    sales = lines[sold & (lines.ordered_at < AS_OF)].drop(columns="status")
    day = sales.ordered_at.dt.normalize()
    ago = (pd.Timestamp(AS_OF) - day).dt.days
    return sales.assign(day=day, ago=ago, value=sales.quantity * sales.unit_price)


def by_customer(frame: pd.DataFrame) -> Any:
    """Group by customer, without rows for those who are not there."""
    return frame.groupby("customer_id", observed=True, sort=False)


def bought(orders: pd.DataFrame) -> pd.DataFrame:
    """Recency, frequency, money, order values, sums for baskets."""
    out = by_customer(orders).agg(
        recency_days=("ago", "min"),
        tenure_days=("ago", "max"),
        orders_total=("ago", "size"),
        spend_total=("spend", "sum"),
        units=("units", "sum"),
        lines=("lines", "sum"),
        order_value_std=("spend", "std"),
        order_value_max=("spend", "max"),
    )
    for n in WINDOWS:
        recent = by_customer(orders[orders.ago <= n])
        out[f"orders_{n}d"], out[f"spend_{n}d"] = recent.size(), recent.spend.sum()
    return out


def gaps(orders: pd.DataFrame) -> pd.DataFrame:
    """Days between order days."""
    keys = ["customer_id", "day"]
    days = orders.groupby(keys, observed=True, sort=False, as_index=False).agg(
        orders=("spend", "size"), spend=("spend", "sum"), lines_last=("lines", "sum")
    )
    days = days.sort_values("day").assign(order_value_last=days.spend / days.orders)
    days["gap"] = by_customer(days).day.diff().dt.days
    found = by_customer(days.dropna(subset="gap")).gap.agg(["mean", "std", "max", "last"])
    last = by_customer(days)[["order_value_last", "lines_last"]].last()
    counted = by_customer(days).size().rename("order_days_total")
    return pd.concat([last, counted, found.add_prefix("gap_")], axis=1)


def firsts(sales: pd.DataFrame) -> pd.DataFrame:
    """Items and categories by the day they were first bought."""
    items, categories = (
        sales.groupby(["customer_id", name], observed=True, sort=False).ago.max().reset_index()
        for name in ("item_id", "category")
    )
    out = by_customer(items).ago.agg(items_total="size", new_item_recency_days="min")
    out["categories_total"] = by_customer(categories).size()
    out["new_categories_90d"] = by_customer(categories[categories.ago <= 90]).size()
    for n in WINDOWS:
        out[f"new_items_{n}d"] = by_customer(items[items.ago <= n]).size()
    return out


def ratios(column: Callable[[str], Any]) -> dict[str, Any]:
    """Shares, means and ratios of what was summed, in the columns of either library."""
    recency, tenure, spend = map(column, ("recency_days", "tenure_days", "spend_total"))
    orders, lines, units = map(column, ("orders_total", "lines", "units"))
    mean, gap = spend / orders, column("gap_mean")
    return {
        "active_span_days": tenure - recency,
        "recency_share": recency / tenure,
        "order_value_mean": mean,
        "order_value_last_ratio": column("order_value_last") / mean,
        "gap_cv": column("gap_std") / gap,
        "overdue_ratio": recency / gap,
        "overdue_days": recency - column("gap_max"),
        "lines_per_order": lines / orders,
        "units_per_order": units / orders,
        "units_per_line": units / lines,
        "unit_price_mean": spend / units,
    }
