"""Faults that are known, put into a copy of a business's tables: what alarms are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

Tables = Mapping[str, "ir.Table"]
Inject = Callable[[Tables, date, float], "dict[str, ir.Table] | None"]
"""Tables, the first day of the fault and its size, to faulty tables; None where the business lacks
what the fault is about."""

UNIT = 100.0
YEAR = timedelta(364)


@dataclass(frozen=True)
class Fault:
    """One thing that can go wrong.

    Attributes:
        name: what it is called.
        inject: puts it into tables.
        size: how large it is tried first.
        sizes: how large it is tried to find the smallest that is seen, falling.
        alarm: whether it should be seen.
        days: for how long it has been there, at most.
    """

    name: str
    inject: Inject
    size: float
    sizes: tuple[float, ...] = ()
    alarm: bool = True
    days: int = 28


def unit_change(tables: Tables, since: date, size: float) -> dict[str, ir.Table] | None:
    """Prices in another unit."""
    if "orders" not in tables:
        return None
    orders = tables["orders"]
    late = orders.ordered_at.date() >= since
    price = (orders.unit_price.cast("float64") * size).cast(orders.unit_price.type())
    return {**tables, "orders": orders.mutate(unit_price=late.ifelse(price, orders.unit_price))}


def category_renamed(tables: Tables, since: date, size: float) -> dict[str, ir.Table] | None:
    """The most frequent country under another name, for a share of its orders."""
    return _replaced(tables, since, size, ibis.literal("renamed"))


def values_missing(tables: Tables, since: date, size: float) -> dict[str, ir.Table] | None:
    """No country any more, for a share of all orders."""
    return _replaced(tables, since, size, ibis.null("string"), everyone=True)


def _replaced(
    tables: Tables, since: date, size: float, by: ir.Value, everyone: bool = False
) -> dict[str, ir.Table] | None:
    if "orders" not in tables or "country" not in tables["orders"].columns:
        return None
    orders = tables["orders"]
    hit = (orders.ordered_at.date() >= since) & drawn(orders.customer_id, size)
    if not everyone:
        hit = hit & (orders.country == ibis.literal(_most_frequent(orders, "country")))
    return {**tables, "orders": orders.mutate(country=hit.ifelse(by, orders.country))}


def _most_frequent(table: ir.Table, column: str) -> str:
    known = table.filter(table[column].notnull())
    counted = known.group_by(column).agg(rows=known.count())
    return str(counted.order_by(ibis.desc("rows"), column).limit(1)[column].execute().iloc[0])


def drawn(ids: ir.Value, share: float) -> ir.Value:
    """Whether each id is among a share of them, by a hash."""
    return ids.hexdigest("md5").substr(2, 6) < f"{round(0xFFFFFF * share):06x}"


def feed_stopped(tables: Tables, since: date, size: float) -> dict[str, ir.Table] | None:
    """Events no longer come in; where there are none, orders of the most frequent country."""
    del size
    if "events" in tables:
        events = tables["events"]
        return {**tables, "events": events.filter(events.occurred_at.date() < since)}
    if "orders" not in tables or "country" not in tables["orders"].columns:
        return None
    orders = tables["orders"]
    lost = (orders.ordered_at.date() >= since) & (
        orders.country == ibis.literal(_most_frequent(orders, "country"))
    )
    return {**tables, "orders": orders.filter(~lost.fill_null(False))}


def group_changed(tables: Tables, since: date, size: float) -> dict[str, ir.Table] | None:
    """A share of the customers of the most frequent country is gone."""
    if "orders" not in tables or "country" not in tables["orders"].columns:
        return None
    orders = tables["orders"]
    named = orders.filter(orders.country == ibis.literal(_most_frequent(orders, "country")))
    gone = named.filter(drawn(named.customer_id, size)).select("customer_id").distinct()
    return _thinned(tables, lambda table, day: (day >= since) & table.customer_id.isin(
        gone.customer_id
    ))  # fmt: skip


def gradual_shift(tables: Tables, since: date, size: float) -> dict[str, ir.Table] | None:
    """Less is bought and visited day by day, until a share of `size` is gone."""
    if "orders" not in tables:
        return None
    last = tables["orders"].ordered_at.max().execute().date()
    length = max((last - since).days, 1)

    def lost(table: ir.Table, day: ir.Value) -> ir.Value:
        progress = day.delta(ibis.literal(since), unit="day").cast("float64") / length
        moment = table.customer_id + day.cast("string")
        digits = moment.hexdigest("md5").substr(2, 6)
        place = ("0x" + digits).cast("int64").cast("float64") / 0xFFFFFF
        return (day >= since) & (place < size * progress.clip(0, 1))

    return _thinned(tables, lost)


def _thinned(
    tables: Tables, lost: Callable[[ir.Table, ir.Value], ir.Value]
) -> dict[str, ir.Table]:  # fmt: skip
    """Orders and events less those that are lost."""
    moments = {"orders": "ordered_at", "events": "occurred_at"}
    thinned = {}
    for name, moment in moments.items():
        if name in tables:
            table = tables[name]
            thinned[name] = table.filter(~lost(table, table[moment].date()))
    return {**tables, **thinned}


def seasonal_peak(tables: Tables, since: date, size: float) -> dict[str, ir.Table] | None:
    """More orders now, and as many more at the same time of the years before: no fault."""
    if "orders" not in tables:
        return None
    orders = tables["orders"]
    day = orders.ordered_at.date()
    last = orders.ordered_at.max().execute().date()
    first = orders.ordered_at.min().execute().date()
    if since - YEAR < first:
        return None
    years = range((last - first).days // YEAR.days + 1)
    spans = [day.between(since - i * YEAR, last - i * YEAR) for i in years]
    more = orders.filter(ibis.or_(*spans) & drawn(orders.order_id, size))
    again = more.mutate(order_id=more.order_id + "-again", line_id=more.line_id + "-again")
    return {**tables, "orders": orders.union(again)}


FAULTS = (
    Fault("unit change", unit_change, UNIT, (100.0, 10.0, 4.0, 2.0, 1.5, 1.25, 1.1)),
    Fault("category renamed", category_renamed, 1.0, (1.0, 0.5, 0.25, 0.1)),
    Fault("values missing", values_missing, 1.0, (1.0, 0.5, 0.25, 0.1)),
    Fault("feed stopped", feed_stopped, 1.0),
    Fault("one group changed", group_changed, 1.0, (1.0, 0.75, 0.5, 0.25), days=84),
    Fault("gradual shift", gradual_shift, 0.8, (0.8, 0.6, 0.4, 0.2), days=168),
    Fault("seasonal peak", seasonal_peak, 0.5, alarm=False),
)
