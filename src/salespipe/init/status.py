"""What became of an order: from a status column, a time of cancellation or an order number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from salespipe.init.assign import Found
from salespipe.init.content import ColumnFacts
from salespipe.init.words import literal, quoted
from salespipe.schemas import ORDER_STATUS

_CANCELLED = ("cancel", "void", "storn", "annul", "anul", "cancelad", "geannuleerd")
_RETURNED = ("refund", "return", "erstatt", "retour", "rembours", "reembols", "rimbors", "devuelt")
_PARTLY = ("partial", "teilweise", "partiel")
_NEVER_PAID = ("failed", "pending payment", "declined", "unpaid", "fehlgeschlagen")

Mapped = tuple[Any, str | None, str]


def status_mapping(
    found: Mapping[str, Found], known: Mapping[str, ColumnFacts], once: frozenset[str]
) -> tuple[Mapped | None, dict[str, str]]:
    """The mapping of `status`, and rows to refuse because they were never paid.

    Args:
        found: columns by canonical name.
        known: what is known of each column.
        once: columns that only the first line of an order fills.
    """
    status, cancelled, order = (found.get(t) for t in ("status", "cancelled_at", "order_id"))
    if cancelled and cancelled.column and order and order.column:
        text = _over_order(cancelled.column, order.column, once)
        case = f"case when cast({text} as varchar) <> '' then 'cancelled' else 'completed' end"
        return ({"expression": case}, cancelled.column, cancelled.how), {}
    if status and status.constant is not None:
        return ({"constant": status.constant}, None, status.how), {}
    if status and status.column:
        return _by_value(known[status.column], status.how, order, once)
    if order and order.column and order.sure and known[order.column].prefixed:
        case = f"case when {quoted(order.column)} like 'C%' then 'cancelled' else 'completed' end"
        return ({"expression": case}, order.column, "C before a number takes a sale back"), {}
    return None, {}


def _over_order(column: str, order: str, once: frozenset[str]) -> str:
    name = quoted(column)
    return f"max({name}) over (partition by {quoted(order)})" if column in once else name


def _by_value(
    facts: ColumnFacts, how: str, order: Found | None, once: frozenset[str]
) -> tuple[Mapped | None, dict[str, str]]:
    if set(facts.values) <= set(ORDER_STATUS):
        return (facts.name, facts.name, how), {}
    text = quoted(facts.name)
    if order and order.column:
        text = _over_order(facts.name, order.column, once)
    kinds = {"cancelled": _matching(facts.values, _CANCELLED),
             "returned": _matching(facts.values, _RETURNED)}  # fmt: skip
    cases = " ".join(
        f"when {text} in ({', '.join(map(literal, values))}) then '{kind}'"
        for kind, values in kinds.items()
        if values
    )
    unpaid = _matching(facts.values, _NEVER_PAID)
    listed = ", ".join(map(literal, unpaid))
    refuse = {"never paid": f"{quoted(facts.name)} in ({listed})"} if unpaid else {}
    if not cases:
        return None, refuse
    return ({"expression": f"case {cases} else 'completed' end"}, facts.name, how), refuse


def _matching(values: Sequence[str], words: Sequence[str]) -> list[str]:
    return [
        value
        for value in values
        if any(word in value.lower() for word in words)
        and not any(word in value.lower() for word in _PARTLY)
    ]
