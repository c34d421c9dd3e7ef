"""Product groups: a line's category, or the group that the words of its item's name speak for."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from pydantic import BaseModel, ConfigDict, Field

from salespipe.features.lines import is_sale

NO_LETTERS = r"[^\p{L}]+"
"""What stands between two words."""


class ItemGroups(BaseModel):
    """The groups that a model knows, fixed before its first cutoff.

    Attributes:
        names: Their names, the most bought first.
        words: Group to word to weight, where items are told apart by their names; empty where the
            groups are categories. Weights are whole numbers: their sums are the same in any order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    names: tuple[str, ...]
    words: dict[str, dict[str, int]] = Field(default_factory=dict)


def group_days(orders: ir.Table, groups: ItemGroups) -> ir.Table:
    """What was sold by customer, group and day; a line in no group is left out.

    Returns:
        `customer_id, item_group, day` (date), `orders`, `lines` and `spend` (an exact decimal).
    """
    sold = orders.filter(is_sale(orders))
    sold = sold.mutate(day=sold.ordered_at.date(), value=sold.quantity * sold.unit_price)
    lines = by_words(sold, orders, groups) if groups.words else by_category(sold, groups)
    return lines.group_by("customer_id", "item_group", "day").agg(
        orders=lines.order_id.nunique(), lines=lines.count(), spend=lines["value"].sum()
    )


def by_category(sold: ir.Table, groups: ItemGroups) -> ir.Table:
    """Lines with their category as `item_group`."""
    known = sold.filter(sold.category.isin(groups.names))
    return known.mutate(item_group=known.category)


def by_words(sold: ir.Table, orders: ir.Table, groups: ItemGroups) -> ir.Table:
    """Lines with the group of their item's name as `item_group`."""
    return sold.inner_join(items_by_words(orders, groups), "item_id")


def items_by_words(orders: ir.Table, groups: ItemGroups) -> ir.Table:
    """`item_id, item_group`: the group whose words weigh most in the item's name."""
    rows = [(w, g, n) for g, words in groups.words.items() for w, n in words.items()]
    schema = {"word": "string", "item_group": "string", "weight": "int64"}
    weights = ibis.memtable(rows, schema=schema)
    names = first_names(orders)
    words = names.select("item_id", word=names.item_name.lower().re_split(NO_LETTERS).unnest())
    told = words.distinct().inner_join(weights, "word")
    scores = told.group_by("item_id", "item_group").agg(score=told.weight.sum())
    best = ibis.window(
        group_by=scores.item_id, order_by=[ibis.desc(scores.score), scores.item_group]
    )
    ranked = scores.mutate(rank=ibis.row_number().over(best))
    return ranked.filter(ranked["rank"] == 0).select("item_id", "item_group")


def first_names(orders: ir.Table) -> ir.Table:
    """`item_id, item_name`: what an item was called first, which no later row can change."""
    named = orders.filter(orders.item_name.notnull())
    moments = named.group_by("item_id", "ordered_at").agg(item_name=named.item_name.min())
    return moments.group_by("item_id").agg(item_name=moments.item_name.argmin(moments.ordered_at))
