"""Feature groups over what else is known of a customer: events and attributes."""

from __future__ import annotations

import ibis.expr.types as ir

from salespipe.features.history import EVENT_KINDS, Inputs
from salespipe.features.measures import as_float, balance, between, share, total, within
from salespipe.features.order_groups import Measures

EVENT_WINDOWS = (7, 30, 90)
NOT_ATTRIBUTES = {"customer", "customer_id", "as_of", "signed_up_at", "opted_out_at"}


def events(inputs: Inputs) -> Measures | None:
    """Visits and e-mails: counts by kind and window, days since, and what became of the mails."""
    seen = inputs.events
    if seen is None:
        return None
    kinds = ("event", *EVENT_KINDS)
    counts = {
        f"{kind}s_{n}d": total(seen[kind], within(seen, n)) for kind in kinds for n in EVENT_WINDOWS
    }
    since = {
        f"{kind}_recency_days": as_float(seen.days_ago.min(where=seen[kind] > 0)) for kind in kinds
    }
    return seen, {
        "events_total": total(seen.event),
        **counts,
        **since,
        "events_change_30d": balance(
            total(seen.event, within(seen, 30)), total(seen.event, between(seen, 30, 60))
        ),
        "email_open_rate_90d": mail_share(seen, "email_open"),
        "email_click_rate_90d": mail_share(seen, "email_click"),
    }


def mail_share(seen: ir.Table, kind: str) -> ir.FloatingScalar:
    """Opened or clicked mails by sent ones in 90 days; null where none was sent."""
    recent = within(seen, 90)
    return share(total(seen[kind], recent), total(seen.email_sent, recent))


def account(inputs: Inputs) -> Measures | None:
    """The customer's own row: age of the account, opt-out, attributes as they are.

    Whoever signs up on or after `as_of` is not known yet and has no attributes.
    """
    known = inputs.customers
    if known is None:
        return None
    columns: dict[str, ir.Value] = {n: known[n] for n in known.columns if n not in NOT_ATTRIBUTES}
    if "signed_up_at" in known.columns:
        age = known.as_of.delta(known.signed_up_at.date(), unit="day")
        here = (age > 0).fill_null(True)
        columns = {name: here.ifelse(column, None) for name, column in columns.items()}
        columns["account_age_days"] = as_float(here.ifelse(age, None))
    if "opted_out_at" in known.columns:
        out = known.opted_out_at.date() < known.as_of
        columns["opted_out"] = as_float(out.fill_null(False))
    return known, columns
