"""Which customers are looked at as of which days, what they did next, and who trains on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from salespipe.errors import SalespipeError
from salespipe.features.lines import sale_days, sale_spend
from salespipe.params import SnapshotParams, SplitParams

MIN_CUTOFFS = 2
"""One to train on and a later one to validate with."""
ANCHOR = date(2000, 1, 3)
"""A Monday that kept cutoffs are whole steps from."""
NOT_FEATURES = ("customer_id", "signed_up_at", "opted_out_at")


@dataclass(frozen=True)
class Cutoffs:
    """The days as of which customers are looked at, oldest first.

    Attributes:
        train: Each with a label window that ends by `test`, so that nothing learned from is
            younger than the day on which the model would have been put to use.
        test: Its label window is the last complete one.
    """

    train: tuple[date, ...]
    test: date


def choose_cutoffs(first_day: date, last_day: date, params: SnapshotParams) -> Cutoffs:
    """Cutoffs of a history of orders.

    Args:
        first_day: Day of the first order.
        last_day: Day of the last order; it may be incomplete and so is in no label window.
        params: Horizon, step and history in days.

    Raises:
        SalespipeError: There are not enough days for two training cutoffs.
    """
    horizon, step = timedelta(params.horizon_days), timedelta(params.step_days)
    test = last_day - horizon
    latest = test - horizon
    if params.keep:
        latest -= (latest - ANCHOR) % step
    earliest = first_day + timedelta(params.min_history_days)
    count = (latest - earliest) // step + 1
    if count < MIN_CUTOFFS:
        raise too_short(first_day, last_day, params)
    kept = min(count, params.max_cutoffs)
    return Cutoffs(train=tuple(latest - step * i for i in reversed(range(kept))), test=test)


def too_short(first_day: date, last_day: date, params: SnapshotParams) -> SalespipeError:
    """Says how many days of orders there are and how many it takes."""
    there = (last_day - first_day).days
    steps = MIN_CUTOFFS - 1 + params.keep
    needed = params.min_history_days + steps * params.step_days + 2 * params.horizon_days
    return SalespipeError(
        f"Orders span {there} days ({first_day} to {last_day}); a horizon of "
        f"{params.horizon_days} days needs {needed}. Give more history, or lower horizon_days "
        "or min_history_days."
    )


def assign_splits(cutoffs: Cutoffs, validation_share: float) -> dict[date, str]:
    """'train', 'valid' or 'test' for each cutoff; the latest training cutoffs validate.

    At least one cutoff is left for each of the two.
    """
    count = len(cutoffs.train)
    valid = min(max(round(count * validation_share), 1), count - 1)
    train_days, valid_days = cutoffs.train[: count - valid], cutoffs.train[count - valid :]
    splits = dict.fromkeys(train_days, "train") | dict.fromkeys(valid_days, "valid")
    return splits | {cutoffs.test: "test"}


def cutoff_table(splits: dict[date, str]) -> ir.Table:
    """The cutoffs as a table: `as_of` (date), `split` (string)."""
    rows = {"as_of": list(splits), "split": list(splits.values())}
    return ibis.memtable(rows, schema={"as_of": "date", "split": "string"})


def cutoffs_of(orders: ir.Table, params: SnapshotParams) -> Cutoffs:
    """Cutoffs of the orders that there are; see `choose_cutoffs`."""
    days = orders.agg(first=orders.ordered_at.min(), last=orders.ordered_at.max()).execute()
    first, last = (days[c].iloc[0].date() for c in ("first", "last"))
    return choose_cutoffs(first, last, params)


def snapshots_of(orders: ir.Table, snapshots: SnapshotParams, split: SplitParams) -> ir.Table:
    """`customer_id, as_of, split`: who is looked at, as of which days, and for what."""
    splits = splits_of(orders, snapshots, split)
    return population(orders, cutoff_table(splits), snapshots.active_days)


def splits_of(orders: ir.Table, snapshots: SnapshotParams, split: SplitParams) -> dict[date, str]:
    """The cutoffs of the orders that there are, each with its split."""
    return assign_splits(cutoffs_of(orders, snapshots), split.validation_share)


def population(orders: ir.Table, cutoffs: ir.Table, active_days: int | None) -> ir.Table:
    """The customers to look at as of each cutoff.

    Args:
        orders: Canonical order lines.
        cutoffs: `as_of` (date) and what else is to be carried along, such as `split`.
        active_days: Only customers with a sale in `[as_of - active_days, as_of)`; None takes all
            who bought before.

    Returns:
        `customer_id`, `as_of` and the further columns of `cutoffs`, one row per snapshot.
    """
    # Each sale day answers for the cutoffs until the next one: no row is made twice, and so
    # nothing has to be made distinct.
    days = sale_days(orders)
    following = days.day.lead().over(group_by=days.customer_id, order_by=days.day)
    days = days.mutate(next_day=following)
    age = cutoffs.as_of.delta(days.day, unit="day")
    latest = [cutoffs.as_of > days.day, days.next_day.isnull() | (cutoffs.as_of <= days.next_day)]
    recent = [] if active_days is None else [age <= active_days]
    return days.inner_join(cutoffs, [*latest, *recent]).select("customer_id", *cutoffs.columns)


def label_orders(orders: ir.Table, snapshots: ir.Table, horizon_days: int) -> ir.Table:
    """What the customers did next.

    Returns:
        `customer_id`, `as_of`, `ordered` (bool): a sale in `[as_of, as_of + horizon_days)`.
    """
    pairs = _coming(sale_days(orders), snapshots, horizon_days)
    return pairs.group_by("customer_id", "as_of").agg(ordered=pairs.day.count() > 0)


def label_spend(orders: ir.Table, snapshots: ir.Table, horizon_days: int) -> ir.Table:
    """What the customers spent next.

    Returns:
        `customer_id`, `as_of`, `spend` (float64): of sales in `[as_of, as_of + horizon_days)`.
    """
    pairs = _coming(sale_spend(orders), snapshots, horizon_days)
    sums = pairs.group_by("customer_id", "as_of").agg(spend=pairs.spend.sum())
    return sums.mutate(spend=sums.spend.cast("float64").fill_null(0.0))


def _coming(days: ir.Table, snapshots: ir.Table, horizon_days: int) -> ir.Table:
    """Each snapshot with its customer's days of the horizon, or with nulls."""
    days = days.rename(owner="customer_id")
    keys = snapshots.select("customer_id", "as_of")
    ahead = days.day.delta(keys.as_of, unit="day")
    return keys.left_join(days, [keys.customer_id == days.owner, ahead >= 0, ahead < horizon_days])
