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
from salespipe.schemas import MONEY, QUANTITY

EVENING_HOUR = 18
SATURDAY = 5
DECEMBER = 12
WIDE = "decimal(19, 4)"
"""Holds squares of money: 18 digits end at orders of 100,000. With one digit more DuckDB multiplies
in 128 bits, and the product still fits into Spark's 38 digits."""
EVENT_KINDS = ("visit", "email_sent", "email_open", "email_click")


@dataclass(frozen=True)
class Inputs:
    """What a feature group may look at; a table that the source lacks is None.

    Attributes:
        tables: The canonical tables as they came, future rows included. Groups keep off them.
        snapshots: `customer_id, as_of` and `customer`, the number that the other relations have.
        orders: Snapshots with every earlier day of orders (see `order_facts`) and `days_ago`
            (>= 1); a customer without orders has one row of nulls.
        firsts: The same with the first purchases of items and categories.
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
    lines = None if orders is None else order_lines(orders, keys)
    return Inputs(
        tables=tables,
        snapshots=keys,
        orders=None if lines is None else seen_before(keys, order_facts(lines)),
        firsts=None if lines is None else seen_before(keys, first_facts(lines)),
        events=None if events is None else seen_before(keys, event_facts(events, keys)),
        customers=None if customers is None else own_row(keys, customers),
    )


def own_row(snapshots: ir.Table, customers: ir.Table) -> ir.Table:
    """Snapshots with their customer's row; nulls where there is none."""
    owned = customers.rename(owner="customer_id")
    return snapshots.left_join(owned, snapshots.customer_id == owned.owner).drop("owner")


def number_customers(snapshots: ir.Table) -> ir.Table:
    """Snapshots with a number for each customer: grouping by numbers is twice as fast as by text.

    The number follows the order of the ids, so that it is the same wherever it is worked out.
    Snapshots that come with their numbers keep them, as requests do: for a handful of customers
    the numbering costs more than it saves.
    """
    if "customer" in snapshots.columns:
        return snapshots.select("customer_id", "as_of", "customer")
    customers = snapshots.select("customer_id").distinct()
    number = ibis.row_number().over(order_by=customers.customer_id).cast("int32")
    keys = snapshots.select("customer_id", "as_of")
    # Distinct at the end: DuckDB then works the numbers out once, and not in each place of use.
    return keys.inner_join(customers.mutate(customer=number), "customer_id").distinct()


def dated(table: ir.Table, snapshots: ir.Table, time: str) -> ir.Table:
    """Rows of the snapshots' customers before the last `as_of`, with their date as `day`.

    Rows that come with the number of their customer are those of the snapshots already.
    """
    table = table.mutate(day=table[time].date())
    if "customer" in table.columns:
        return table
    early = table.filter(table.day < snapshots.as_of.max().as_scalar())
    customers = snapshots.select("customer", owner="customer_id").distinct()
    return early.inner_join(customers, early.customer_id == customers.owner)


def order_lines(orders: ir.Table, snapshots: ir.Table) -> ir.Table:
    """What the facts need of the order lines; whether one is a sale is worked out once, here.

    DuckDB keeps this relation between its three readers, so a flag in place of the status pays.
    """
    lines = dated(orders, snapshots, "ordered_at")
    kept = ("customer", "order_id", "day", "item_id", "category", "country", "channel")
    numbers = ("ordered_at", "quantity", "unit_price")
    return lines.select(*kept, *numbers, sold=is_sale(lines), returned=is_return(lines))


def seen_before(snapshots: ir.Table, facts: ir.Table) -> ir.Table:
    """Snapshots with their customer's facts strictly before `as_of`, compared as dates."""
    facts = facts.rename(owner="customer")
    earlier = [snapshots.customer == facts.owner, facts.day < snapshots.as_of]
    seen = snapshots.drop("customer_id").left_join(facts, earlier).drop("owner")
    return seen.mutate(days_ago=seen.as_of.delta(seen.day, unit="day"))


def order_facts(lines: ir.Table) -> ir.Table:
    """One row per customer and day: what was ordered and what came back.

    `placed` where there is a sale, else there are returns only. `gap` is the days since the order
    day before, null on the first one. Money and units are exact decimals.
    """
    days = day_sums(order_sums(lines))
    same = ibis.window(group_by=[days.customer, days.placed], order_by=days.day)
    since = days.day.delta(days.day.lag().over(same), unit="day")
    days = days.mutate(gap=ibis.ifelse(days.placed, since, None))
    return days.mutate(
        gap_sq=days.gap * days.gap,
        order_value=ibis.ifelse(days.placed, days.spend.cast("float64") / days.orders, None),
        weekend=ibis.ifelse(days.day.day_of_week.index() >= SATURDAY, days.orders, 0),
        december=ibis.ifelse(days.day.month() == DECEMBER, days.orders, 0),
    )


def order_sums(lines: ir.Table) -> ir.Table:
    """Sums over the lines of one customer, order and day; null where it has no such line."""
    sold, returned = lines.sold, lines.returned
    value = lines.quantity * lines.unit_price
    return lines.group_by("customer", "order_id", "day").agg(
        spend=money(value.sum(where=sold)),
        units=lines.quantity.sum(where=sold),
        lines=lines.count(where=sold),
        returned_value=money((-value).sum(where=returned)),
        returned_lines=lines.count(where=returned),
        hour=lines.ordered_at.min(where=sold).hour(),
        country=lines.country.max(where=sold),
        channel=lines.channel.max(where=sold),
    )


def day_sums(orders: ir.Table) -> ir.Table:
    """Sums over the orders of one customer and day, narrow again: sums of sums come next."""
    placed = orders.lines > 0
    sums = orders.group_by("customer", "day").agg(
        orders=orders.count(where=placed),
        spend=orders.spend.sum().cast(MONEY),
        spend_sq=(orders.spend.cast(WIDE) * orders.spend).sum(),
        spend_max=orders.spend.max(),
        units=orders.units.sum().cast(QUANTITY),
        lines=orders.lines.sum().cast("int64"),
        returns=orders.count(where=orders.returned_lines > 0),
        returned_value=orders.returned_value.sum(),
        returned_lines=orders.returned_lines.sum(),
        hours=orders.hour.sum(),
        evening=orders.count(where=orders.hour >= EVENING_HOUR),
        country=orders.country.max(),
        channel=orders.channel.max(),
    )
    return sums.mutate(placed=sums.orders > 0)


def money(value: ir.DecimalScalar) -> ir.DecimalScalar:
    """An exact sum in narrow decimals; through float, as dividing 128-bit numbers takes seconds."""
    return value.cast("float64").cast(MONEY)


def first_facts(lines: ir.Table) -> ir.Table:
    """Per customer and day, how many items and categories were bought for the first time.

    A day has a row for the items and one for the categories: what is added up later need not be
    added up here, and two narrow counts cost less than one over both.
    """
    sales = lines.filter(lines.sold)
    none = ibis.literal(0, "int64")
    items, categories = first_days(sales, "item_id"), first_days(sales, "category")
    return ibis.union(
        items.mutate(new_items=items.firsts, new_categories=none).drop("firsts"),
        categories.mutate(new_items=none, new_categories=categories.firsts).drop("firsts"),
    )


def first_days(sales: ir.Table, column: str) -> ir.Table:
    """Per customer and day, how many values of a column are new; later rows cannot move them."""
    known = sales.filter(sales[column].notnull())
    days = known.group_by("customer", column).agg(day=known.day.min())
    return days.group_by("customer", "day").agg(firsts=days.count())


def event_facts(events: ir.Table, snapshots: ir.Table) -> ir.Table:
    """Counts of events per customer and day, in all and of each kind that has features."""
    rows = dated(events, snapshots, "occurred_at")
    counts = {kind: rows.count(where=rows.kind == kind) for kind in EVENT_KINDS}
    return rows.group_by("customer", "day").agg(event=rows.count(), **counts)
