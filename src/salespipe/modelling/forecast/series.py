"""Daily series from canonical orders: measure x level x key x day, as Ibis expressions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import ibis

from salespipe.errors import SalespipeError
from salespipe.features import is_return, is_sale
from salespipe.modelling.forecast.origins import plan_origins
from salespipe.modelling.forecast.panel import ALL
from salespipe.params_forecast import ForecastParams

if TYPE_CHECKING:
    import ibis.expr.types as ir

KEYS = {"country": "country", "category": "category", "item": "item_id"}
"""Level to the column of orders that tells its series apart."""

Keys = Mapping[str, tuple[str, ...]]


def build_series(orders: ir.Table, params: ForecastParams) -> ir.Table:
    """`level, key, day, revenue, orders, units` of each day before the last one with an order.

    The last day may be incomplete. Levels whose column is empty are left out.

    Args:
        orders: canonical orders.
        params: levels and backtest.

    Raises:
        SalespipeError: the history is too short to judge a forecast by.
    """
    first, as_of = span(orders)
    first_test = plan_origins(first, as_of, params.backtest).test[0]
    return daily(orders, as_of, top_keys(orders, first_test, params))


def span(orders: ir.Table) -> tuple[date, date]:
    """First day with a sale, and the last day with an order.

    Raises:
        SalespipeError: nothing was ever sold.
    """
    first = sales(orders).day.min().execute()
    if first is None or first != first:  # noqa: PLR0124 - NaT
        raise SalespipeError("Not one sale to make a forecast from.")
    last = orders.ordered_at.max().execute()
    return date(first.year, first.month, first.day), last.date()


def sales(orders: ir.Table) -> ir.Table:
    """Lines that were sold, with `day`, less those taken back whole on the same day.

    What is returned later stays: on its day it was a sale, and nobody could know.
    """
    sold = orders.filter(is_sale(orders)).mutate(day=lambda t: t.ordered_at.date())
    back = orders.filter(is_return(orders) & orders.reverses_line_id.notnull())
    back = back.select(
        "customer_id", "item_id", line_id="reverses_line_id",
        day=back.ordered_at.date(), quantity=-back.quantity,
    ).distinct()  # fmt: skip
    return sold.anti_join(back, ["customer_id", "item_id", "line_id", "day", "quantity"])


def top_keys(orders: ir.Table, before: date, params: ForecastParams) -> dict[str, tuple[str, ...]]:
    """The best sellers of each level by revenue before a day, which no later sale can change.

    Args:
        orders: canonical orders.
        before: sales from this day on are not looked at.
        params: levels.
    """
    known = sales(orders)
    known = known.filter(known.day < before)
    found = {}
    for level in (name for name in params.levels if name in KEYS):
        named = known.filter(known[KEYS[level]].notnull())
        by_key = named.group_by(key=named[KEYS[level]]).agg(
            revenue=(named.quantity * named.unit_price).sum()
        )
        best = by_key.order_by(ibis.desc("revenue"), "key").limit(params.levels[level].top)
        found[level] = tuple(best.key.execute())
    return {level: keys for level, keys in found.items() if keys}


def daily(orders: ir.Table, as_of: date, keys: Keys) -> ir.Table:
    """The series of the total and of the given keys, one row a day with sales.

    Args:
        orders: canonical orders.
        as_of: days from this one on are left out.
        keys: keys by level.
    """
    sold = sales(orders)
    sold = sold.filter(sold.day < as_of)
    parts = [_measured(sold, "total", ibis.literal(ALL))]
    for level, some in keys.items():
        column = sold[KEYS[level]]
        parts.append(_measured(sold.filter(column.isin(some)), level, column))
    return ibis.union(*parts).order_by("level", "key", "day") if len(parts) > 1 else parts[0]


def _measured(sold: ir.Table, level: str, key: ir.Value) -> ir.Table:
    by_day = sold.group_by(level=ibis.literal(level), key=key, day="day")
    return by_day.agg(
        revenue=(sold.quantity * sold.unit_price).sum().cast("float64"),
        orders=sold.order_id.nunique().cast("float64"),
        units=sold.quantity.sum().cast("float64"),
    )
