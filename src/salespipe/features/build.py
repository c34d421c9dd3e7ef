"""Features of customers as of a date: the groups, and the one query that computes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import reduce

import ibis.expr.types as ir

from salespipe.errors import SalespipeError
from salespipe.features import customer_groups, order_groups
from salespipe.features.history import Inputs, collect_inputs
from salespipe.features.order_groups import Measures

FeatureGroup = Callable[[Inputs], Measures | None]
"""Names expressions over one relation of its inputs; None where the source lacks the table."""

KEYS = ("customer", "as_of")

FEATURE_GROUPS: Mapping[str, FeatureGroup] = {
    "recency": order_groups.recency,
    "frequency": order_groups.frequency,
    "money": order_groups.money,
    "volume": order_groups.volume,
    "order_values": order_groups.order_values,
    "gaps": order_groups.gaps,
    "rates": order_groups.rates,
    "trend": order_groups.trend,
    "baskets": order_groups.baskets,
    "returns": order_groups.returns,
    "season": order_groups.season,
    "place": order_groups.place,
    "diversity": order_groups.diversity,
    "breadth": order_groups.breadth,
    "novelty": order_groups.novelty,
    "events": customer_groups.events,
    "account": customer_groups.account,
}


def customer_features(
    tables: Mapping[str, ir.Table],
    snapshots: ir.Table,
    groups: Mapping[str, FeatureGroup] = FEATURE_GROUPS,
    *,
    as_of: date | None = None,
) -> ir.Table:
    """Features of each customer as of each date, from nothing but the days before it.

    Args:
        tables: Canonical tables by name: `orders`, and `events` and `customers` where there are.
        snapshots: `customer_id` (string) and `as_of` (date); further columns are left behind.
        groups: What to compute; a group whose table is absent adds no column.
        as_of: The day of all snapshots, where they have but one: the same features, sooner.

    Returns:
        One row per distinct snapshot, in no particular order: `customer_id`, `as_of`, then float64
        columns, strings for categories, and the customer's attributes as they came. Counts and
        sums are 0 where there is nothing to count; times and ratios are null.

    Raises:
        SalespipeError: Two groups, or a group and an attribute, use the same name.
    """
    inputs = collect_inputs(tables, snapshots, as_of)
    measures = measure(inputs, groups)
    joined = reduce(add_part, feature_parts(measures), inputs.snapshots)
    names = [name for _, columns in measures for name in columns]
    return joined.select("customer_id", "as_of", *names)


def measure(inputs: Inputs, groups: Mapping[str, FeatureGroup] = FEATURE_GROUPS) -> list[Measures]:
    """What the groups find to compute, in their order."""
    return [found for group in groups.values() if (found := group(inputs)) is not None]


def feature_parts(measures: list[Measures]) -> list[ir.Table]:
    """The features before they are joined: one table for each relation they are computed from.

    Returns:
        Tables of `customer, as_of` and some of the features, one row a snapshot.

    Raises:
        SalespipeError: Two groups, or a group and an attribute, use the same name.
    """
    return [evaluate(relation, columns) for relation, columns in merge_measures(measures)]


def add_part(left: ir.Table, right: ir.Table) -> ir.Table:
    """Adds columns by snapshot."""
    return left.left_join(right, list(KEYS)).drop(*(f"{key}_right" for key in KEYS))


def merge_measures(measures: list[Measures]) -> list[Measures]:
    """Puts the expressions over one relation together, so that it is read once."""
    relations: dict[object, tuple[ir.Table, dict[str, ir.Value]]] = {}
    names: set[str] = set()
    for relation, columns in measures:
        if clash := names & columns.keys():
            raise SalespipeError(
                f"Two features are called {sorted(clash)}: rename the attribute or the feature."
            )
        names |= columns.keys()
        relations.setdefault(relation.op(), (relation, {}))[1].update(columns)
    return list(relations.values())


def evaluate(relation: ir.Table, columns: Mapping[str, ir.Value]) -> ir.Table:
    """One row per snapshot: aggregates are grouped by it, plain columns are taken as they are."""
    if all(isinstance(value, ir.Scalar) for value in columns.values()):
        return relation.group_by(*KEYS).agg(**columns)
    return relation.select(*KEYS, **columns)
