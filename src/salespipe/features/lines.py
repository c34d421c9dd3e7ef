"""What counts as a sale and what as a return: the one place where it is said."""

from __future__ import annotations

import ibis.expr.types as ir


def is_sale(orders: ir.Table) -> ir.BooleanColumn:
    """True on lines that were sold: completed (or of unknown status), quantity and price > 0."""
    completed = orders.status.isnull() | (orders.status == "completed")
    return completed & (orders.quantity > 0) & (orders.unit_price > 0)


def is_return(orders: ir.Table) -> ir.BooleanColumn:
    """True on lines that take goods back: a negative quantity, whatever the status says."""
    return orders.quantity < 0


def sale_days(orders: ir.Table) -> ir.Table:
    """One row per customer and day with a sale: `customer_id, day` (date)."""
    sales = orders.filter(is_sale(orders))
    return sales.select("customer_id", day=sales.ordered_at.date()).distinct()


def sale_spend(orders: ir.Table) -> ir.Table:
    """One row per customer and day with a sale: `customer_id, day` (date), `spend` (decimal)."""
    sales = orders.filter(is_sale(orders))
    lines = sales.select(
        "customer_id", day=sales.ordered_at.date(), value=sales.quantity * sales.unit_price
    )
    return lines.group_by("customer_id", "day").agg(spend=lines["value"].sum())
