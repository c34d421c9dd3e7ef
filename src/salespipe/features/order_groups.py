"""Feature groups over what a customer bought and brought back."""

from __future__ import annotations

from collections.abc import Mapping

import ibis.expr.types as ir

from salespipe.features.history import Inputs
from salespipe.features.measures import (
    as_float,
    balance,
    between,
    latest,
    share,
    spread,
    total,
    within,
)

Measures = tuple[ir.Table, Mapping[str, ir.Value]]
"""A relation of `Inputs` and named expressions over it."""

WINDOWS = (30, 60, 90, 180, 365)
TRENDS = (30, 90, 180)
YEAR = 365
# A customer seen for a short time says little: pull the rate towards one order in 60 days.
PRIOR_ORDERS, PRIOR_DAYS = 1.0, 60.0
# BG/NBD priors: after each order one customer in about five leaves.
DROPOUT_A, DROPOUT_B = 1.0, 4.0


def recency(inputs: Inputs) -> Measures | None:
    """How long ago the customer bought last and first."""
    seen = inputs.orders
    if seen is None:
        return None
    last, first = seen.days_ago.min(where=seen.placed), seen.days_ago.max(where=seen.placed)
    return seen, {
        "recency_days": as_float(last),
        "tenure_days": as_float(first),
        "active_span_days": as_float(first - last),
        "recency_share": as_float(last) / as_float(first),
    }


def frequency(inputs: Inputs) -> Measures | None:
    """How often the customer bought, in all and in windows."""
    seen = inputs.orders
    if seen is None:
        return None
    windows = {f"orders_{n}d": total(seen.orders, within(seen, n)) for n in WINDOWS}
    return seen, {
        "orders_total": total(seen.orders),
        "order_days_total": total(seen.placed),
        **windows,
    }


def money(inputs: Inputs) -> Measures | None:
    """How much the customer spent, in all and in windows."""
    seen = inputs.orders
    if seen is None:
        return None
    windows = {f"spend_{n}d": total(seen.spend, within(seen, n)) for n in WINDOWS}
    return seen, {"spend_total": total(seen.spend), **windows}


def volume(inputs: Inputs) -> Measures | None:
    """How many units and lines the customer bought."""
    seen = inputs.orders
    if seen is None:
        return None
    units = {f"units_{n}d": total(seen.units, within(seen, n)) for n in WINDOWS}
    return seen, {
        "units_total": total(seen.units),
        **units,
        "lines_total": total(seen.lines),
        "lines_90d": total(seen.lines, within(seen, 90)),
    }


def order_values(inputs: Inputs) -> Measures | None:
    """What one order is worth: on average, last, at most, and how much it varies."""
    seen = inputs.orders
    if seen is None:
        return None
    mean = share(total(seen.spend), total(seen.orders))
    last = as_float(latest(seen.order_value, seen))
    return seen, {
        "order_value_mean": mean,
        "order_value_std": spread(seen.orders.sum(), seen.spend, seen.spend_sq),
        "order_value_max": as_float(seen.spend_max.max()),
        "order_value_last": last,
        "order_value_last_ratio": last / mean,
    }


def gaps(inputs: Inputs) -> Measures | None:
    """Days between order days, and how far the present pause goes beyond them."""
    seen = inputs.orders
    if seen is None:
        return None
    last = as_float(seen.days_ago.min(where=seen.placed))
    mean = as_float(seen.gap.sum()) / as_float(seen.gap.count()).nullif(0)
    std = spread(seen.gap.count(), seen.gap, seen.gap_sq)
    longest = as_float(seen.gap.max())
    return seen, {
        "gap_mean": mean,
        "gap_std": std,
        "gap_cv": std / mean,
        "gap_max": longest,
        "gap_last": as_float(latest(seen.gap, seen)),
        "overdue_ratio": last / mean,
        "overdue_days": last - longest,
    }


def rates(inputs: Inputs) -> Measures | None:
    """Smoothed purchase rate and, from it, how likely the customer is still one.

    `alive_probability` is BG/NBD's closed form (Fader, Hardie and Lee 2005, eq. 7 ff.) with fixed
    priors: x repeat days, the last of them at t, watched for T days.
    """
    seen = inputs.orders
    if seen is None:
        return None
    repeats = total(seen.placed) - 1
    last = as_float(seen.days_ago.min(where=seen.placed))
    first = as_float(seen.days_ago.max(where=seen.placed))
    rate = (repeats + PRIOR_ORDERS) / (first + PRIOR_DAYS)
    waiting = (first + PRIOR_DAYS) / (first - last + PRIOR_DAYS)
    odds = DROPOUT_A / (DROPOUT_B + repeats - 1) * waiting ** (repeats + PRIOR_ORDERS)
    alive = (repeats == 0).ifelse(1.0, 1 / (1 + odds))
    return seen, {
        "orders_per_30d": 30 * rate,
        "alive_probability": alive,
        "expected_orders_90d": 90 * rate * alive,
        "missed_orders": last * rate,
    }


def trend(inputs: Inputs) -> Measures | None:
    """The last n days against the n before: -1 only before, 1 only now."""
    seen = inputs.orders
    if seen is None:
        return None
    columns = {"orders": seen.orders, "spend": seen.spend}
    return seen, {
        f"{name}_change_{n}d": balance(
            total(column, within(seen, n)), total(column, between(seen, n, 2 * n))
        )
        for name, column in columns.items()
        for n in TRENDS
    }


def baskets(inputs: Inputs) -> Measures | None:
    """What is in one order."""
    seen = inputs.orders
    if seen is None:
        return None
    orders, lines, units = total(seen.orders), total(seen.lines), total(seen.units)
    return seen, {
        "lines_per_order": share(lines, orders),
        "units_per_order": share(units, orders),
        "units_per_line": share(units, lines),
        "unit_price_mean": share(total(seen.spend), units),
        "lines_last": as_float(latest(seen.lines, seen)),
    }


def returns(inputs: Inputs) -> Measures | None:
    """What the customer brought back or cancelled."""
    seen = inputs.orders
    if seen is None:
        return None
    count, value = total(seen.returns), total(seen.returned_value)
    return seen, {
        "returns_total": count,
        "returns_90d": total(seen.returns, within(seen, 90)),
        "returns_365d": total(seen.returns, within(seen, YEAR)),
        "return_value_total": value,
        "return_value_90d": total(seen.returned_value, within(seen, 90)),
        "return_lines_total": total(seen.returned_lines),
        "return_rate": share(count, total(seen.orders)),
        "return_value_share": share(value, total(seen.spend)),
        "return_recency_days": as_float(seen.days_ago.min(where=seen.returns > 0)),
    }


def diversity(inputs: Inputs) -> Measures | None:
    """How many different items the customer buys, and whether there are still new ones."""
    seen = inputs.items
    if seen is None:
        return None
    windows = {f"new_items_{n}d": total(seen.new, within(seen, n)) for n in WINDOWS}
    return seen, {"items_total": total(seen.new), **windows}


def breadth(inputs: Inputs) -> Measures | None:
    """From how many categories the customer buys, and whether there are still new ones."""
    seen = inputs.categories
    if seen is None:
        return None
    return seen, {
        "categories_total": total(seen.new),
        "new_categories_90d": total(seen.new, within(seen, 90)),
    }


def novelty(inputs: Inputs) -> Measures | None:
    """How long ago the customer last bought something for the first time."""
    seen = inputs.items
    if seen is None:
        return None
    return seen, {"new_item_recency_days": as_float(seen.days_ago.min())}


def season(inputs: Inputs) -> Measures | None:
    """When the customer buys: hours, days, and the same coming weeks one year ago."""
    seen = inputs.orders
    if seen is None:
        return None
    orders = total(seen.orders)
    coming = {
        f"orders_next_{n}d_last_year": total(seen.orders, between(seen, YEAR - n, YEAR))
        for n in (30, 90)
    }
    return seen, {
        **coming,
        "weekend_share": share(total(seen.weekend), orders),
        "evening_share": share(total(seen.evening), orders),
        "december_share": share(total(seen.december), orders),
        "hour_mean": share(total(seen.hours), orders),
    }


def place(inputs: Inputs) -> Measures | None:
    """Where the latest order came from and went to (categories), and by how many ways."""
    seen = inputs.orders
    if seen is None:
        return None
    return seen, {
        "country_last": latest(seen.country, seen),
        "channel_last": latest(seen.channel, seen),
        "channels_total": as_float(seen.channel.nunique()),
    }
