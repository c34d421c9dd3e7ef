"""Facts that are final on the day they happen, and the part of them that a snapshot may see.

Every fact is additive and looks at its own day or backwards only (the gap since the order before,
the first purchase of an item), so it stays true whatever is appended later. A snapshot then sees
the facts dated before its `as_of`, and one aggregation makes features of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

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
SQUARES = "decimal(38, 8)"
"""What both engines make of a sum of them; Ibis has another idea of it."""
EVENT_KINDS = ("visit", "email_sent", "email_open", "email_click")


@dataclass(frozen=True)
class Inputs:
    """What a feature group may look at; a table that the source lacks is None.

    Attributes:
        tables: The canonical tables as they came, future rows included. Groups keep off them.
        snapshots: `customer_id, as_of` and `customer`, the number that the other relations have.
        orders: Snapshots with every earlier day of orders (see `order_facts`) and `days_ago`
            (>= 1); a customer without orders has one row of nulls.
        items: The same with first purchases of items, `new` of them in a row.
        categories: The same with first purchases from categories.
        events: The same with counts of events per day.
        customers: Snapshots with the customer's own row.
    """

    tables: Mapping[str, ir.Table]
    snapshots: ir.Table
    orders: ir.Table | None = None
    items: ir.Table | None = None
    categories: ir.Table | None = None
    events: ir.Table | None = None
    customers: ir.Table | None = None


def collect_inputs(
    tables: Mapping[str, ir.Table], snapshots: ir.Table, as_of: date | None = None
) -> Inputs:
    """Gives the snapshots what each table knows of the time before them.

    Args:
        tables: Canonical tables by name.
        snapshots: `customer_id` and `as_of`.
        as_of: The day of all of them, where they have but one: no join by days is needed then.
    """
    keys = number_customers(snapshots)
    orders, events, customers = (tables.get(name) for name in ("orders", "events", "customers"))
    facts = {} if orders is None else facts_of_lines(order_lines(orders, keys, as_of), as_of)
    if events is not None:
        facts["events"] = event_facts(events, keys, as_of)
    return Inputs(
        tables=tables,
        snapshots=keys,
        customers=None if customers is None else own_row(keys, customers),
        **{name: seen_before(keys, each, as_of) for name, each in facts.items()},
    )


def facts_of_lines(lines: ir.Table, as_of: date | None) -> dict[str, ir.Table]:
    """What order lines say, by the name that `Inputs` has for it.

    First purchases by day are a quarter of the rows, which pays where many snapshots of a customer
    see them. Where one does, they cost less as they are.
    """
    items, categories = (first_days(lines, name) for name in ("item_id", "category"))
    if as_of is None:
        items, categories = by_day(items), by_day(categories)
    return {"orders": order_facts(lines), "items": items, "categories": categories}


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


def dated(table: ir.Table, snapshots: ir.Table, time: str, as_of: date | None) -> ir.Table:
    """Rows of the snapshots' customers before the last `as_of`, with their date as `day`.

    Rows that come with the number of their customer are those of the snapshots already.
    """
    table, numbered = table.mutate(day=table[time].date()), "customer" in table.columns
    if as_of is not None:
        table = table.filter(table.day < as_of)
    elif not numbered:
        table = table.filter(table.day < snapshots.as_of.max().as_scalar())
    if numbered:
        return table
    customers = snapshots.select("customer", owner="customer_id").distinct()
    return table.inner_join(customers, table.customer_id == customers.owner)


def order_lines(orders: ir.Table, snapshots: ir.Table, as_of: date | None) -> ir.Table:
    """What the facts need of the order lines, once for all of them.

    DuckDB keeps this relation between its three readers, so it pays to have few columns: the
    quantity is `sold` on a sale, `returned` (as a positive number) on a return, and null else.
    """
    lines = dated(orders, snapshots, "ordered_at", as_of)
    kept = ("customer", "order_id", "day", "item_id", "category", "country", "channel")
    return lines.select(
        *kept,
        "ordered_at",
        "unit_price",
        sold=ibis.ifelse(is_sale(lines), lines.quantity, None),
        returned=ibis.ifelse(is_return(lines), -lines.quantity, None),
    )


def seen_before(snapshots: ir.Table, facts: ir.Table, as_of: date | None = None) -> ir.Table:
    """Snapshots with their customer's facts strictly before `as_of`, compared as dates.

    A snapshot without any has a row of nulls. With one day for all, every snapshot has such a row
    beside the facts, of which `dated` left the earlier ones alone: it adds nothing to them.
    """
    if as_of is None:
        facts = facts.rename(owner="customer")
        earlier = [snapshots.customer == facts.owner, facts.day < snapshots.as_of]
        seen = snapshots.drop("customer_id").left_join(facts, earlier).drop("owner")
    else:
        schema = facts.drop("customer").schema()
        nothing = {name: ibis.null(dtype) for name, dtype in schema.items()}
        seen = ibis.union(facts, snapshots.select("customer", **nothing))
        seen = seen.mutate(as_of=ibis.literal(as_of))
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
    sold = lines.sold.notnull()
    return lines.group_by("customer", "order_id", "day").agg(
        spend=money((lines.sold * lines.unit_price).sum()),
        units=lines.sold.sum().cast(QUANTITY),
        lines=lines.sold.count().cast("int32"),
        returned_value=money((lines.returned * lines.unit_price).sum()),
        returned_lines=lines.returned.count(),
        hour=lines.ordered_at.min(where=sold).hour(),
        country=lines.country.max(where=sold),
        channel=lines.channel.max(where=sold),
    )


def day_sums(orders: ir.Table) -> ir.Table:
    """Sums over the orders of one customer and day, narrow again: sums of sums come next."""
    sums = orders.group_by("customer", "day").agg(
        orders=orders.spend.count().cast("int32"),
        spend=orders.spend.sum().cast(MONEY),
        spend_sq=(orders.spend.cast(WIDE) * orders.spend).sum().cast(SQUARES),
        spend_max=orders.spend.max(),
        units=orders.units.sum().cast(QUANTITY),
        lines=orders.lines.sum().cast("int32"),
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


def first_days(lines: ir.Table, column: str) -> ir.Table:
    """The day on which a customer first bought each value of a column; no later row moves it.

    Returns:
        `customer, day` and `new`, which is 1.
    """
    sales = lines.filter(lines.sold.notnull() & lines[column].notnull())
    firsts = sales.group_by("customer", column).agg(day=sales.day.min())
    return firsts.select("customer", "day", new=ibis.literal(1, "int64"))


def by_day(firsts: ir.Table) -> ir.Table:
    """First purchases of a customer and day in one row, `new` being how many there are."""
    return firsts.group_by("customer", "day").agg(new=firsts.count())


def event_facts(events: ir.Table, snapshots: ir.Table, as_of: date | None) -> ir.Table:
    """Counts of events per customer and day, in all and of each kind that has features."""
    rows = dated(events, snapshots, "occurred_at", as_of)
    counts = {kind: rows.count(where=rows.kind == kind) for kind in EVENT_KINDS}
    return rows.group_by("customer", "day").agg(event=rows.count(), **counts)
