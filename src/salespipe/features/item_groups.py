"""Product groups: a line's category, or the group that the words of its item's name speak for."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from pydantic import BaseModel, ConfigDict

from salespipe.features.lines import is_sale

NO_LETTERS = r"[^\p{L}]+"
"""What stands between two words."""
SCALE = 1_000_000
"""Weights are whole numbers of this fraction."""


class Words(BaseModel):
    """k-means on TF-IDF as whole numbers, whose sums are the same in any order.

    An item lies in the group g with the highest sum(weight[g, word]) / sqrt(sum(rarity[word]))
    less size[g], over the words of its name; without a known word, in the smallest centre's.

    Attributes:
        weight: Group to word to twice its TF-IDF in the group's centre times its IDF.
        rarity: Word to its squared IDF.
        size: Group to the squared length of its centre.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: dict[str, dict[str, int]]
    rarity: dict[str, int]
    size: dict[str, int]

    @property
    def rest(self) -> str:
        """Where an item goes whose name says nothing."""
        return min(self.size, key=lambda name: (self.size[name], name))


class ItemGroups(BaseModel):
    """The groups that a model knows, fixed before its first cutoff.

    Attributes:
        names: Their names, the most bought first.
        words: How the name of an item tells its group; None where the groups are categories.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    names: tuple[str, ...]
    words: Words | None = None


def group_days(orders: ir.Table, groups: ItemGroups) -> ir.Table:
    """What was sold by customer, group and day; a line in no group is left out.

    Returns:
        `customer_id, item_group, day` (date), `orders`, `lines` and `spend` (an exact decimal).
    """
    sold = orders.filter(is_sale(orders))
    sold = sold.mutate(day=sold.ordered_at.date(), value=sold.quantity * sold.unit_price)
    if groups.words is None:
        lines = sold.filter(sold.category.isin(groups.names)).rename(item_group="category")
    else:
        lines = sold.inner_join(items_by_words(orders, groups.words), "item_id")
    return lines.group_by("customer_id", "item_group", "day").agg(
        orders=lines.order_id.nunique(), lines=lines.count(), spend=lines["value"].sum()
    )


def items_by_words(orders: ir.Table, words: Words) -> ir.Table:
    """`item_id, item_group`: the group whose centre is nearest to the item's name."""
    items = first_names(orders)
    scores = word_scores(items, words)
    best = ibis.window(
        group_by=scores.item_id, order_by=[ibis.desc(scores.score), scores.item_group]
    )
    ranked = scores.mutate(rank=ibis.row_number().over(best))
    nearest = ranked.filter(ranked["rank"] == 0).select("item_id", "item_group")
    joined = items.select("item_id").left_join(nearest, "item_id").drop("item_id_right")
    return joined.mutate(item_group=joined.item_group.fill_null(words.rest))


def word_scores(items: ir.Table, words: Words) -> ir.Table:
    """`item_id, item_group, score` of every item whose name has a known word; see `Words`."""
    weights = [(w, g, n) for g, of in words.weight.items() for w, n in of.items()]
    weight = ibis.memtable(weights, schema=dict(_WORD, item_group="string", weight="int64"))
    rarity = ibis.memtable([*words.rarity.items()], schema=dict(_WORD, rarity="int64"))
    size = ibis.memtable([*words.size.items()], schema={"item_group": "string", "size": "int64"})
    split = items.item_name.lower().re_split(NO_LETTERS).unnest()
    known = items.select("item_id", word=split).distinct().inner_join(rarity, "word")
    length = known.group_by("item_id").agg(length=(known.rarity.sum() / SCALE).sqrt())
    met = known.inner_join(weight, "word")
    sums = met.group_by("item_id", "item_group").agg(told=met.weight.sum())
    every = length.cross_join(size).left_join(sums, ["item_id", "item_group"])
    score = every.told.fill_null(0) / every.length - every["size"]
    return every.select("item_id", "item_group", score=score)


_WORD = {"word": "string"}


def first_names(orders: ir.Table) -> ir.Table:
    """`item_id, item_name`: what an item was called first, which no later row can change."""
    named = orders.filter(orders.item_name.notnull())
    moments = named.group_by("item_id", "ordered_at").agg(item_name=named.item_name.min())
    return moments.group_by("item_id").agg(item_name=moments.item_name.argmin(moments.ordered_at))
