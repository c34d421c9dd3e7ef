"""Features of a customer and a product group as of a date: what ranks offers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import ibis
import ibis.expr.types as ir

from salespipe.features import customer_groups, order_groups
from salespipe.features.build import FeatureGroup, customer_features
from salespipe.features.history import number_customers, seen_before
from salespipe.features.item_groups import ItemGroups, group_days
from salespipe.features.measures import as_float, share, total, within

WINDOWS = (30, 90, 180, 365)
POPULAR = (30, 90)
PRIOR_ORDERS = 2.0
"""Orders by which a customer's share of a group is pulled towards everyone's."""

CUSTOMER_GROUPS: Mapping[str, FeatureGroup] = {
    "recency": order_groups.recency,
    "frequency": order_groups.frequency,
    "money": order_groups.money,
    "rates": order_groups.rates,
    "baskets": order_groups.baskets,
    "account": customer_groups.account,
}
"""What of the customer alone goes with each pair: how often, how much, how lately."""


def pair_features(
    tables: Mapping[str, ir.Table], snapshots: ir.Table, groups: ItemGroups
) -> ir.Table:
    """Features of each customer with each group as of each date, from the days before it alone.

    Args:
        tables: Canonical tables: `orders`, and `customers` where there are.
        snapshots: `customer_id` (string) and `as_of` (date); further columns are left behind.
        groups: The groups, as they were found for training.

    Returns:
        One row per distinct snapshot and group, in no particular order: `customer_id`, `as_of`,
        `item_group`, then features as `customer_features` gives them.
    """
    days = group_days(tables["orders"], groups)
    own = customer_features(tables, snapshots, CUSTOMER_GROUPS)
    names = ibis.memtable({"item_group": list(groups.names)}, schema={"item_group": "string"})
    parts = [bought_before(snapshots, days), popularity(snapshots, days)]
    pairs = reduce(add_part, parts, own.cross_join(names))
    return pairs.mutate(**beside_customer(pairs))


def add_part(pairs: ir.Table, part: ir.Table) -> ir.Table:
    """Adds columns by the keys that both have; counts of what never was are 0."""
    keys = [k for k in ("customer_id", "as_of", "item_group") if k in part.columns]
    joined = pairs.left_join(part, keys).drop(*(f"{key}_right" for key in keys))
    counts = [c for c in part.columns if c.startswith(("pair_orders", "pair_spend", "group_"))]
    return joined.mutate(**{c: joined[c].fill_null(0.0) for c in counts})


def bought_before(snapshots: ir.Table, days: ir.Table) -> ir.Table:
    """How often, how much and how lately a customer bought of a group."""
    keys = number_customers(snapshots)
    owners = keys.select("customer_id", "customer").distinct()
    seen = seen_before(keys, days.inner_join(owners, "customer_id").drop("customer_id"))
    orders = {f"pair_orders_{n}d": total(seen.orders, within(seen, n)) for n in WINDOWS}
    sums = seen.group_by("customer", "as_of", "item_group").agg(
        pair_orders_total=total(seen.orders),
        **orders,
        pair_lines_total=total(seen.lines),
        pair_spend_total=total(seen.spend),
        pair_spend_90d=total(seen.spend, within(seen, 90)),
        pair_recency_days=as_float(seen.days_ago.min()),
        pair_tenure_days=as_float(seen.days_ago.max()),
    )
    return owners.inner_join(sums, "customer").drop("customer")


def popularity(snapshots: ir.Table, days: ir.Table) -> ir.Table:
    """The share of everyone who bought of late that bought of a group."""
    cutoffs = snapshots.select("as_of").distinct()
    ago = cutoffs.as_of.delta(days.day, unit="day")
    recent = cutoffs.inner_join(days, [ago > 0, ago <= max(POPULAR)])
    recent = recent.mutate(days_ago=recent.as_of.delta(recent.day, unit="day"))
    return reduce(
        lambda left, right: left.inner_join(right, ["as_of", "item_group"]),
        [popular_within(recent, window) for window in POPULAR],
    )


def popular_within(recent: ir.Table, window: int) -> ir.Table:
    """The share of one window's buyers that bought of each group in it."""
    inside = within(recent, window)
    buyers = recent.group_by("as_of").agg(everyone=recent.customer_id.nunique(where=inside))
    each = recent.group_by("as_of", "item_group").agg(some=recent.customer_id.nunique(where=inside))
    joined = each.inner_join(buyers, "as_of")
    part = share(joined.some.cast("float64"), joined.everyone)
    return joined.select("as_of", "item_group", **{f"group_popularity_{window}d": part})


def beside_customer(pairs: ir.Table) -> dict[str, ir.Value]:
    """The pair next to all that the customer buys, and the orders to expect of the group."""
    popular = pairs.group_popularity_90d
    pulled = (pairs.pair_orders_total + PRIOR_ORDERS * popular) / (
        pairs.orders_total + PRIOR_ORDERS
    )
    return {
        "pair_order_share": share(pairs.pair_orders_total, pairs.orders_total),
        "pair_order_share_180d": share(pairs.pair_orders_180d, pairs.orders_180d),
        "pair_spend_share": share(pairs.pair_spend_total, pairs.spend_total),
        "pair_line_share": share(
            pairs.pair_lines_total, pairs.lines_per_order * pairs.orders_total
        ),
        "pair_pause_days": pairs.pair_recency_days - pairs.recency_days,
        "pair_orders_expected_90d": pulled * pairs.expected_orders_90d,
    }
