"""One row a snapshot: keys, split, label, features and sensitive attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import ibis

from salespipe.errors import SalespipeError
from salespipe.features import FEATURE_GROUPS, FeatureGroup, customer_features
from salespipe.modelling.snapshots import NOT_FEATURES, label_orders, label_spend, snapshots_of
from salespipe.params import ModelParams, SplitParams

if TYPE_CHECKING:
    import ibis.expr.types as ir


def build_frame(tables: Mapping[str, ir.Table], model: ModelParams) -> ir.Table:
    """The rows a model learns from and is judged on, from whichever source there is.

    Args:
        tables: canonical tables; `snapshots` goes before `orders`.
        model: the model's conf.

    Returns:
        `entity_id, as_of, split, label`, then features and sensitive attributes.

    Raises:
        SalespipeError: there is neither table, the history is too short, or a sensitive attribute
            that conf names is not there.
    """
    if "snapshots" in tables:
        frame = from_table(tables["snapshots"], model.split)
    elif "orders" in tables:
        frame = from_orders(tables, model)
    else:
        raise SalespipeError("A model needs orders or snapshots; source.yml maps neither.")
    return with_sensitive(frame, model)


def with_sensitive(frame: ir.Table, model: ModelParams) -> ir.Table:
    """The frame, which has every sensitive attribute that conf names.

    Raises:
        SalespipeError: it lacks one.
    """
    if unknown := sorted(set(model.sensitive.columns) - set(frame.columns)):
        raise SalespipeError(
            f"Conf names sensitive attributes that the data do not have: {', '.join(unknown)}."
        )
    return frame


def from_orders(
    tables: Mapping[str, ir.Table],
    model: ModelParams,
    groups: Mapping[str, FeatureGroup] = FEATURE_GROUPS,
) -> ir.Table:
    """Snapshots of customers with features before `as_of` and the label after it.

    Args:
        tables: canonical tables, `orders` among them.
        model: outcome, cutoffs, horizon, population and split.
        groups: the features to compute.

    Raises:
        SalespipeError: the history is too short for the horizon.
    """
    rows = snapshots_of(tables["orders"], model.snapshots, model.split)
    return in_order(described(tables, rows, model, groups))


def described(
    tables: Mapping[str, ir.Table],
    rows: ir.Table,
    model: ModelParams,
    groups: Mapping[str, FeatureGroup] = FEATURE_GROUPS,
) -> ir.Table:
    """Snapshots (`customer_id, as_of, split`) as `entity_id, as_of, split, label`, features."""
    labels = label_rows(tables["orders"], rows, model)
    features = customer_features(tables, rows, groups)
    keys = ["customer_id", "as_of"]
    joined = rows.inner_join(labels, keys).inner_join(features, keys)
    names = [c for c in features.columns if c not in keys and c not in NOT_FEATURES]
    frame = joined.select("customer_id", "as_of", "split", "label", *names)
    return frame.rename(entity_id="customer_id")


def in_order(frame: ir.Table) -> ir.Table:
    """The order in which a model input is written, so that two runs give the same bytes."""
    return frame.order_by("as_of", "entity_id")


def label_rows(orders: ir.Table, rows: ir.Table, model: ModelParams) -> ir.Table:
    """`customer_id, as_of, label`: the outcome that conf names, after `as_of`."""
    days = model.snapshots.horizon_days
    if model.outcome == "spend":
        return label_spend(orders, rows, days).rename(label="spend")
    labels = label_orders(orders, rows, days)
    ordered = labels.ordered if model.outcome == "order" else ~labels.ordered
    return labels.select("customer_id", "as_of", label=ordered.cast("int64"))


def from_table(snapshots: ir.Table, split: SplitParams) -> ir.Table:
    """A table that already is one row a snapshot with its label.

    Args:
        snapshots: canonical `snapshots` with its attributes.
        split: how rows are told apart in time; test rows are the last.

    Returns:
        As `from_orders`, the attributes being the features; `as_of` is null where unknown.

    Raises:
        SalespipeError: the split goes by time, but rows have none.
    """
    rank = ibis.row_number().over(order_by=_order(snapshots, split))
    share = (rank + 1) / snapshots.count().as_scalar()
    development = 1 - split.test_share
    fit = development * (1 - split.validation_share)
    part = ibis.cases((share <= fit, "train"), (share <= development, "valid"), else_="test")
    attributes = [c for c in snapshots.columns if c not in _KEYS]
    frame = snapshots.select(
        "entity_id", as_of=snapshots.as_of.date(), split=part, label="label",
        position="position", **{c: snapshots[c] for c in attributes},
    )  # fmt: skip
    return frame.order_by("position").drop("position")


_KEYS = ("entity_id", "as_of", "position", "label")


def _order(snapshots: ir.Table, split: SplitParams) -> list[ir.Value]:
    if split.order == "rows":
        return [snapshots.position]
    if split.order == "random":
        return [snapshots.entity_id.hexdigest("md5"), snapshots.position]
    if snapshots.as_of.isnull().any().execute():
        raise SalespipeError(
            "Some rows of snapshots have no as_of, so they can't be split by time: map as_of in "
            "source.yml, or set split.order to rows (they are in order of time) or random."
        )
    return [snapshots.as_of, snapshots.position]
