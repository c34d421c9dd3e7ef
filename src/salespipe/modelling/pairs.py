"""One row a customer, product group and day: what the customer bought of it next."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from salespipe.errors import SalespipeError
from salespipe.features import ItemGroups, pair_features
from salespipe.features.item_groups import group_days
from salespipe.modelling.item_groups import find_groups
from salespipe.modelling.model_input import with_sensitive
from salespipe.modelling.snapshots import NOT_FEATURES, cutoffs_of, snapshots_of
from salespipe.params import ModelParams

KEYS = ("customer_id", "as_of", "item_group")


def orders_of(tables: Mapping[str, ir.Table]) -> ir.Table:
    """The orders.

    Raises:
        SalespipeError: there are none.
    """
    if "orders" not in tables:
        raise SalespipeError("Offers need orders; source.yml maps none. Take them off params.yaml.")
    return tables["orders"]


def groups_for(orders: ir.Table, model: ModelParams) -> ItemGroups:
    """The product groups known before the first cutoff of a model."""
    first = cutoffs_of(orders, model.snapshots).train[0]
    return find_groups(orders, first, model.snapshots.item_groups)


def pair_frame(tables: Mapping[str, ir.Table], groups: ItemGroups, model: ModelParams) -> ir.Table:
    """Customers with each product group: features before `as_of` and the label after it.

    Args:
        tables: canonical tables, `orders` among them.
        groups: the product groups.
        model: cutoffs, horizon, population, split, and the most rows to learn from.

    Returns:
        `entity_id, as_of, split, label`, then `item_group` and the other features.

    Raises:
        SalespipeError: a sensitive attribute that conf names is not there.
    """
    orders = tables["orders"]
    rows = snapshots_of(orders, model.snapshots, model.split).cache()
    features = pair_features(tables, rows, groups)
    names = [c for c in features.columns if c not in KEYS and c not in NOT_FEATURES]
    pairs = rows.inner_join(features, ["customer_id", "as_of"])
    labelled = add_label(pairs, group_days(orders, groups), model.snapshots.horizon_days)
    kept = with_sensitive(sampled(labelled, model.snapshots.max_rows), model)
    frame = kept.select("customer_id", "as_of", "split", "label", "item_group", *names)
    return frame.rename(entity_id="customer_id").order_by("as_of", "entity_id", "item_group")


def add_label(pairs: ir.Table, days: ir.Table, horizon_days: int) -> ir.Table:
    """Adds `label`: 1 where something of the group is sold in `[as_of, as_of + horizon_days)`."""
    cutoffs = pairs.select("as_of").distinct()
    ahead = days.day.delta(cutoffs.as_of, unit="day")
    coming = cutoffs.inner_join(days, [ahead >= 0, ahead < horizon_days]).select(*KEYS).distinct()
    joined = pairs.left_join(coming.mutate(label=ibis.literal(1)), list(KEYS))
    return joined.drop(*(f"{key}_right" for key in KEYS)).mutate(
        label=joined.label.fill_null(0).cast("int64")
    )


def sampled(pairs: ir.Table, most: int | None) -> ir.Table:
    """At most so many rows to learn from, drawn by a hash of their keys; every test row."""
    if most is None:
        return pairs
    text = pairs.customer_id + "|" + pairs.as_of.cast("string") + "|" + pairs.item_group
    test = pairs.split == "test"
    drawn = ibis.row_number().over(group_by=test, order_by=text.hexdigest("md5"))
    numbered = pairs.mutate(drawn=drawn, is_test=test)
    return numbered.filter(numbered.is_test | (numbered.drawn < most)).drop("drawn", "is_test")
