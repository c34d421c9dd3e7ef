"""Facts that are final on the day they happen, and the part of them that a snapshot may see.

Every fact is additive and looks at its own day or backwards only (the gap since the order before,
the first purchase of an item), so it stays true whatever is appended later. A snapshot then sees
the facts dated before its `as_of`, and one aggregation makes features of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from salespipe.features.lines import is_return, is_sale

EVENING_HOUR = 18
SATURDAY = 5
DECEMBER = 12
EVENT_KINDS = ("visit", "email_sent", "email_open", "email_click")
MONEY = "decimal(18, 4)"
"""Exact, so that a sum is the same in any order of rows and on any number of threads."""


@dataclass(frozen=True)
class Inputs:
    """What a feature group may look at; a table that the source lacks is None.

    Attributes:
        tables: The canonical tables as they came, future rows included. Groups keep off them.
        snapshots: `customer_id, as_of` and `customer`, the number that the other relations have.
        orders: Snapshots with every earlier order fact (see `order_facts`) and `days_ago` (>= 1);
            a customer without orders has one row of nulls.
        firsts: The same with the first purchases of items, categories and channels.
        events: The same with counts of events per day.
        customers: Snapshots with the customer's own row.
    """

    tables: Mapping[str, ir.Table]
    snapshots: ir.Table
    orders: ir.Table | None
    firsts: ir.Table | None
    events: ir.Table | None
    customers: ir.Table | None


def collect_inputs(tables: Mapping[str, ir.Table], snapshots: ir.Table) -> Inputs:
    """Joins the snapshots to what each table knows of the time before them."""
    keys = number_customers(snapshots)
    orders, events, customers = (tables.get(name) for name in ("orders", "events", "customers"))
    lines = None if orders is None else dated(orders, keys, "ordered_at")
    return Inputs(
        tables=tables,
        snapshots=keys,
        orders=None if lines is None else seen_before(keys, order_facts(lines)),
        firsts=None if lines is None else seen_before(keys, first_facts(lines)),
        events=None if events is None else seen_before(keys, event_facts(events, keys)),
        customers=None if customers is None else keys.left_join(customers, "customer_id"),
    )


def number_customers(snapshots: ir.Table) -> ir.Table:
    """Snapshots with a number for each customer: grouping by numbers is twice as fast as by text.

    The number follows the order of the ids, so that it is the same wherever it is worked out.
    """
    customers = snapshots.select("customer_id").distinct()
    number = ibis.row_number().over(order_by=customers.customer_id).cast("int32")
    keys = snapshots.select("customer_id", "as_of").distinct()
    return keys.inner_join(customers.mutate(customer=number), "customer_id")


def dated(table: ir.Table, snapshots: ir.Table, time: str) -> ir.Table:
    """Rows of the snapshots' customers before the last `as_of`, with their date as `day`."""
    table = table.mutate(day=table[time].date())
    early = table.filter(table.day < snapshots.as_of.max().as_scalar())
    customers = snapshots.select("customer_id", "customer").distinct()
    return early.inner_join(customers, "customer_id").drop("customer_id")


def seen_before(snapshots: ir.Table, facts: ir.Table) -> ir.Table:
    """Snapshots with their customer's facts strictly before `as_of`, compared as dates."""
    facts = facts.rename(owner="customer")
    earlier = [snapshots.customer == facts.owner, facts.day < snapshots.as_of]
    seen = snapshots.drop("customer_id").left_join(facts, earlier).drop("owner")
    return seen.mutate(days_ago=seen.as_of.delta(seen.day, unit="day"))


def order_facts(lines: ir.Table) -> ir.Table:
    """One row per customer, order and day; `placed` where it holds a sale, else returns only.

    `nth` counts a customer's placed orders from 1. `gap` is the days since the order day before,
    null on the first day and on further orders of one day.
    """
    facts = order_sums(lines)
    same = ibis.window(
        group_by=[facts.customer, facts.placed], order_by=[facts.first_at, facts.order_id]
    )
    days = facts.day.delta(facts.day.lag().over(same), unit="day")
    facts = facts.mutate(
        nth=ibis.ifelse(facts.placed, ibis.row_number().over(same) + 1, None),
        gap=ibis.ifelse(facts.placed & (days > 0), days, None),
        new_day=facts.placed & (days.isnull() | (days > 0)),
        spend_sq=facts.spend * facts.spend,
    )
    return facts.mutate(gap_sq=facts.gap * facts.gap).drop("order_id", "first_at")


def order_sums(lines: ir.Table) -> ir.Table:
    """Sums over the lines of one customer, order and day."""
    sold, returned = is_sale(lines), is_return(lines)
    value = lines.quantity * lines.unit_price
    sums = lines.group_by("customer", "order_id", "day").agg(
        spend=money(value.sum(where=sold)),
        units=lines.quantity.sum(where=sold),
        lines=sold.sum(),
        returned_value=money((-value).sum(where=returned)),
        returned_lines=returned.sum(),
        first_at=lines.ordered_at.min(where=sold),
        country=lines.country.max(where=sold),
        channel=lines.channel.max(where=sold),
    )
    return sums.mutate(
        placed=sums.lines > 0,
        returned=sums.returned_lines > 0,
        hour=sums.first_at.hour(),
        evening=sums.first_at.hour() >= EVENING_HOUR,
        weekend=ibis.ifelse(sums.lines > 0, sums.day.day_of_week.index() >= SATURDAY, None),
        december=ibis.ifelse(sums.lines > 0, sums.day.month() == DECEMBER, None),
    )


def money(value: ir.DecimalScalar) -> ir.DecimalScalar:
    """An exact sum in narrow decimals; through float, as dividing 128-bit numbers takes seconds."""
    return value.cast("float64").cast(MONEY)


def first_facts(lines: ir.Table) -> ir.Table:
    """Per customer and day, how many items, categories and channels were bought or used first."""
    sales = lines.filter(is_sale(lines))
    firsts = ibis.union(
        *(first_days(sales, column) for column in ("item_id", "category", "channel"))
    )
    return firsts.group_by("customer", "day").agg(
        new_items=firsts.count(where=firsts.what == "item_id"),
        new_categories=firsts.count(where=firsts.what == "category"),
        new_channels=firsts.count(where=firsts.what == "channel"),
    )


def first_days(sales: ir.Table, column: str) -> ir.Table:
    """The day on which a customer first bought each value of a column; later rows cannot move it."""
    known = sales.filter(sales[column].notnull())
    firsts = known.group_by("customer", column).agg(day=known.day.min())
    return firsts.select("customer", "day", what=ibis.literal(column))


def event_facts(events: ir.Table, snapshots: ir.Table) -> ir.Table:
    """Counts of events per customer and day, in all and of each kind that has features."""
    rows = dated(events, snapshots, "occurred_at")
    counts = {kind: rows.count(where=rows.kind == kind) for kind in EVENT_KINDS}
    return rows.group_by("customer", "day").agg(event=rows.count(), **counts)
