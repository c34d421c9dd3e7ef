"""Cancellations and returns, each tied to the earlier sale that it reverses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir


def match_returns(orders: ir.Table) -> ir.Table:
    """Fill `reverses_line_id` on return lines (quantity below zero).

    A return reverses the customer's latest earlier sale of the same item of at least that
    quantity, the same quantity first. What cannot be matched (the sale lies before the data
    begin) keeps null. Only the return knows: a sale must not learn its own future.

    Args:
        orders: canonical orders with `_row`.
    """
    returned = orders.filter(orders.quantity < 0).view()
    sold = orders.filter((orders.quantity > 0) & (orders.unit_price > 0)).view()
    pairs = returned.join(
        sold,
        [
            returned.customer_id == sold.customer_id,
            returned.item_id == sold.item_id,
            sold.ordered_at <= returned.ordered_at,
            sold.quantity >= -returned.quantity,
        ],
        rname="sale_{name}",
    )
    best = ibis.window(
        group_by=pairs["_row"],
        order_by=[
            (pairs.sale_quantity != -pairs.quantity).cast("int8"),
            ibis.desc(pairs.sale_ordered_at),
            ibis.desc(pairs["sale__row"]),
        ],
    )
    ranked = pairs.select("_row", matched="sale_line_id", rank=ibis.row_number().over(best))
    matches = ranked.filter(ranked["rank"] == 0).select("_row", "matched")
    joined = orders.left_join(matches, "_row").drop("_row_right")
    found = ibis.coalesce(joined.reverses_line_id, joined.matched)
    return joined.mutate(reverses_line_id=found).drop("matched")
